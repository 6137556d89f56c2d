"""The event texts of one batch, in chunks small enough to stay in the processor's cache while they are decoded."""

from __future__ import annotations

import re
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from rumpattern.input.formats import Form
from rumpattern.input.rejects import Reject
from rumpattern.input.sources import BrokenSourceError, open_again
from rumpattern.native.layout import PADDING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from rumpattern.arrays import Bytes, Rows
    from rumpattern.input.pool import BufferPool
    from rumpattern.input.sources import FileIdentity


MAX_LINE: Final = 1 << 20
"""Bytes of a line, its newline left out, if nothing else is asked for; CloudWatch Logs takes events of that size."""
MAX_EXCERPT: Final = 1_000
"""Bytes that are kept of a line that is too long."""
_CHUNK: Final = 64
_CHUNK_BYTES: Final = 1 << 17
BOM: Final = b"\xef\xbb\xbf"
"""What some programs put in front of UTF-8 text."""
EXPORT_TIME: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?[ \t]+")
"""What stands before the JSON in a line of a CloudWatch Logs export task."""


class Lines(Protocol):
    """Event texts by index, and what was found before decoding.

    ``count`` is complete once the chunks have been read. ``form`` is what a line is to be read as.
    """

    @property
    def form(self) -> Form:
        """The form of a line."""

    def chunks(self) -> Iterator[tuple[Sequence[int], list[bytes]]]:
        """Yield the texts with their indices, some at a time."""

    def drain_rejects(self) -> tuple[list[Reject], int]:
        """Hand over the rejects found so far, and the number of blank lines."""

    def text(self, index: int) -> bytes:
        """Return one text."""

    def line(self, index: int) -> bytes:
        """Return the whole line that a text stands in."""

    def place(self, index: int) -> tuple[int, int]:
        """Return the line number and the byte offset of a text in its file."""

    def count(self) -> int:
        """Return the number of lines, those without a text included."""


@dataclass(eq=False)
class RecordLines:
    """Texts that were taken out of documents one by one; ``places`` are their line numbers and offsets."""

    texts: list[bytes]
    places: list[tuple[int, int]]
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0

    @property
    def form(self) -> Form:
        """The form of a text: it is an event, whatever it was taken out of."""
        return Form.NDJSON

    def chunks(self) -> Iterator[tuple[Sequence[int], list[bytes]]]:
        """Yield the texts with their indices, some at a time."""
        for start in range(0, len(self.texts), _CHUNK):
            texts = self.texts[start : start + _CHUNK]
            yield range(start, start + len(texts)), texts

    def drain_rejects(self) -> tuple[list[Reject], int]:
        """Return the rejects that were found where the texts were, and the number of blank lines."""
        return self.rejects, self.blank

    def text(self, index: int) -> bytes:
        """Return one text."""
        return self.texts[index]

    def line(self, index: int) -> bytes:
        """Return the text: a record is all there is."""
        return self.texts[index]

    def place(self, index: int) -> tuple[int, int]:
        """Return the line number and the byte offset of a text in its file."""
        return self.places[index]

    def count(self) -> int:
        """Return the number of records, those without a text included."""
        return len(self.texts) + len(self.rejects) + self.blank


@dataclass(eq=False)
class TextLines:
    """The lines of a block of text that starts at a byte offset of its file. Line numbers are from 1 in the block.

    With ``has_timestamp_prefix``, each line is ``<ISO time> {json}`` and the text is what follows the time. A line of
    more than ``max_line`` bytes is a reject.
    """

    block: bytes
    offset: int = 0
    has_timestamp_prefix: bool = False
    max_line: int = MAX_LINE
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    seen: int = 0

    @property
    def form(self) -> Form:
        """The form of a line."""
        return Form.LOGS_EXPORT if self.has_timestamp_prefix else Form.NDJSON

    @property
    def size(self) -> int:
        """The length of the block."""
        return len(self.block)

    def chunks(self) -> Iterator[tuple[Sequence[int], list[bytes]]]:
        """Yield the texts with their indices, some at a time."""
        index = 0
        for piece in self._pieces():
            lines = piece.split(b"\n")
            if not lines[-1]:
                lines.pop()
            indices: Sequence[int] = range(index, index + len(lines))
            index += len(lines)
            if len(piece) > self.max_line:
                indices, lines = self._short_ones(indices, lines)
            yield self._texts(indices, lines, may_return=b"\r" in piece)
        self.seen = index

    def _short_ones(self, indices: Sequence[int], lines: list[bytes]) -> tuple[Sequence[int], list[bytes]]:
        """Return the lines that are not too long and their indices; reject the others."""
        if max(map(len, lines), default=0) <= self.max_line:
            return indices, lines
        kept = []
        for index, line in zip(indices, lines, strict=True):
            if len(line) <= self.max_line:
                kept.append((index, line))
            else:
                reason = f"the line has more than {self.max_line:,} bytes"
                text = line[: min(MAX_EXCERPT, self.max_line + 1)]
                self.rejects.append(Reject(*self.place(index), "RP019", reason, text, self.form, is_cut=True))
        return [index for index, _ in kept], [line for _, line in kept]

    def _texts(
        self, indices: Sequence[int], lines: list[bytes], *, may_return: bool
    ) -> tuple[Sequence[int], list[bytes]]:
        """Return the texts of some lines, and the indices of those that have one."""
        if lines and indices[0] == 0 and self.offset == 0:
            lines[0] = lines[0].removeprefix(BOM)
        if may_return:
            lines = [line.removesuffix(b"\r") for line in lines]
        return self._after_time(indices, lines) if self.has_timestamp_prefix else (indices, lines)

    def _pieces(self) -> Iterator[bytes]:
        """Yield the text in pieces of whole lines."""
        block, start = self.whole(), 0
        while start < len(block):
            end = _piece_end(block, start)
            yield block[start:end]
            start = end

    def _after_time(self, indices: Sequence[int], texts: list[bytes]) -> tuple[Sequence[int], list[bytes]]:
        times = list(map(EXPORT_TIME.match, texts))
        found = [text[time.end() :] if time else b"" for text, time in zip(texts, times, strict=True)]
        if all(found):
            return indices, found
        kept = [(index, text) for index, text in zip(indices, found, strict=True) if text]
        for index, text, json in zip(indices, texts, found, strict=True):
            if not json and text.strip():
                reason = "the line is not a time such as 2026-01-05T00:00:00.000Z and JSON"
                self.rejects.append(Reject(*self.place(index), "RP017", reason, text, self.form))
            self.blank += not text.strip()
        return [index for index, _ in kept], [text for _, text in kept]

    def whole(self) -> bytes:
        """Return all of the block."""
        return self.block

    @contextmanager
    def padded(self, padding: int, spare: BufferPool[Bytes]) -> Iterator[tuple[Bytes, int]]:
        """Lend all of the block followed by some zeros, and its length without them."""
        size = self.size
        with spare.take(size + padding) as text:
            self._read_into(text[:size])
            text[size : size + padding] = 0
            yield text, size

    def _read_into(self, room: Bytes) -> None:
        room[:] = np.frombuffer(self.block, np.uint8)

    def drain_rejects(self) -> tuple[list[Reject], int]:
        """Hand over the rejects found since this was asked for last, and the number of blank lines."""
        found = self.rejects, self.blank
        self.rejects, self.blank = [], 0
        return found

    @cached_property
    def _ends(self) -> Rows:
        return np.flatnonzero(np.frombuffer(self.whole(), np.uint8) == ord("\n"))

    def _start(self, index: int) -> int:
        return int(self._ends[index - 1]) + 1 if index else 0

    def line(self, index: int) -> bytes:
        """Return one line."""
        block, start = self.whole(), self._start(index)
        end = int(self._ends[index]) if index < len(self._ends) else len(block)
        line = block[start:end].removesuffix(b"\r")
        return line.removeprefix(BOM) if self.offset == start == 0 else line

    def text(self, index: int) -> bytes:
        """Return one text."""
        line = self.line(index)
        time = EXPORT_TIME.match(line) if self.has_timestamp_prefix else None
        return line[time.end() :] if time else line

    def place(self, index: int) -> tuple[int, int]:
        """Return the line number and the byte offset of a text in its file."""
        return index + 1, self.offset + self._start(index)

    def count(self) -> int:
        """Return the number of lines in the block."""
        return self.seen


class BufferLines(TextLines):
    """The lines in the first ``size`` bytes of a buffer, read where they stand."""

    def __init__(
        self, text: Bytes, size: int, offset: int, *, has_timestamp_prefix: bool, max_line: int = MAX_LINE
    ) -> None:
        super().__init__(b"", offset, has_timestamp_prefix, max_line)
        self.buffer = text
        self.filled = size

    @property
    def size(self) -> int:
        """The length of the text."""
        return self.filled

    def whole(self) -> bytes:
        """Return a copy of all of the text, made when it is first asked for."""
        self.block = self.block or self.buffer[: self.size].tobytes()
        return self.block

    @contextmanager
    def padded(self, padding: int, spare: BufferPool[Bytes]) -> Iterator[tuple[Bytes, int]]:  # noqa: ARG002
        """Lend the buffer, in which some zeros follow the text, and the length of the text."""
        assert padding <= PADDING
        yield self.buffer, self.size


class FileLines(TextLines):
    """The lines of a part of a file, read a piece at a time; all of it only if single lines are asked for.

    Whatever reads it raises BrokenSourceError if the file is not what it was when ``identity`` was taken.
    """

    def __init__(  # noqa: PLR0913 - what is read, and how
        self,
        path: Path,
        identity: FileIdentity,
        offset: int,
        length: int,
        *,
        has_timestamp_prefix: bool,
        max_line: int = MAX_LINE,
    ) -> None:
        super().__init__(b"", offset, has_timestamp_prefix, max_line)
        self.path = path
        self.identity = identity
        self.length = length

    @property
    def size(self) -> int:
        """The length of the part."""
        return self.length

    def _pieces(self) -> Iterator[bytes]:
        """Yield the text in pieces of whole lines."""
        with self.opened() as file:
            left = self.length
            unfinished: list[bytes] = []  # of a line that is longer than a piece
            while left:
                piece = _read(file, min(left, _CHUNK_BYTES))
                left -= len(piece)
                cut = piece.rfind(b"\n") + 1
                if cut:
                    yield b"".join((*unfinished, piece[:cut]))
                    unfinished.clear()
                unfinished.append(piece[cut:])
            if rest := b"".join(unfinished):
                yield rest

    def whole(self) -> bytes:
        """Return all of the part, read again."""
        return self._loaded

    def _read_into(self, room: Bytes) -> None:
        with self.opened() as file:
            _check_size(file.readinto(room.data), self.length)  # type: ignore[attr-defined]

    @cached_property
    def _loaded(self) -> bytes:
        with self.opened() as file:
            return _read(file, self.length)

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Lend the file, which stands where the part begins."""
        try:
            with open_again(self.path, self.identity) as file:
                file.seek(self.offset)
                yield file
        except OSError as error:
            raise BrokenSourceError("RP001", f"reading failed: {error.strerror or error}") from None


def _piece_end(block: bytes, start: int) -> int:
    end = start + _CHUNK_BYTES
    if end >= len(block):
        return len(block)
    return (block.rfind(b"\n", start, end) + 1) or (block.find(b"\n", end) + 1) or len(block)


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    _check_size(len(data), size)
    return data


def _check_size(found: int, size: int) -> None:
    if found < size:
        raise BrokenSourceError("RP001", "it became shorter while it was read")


class SelectedLines(TextLines):
    """Some lines of a block: ``selected`` has their offsets in the file and their texts by their numbers, from 0."""

    def __init__(self, lines: TextLines, selected: Mapping[int, tuple[int, bytes]]) -> None:
        super().__init__(b"", lines.offset, lines.has_timestamp_prefix, lines.max_line)
        self.selected = selected

    def chunks(self) -> Iterator[tuple[Sequence[int], list[bytes]]]:
        """Yield the texts with their indices, some at a time."""
        all_numbers = list(self.selected)
        for start in range(0, len(all_numbers), _CHUNK):
            numbers: Sequence[int] = all_numbers[start : start + _CHUNK]
            numbers, lines = self._short_ones(numbers, [self.selected[number][1] for number in numbers])
            yield self._texts(numbers, lines, may_return=True)
        self.seen = len(all_numbers)

    def line(self, index: int) -> bytes:
        """Return one line."""
        line = self.selected[index][1].removesuffix(b"\r")
        return line.removeprefix(BOM) if self.offset == index == 0 else line

    def place(self, index: int) -> tuple[int, int]:
        """Return the line number and the byte offset of a text in its file."""
        return index + 1, self.selected[index][0]
