"""How fast one gzip file is inflated: alone, into buffers of lines, and while its lines are replayed.

``python -m benchmarks.inflate FILE.gz`` prints medians, and their ratios to bare isal.
"""

from __future__ import annotations

import argparse
import time
import zlib
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING
from unittest.mock import patch

from isal import isal_zlib

import rumpattern as rp
from benchmarks.peers import DEFINITIONS
from rumpattern.input.buffers import BufferPool, fill_ahead, fill_buffers
from rumpattern.input.sources import BLOCK
from rumpattern.input.streams import open_stream, read_head

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from rumpattern.input.buffers import Buffer
    from rumpattern.input.sources import BrokenSourceError
    from rumpattern.input.streams import Stream

READ = 1 << 20
BARE = "bare isal, one buffer"


class Timed:
    """A stream that adds up how long it takes to fill, in wall and in processor seconds."""

    def __init__(self, file: BinaryIO) -> None:
        self.stream = open_stream(file)
        self.wall = self.busy = 0.0

    @property
    def stored(self) -> int:
        return self.stream.stored

    @property
    def fault(self) -> BrokenSourceError | None:
        return self.stream.fault

    def fill(self, room: memoryview) -> int:
        wall, busy = time.perf_counter(), time.thread_time()
        size = self.stream.fill(room)
        self.wall += time.perf_counter() - wall
        self.busy += time.thread_time() - busy
        return size


def bare_zlib(path: Path) -> None:
    member = zlib.decompressobj(31)
    with path.open("rb", buffering=0) as file:
        while data := file.read(READ):
            while data:
                member.decompress(data, BLOCK)
                data = member.unconsumed_tail


def bare_isal(path: Path) -> None:
    room = memoryview(bytearray(BLOCK))
    with path.open("rb", buffering=0) as file:
        reader = isal_zlib._GzipReader(file, READ)  # noqa: SLF001 - what our stream uses
        while reader.readinto(room):
            pass


def drained(path: Path, fill: Callable[[Stream, bytes, BufferPool], Iterator[Buffer]]) -> None:
    with path.open("rb") as file:
        stream = open_stream(file)
        for buffer in fill(stream, read_head(stream), BufferPool(4)):
            buffer.release()


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def measure(path: Path, workers: int) -> dict[str, float]:
    """Return the seconds of everything, measured once."""
    definitions = rp.load_definitions(DEFINITIONS)
    streams: list[Timed] = []

    def has_timestamp_prefix(file: BinaryIO) -> Timed:
        streams.append(Timed(file))
        return streams[-1]

    found = {
        "bare zlib": seconds(lambda: bare_zlib(path)),
        BARE: seconds(lambda: bare_isal(path)),
        "buffers of lines": seconds(lambda: drained(path, fill_buffers)),
        "buffers of lines, own thread": seconds(lambda: drained(path, fill_ahead)),
    }
    with patch("rumpattern.input.blocks.open_stream", has_timestamp_prefix):
        found["replay"] = seconds(lambda: rp.replay(definitions, path, workers=workers, reader="scan"))
    found["  its inflating, wall"] = streams[0].wall
    found["  its inflating, processor"] = streams[0].busy
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    measure(given.file, given.workers)  # compiles, and brings the file into memory
    runs = [measure(given.file, given.workers) for _ in range(given.repeat)]
    print(f"{'':<30}{'seconds':>9}{'x bare isal':>13}")
    for name in runs[0]:
        ratio = median(run[name] / run[BARE] for run in runs)
        print(f"{name:<30}{median(run[name] for run in runs):>9.3f}{ratio:>13.2f}")


if __name__ == "__main__":
    main()
