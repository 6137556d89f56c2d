"""A stream of JSON documents to the records inside them, without holding a document.

A record is a top-level value, an element of a top-level array, or an element of one named member of such a value.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

import orjson

from rumpattern.dataclass import dataclass
from rumpattern.input.sources import BrokenSourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_RECORD: Final = 8 << 20
"""Bytes of one record; a RUM request or log event is far smaller."""

STRING: Final = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
"""A JSON string with its quotes, as a regular expression that never goes back; it needs ``re.DOTALL``."""
_TOKEN: Final = re.compile(STRING + rb'|[{}\[\],:]|[^\s"{}\[\],:]++|"', re.DOTALL)
_VALUE: Final = re.compile(rb'[{\[]|".*|true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?', re.DOTALL)
"""What a value is, or begins with."""
_BETWEEN: Final = re.compile(rb"[\s,]*")
_BETWEEN_RECORDS: Final = frozenset((b"}", b"]", b",", b":"))
_MAX_TOKEN: Final = 1_000
"""Bytes that are held of a token or record over the limit."""
_MIN_SCAN: Final = 1 << 20
"""Bytes that are gathered before they are scanned, for what the last scan left is joined with them."""
_MAX_DEPTH: Final = 1 << 20
"""Brackets that may be open. It bounds memory only: a record a thousand times less deep is rejected by its reader."""
_STRUCTURAL: Final = frozenset((b"{", b"}", b"[", b"]", b",", b":"))
_OPENING: Final = {b"}": b"{", b"]": b"["}
_NO_RECORDS: Final = -1
"""The depth of records where there are none: in a document, after its named member."""


class _Next(Enum):
    """What may come next in a document after its named member."""

    COMMA = "a comma or the end of the document"
    KEY = "a key"
    COLON = "a colon"
    VALUE = "a value"
    NOTHING = "nothing"


_FOLLOWING: Final[dict[_Next, dict[bytes, _Next]]] = {
    _Next.COMMA: {b",": _Next.KEY, b"}": _Next.COMMA},
    _Next.KEY: {b'"': _Next.COLON},
    _Next.COLON: {b":": _Next.VALUE},
    _Next.VALUE: {},
}
_QUOTED: Final = 30
"""Bytes of a token that a message quotes."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON value, and where it begins: byte offset, and line number from 1.

    Of a value over ``MAX_RECORD``, the text is its beginning, and ``is_cut`` is true.
    """

    text: bytes
    offset: int
    line: int
    is_cut: bool = False


class SplitError(Exception):
    """The rest of the stream cannot be split; ``record`` is that rest, as far as it was read."""

    def __init__(self, code: str, message: str, record: Record) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.record = record


class _Window:
    """The part of a stream that is held: ``data``, which begins at byte ``offset``.

    ``_line`` is the line number at index ``_counted`` of ``data``: newlines are counted once, up to where a record
    begins, for to count them again for each record would take longer than to split them.
    """

    def __init__(self) -> None:
        self.data = b""
        self.offset = 0
        self._line = 1
        self._counted = 0

    def line_at(self, index: int) -> int:
        """Return the line number at an index of ``data``, which is not less than that of the last call."""
        self._line += self.data.count(b"\n", self._counted, index)
        self._counted = index
        return self._line

    def drop(self, size: int) -> None:
        """Drop the first ``size`` bytes."""
        self.line_at(size)
        self.data = self.data[size:]
        self.offset += size
        self._counted = 0

    def replace(self, tail: bytes) -> None:
        """Hold a ``tail`` without newlines in the place of all data; it ends where they end."""
        self.line_at(len(self.data))
        self.offset += len(self.data) - len(tail)
        self.data = tail
        self._counted = len(tail)


class Splitter:
    """Splits one stream.

    Between two tokens these hold:

    * ``data[:scanned]`` of the window has been split into tokens, and ``brackets`` are those open at ``scanned``. Their
      number is the depth.
    * Documents begin at depth ``document_depth``: 0, or 1 inside a top-level array.
    * Records begin at depth ``record_depth``. It is ``document_depth`` until the named member of a document opens its
      array, then 2 more, and ``_NO_RECORDS`` from the end of that array to the end of the document. A document without
      the member has never left ``document_depth``, so it is a record itself.
    * While a record is open, it began at ``data[record_start]``; between records, ``record_start`` is None. If the
      record has grown over the limit, ``truncated`` is its beginning, and ``data`` no longer holds it.
    * After the named member, ``expected`` says what JSON allows next. Elsewhere whoever reads the records checks them.

    Args:
        member: the member of documents whose elements are the records; a document without it is a record itself.
    """

    def __init__(self, member: str | None) -> None:
        self._member = None if member is None else orjson.dumps(member)
        self._window = _Window()
        self._scanned = 0
        self._brackets = bytearray()
        self._document_depth = 0
        self._record_depth = 0
        self._expected = _Next.COMMA
        self._record_start: int | None = None
        self._truncated: Record | None = None
        self._key = b""  # the last string in a document that is not inside a value of it

    def split(self, chunks: Iterable[bytes]) -> Iterator[Record]:
        """Yield the records of a stream.

        Raises:
            SplitError: brackets that do not match, or a stream that ends inside a document.
        """
        for chunk in _gather(chunks):
            self._window.data += chunk
            yield from self._scan(final=False)
            self._drop_scanned()
        yield from self._scan(final=True)
        if self._brackets or self._record_start is not None:
            raise self._error("RP020", "the document ends before it is complete")

    def rest(self) -> Record:
        """Return what was read and has not become a record, for a truncated input."""
        if self._truncated:
            return self._truncated
        start = self._scanned if self._record_start is None else self._record_start
        between = _BETWEEN.match(self._window.data, start)
        return self._record(between.end() if between else start, len(self._window.data))

    def _scan(self, *, final: bool) -> Iterator[Record]:
        """Yield the records that end in the window. Its last token is left: more of it may follow, unless ``final``."""
        data = self._window.data
        for token in _TOKEN.finditer(data, self._scanned):
            text = token.group()
            may_continue = token.end() == len(data) and text not in _STRUCTURAL
            if (may_continue and not final) or text == b'"':
                if final:
                    raise self._error("RP020", "a string has no closing quote")
                self._begin_record(text, token.start())
                return
            if self._record_depth < 0 and len(self._brackets) == self._document_depth + 1:
                self._check_follows(text)
            self._scanned = token.end()
            if self._consume(text, token.start()):
                assert self._record_start is not None
                if self._scanned - self._record_start > MAX_RECORD:
                    self._truncate()
                yield self._truncated or self._record(self._record_start, self._scanned)
                self._record_start = self._truncated = None

    def _consume(self, text: bytes, start: int) -> bool:
        """Take one token; return whether it completes a record."""
        depth = len(self._brackets)
        self._begin_record(text, start)
        if text in _OPENING:
            self._close(text)
        elif text in (b"{", b"["):
            self._open(text, depth)
        elif depth == self._document_depth + 1 and text.startswith(b'"'):
            self._key = text
        return self._record_start is not None and len(self._brackets) == self._record_depth

    def _begin_record(self, text: bytes, start: int) -> None:
        """Note where a record begins, if it does so with a token."""
        is_between = self._record_start is None and len(self._brackets) == self._record_depth
        if is_between and text not in _BETWEEN_RECORDS:
            self._record_start = start

    def _check_follows(self, text: bytes) -> None:
        """Check that a token may follow in a document after its named member, so that nothing hides there."""
        following = _FOLLOWING[self._expected].get(text[:1], _Next.NOTHING)
        if self._expected is _Next.VALUE and _VALUE.fullmatch(text):
            following = _Next.COMMA
        if following is _Next.NOTHING:
            token = text[:_QUOTED].decode(errors="replace")
            raise self._error("RP004", f"expected {self._expected.value}, found {token}")
        self._expected = following

    def _open(self, bracket: bytes, depth: int) -> None:
        """Open a bracket. What seemed to be a record is none if the array of records turns out to be in it."""
        if depth == _MAX_DEPTH:
            raise self._error("RP015", f"more than {_MAX_DEPTH:,} brackets are open")
        self._brackets += bracket
        is_in_document = depth == self._document_depth + 1 and self._record_depth in {self._document_depth, _NO_RECORDS}
        if depth == 0 and bracket == b"[":
            self._document_depth = self._record_depth = 1
            self._record_start = self._truncated = None
        elif is_in_document and bracket == b"[" and self._key == self._member:
            self._record_depth = self._document_depth + 2
            self._record_start = self._truncated = None

    def _close(self, bracket: bytes) -> None:
        if self._brackets[-1:] != _OPENING[bracket]:
            raise self._error("RP004", f'"{bracket.decode()}" closes no open bracket')
        self._brackets.pop()
        depth = len(self._brackets)
        if depth < self._document_depth:
            self._document_depth = 0
        if depth < self._record_depth or depth <= self._document_depth:
            self._record_depth = self._document_depth if depth <= self._document_depth else _NO_RECORDS
            self._expected = _Next.COMMA

    def _record(self, start: int, end: int) -> Record:
        window = self._window
        return Record(window.data[start:end], window.offset + start, window.line_at(start))

    def _drop_scanned(self) -> None:
        """Drop what has been scanned and is in no open record; of a record over the limit, all but its beginning."""
        between = _BETWEEN.match(self._window.data, self._scanned)
        done = self._record_start if self._record_start is not None else between.end() if between else self._scanned
        self._window.drop(done)
        self._scanned = max(0, self._scanned - done)
        self._record_start = None if self._record_start is None else 0
        if len(self._window.data) > MAX_RECORD or self._truncated:
            if self._record_start is not None:
                self._truncate()
            self._window.replace(_shortened(self._window.data[self._scanned :].lstrip()))
            self._scanned = 0

    def _truncate(self) -> None:
        """Set aside the beginning of the open record, which is over the limit."""
        if self._truncated is None and self._record_start is not None:
            beginning = self._record(self._record_start, self._record_start + _MAX_TOKEN)
            self._truncated = replace(beginning, is_cut=True)

    def _error(self, code: str, message: str) -> SplitError:
        return SplitError(code, message, self.rest())


def _shortened(token: bytes) -> bytes:
    """Return a short token, without newlines, that more of the stream completes just as it completes a given one.

    Of a long string only two things matter: that it is not the name of a member, and whether its end escapes what comes
    next.
    """
    if len(token) > _MAX_TOKEN and token.startswith(b'"'):
        is_closed = token.endswith(b'"') and not _ends_in_escape(token[:-1])
        return b'"' + b"x" * _MAX_TOKEN + (b'"' if is_closed else b"\\" if _ends_in_escape(token) else b"")
    return token[:_MAX_TOKEN].replace(b"\n", b" ")


def _ends_in_escape(text: bytes) -> bool:
    """Tell whether the last byte of a text in a string is a backslash that escapes what comes next."""
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1


def _gather(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks joined to ``_MIN_SCAN`` bytes or more, and whatever there is where the source is truncated."""
    gathered: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= _MIN_SCAN:
                yield b"".join(gathered)
                gathered, size = [], 0
    except BrokenSourceError:
        yield b"".join(gathered)
        raise
    yield b"".join(gathered)
