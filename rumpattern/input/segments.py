"""Segments of a stream: consecutive buffers that one worker reads while the stream is being read.

A block for each buffer would either be too small for the work that each block costs after it is read, or its buffer too
large for the processor's cache. Compiled code holds one buffer of a segment at a time; only plans that it cannot serve
load a whole segment.
"""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING

from rumpattern.input.sources import BrokenSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.input.buffers import Buffer


class StreamSegment:
    """Consecutive buffers of a stream, which one thread takes one by one.

    Two threads share the stream's iterator of buffers, never at once: the reader of a segment takes from it until the
    segment is over, and only then does whoever makes segments take the first buffer of the next one. It waits for that
    in ``wait``. If it is interrupted there, it must call ``stop`` before it closes the iterator: to close a generator
    that another thread is in raises ValueError, and leaves the thread that fills buffers running.

    Attributes:
        end: the byte of the text up to which buffers have been read.
        stored: how many bytes of the source had been read for them.
        fault: why reading ended after them, None if it did not fail.

    Args:
        first: the first buffer.
        others: those after it, to the end of the stream.
        offset: the byte of the text where the first one begins.
        limit: bytes of text from which the segment is over.
    """

    def __init__(self, first: Buffer, others: Iterator[Buffer], offset: int, limit: int) -> None:
        self.end = offset
        self.stored = 0
        self.fault: BrokenSourceError | None = None
        self._buffer: Buffer | None = first
        self._others = others
        self._limit = offset + limit
        self._is_over = Event()
        self._taking = Lock()  # held while a buffer is taken

    def __iter__(self) -> Iterator[tuple[Buffer, int]]:
        """Yield each buffer and its offset in the text; it is released when the next one is asked for."""
        while buffer := self._buffer:
            yield buffer, self.end
            self.end += buffer.size + buffer.skipped
            self.stored = buffer.stored
            # behind the start of a line over the limit, bytes are missing, which would shift the offsets of lines
            is_last = self.end >= self._limit or buffer.skipped
            self._buffer = None
            buffer.release()
            if not is_last:
                self._buffer = self._next()
        self._is_over.set()

    def _next(self) -> Buffer | None:
        try:
            with self._taking:
                return next(self._others, None)
        except BrokenSourceError as fault:
            self.fault = fault.with_traceback(None)
            return None

    def close(self) -> None:
        """End the segment for its reader: all has been read, or reading failed."""
        if self._buffer is not None:
            self._buffer.release()
            self._buffer = None
        self._is_over.set()

    def stop(self) -> None:
        """Take no more buffers: once this has returned, no thread is in the iterator, nor will be.

        Ctrl-C while it waits for the lock must not leave that undone, so it is done again before Ctrl-C is raised.
        """
        try:
            with self._taking:
                self._others = iter(())
        except KeyboardInterrupt:
            self.stop()
            raise

    def wait(self) -> None:
        """Return once the segment is over."""
        self._is_over.wait()
