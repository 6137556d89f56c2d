"""A stream of JSON documents to the records inside them, without holding a document.

A record is a top-level value, an element of a top-level array, or an element of one named member of such a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import orjson

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
_SHOWN: Final = 1_000
"""Bytes that are kept of a record that is too large."""
_GATHERED: Final = 1 << 20
_DEEPEST: Final = 1 << 20
"""Brackets that may be open; what is nested a thousand times less is rejected once it is a record."""
_MARKS: Final = frozenset((b"{", b"}", b"[", b"]", b",", b":"))
_CLOSING: Final = {b"}": b"{", b"]": b"["}


class _Next(Enum):
    """What may come next in a document after its named member."""

    MARK = auto()  # a comma, or the end of the document
    KEY = auto()
    COLON = auto()
    VALUE = auto()
    NOTHING = auto()


_FOLLOWING: Final[dict[_Next, dict[bytes, _Next]]] = {
    _Next.MARK: {b",": _Next.KEY, b"}": _Next.MARK},
    _Next.KEY: {b'"': _Next.COLON},
    _Next.COLON: {b":": _Next.VALUE},
    _Next.VALUE: {},
}
_QUOTED: Final = 30
"""Bytes of a token that are shown."""


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON value and where it starts: byte offset, and line number from 1.

    The text of one that is too large is its beginning, and ``is_cut``.
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


class Splitter:
    """Splits one stream.

    Args:
        member: the member of documents whose elements are the records; a document without it is a record itself.
    """

    def __init__(self, member: str | None) -> None:
        self.member = None if member is None else orjson.dumps(member)
        self.buffer = b""
        self.offset = 0  # of the buffer in the stream
        self.line = 1  # of the byte at ``counted``
        self.counted = 0  # how far line ends have been counted
        self.at = 0  # how far the buffer has been read
        self.open = bytearray()
        self.base = 0  # the depth at which documents stand: 1 in a top-level array
        self.level = 0  # the depth at which records stand; -1 in a document after its named member
        self.next = _Next.MARK  # what may follow there
        self.start: int | None = None  # of the record being read
        self.key = b""
        self.passed: Record | None = None  # the beginning of a record that is too large to be held

    def split(self, chunks: Iterable[bytes]) -> Iterator[Record]:
        """Yield the records of a stream.

        Raises:
            SplitError: brackets that do not match, or a stream that ends inside a document.
        """
        for chunk in _gather(chunks):
            self.buffer += chunk
            yield from self._scan(final=False)
            self._forget()
        yield from self._scan(final=True)
        if self.open or self.start is not None:
            raise self._error("RP020", "the document ends before it is complete")

    def rest(self) -> Record:
        """Return what was read and has not become a record, for an input that broke off."""
        if self.passed:
            return self.passed
        start = self.at if self.start is None else self.start
        between = _BETWEEN.match(self.buffer, start)
        return self._record(between.end() if between else start, len(self.buffer))

    def _scan(self, *, final: bool) -> Iterator[Record]:
        for token in _TOKEN.finditer(self.buffer, self.at):
            text = token.group()
            if (not final and token.end() == len(self.buffer) and text not in _MARKS) or text == b'"':
                if final:
                    raise self._error("RP020", "a string has no closing quote")
                self._begin(text, token.start())
                return
            if self.level < 0 and len(self.open) == self.base + 1:
                self._follow(text)
            self.at = token.end()
            end = self._token(text, token.start())
            if end:
                assert self.start is not None
                if self.at - self.start > MAX_RECORD:
                    self._cut()
                yield self.passed or self._record(self.start, self.at)
                self.start = self.passed = None

    def _token(self, text: bytes, start: int) -> bool:
        """Take one token; return True when it completes a record."""
        depth = len(self.open)
        self._begin(text, start)
        if text in _CLOSING:
            self._close(text)
        elif text in (b"{", b"["):
            self._opened(text, depth)
        elif depth == self.base + 1 and text.startswith(b'"'):
            self.key = text
        return self.start is not None and len(self.open) == self.level

    def _begin(self, text: bytes, start: int) -> None:
        """Note where a record begins, if it does so with a token."""
        if self.start is None and len(self.open) == self.level and text not in _BETWEEN_RECORDS:
            self.start = start

    def _follow(self, text: bytes) -> None:
        """Check that a token may follow in a document after its named member, so that nothing hides there."""
        following = _FOLLOWING[self.next].get(text[:1], _Next.NOTHING)
        if self.next is _Next.VALUE and _VALUE.fullmatch(text):
            following = _Next.MARK
        if following is _Next.NOTHING:
            message = f"{text[:_QUOTED].decode(errors='replace')} cannot stand here"
            raise self._error("RP004", message)
        self.next = following

    def _opened(self, text: bytes, depth: int) -> None:
        if depth == _DEEPEST:
            raise self._error("RP015", f"more than {_DEEPEST:,} brackets are open")
        self.open += text
        if depth == 0 and text == b"[":
            self.base = self.level = 1
            self.start = self.passed = None
        elif depth == self.base + 1 and text == b"[" and self.key == self.member and self.level in {self.base, -1}:
            self.level = self.base + 2
            self.start = self.passed = None

    def _close(self, text: bytes) -> None:
        if self.open[-1:] != _CLOSING[text]:
            raise self._error("RP004", f'"{text.decode()}" closes nothing here')
        self.open.pop()
        depth = len(self.open)
        if depth < self.base:
            self.base = 0
        if depth < self.level or depth <= self.base:
            self.level = self.base if depth <= self.base else -1
            self.next = _Next.MARK

    def _record(self, start: int, end: int) -> Record:
        self.line += self.buffer.count(b"\n", self.counted, start)
        self.counted = start
        return Record(self.buffer[start:end], self.offset + start, self.line)

    def _forget(self) -> None:
        """Drop the part of the buffer that has been read."""
        between = _BETWEEN.match(self.buffer, self.at)
        done = self.start if self.start is not None else between.end() if between else self.at
        self.line += self.buffer.count(b"\n", self.counted, done)
        self.counted = 0
        self.buffer = self.buffer[done:]
        self.offset += done
        self.at = max(0, self.at - done)
        self.start = None if self.start is None else 0
        if len(self.buffer) > MAX_RECORD or self.passed:
            self._pass_over()

    def _cut(self) -> None:
        """Keep the beginning of the record being read, which is too large."""
        if self.passed is None and self.start is not None:
            self.passed = replace(self._record(self.start, self.start + _SHOWN), is_cut=True)

    def _pass_over(self) -> None:
        """Keep of a record that is too large its beginning only, and of a token what is needed to read on."""
        if self.start is not None:
            self._cut()
        self.line += self.buffer.count(b"\n", self.counted)
        self.offset += len(self.buffer)
        self.buffer = _shortened(self.buffer[self.at :].lstrip())
        self.offset -= len(self.buffer)
        self.counted = len(self.buffer)
        self.at = 0

    def _error(self, code: str, message: str) -> SplitError:
        return SplitError(code, message, self.rest())


def _shortened(token: bytes) -> bytes:
    """Return a token that goes on as a given one does; one that is long becomes the name of no member."""
    if len(token) > _SHOWN and token.startswith(b'"'):
        is_closed = token.endswith(b'"') and not _is_escape(token[:-1])
        return b'"' + b"x" * _SHOWN + (b'"' if is_closed else b"\\" if _is_escape(token) else b"")
    return token[:_SHOWN].replace(b"\n", b" ")


def _is_escape(text: bytes) -> bool:
    """Tell whether the last byte of a text in a string is a backslash that escapes what comes next."""
    return (len(text) - len(text.rstrip(b"\\"))) % 2 == 1


def _gather(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield chunks put together to a size that is worth a scan."""
    gathered: list[bytes] = []
    size = 0
    try:
        for chunk in chunks:
            gathered.append(chunk)
            size += len(chunk)
            if size >= _GATHERED:
                yield b"".join(gathered)
                gathered, size = [], 0
    except BrokenSourceError:
        yield b"".join(gathered)
        raise
    yield b"".join(gathered)
