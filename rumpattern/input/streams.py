"""Stored bytes to text, written into memory of the caller: gzip is inflated, anything else is copied.

zlib decides what a gzip file holds. isal is more than twice as fast and tells less about faults, so a file that it
fails on is read again by zlib, from the start: text and faults are the same with and without isal.
"""

from __future__ import annotations

import io
import os
import stat
import zlib
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final, Protocol

from rumpattern.input.sources import GZIP_MAGIC, HEAD, BrokenSourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

_READ: Final = 1 << 19
"""Bytes of a file that are read and inflated at once."""
_PIECE: Final = 1 << 22
"""Bytes of text that zlib gives at once, however well they were compressed."""
_GZIP_WINDOW: Final = 31  # zlib's code for a gzip header and trailer
_FLAGS: Final = 3  # where the flags stand in the header of a gzip member
_ISIZE: Final = 4
"""Bytes at the end of a gzip member that say how much text it has."""
_RESERVED: Final = 0xE0  # flags without a meaning: zlib refuses them, isal ignores them


class Stream(Protocol):
    """The text of one source, which can be read once and in order.

    ``stored`` is how many bytes of the source have been read.
    """

    stored: int

    @property
    def fault(self) -> BrokenSourceError | None:
        """Return why there should be more text than there is, once ``fill`` has returned 0."""

    def fill(self, target: memoryview) -> int:
        """Write the next text to ``target``, which is not empty; return how many bytes it is, 0 at the end."""


def open_stream(file: BinaryIO) -> Stream:
    """Return the text of an open file; the file belongs to the stream from now on."""
    isal_zlib = load_isal() if _is_gzip_to_read_twice(file) else None
    return _Copied(file, _size(file)) if isal_zlib is None else _ByIsal(file, _size(file), isal_zlib)


@cache
def load_isal() -> Any:  # noqa: ANN401 - its types say that its exceptions are no classes
    """Return isal's counterpart of zlib, None if it is not installed."""
    try:
        from isal import isal_zlib  # noqa: PLC0415 - only gzip needs it
    except ImportError:
        return None
    return isal_zlib


def _size(file: BinaryIO) -> int:
    """Return how many bytes a regular file has from its position on; 0 for any other file."""
    try:
        status = os.fstat(file.fileno())
        return status.st_size - file.tell() if stat.S_ISREG(status.st_mode) else 0
    except OSError:  # it is in memory
        return 0


def _shorter(found: int, size: int) -> BrokenSourceError:
    reason = f"it became shorter while it was read: after {found:,} bytes, not {size:,}"
    return BrokenSourceError("RP001", reason)


def read_head(stream: Stream) -> bytes:
    """Return the first ``HEAD`` bytes of a stream, all of it if it is shorter."""
    head = memoryview(bytearray(HEAD))
    size = 0
    while size < HEAD and (more := stream.fill(head[size:])):
        size += more
    return head[:size].tobytes()


def skip_text(stream: Stream, head: bytes, size: int) -> bytes:
    """Read past ``size`` bytes of a stream, of which ``head`` has been read; return what follows them in ``head``."""
    left = size - len(head)
    scratch = memoryview(bytearray(_READ if left > 0 else 0))
    while left > 0 and (more := stream.fill(scratch[:left])):
        left -= more
    return head[size:]


def read_chunks(stream: Stream, head: bytes, report_read: Callable[[int], None]) -> Iterator[bytes]:
    """Yield ``head`` and then the rest of a stream; ``report_read`` gets the stored bytes read for each chunk.

    Raises:
        BrokenSourceError: after everything that could be read.
    """
    report_read(stored := stream.stored)
    if head:
        yield head
    chunk = memoryview(bytearray(_PIECE))
    while size := stream.fill(chunk):
        report_read(stream.stored - stored)
        stored = stream.stored
        yield chunk[:size].tobytes()
    if stream.fault:
        raise stream.fault


def inflate_whole(data: bytes, limit: int) -> bytes | None:
    """Return the text of a gzip file, None if that has more than ``limit`` bytes or the file is damaged."""
    last = int.from_bytes(data[-_ISIZE:], "little")  # how many bytes of text the last member says that it has
    if last > limit:
        return None
    file, size = io.BytesIO(data), len(data)
    isal_zlib = load_isal()
    stream: Stream = _Copied(file, size) if isal_zlib is None else _ByIsal(file, size, isal_zlib)
    target = memoryview(bytearray(min(max(last, HEAD), limit) + 1))
    pieces: list[bytes] = []
    left = limit + 1
    while left and (filled := stream.fill(target[:left])):
        pieces.append(target[:filled].tobytes())
        left -= filled
    return b"".join(pieces) if left and stream.fault is None else None


def _is_gzip_to_read_twice(file: BinaryIO) -> bool:
    """Tell whether a file is gzip, and can be read again from its start should isal fail."""
    try:
        if not file.seekable():
            return False
        start = file.tell()
        magic = file.read(len(GZIP_MAGIC))
        file.seek(start)
    except OSError:  # it will be raised again, and reported, when the file is read
        return False
    return magic == GZIP_MAGIC


class _Copied:
    """A stream of pieces, of zlib or as they are stored, that are copied to the caller's memory.

    Args:
        file: what to read.
        size: how many bytes it must have at least.
        skipped: bytes of text at the beginning that are left out.
    """

    def __init__(self, file: BinaryIO, size: int, skipped: int = 0) -> None:
        self.stored = 0
        self.size = size
        self.fault: BrokenSourceError | None = None
        self.file = file
        self.skipped = skipped
        self.pieces = self._pieces()
        self.piece = memoryview(b"")

    def fill(self, target: memoryview) -> int:
        """Write the next text to ``target``; return how many bytes it is, 0 at the end."""
        try:
            while not self.piece and (piece := next(self.pieces, None)) is not None:
                self.piece = memoryview(piece)[self.skipped :]
                self.skipped -= len(piece) - len(self.piece)
        except BrokenSourceError as fault:
            self.fault = fault.with_traceback(None)  # the traceback holds this stream
        size = min(len(target), len(self.piece))
        target[:size] = self.piece[:size]
        self.piece = self.piece[size:]
        return size

    def _pieces(self) -> Iterator[bytes]:
        data = self._read()
        if data.startswith(GZIP_MAGIC):
            yield from self._inflate(data)
            return
        while data:
            yield data
            data = self._read()

    def _read(self) -> bytes:
        try:
            data = self.file.read(_READ)
        except OSError as error:
            raise BrokenSourceError("RP001", f"reading failed: {error.strerror or error}") from None
        self.stored += len(data)
        if not data and self.stored < self.size:
            raise _shorter(self.stored, self.size)
        return data

    def _inflate(self, data: bytes) -> Iterator[bytes]:
        """Inflate gzip members one after another, a bounded piece at a time.

        Raises:
            BrokenSourceError: after all text before the fault.
        """
        while data := self._start_of_member(data):
            member = zlib.decompressobj(_GZIP_WINDOW)
            while not member.eof:
                data = data or self._read()
                if not data:
                    yield member.flush()
                    raise BrokenSourceError("RP003", f"gzip data ends early, after byte {self.stored} of the file")
                before = member.copy()  # zlib gives no text of a call that fails; the copy is asked byte by byte
                try:
                    piece = member.decompress(data, _PIECE)
                except zlib.error as error:
                    piece, index = _up_to_fault(before, data)
                    yield piece
                    raise self._damaged(self.stored - len(data) + index, error) from None
                yield piece
                data = member.unconsumed_tail
            data = member.unused_data

    def _start_of_member(self, data: bytes) -> bytes:
        """Return what follows the padding after a member, enough of it to hold the flags, or nothing at the end.

        Reserved flags are cleared: isal ignores them, zlib would refuse the member.
        """
        data = data.lstrip(b"\0")
        while len(data) <= _FLAGS and (more := self._read()):
            data = (data + more).lstrip(b"\0")
        if data.startswith(GZIP_MAGIC) and len(data) > _FLAGS and data[_FLAGS] & _RESERVED:
            return b"%b%c%b" % (data[:_FLAGS], data[_FLAGS] & ~_RESERVED, data[_FLAGS + 1 :])
        return data

    @staticmethod
    def _damaged(offset: int, error: zlib.error) -> BrokenSourceError:
        reason = str(error).rpartition(": ")[2]
        return BrokenSourceError("RP003", f"gzip data is damaged near byte {offset} of the file: {reason}")


def _up_to_fault(member: zlib._Decompress, data: bytes) -> tuple[bytes, int]:
    """Return the text of data that hold a fault, up to it, and the index of the byte at which zlib sees it."""
    text: list[bytes] = []
    index = 0
    with suppress(zlib.error):
        for index in range(len(data)):
            text.append(member.decompress(data[index : index + 1]))
    return b"".join(text), index


class _ByIsal:
    """A stream that isal inflates, from a file that can be read twice.

    Where isal fails, or ends before the file does, zlib inflates the file again and leaves out the text that isal has
    given (``size``). What zlib would not have given is not taken back: isal sees some damage a few symbols later.
    """

    def __init__(self, file: BinaryIO, size: int, isal_zlib: Any) -> None:  # noqa: ANN401 - see load_isal
        self.file = file
        self.file_size = size
        self.faults = (OSError, EOFError, OverflowError, isal_zlib.IsalError)
        self.start = file.tell()
        self.stored = 0
        self.size = 0
        self.reader = isal_zlib._GzipReader(file, _READ)  # noqa: SLF001 - all else in isal copies the text
        self.by_zlib: _Copied | None = None

    @property
    def fault(self) -> BrokenSourceError | None:
        """Return why there should be more text, in zlib's words."""
        return self.by_zlib.fault if self.by_zlib else None

    def fill(self, target: memoryview) -> int:
        """Write the next text to ``target``; return how many bytes it is, 0 at the end."""
        if self.by_zlib is None:
            try:
                size: int = self.reader.readinto(target)
                stored = self.file.tell() - self.start
                is_whole = size or stored >= self.file_size
            except self.faults:
                is_whole = False
            if is_whole:
                self.size += size
                self.stored = stored
                return size
            self.file.seek(self.start)
            self.by_zlib = _Copied(self.file, self.file_size, skipped=self.size)
        size = self.by_zlib.fill(target)
        self.stored = max(self.stored, self.by_zlib.stored)
        return size
