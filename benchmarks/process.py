"""Run a command: how long it takes, and how much memory it and its children hold at once."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

INTERVAL = 0.01
"""Seconds between two looks at the memory."""
PROC = Path("/proc")


class Usage(NamedTuple):
    """Wall seconds, the largest sum of resident bytes that was seen (None where there is no /proc), and the output."""

    seconds: float
    peak: int | None
    said: str


def run(command: Sequence[str], cwd: Path, cores: int | None = None) -> Usage:
    """Run a command to its end, where the system can do that on some cores only.

    Raises:
        RuntimeError: it failed; with the end of what it said.
    """
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if cores is not None and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(process.pid, sorted(os.sched_getaffinity(0))[:cores])  # its threads will inherit this
    with _Sampler(process.pid) as sampler:
        said, _ = process.communicate()
        seconds = time.perf_counter() - start
    text = said.decode("utf-8", "replace")
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {process.returncode}\n{text[-2000:]}")
    return Usage(seconds, sampler.peak, text)


class _Sampler:
    """Looks at the memory of a process and all below it again and again. Pages that two of them share count twice."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.peak = 0 if PROC.is_dir() else None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def _watch(self) -> None:
        while self.peak is not None and not self.ended.wait(INTERVAL):
            self.peak = max(self.peak, sum(map(_resident, _tree(self.pid))))


def _tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in (PROC / str(pid) / "task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _tree(int(child))


def _resident(pid: int) -> int:
    with suppress(OSError, IndexError):
        return int((PROC / str(pid) / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0
