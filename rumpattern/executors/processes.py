"""Blocks processed by worker processes, which orjson needs: it holds the lock of the interpreter."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from rumpattern.executors.wire import pack_block, receive, send
from rumpattern.job.checkpoint.packing import unpack_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rumpattern.input.blocks import Block
    from rumpattern.job.results import BlockResult

from rumpattern.executors.threads import _in_order

_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""A worker has one core; numpy starts threads for linear algebra, which nothing here does, if not told otherwise."""


class WorkerError(RuntimeError):
    """A worker process ended before its work."""


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, task: dict[str, object]) -> None:
        command = [sys.executable, "-P", "-m", "rumpattern.executors.worker"]  # -P: no module of the current folder
        places = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        self.process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, places))},
            start_new_session=True,  # Ctrl-C is for the replay, which ends its workers
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        send(self.stdin, task)  # type: ignore[arg-type]

    def run(self, block: Block) -> BlockResult:
        try:
            send(self.stdin, *pack_block(block))  # type: ignore[arg-type]
            return unpack_result(receive(self.stdout)[1])  # type: ignore[arg-type]
        except (EOFError, BrokenPipeError):
            status = self.process.wait()
            raise WorkerError(f"a worker process ended with status {status}: is there enough memory?") from None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()


def _in_workers(
    here: Callable[[Block], BlockResult], blocks: Iterator[Block], count: int, task: dict[str, object]
) -> Iterator[BlockResult]:
    """Yield the results of blocks in their order, from worker processes; blocks without text are done here."""
    idle: SimpleQueue[_Worker] = SimpleQueue()

    def run(block: Block) -> BlockResult:
        if block.records is not None:
            return here(block)
        worker = idle.get()
        try:
            return worker.run(block)
        finally:
            block.release()
            idle.put(worker)

    with ExitStack() as stack:
        for _ in range(count):
            worker = _Worker(task)
            stack.callback(worker.close)
            idle.put(worker)
        yield from _in_order(run, blocks, count)
