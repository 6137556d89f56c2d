"""The text of a block to the JSON texts of its events, a chunk of lines at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple, Protocol

import numpy as np

from rumpattern.input.formats import BOM, MAX_EXCERPT, MAX_LINE, NO_TIMESTAMP, TIMESTAMP_PREFIX, Form
from rumpattern.input.rejects import Reject
from rumpattern.input.texts import FileText, file_pieces, load_text, pieces

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.arrays import Rows
    from rumpattern.input.texts import Text

_CHUNK: Final = 64
"""Texts of a chunk that does not come from splitting text."""
MARK: Final = "\x7f"
"""What stands between the lines in ``JoinedLines.array``: a character that JSON text may have and hardly ever has."""
_MARK: Final = MARK.encode()
_SEPARATOR: Final = b',"%b",' % _MARK
_MAX_JOINED: Final = 1 << 16
"""Bytes of text up to which lines are joined. orjson reserves twelve times as much to read it, and with the options of
``memory`` more than 1 MiB is fresh memory each time, which takes half as long again to fill."""


@dataclass(frozen=True, slots=True, eq=False)
class Chunk:
    """Consecutive lines: the event texts to decode, and the lines that hold none.

    Attributes:
        indices: the index of each text, ascending.
        texts: a text may be blank; whether it is JSON is for the decoder to see.
        line_count: the lines in all, counted before any is set aside, so that the accounts of lines can be checked:
            each line is a text, a reject or blank.
        rejects: lines that are not decoded, with the reason.
        blank: how many other lines hold nothing.
    """

    indices: Sequence[int]
    texts: list[bytes]
    line_count: int
    rejects: Sequence[Reject] = ()
    blank: int = 0


@dataclass(frozen=True, eq=False)
class JoinedLines:
    """Consecutive lines of one event each as they stand in a text, which is not split unless ``texts`` is asked for.

    Attributes:
        lines: the lines of the whole text.
        first: the index of the first line.
        content: the text of the lines.
        array: a JSON array of the lines, with ``MARK`` between any two, if each of them is JSON. The mark is nowhere
            else in its text, so if it is between the items, that is where the lines end: see ``decode.load_joined``.
        line_count: how many lines there are.
    """

    lines: TextLines
    first: int
    content: bytes
    array: bytes
    line_count: int
    rejects: ClassVar[Sequence[Reject]] = ()
    blank: ClassVar[int] = 0

    @property
    def indices(self) -> Sequence[int]:
        """The index of each line."""
        return range(self.first, self.first + self.line_count)

    @cached_property
    def texts(self) -> list[bytes]:
        """The text of each line; it may be blank. In this form and of this length none is set aside."""
        return _split(self.lines, self.first, self.content).texts

    @classmethod
    def join(cls, lines: TextLines, first: int, content: bytes) -> JoinedLines | None:
        """Return lines that can be joined, None if they are too many or have the mark."""
        if len(content) > _MAX_JOINED or _MARK in content:
            return None
        text = memoryview(content)[: len(content) - content.endswith(b"\n")]
        array = b"".join((b"[", text, b"]")).replace(b"\n", _SEPARATOR)
        newlines = (len(array) - len(text) - 2) // (len(_SEPARATOR) - 1)  # to count them takes longer
        return cls(lines, first, content, array, newlines + 1)


class EventTexts(Protocol):
    """The JSON texts of events: all of them in chunks, and any of them again by its index.

    ``form`` is what a line that is rejected is to be read as once it is repaired.
    """

    @property
    def form(self) -> Form:
        """The form of a line."""

    def chunks(self) -> Iterator[Chunk | JoinedLines]:
        """Yield all lines, a chunk at a time."""

    def text(self, index: int) -> bytes:
        """Return one text."""

    def line(self, index: int) -> bytes:
        """Return the whole line that holds a text."""

    def position(self, index: int) -> tuple[int, int]:
        """Return the line number, from 1, and the byte offset of a text in its source."""


@dataclass(frozen=True, slots=True, eq=False)
class EventList:
    """Event texts taken out of documents.

    Attributes:
        texts: the JSON text of each event.
        positions: the line number and byte offset of each text's record in the source.
        rejects: records that gave no event.
        blank: how many records hold no event, as a control message does.
        has_file_line_numbers: whether positions and rejects number the lines of the source, not of the block.
    """

    texts: Sequence[bytes]
    positions: Sequence[tuple[int, int]]
    rejects: Sequence[Reject] = ()
    blank: int = 0
    has_file_line_numbers: bool = True

    @property
    def form(self) -> Form:
        """The form of a text: an event, whatever it was taken out of."""
        return Form.NDJSON

    def chunks(self) -> Iterator[Chunk]:
        """Yield all texts, a chunk at a time; first of all, what gave no text."""
        yield Chunk((), [], len(self.rejects) + self.blank, self.rejects, self.blank)
        for start in range(0, len(self.texts), _CHUNK):
            texts = list(self.texts[start : start + _CHUNK])
            yield Chunk(range(start, start + len(texts)), texts, len(texts))

    def text(self, index: int) -> bytes:
        """Return one text."""
        return self.texts[index]

    def line(self, index: int) -> bytes:
        """Return one text: nothing stands around it."""
        return self.texts[index]

    def position(self, index: int) -> tuple[int, int]:
        """Return the line number and the byte offset of a text's record."""
        return self.positions[index]


@dataclass(frozen=True, eq=False)
class TextLines:
    """The lines of a text that starts at a byte ``offset`` of its source; lines are numbered from 1 in the text.

    A line of the form LOGS_EXPORT is ``<ISO time> {json}``, and its event text is what follows the time. A line of more
    than ``max_line`` bytes is a reject.

    All lines are read once and piece by piece. Only what asks for single lines (a reject, an event for the exact path)
    makes ``whole`` hold the text in memory, and reads a file for that again.

    A byte order mark may stand before the first line of a source: if the offset is 0, those are the lines with the
    indices ``source_starts``, of which a text of several sources has several.
    """

    content: Text
    offset: int = 0
    form: Form = Form.NDJSON
    max_line: int = MAX_LINE
    source_starts: frozenset[int] = frozenset((0,))

    def chunks(self) -> Iterator[Chunk | JoinedLines]:
        """Yield all lines, a chunk at a time."""
        index = 0
        content = self.content
        for piece in file_pieces(content, self.offset) if isinstance(content, FileText) else pieces(self.whole):
            can_join = self.form is Form.NDJSON and len(piece) <= self.max_line
            chunk = (JoinedLines.join(self, index, piece) if can_join else None) or _split(self, index, piece)
            index += chunk.line_count
            yield chunk

    def may_begin_with_bom(self, index: int) -> bool:
        """Tell whether a line is the first one of a source."""
        return self.offset == 0 and index in self.source_starts

    @property
    def has_timestamp_prefix(self) -> bool:
        """Whether a time stands before each event."""
        return self.form is Form.LOGS_EXPORT

    @cached_property
    def whole(self) -> bytes:
        """The whole text."""
        return load_text(self.content, self.offset)

    @cached_property
    def _newlines(self) -> Rows:
        return np.flatnonzero(np.frombuffer(self.whole, np.uint8) == ord("\n"))

    def _start(self, index: int) -> int:
        return int(self._newlines[index - 1]) + 1 if index else 0

    def line(self, index: int) -> bytes:
        """Return one line, without the byte order mark of the source and the end of the line."""
        start = self._start(index)
        end = int(self._newlines[index]) if index < len(self._newlines) else len(self.whole)
        line = self.whole[start:end].removesuffix(b"\r")
        return line.removeprefix(BOM) if self.may_begin_with_bom(index) else line

    def text(self, index: int) -> bytes:
        """Return one text."""
        return _event_text(self.line(index), self.form)

    def position(self, index: int) -> tuple[int, int]:
        """Return the line number in the text, and the byte offset in the source."""
        return index + 1, self.offset + self._start(index)


@dataclass(frozen=True, slots=True, eq=False)
class SelectedLines:
    """Some lines of a text, which the compiled core deferred: byte offset in the source and line, by index."""

    origin: TextLines
    selected: Mapping[int, tuple[int, bytes]]

    @property
    def form(self) -> Form:
        """The form of a line."""
        return self.origin.form

    @property
    def max_line(self) -> int:
        """The limit of a line in bytes."""
        return self.origin.max_line

    def chunks(self) -> Iterator[Chunk]:
        """Yield the lines, a chunk at a time."""
        selected = list(self.selected)
        for start in range(0, len(selected), _CHUNK):
            indices = selected[start : start + _CHUNK]
            yield _chunk(self, indices, [self.selected[i][1] for i in indices], _MayHave())

    def may_begin_with_bom(self, index: int) -> bool:
        """Tell whether a line is the first one of a source."""
        return self.origin.may_begin_with_bom(index)

    def line(self, index: int) -> bytes:
        """Return one line, without the byte order mark of the source and the end of the line."""
        line = self.selected[index][1].removesuffix(b"\r")
        return line.removeprefix(BOM) if self.may_begin_with_bom(index) else line

    def text(self, index: int) -> bytes:
        """Return one text."""
        return _event_text(self.line(index), self.form)

    def position(self, index: int) -> tuple[int, int]:
        """Return the line number in the text, and the byte offset in the source."""
        return index + 1, self.selected[index][0]


def _event_text(line: bytes, form: Form) -> bytes:
    """Return the event text of a line."""
    prefix = TIMESTAMP_PREFIX.match(line) if form is Form.LOGS_EXPORT else None
    return line[prefix.end() :] if prefix else line


class _MayHave(NamedTuple):
    """What there may be among some lines: lines over the limit, byte order marks, carriage returns."""

    long: bool = True
    bom: bool = True
    cr: bool = True


def _split(lines: TextLines, first: int, content: bytes) -> Chunk:
    """Return the chunk of consecutive whole lines, of which the first has an index."""
    raw = content.split(b"\n")
    if not raw[-1]:
        raw.pop()
    # the content tells of all its lines at once what would take a look at each
    may_have = _MayHave(len(content) > lines.max_line, BOM in content, b"\r" in content)
    return _chunk(lines, range(first, first + len(raw)), raw, may_have)


def _chunk(lines: TextLines | SelectedLines, indices: Sequence[int], raw: list[bytes], may_have: _MayHave) -> Chunk:
    """Return the chunk of some lines as they were split at newlines."""
    line_count = len(raw)
    rejects: list[Reject] = []
    blank = 0
    if may_have.long and max(map(len, raw), default=0) > lines.max_line:
        indices, raw = _reject_long(lines, indices, raw, rejects)
    if may_have.bom:
        raw = [
            line.removeprefix(BOM) if lines.may_begin_with_bom(index) else line
            for index, line in zip(indices, raw, strict=True)
        ]
    if may_have.cr:
        raw = [line.removesuffix(b"\r") for line in raw]
    if lines.form is Form.LOGS_EXPORT:
        indices, raw, blank = _strip_timestamps(lines, indices, raw, rejects)
    return Chunk(indices, raw, line_count, rejects, blank)


def _reject_long(
    lines: TextLines | SelectedLines, indices: Sequence[int], raw: list[bytes], rejects: list[Reject]
) -> tuple[Sequence[int], list[bytes]]:
    """Return the lines within the limit, and their indices; reject the others."""
    reason = f"the line has more than {lines.max_line:,} bytes"
    excerpt = min(MAX_EXCERPT, lines.max_line + 1)
    accepted = []
    for index, line in zip(indices, raw, strict=True):
        if len(line) <= lines.max_line:
            accepted.append((index, line))
        else:
            rejects.append(Reject(*lines.position(index), "RP019", reason, line[:excerpt], lines.form, is_cut=True))
    return [index for index, _ in accepted], [line for _, line in accepted]


def _strip_timestamps(
    lines: TextLines | SelectedLines, indices: Sequence[int], raw: list[bytes], rejects: list[Reject]
) -> tuple[Sequence[int], list[bytes], int]:
    """Return the texts behind a timestamp, their indices, and how many lines are blank; reject the others."""
    prefixes = map(TIMESTAMP_PREFIX.match, raw)
    texts = [line[prefix.end() :] if prefix else b"" for line, prefix in zip(raw, prefixes, strict=True)]
    if all(texts):
        return indices, texts, 0
    blank = 0
    for index, line, text in zip(indices, raw, texts, strict=True):
        if not line.strip():
            blank += 1
        elif not text:
            rejects.append(Reject(*lines.position(index), "RP017", NO_TIMESTAMP, line, lines.form))
    accepted = [(index, text) for index, text in zip(indices, texts, strict=True) if text]
    return [index for index, _ in accepted], [text for _, text in accepted], blank
