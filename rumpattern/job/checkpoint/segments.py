"""Segments of a checkpoint: files that hold the results of consecutive blocks between two positions of the input.

A segment is written to a temporary name, renamed when it is complete, verified by a checksum and never changed. It
names its run, its index, and where in the input it begins and ends.
"""

from __future__ import annotations

import hashlib
import os
import time
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Final, NamedTuple, Self

import orjson

from rumpattern.job.checkpoint.folders import sync_folder
from rumpattern.job.checkpoint.packing import pack_result, unpack_result

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rumpattern.input.blocks import Position
    from rumpattern.job.results import BlockResult

_MAGIC: Final = b"rumpattern part 4\n"
_LENGTH: Final = 8
_DIGEST: Final = hashlib.sha256().digest_size
_WRITE_RATIO: Final = 50
"""Segments are written so rarely that writing takes a fiftieth of the time."""
_FIRST_COST: Final = 0.05
"""Seconds that writing the first segment is assumed to take."""
MAX_HELD_BYTES: Final = 64 << 20
"""Bytes of results that may wait to be written."""


def segment_path(folder: Path, number: int) -> Path:
    """Return the file of a segment; the first has index 1."""
    return folder / f"part-{number:06}"


class Segment(NamedTuple):
    """One segment: its run and index, the positions where it begins and ends, and packed results."""

    run: str
    number: int
    begin: Position
    end: Position
    results: list[bytes]

    def write(self, folder: Path) -> None:
        """Write the segment, and wait until it is on the disk.

        Raises:
            OSError: it cannot be written; nothing of it is left.
        """
        fields = self._replace(results=[])._asdict()
        head = orjson.dumps({**fields, "results": list(map(len, self.results))})
        body = [len(head).to_bytes(_LENGTH, "big"), head, *self.results]
        digest = hashlib.sha256()
        for piece in body:
            digest.update(piece)
        write_whole(segment_path(folder, self.number), [_MAGIC, digest.digest(), *body])

    @classmethod
    def read(cls, folder: Path, number: int) -> Self | None:
        """Return a segment, None if there is no complete one of this index."""
        try:
            data = segment_path(folder, number).read_bytes()
        except FileNotFoundError:
            return None
        start = len(_MAGIC) + _DIGEST
        body = data[start:]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
            return None
        offset = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
        head = orjson.loads(body[_LENGTH:offset])
        results = []
        for size in head["results"]:
            results.append(body[offset : offset + size])
            offset += size
        return cls(head["run"], head["number"], tuple(head["begin"]), tuple(head["end"]), results)

    def unpack(self) -> Iterator[BlockResult]:
        """Return the results."""
        return map(unpack_result, self.results)


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is either complete or does not exist, whatever happens."""
    partial = path.with_name(f"{path.name}.partial")
    with partial.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


class _Packed(NamedTuple):
    """A block's result as bytes, the index of its first source, and where it ends, None if that is not known."""

    source: int
    end: Position | None
    data: bytes


class SegmentWriter:
    """Writes results as segments, on a thread of its own.

    The run does not wait for the disk, and an interrupt such as Ctrl-C never comes between a segment and its position.

    Args:
        folder: where to write.
        run: the digest of the run's identity.
        number: how many segments exist already.
        position: where they end.
    """

    def __init__(self, folder: Path, run: str, number: int, position: Position) -> None:
        self.folder = folder
        self.run = run
        self.number = number
        self.position = position
        self._waiting: list[_Packed] = []  # belongs to the run
        self._unflushed: list[_Packed] = []  # belongs to the thread
        self._held = 0
        self._cost = _FIRST_COST
        self._flushed_at = time.monotonic()
        self._error: Exception | None = None
        self._queue: Queue[list[_Packed] | None] = Queue(1)
        self._thread = Thread(target=self._serve, name="rumpattern progress", daemon=True)
        self._thread.start()

    def put(self, result: BlockResult) -> None:
        """Take the result of the next block.

        Raises:
            Exception: an earlier result could not be written.
        """
        if self._error:
            raise self._error
        packed = _Packed(result.sources[0].source, result.end, pack_result(result))
        self._waiting.append(packed)
        self._held += len(packed.data)
        if self._held > MAX_HELD_BYTES or time.monotonic() - self._flushed_at >= _WRITE_RATIO * self._cost:
            self._flush()

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        self._queue.put(waiting)
        self._held = 0
        self._flushed_at = time.monotonic()

    def close(self, *, write: bool) -> None:
        """Wait for what is being written; with ``write``, write the rest first.

        Raises:
            Exception: something could not be written.
        """
        try:
            if write:
                self._flush()
            self._queue.put(None)
            self._thread.join()
        finally:
            if self._thread.is_alive():  # the wait was interrupted
                self._queue.put(None)
                self._thread.join()
        if self._error:
            raise self._error

    def _serve(self) -> None:
        while (packed := self._queue.get()) is not None:
            if self._error:
                continue
            try:
                self._write(packed)
            except Exception as error:  # noqa: BLE001 - raised where the run waits for this thread
                self._error = error

    def _write(self, packed: list[_Packed]) -> None:
        """Write results up to the last position where a run can be resumed: the known end of a block or source."""
        begun = time.monotonic()
        waiting = self._unflushed + packed
        end = self.position
        ready = 0
        for number, one in enumerate(waiting):
            if one.source > end[0]:
                end, ready = (one.source, 0), number
            if one.end is not None:
                end, ready = one.end, number + 1
        if ready:
            results = [one.data for one in waiting[:ready]]
            Segment(self.run, self.number + 1, self.position, end, results).write(self.folder)
            self.number += 1
            self.position = end
        self._unflushed = waiting[ready:]
        self._cost = time.monotonic() - begun
