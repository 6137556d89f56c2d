"""Streams to buffers of whole lines, in which the lines are read where they stand.

Buffers go round: one is filled while others are read, and comes back to be filled again. Their number bounds the memory
that a stream takes, and how far the thread that fills them runs ahead of those who read.
"""

from __future__ import annotations

from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Final
from weakref import ref

import numpy as np

from rumpattern.input.formats import MAX_EXCERPT, MAX_LINE
from rumpattern.input.sources import BLOCK, BrokenSourceError
from rumpattern.native.layout import PADDING

if TYPE_CHECKING:
    from collections.abc import Generator

    from rumpattern.arrays import Bytes
    from rumpattern.input.streams import Stream

SEGMENT_BUFFER: Final = 4 << 20
"""Bytes of a buffer in a run: it stays in the processor's cache until it is read."""
SEGMENT_BUFFERS: Final = 8
"""How many of them there are: as many as are filled while what comes after reading a run is done."""
_SEARCHED: Final = 1 << 16
_PASSED: Final = 1 << 20
"""Bytes of a line that is too long that are passed over at once."""


class Buffer:
    """Room for text and for the zeros behind it.

    The first ``size`` of the ``filled`` bytes are whole lines; ``stored`` bytes of the source had been read for them.
    Or they are the start of a line that is too long, of which ``skipped`` bytes follow.
    """

    def __init__(self, pool: BufferRing) -> None:
        self.pool = ref(pool)  # which holds the buffer when nobody else does
        self.min_capacity = pool.capacity
        self.text = _room(self.min_capacity)
        self.filled = self.size = self.stored = self.skipped = 0

    @property
    def capacity(self) -> int:
        """How many bytes of text there is room for."""
        return len(self.text) - PADDING

    def release(self) -> None:
        """Give the buffer back, to be filled again: nobody looks at its text any more."""
        pool = self.pool()
        if pool is not None:
            pool.give(self)

    def load(self, start: bytes, stream: Stream, max_line: int) -> bool:
        """Take the start of a line and what comes next, until there is no room left and a line that ends.

        A line of more than ``max_line`` bytes is taken no further. Return True if the stream has ended.
        """
        self.skipped = 0
        self._make_room(0, max(self.min_capacity, len(start)))
        self.text[: len(start)] = np.frombuffer(start, np.uint8)
        self.filled = len(start)
        while not (has_ended := self._take(stream)):
            self.size = self._end_of_lines()
            if self.size or self.filled > max_line:
                break
            self._make_room(self.filled, min(2 * self.capacity, max_line + 1))
        self.size = self._end_of_lines()
        self.stored = stream.stored
        return has_ended

    def cut(self) -> bytes:
        """Put zeros behind the whole lines; return what stood there."""
        rest = self.text[self.size : self.filled].tobytes()
        self.text[self.size : self.size + PADDING] = 0
        return rest

    def skip_rest_of_line(self, stream: Stream, max_line: int) -> tuple[bytes, bool]:
        """Keep one byte more than ``max_line`` of the line in the buffer, and pass over the rest of it.

        Return what was read behind the line, and whether the stream has ended.
        """
        self.size, self.skipped = max_line + 1, self.filled - max_line - 1
        self.text[self.size : self.size + PADDING] = 0
        room = bytearray(_PASSED)
        has_ended, end = False, 0
        while not (has_ended or end):
            size = stream.fill(memoryview(room))
            end = room.find(b"\n", 0, size) + 1
            self.skipped += end or size
            has_ended = not size
        self.stored = stream.stored
        return bytes(room[end:size]), has_ended

    def _take(self, stream: Stream) -> bool:
        """Take text while there is room for it; return True if the stream has ended."""
        room = self.text.data
        while self.filled < self.capacity:
            more = stream.fill(room[self.filled : self.capacity])
            if not more:
                return True
            self.filled += more
        return False

    def _make_room(self, kept: int, capacity: int) -> None:
        if self.capacity != capacity:
            text = _room(capacity)
            text[:kept] = self.text[:kept]
            self.text = text

    def _end_of_lines(self) -> int:
        end = self.filled
        while end:
            start = max(0, end - _SEARCHED)
            found = self.text[start:end].tobytes().rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0


def _room(capacity: int) -> Bytes:
    return np.empty(capacity + PADDING, np.uint8)


class BufferRing:
    """The buffers of one stream, for ``capacity`` bytes or more (``BLOCK``).

    They are at most ``count``, which are given back; or without a count, a new one each time.
    """

    def __init__(self, count: int | None = None, capacity: int | None = None) -> None:
        self.count = count
        self.capacity = capacity or BLOCK
        self._made = 0
        self._free: SimpleQueue[Buffer | None] = SimpleQueue()
        self._is_closed = False

    def take(self) -> Buffer | None:
        """Return a buffer, once there is one; None if nobody wants it any more."""
        if self._is_closed:
            return None
        if self.count is None or (self._made < self.count and self._free.empty()):
            self._made += 1
            return Buffer(self)
        return self._free.get()

    def give(self, buffer: Buffer) -> None:
        """Take a buffer back."""
        self._free.put(buffer)

    def close(self) -> None:
        """Let whoever waits for a buffer go without."""
        self._is_closed = True
        self._free.put(None)


def fill_buffers(stream: Stream, head: bytes, buffers: BufferRing, max_line: int = MAX_LINE) -> Generator[Buffer]:
    """Yield the text of a stream, which starts with ``head``, in buffers of whole lines.

    A line of more than ``max_line`` bytes that fills a buffer makes one of its own, which holds its start.

    Raises:
        BrokenSourceError: after all complete lines; ``rest`` of it is the line that broke off.
    """
    rest = head
    while buffer := buffers.take():
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
    """Return a fault like another one: that is held by its stream, and would hold all that this is raised through."""
    broken = BrokenSourceError(fault.code, fault.message)
    broken.rest = rest if len(rest) <= max_line else rest[:MAX_EXCERPT]
    return broken


def fill_ahead(stream: Stream, head: bytes, buffers: BufferRing, max_line: int = MAX_LINE) -> Generator[Buffer]:
    """Yield the buffers of ``fill_buffers``, which runs on a thread of its own until this ends or is closed."""
    ready: SimpleQueue[Buffer | BaseException | None] = SimpleQueue()

    def run() -> None:
        try:
            for buffer in fill_buffers(stream, head, buffers, max_line):
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
        item = None  # which would hold, and be held by, what it is raised through
        buffers.close()
        thread.join()
