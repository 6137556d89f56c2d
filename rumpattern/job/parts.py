"""Parts of a run's progress: files that hold the results of consecutive blocks, and where in the input these lie.

A part is written beside its place, checked by a checksum and never changed. It belongs to one run and one place in it:
it names the run, its own number, and where in the input it begins and ends.
"""

from __future__ import annotations

import hashlib
import os
import time
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeAlias

import orjson

from rumpattern.job.packing import pack_result, unpack_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from rumpattern.job.results import BlockResult

Position: TypeAlias = tuple[int, int]
"""The number of a source, and a byte of its decompressed text where a block ends."""

_MAGIC: Final = b"rumpattern part 3\n"
_LENGTH: Final = 8
_DIGEST: Final = hashlib.sha256().digest_size
_SHARE: Final = 50
"""Parts are written so seldom that writing takes a fiftieth of the time."""
_FIRST_COST: Final = 0.05
"""Seconds that the first part is taken to need."""
_MOST_HELD: Final = 64 << 20
"""Bytes of results that wait to be written, at most."""
_MOST_WAITING: Final = 4
"""Results that wait to be packed, at most."""


def part_path(folder: Path, number: int) -> Path:
    """Return where a part is kept; the first is number 1."""
    return folder / f"part-{number:06}"


class Part(NamedTuple):
    """What a part says: its run and place, the positions that it goes from and to, and packed results."""

    run: str
    number: int
    begin: Position
    end: Position
    results: list[tuple[dict[str, Any], bytes]]

    def write(self, folder: Path) -> None:
        """Write the part, and be sure that it is on the disk.

        Raises:
            OSError: it cannot be written; there is nothing of it.
        """
        fields = self._replace(results=[])._asdict()
        head = orjson.dumps({**fields, "results": [(header, len(data)) for header, data in self.results]})
        body = [len(head).to_bytes(_LENGTH, "big"), head, *(data for _, data in self.results)]
        digest = hashlib.sha256()
        for piece in body:
            digest.update(piece)
        write_whole(part_path(folder, self.number), [_MAGIC, digest.digest(), *body])

    @classmethod
    def read(cls, folder: Path, number: int) -> Self | None:
        """Return a part, None if there is no whole one of this number."""
        try:
            data = part_path(folder, number).read_bytes()
        except FileNotFoundError:
            return None
        start = len(_MAGIC) + _DIGEST
        body = data[start:]
        if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
            return None
        place = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
        head = orjson.loads(body[_LENGTH:place])
        results = []
        for header, size in head["results"]:
            results.append((header, body[place : place + size]))
            place += size
        return cls(head["run"], head["number"], tuple(head["begin"]), tuple(head["end"]), results)

    def unpack(self) -> Iterator[BlockResult]:
        """Yield the results."""
        for header, data in self.results:
            yield unpack_result(header, data)


def write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Write a file that is either whole or not there, whatever happens."""
    beside = path.with_name(f"{path.name}.partial")
    with beside.open("wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Be sure that the names of the files in a folder are on the disk."""
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


class PartWriter:
    """Writes results as parts, on a thread of its own.

    The run does not wait for the disk, and what interrupts it, such as Ctrl-C, never comes between a part and its
    position.

    Args:
        folder: where to write.
        run: what the parts are of.
        number: how many parts there are already.
        position: where they end.
    """

    def __init__(self, folder: Path, run: str, number: int, position: Position) -> None:
        self.folder = folder
        self.run = run
        self.number = number
        self.position = position
        self._end = position
        self._ready: list[tuple[dict[str, Any], bytes]] = []
        self._waiting: list[tuple[dict[str, Any], bytes]] = []
        self._held = 0
        self._cost = _FIRST_COST
        self._written = time.monotonic()
        self._error: Exception | None = None
        self._keeps_rest = False
        self._queue: Queue[BlockResult | None] = Queue(_MOST_WAITING)
        self._thread = Thread(target=self._serve, name="rumpattern progress", daemon=True)
        self._thread.start()

    def put(self, result: BlockResult) -> None:
        """Take the result of the block that follows the ones before.

        Raises:
            Exception: an earlier one could not be written.
        """
        if self._error:
            raise self._error
        self._queue.put(result)

    def close(self, *, write: bool) -> None:
        """Wait for what is being written; ``write`` what is not written yet.

        Raises:
            Exception: something could not be written.
        """
        self._keeps_rest = write
        try:
            self._queue.put(None)
            self._thread.join()
        finally:
            if self._thread.is_alive():  # the wait was interrupted
                self._queue.put(None)
                self._thread.join()
        if self._error:
            raise self._error

    def _serve(self) -> None:
        while (result := self._queue.get()) is not None:
            self._try(self._add, result)
        if self._keeps_rest:
            self._try(self._write)

    def _try(self, step: Callable[..., None], *arguments: BlockResult) -> None:
        """Take a step, unless one failed before."""
        if self._error:
            return
        try:
            step(*arguments)
        except Exception as error:  # noqa: BLE001 - whoever waits for this thread tells of it
            self._error = error

    def _add(self, result: BlockResult) -> None:
        """Take a result, and write it when it is time to: a run can go on where a block or a source is known to end."""
        if result.source != self._end[0]:
            self._pass_to(result.source, 0)
        packed = pack_result(result)
        self._waiting.append(packed)
        self._held += len(packed[1])
        if result.end is not None:
            self._pass_to(result.source, result.end)
        if self._held > _MOST_HELD or time.monotonic() - self._written >= _SHARE * self._cost:
            self._write()

    def _pass_to(self, source: int, offset: int) -> None:
        """Note that all that waits lies before a position."""
        self._ready += self._waiting
        self._waiting.clear()
        self._end = source, offset

    def _write(self) -> None:
        if not self._ready:
            return
        begun = time.monotonic()
        Part(self.run, self.number + 1, self.position, self._end, self._ready).write(self.folder)
        self.number += 1
        self.position = self._end
        self._ready = []
        self._held = sum(len(data) for _, data in self._waiting)
        self._written = time.monotonic()
        self._cost = self._written - begun
