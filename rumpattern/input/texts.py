"""Where the text of a block is: in memory, in a buffer, in a file, or in a segment of a stream that is still read.

The functions tell these apart, so that whoever splits lines need not. ``offset`` is that of the text in its
decompressed source.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, assert_never

import numpy as np

from rumpattern.input.buffers import Buffer
from rumpattern.input.segments import StreamSegment
from rumpattern.input.sources import BrokenSourceError, open_again
from rumpattern.native import PADDING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

    from rumpattern.arrays import Bytes
    from rumpattern.input.pool import ScratchPool
    from rumpattern.input.sources import FileIdentity

CAN_READ_AT: Final = hasattr(os, "pread")
"""Whether the system reads files by position, as the compiled core does."""
_PIECE: Final = 32 << 10
"""Bytes of whole lines that are split at once: they stay in the processor's cache until they are decoded."""


@dataclass(frozen=True, slots=True)
class FileText:
    """The next ``length`` bytes of a file, from the offset of their block; ``identity`` was taken when it was cut.

    Reading raises BrokenSourceError if the file is no longer what it was then.
    """

    path: Path
    identity: FileIdentity
    length: int

    @contextmanager
    def open(self, offset: int) -> Iterator[BinaryIO]:
        """Lend the file, positioned at an offset."""
        try:
            with open_again(self.path, self.identity) as file:
                file.seek(offset)
                yield file
        except OSError as error:
            raise BrokenSourceError("RP001", f"reading failed: {error.strerror or error}") from None


Text: TypeAlias = "bytes | Buffer | FileText | StreamSegment"
"""The text of consecutive lines. Each type has one owner at a time: see ``Buffer`` and ``StreamSegment``."""


def load_text(text: Text, offset: int) -> bytes:
    """Return a whole text as bytes; a segment can be loaded once, for that consumes its buffers."""
    match text:
        case bytes():
            return text
        case Buffer():
            return text.text[: text.size].tobytes()
        case FileText():
            with text.open(offset) as file:
                return _read(file, text.length)
        case StreamSegment():
            return b"".join(buffer.text[: buffer.size].tobytes() for buffer, _ in text)
        case _:
            assert_never(text)


def file_pieces(text: FileText, offset: int) -> Iterator[bytes]:
    """Yield the text of a file in pieces of whole lines, of which one is held at a time."""
    with text.open(offset) as file:
        left = text.length
        unfinished: list[bytes] = []  # of a line that is longer than a piece
        while left:
            piece = _read(file, min(left, _PIECE))
            left -= len(piece)
            cut = piece.rfind(b"\n") + 1
            if cut:
                yield b"".join((*unfinished, memoryview(piece)[:cut]))
                unfinished.clear()
            unfinished.append(piece[cut:])
        if rest := b"".join(unfinished):
            yield rest


def pieces(text: bytes) -> Iterator[bytes]:
    """Yield a text in memory in pieces of whole lines."""
    start = 0
    while start < len(text):
        end = _piece_end(text, start)
        yield text[start:end]
        start = end


def _piece_end(text: bytes, start: int) -> int:
    end = start + _PIECE
    if end >= len(text):
        return len(text)
    return (text.rfind(b"\n", start, end) + 1) or (text.find(b"\n", end) + 1) or len(text)


@contextmanager
def padded(text: bytes | Buffer | FileText, offset: int, pool: ScratchPool[Bytes]) -> Iterator[tuple[Bytes, int]]:
    """Lend a text followed by ``PADDING`` zeros, and its length without them.

    A buffer has room for them and is lent as it is; all else is copied into an array of the pool.
    """
    if isinstance(text, Buffer):
        yield text.text, text.size
        return
    size = text.length if isinstance(text, FileText) else len(text)
    with pool.take(size + PADDING) as array:
        if isinstance(text, FileText):
            with text.open(offset) as file:
                _check_size(file.readinto(array[:size].data), size)  # type: ignore[attr-defined]
        else:
            array[:size] = np.frombuffer(text, np.uint8)
        array[size : size + PADDING] = 0
        yield array, size


def _read(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    _check_size(len(data), size)
    return data


def _check_size(read: int, size: int) -> None:
    if read < size:
        raise BrokenSourceError("RP001", "it became shorter while it was read")
