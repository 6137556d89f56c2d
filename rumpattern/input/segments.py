"""Runs of a stream's buffers: what one worker reads while it is being filled.

Compiled code reads one buffer at a time; only plans that it cannot serve hold all of a run in memory.
"""

from __future__ import annotations

from threading import Event, Lock
from typing import TYPE_CHECKING

from rumpattern.input.sources import BrokenSourceError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.input.buffers import Buffer


class StreamSegment:
    """Consecutive buffers of a stream, which are taken one at a time.

    Nobody takes buffers of the stream but the reader of its last run, until that is over.

    Attributes:
        end: the byte of the text up to which buffers have been read.
        stored: how many bytes of the source had been read for them.
        fault: what broke off after them, if anything did.

    Args:
        first: the first buffer.
        others: those after it.
        offset: the byte of the text where the first one begins.
        limit: how many bytes of text are enough.
    """

    def __init__(self, first: Buffer, others: Iterator[Buffer], offset: int, limit: int) -> None:
        self.end = offset
        self.stored = 0
        self.fault: BrokenSourceError | None = None
        self._buffer: Buffer | None = first
        self._others = others
        self._enough = offset + limit
        self._is_over = Event()
        self._taking = Lock()

    def __iter__(self) -> Iterator[tuple[Buffer, int]]:
        """Yield each buffer and its offset; it is given back when the next one is asked for."""
        while buffer := self._buffer:
            yield buffer, self.end
            self.end += buffer.size + buffer.skipped
            self.stored = buffer.stored
            is_enough = self.end >= self._enough or buffer.skipped
            self._buffer = None
            buffer.release()
            if not is_enough:
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
        """Say that nobody reads on: all has been read, or reading failed."""
        if self._buffer is not None:
            self._buffer.release()
            self._buffer = None
        self._is_over.set()

    def stop(self) -> None:
        """Give no more buffers: nobody takes any of the stream once this is over, also by Ctrl-C."""
        try:
            with self._taking:
                self._others = iter(())
        except KeyboardInterrupt:
            self.stop()
            raise

    def wait(self) -> None:
        """Return once the run is over."""
        self._is_over.wait()
