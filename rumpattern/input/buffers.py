"""Streams and small files to buffers of whole lines, in which the lines are read where they stand.

A buffer has one owner at a time. The thread that fills buffers acquires one from the pool, fills it and hands it over;
from then on it belongs to the block that holds it, until ``release`` puts it back in the pool. Nobody may look at its
text after that: it is being overwritten. The number of buffers bounds the memory that a stream takes, and how far the
thread that fills them runs ahead of those who read.
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final
from weakref import ref

import numpy as np

from rumpattern.input.formats import MAX_EXCERPT, MAX_LINE
from rumpattern.input.sources import BLOCK, BrokenSourceError
from rumpattern.native import PADDING

if TYPE_CHECKING:
    from collections.abc import Generator

    from rumpattern.arrays import Bytes
    from rumpattern.input.streams import Stream

SEGMENT_BUFFER: Final = 4 << 20
"""Bytes of a buffer in a segment: it stays in the processor's cache until it is read."""
SEGMENT_BUFFERS: Final = 8
"""How many of them there are: as many as are filled while a segment that has been read is matched and aggregated."""
_NEWLINE: Final = ord("\n")
_SEARCHED: Final = 1 << 16
"""Bytes that are searched for the last newline at once."""
_SKIPPED: Final = 1 << 20
"""Bytes of a line over the limit that are read and dropped at once."""


class Buffer:
    """Memory for text and for the ``PADDING`` zeros behind it.

    Attributes:
        text: shape (capacity + PADDING,).
        filled: how many bytes hold text.
        size: how many of those are whole lines; or of a line over the limit, its start.
        skipped: in the latter case, how many bytes of the line follow in the source, else 0.
        stored: how many bytes of the stream had been read when the buffer was full.
    """

    def __init__(self, pool: BufferPool) -> None:
        # Weak, for the pool holds the buffer when nobody else does. A strong reference would make a cycle, and while
        # blocks are processed garbage is seldom collected: buffers of finished streams would pile up.
        self.pool = ref(pool)
        self.min_capacity = pool.capacity
        self.text = _allocate(self.min_capacity)
        self.filled = self.size = self.stored = self.skipped = 0

    @property
    def capacity(self) -> int:
        """How many bytes of text fit."""
        return len(self.text) - PADDING

    def clear(self) -> None:
        """Empty the buffer."""
        self.filled = self.size = self.stored = self.skipped = 0

    def append_lines(self, text: bytes) -> int:
        """Put a text that there is room for, and a newline if it has none at its end; return how many lines it has."""
        begin, end = self.size, self.size + len(text)
        self.text[begin:end] = np.frombuffer(text, np.uint8)
        if not text.endswith(b"\n"):
            self.text[end] = _NEWLINE
            end += 1
        self.filled = self.size = end
        self.text[end : end + PADDING] = 0
        return int(np.count_nonzero(self.text[begin:end] == _NEWLINE))

    def release(self) -> None:
        """Give the buffer back to be filled again; nobody may look at its text any more."""
        pool = self.pool()
        if pool is not None:
            pool.put_back(self)

    def load(self, start: bytes, stream: Stream, max_line: int) -> bool:
        """Fill the buffer with the start of a line and what follows it in the stream, at least to the end of a line.

        The buffer grows for a line that does not fit, but not beyond ``max_line``. Return whether the stream has ended.
        """
        self.skipped = 0
        self._resize(0, max(self.min_capacity, len(start)))
        self.text[: len(start)] = np.frombuffer(start, np.uint8)
        self.filled = len(start)
        while not (has_ended := self._fill(stream)):
            self.size = self._end_of_lines()
            if self.size or self.filled > max_line:
                break
            self._resize(self.filled, min(2 * self.capacity, max_line + 1))
        self.size = self._end_of_lines()
        self.stored = stream.stored
        return has_ended

    def cut(self) -> bytes:
        """Put zeros behind the whole lines; return what stood there, the start of the next line."""
        rest = self.text[self.size : self.filled].tobytes()
        self.text[self.size : self.size + PADDING] = 0
        return rest

    def skip_rest_of_line(self, stream: Stream, max_line: int) -> tuple[bytes, bool]:
        """Cut the line in the buffer to one byte more than ``max_line``, and read past the rest of it.

        Return what was read behind the line, and whether the stream has ended. By the one byte more, whoever reads the
        buffer sees that the line is over the limit.
        """
        self.size, self.skipped = max_line + 1, self.filled - max_line - 1
        self.text[self.size : self.size + PADDING] = 0
        scratch = bytearray(_SKIPPED)
        has_ended, end = False, 0
        while not (has_ended or end):
            size = stream.fill(memoryview(scratch))
            end = scratch.find(b"\n", 0, size) + 1
            self.skipped += end or size
            has_ended = not size
        self.stored = stream.stored
        return bytes(scratch[end:size]), has_ended

    def _fill(self, stream: Stream) -> bool:
        """Fill the buffer; return whether the stream has ended."""
        text = self.text.data
        while self.filled < self.capacity:
            size = stream.fill(text[self.filled : self.capacity])
            if not size:
                return True
            self.filled += size
        return False

    def _resize(self, copied: int, capacity: int) -> None:
        """Allocate another capacity, and copy the first bytes of text."""
        if self.capacity != capacity:
            text = _allocate(capacity)
            text[:copied] = self.text[:copied]
            self.text = text

    def _end_of_lines(self) -> int:
        end = self.filled
        while end:
            start = max(0, end - _SEARCHED)
            newline = self.text[start:end].tobytes().rfind(b"\n")
            if newline >= 0:
                return start + newline + 1
            end = start
        return 0


def _allocate(capacity: int) -> Bytes:
    return np.empty(capacity + PADDING, np.uint8)


class BufferPool:
    """The buffers of one stream or of gathered files, each for ``capacity`` bytes or more (``BLOCK``).

    There are at most ``count``, which go round; without a count, there is a new one each time.
    """

    def __init__(self, count: int | None = None, capacity: int | None = None) -> None:
        self.count = count
        self.capacity = capacity or BLOCK
        self._made = 0
        self._idle: SimpleQueue[Buffer | None] = SimpleQueue()
        self._is_closed = False

    def acquire(self) -> Buffer | None:
        """Return an idle buffer, as soon as there is one; None once the pool is closed."""
        if self._is_closed:
            return None
        if self.count is None or (self._made < self.count and self._idle.empty()):
            self._made += 1
            return Buffer(self)
        return self._idle.get()

    def put_back(self, buffer: Buffer) -> None:
        """Make a buffer idle."""
        self._idle.put(buffer)

    def close(self) -> None:
        """Have ``acquire`` return None, also to a thread that waits in it."""
        self._is_closed = True
        self._idle.put(None)


def fill_buffers(stream: Stream, head: bytes, pool: BufferPool, max_line: int = MAX_LINE) -> Generator[Buffer]:
    """Yield the text of a stream, of which ``head`` has been read, in buffers of whole lines.

    A line of more than ``max_line`` bytes that fills a buffer has a buffer of its own, which holds its start.

    Raises:
        BrokenSourceError: after all complete lines; its ``rest`` is the truncated line.
    """
    rest = head
    while buffer := pool.acquire():
        has_ended = buffer.load(rest, stream, max_line)
        if has_ended and stream.fault is None:
            buffer.size = buffer.filled
        if buffer.size or has_ended:
            rest = buffer.cut()
        else:
            rest, has_ended = buffer.skip_rest_of_line(stream, max_line)
            if has_ended and stream.fault:  # nobody knows where the line would have ended
                rest, buffer.size = buffer.text[: buffer.size].tobytes(), 0
        if buffer.size:
            yield buffer
        if has_ended and stream.fault:
            raise _broken(stream.fault, rest, max_line)
        if has_ended:
            return


def _broken(fault: BrokenSourceError, rest: bytes, max_line: int) -> BrokenSourceError:
    """Return a copy of a fault to raise.

    The stream holds the fault, and once that is raised, its traceback holds every frame that it went through, and with
    them the buffers.
    """
    broken = BrokenSourceError(fault.code, fault.message)
    broken.rest = rest if len(rest) <= max_line else rest[:MAX_EXCERPT]
    return broken


def fill_ahead(stream: Stream, head: bytes, pool: BufferPool, max_line: int = MAX_LINE) -> Generator[Buffer]:
    """Yield the buffers of ``fill_buffers``, which runs on a thread of its own until this ends or is closed.

    The queue between the two needs no bound, for there are only so many buffers in the pool.
    """
    ready: SimpleQueue[Buffer | BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            for buffer in fill_buffers(stream, head, pool, max_line):
                ready.put(buffer)
            ready.put(None)
        except BaseException as error:  # noqa: BLE001 - raised where the buffers are wanted
            ready.put(error)

    thread = Thread(target=run, name="rumpattern-fill", daemon=True)
    thread.start()
    try:
        while (item := ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        item = None  # an exception and this frame, which its traceback holds, would be a cycle
        pool.close()  # the thread may wait for a buffer that nobody will put back
        thread.join()
