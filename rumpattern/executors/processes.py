"""Blocks processed by worker processes. It pays for orjson, which holds the interpreter's lock while it decodes.

A worker is a program of its own (``python -m rumpattern.executors.worker``), so that a caller needs no
``if __name__ == "__main__"`` guard, and the two sides exchange framed bytes, never pickles.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

from rumpattern.executors.threads import process_in_threads
from rumpattern.executors.wire import pack_block, receive, send
from rumpattern.input.lines import EventList
from rumpattern.job.checkpoint.packing import unpack_result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rumpattern.input.blocks import Block
    from rumpattern.job.results import BlockResult

_ONE_THREAD: Final = {"OPENBLAS_NUM_THREADS": "1"}
"""A worker has one core; numpy would start threads for linear algebra, which nothing here uses."""


class WorkerError(RuntimeError):
    """A worker process ended before its work."""


class _Worker:
    """The parent's end of one worker process."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin, self.stdout = process.stdin, process.stdout

    @classmethod
    def start(cls, task: Mapping[str, Any]) -> _Worker:
        """Start a worker for a replay: ``task`` is what ``executors.worker`` reads first."""
        command = [sys.executable, "-P", "-m", "rumpattern.executors.worker"]  # -P: no module of the current folder
        search_path = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
        process = subprocess.Popen(  # noqa: S603 - our own program
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **_ONE_THREAD, "PYTHONPATH": os.pathsep.join(filter(None, search_path))},
            start_new_session=True,  # Ctrl-C goes to the replay alone, which ends its workers
        )
        worker = cls(process)
        send(worker.stdin, task)  # type: ignore[arg-type]
        return worker

    def process_block(self, block: Block) -> BlockResult:
        """Return the result of a block.

        Raises:
            WorkerError: the process has ended.
        """
        try:
            send(self.stdin, *pack_block(block))  # type: ignore[arg-type]
            return unpack_result(receive(self.stdout)[1])  # type: ignore[arg-type]
        except (EOFError, BrokenPipeError):
            status = self.process.wait()
            raise WorkerError(f"a worker process ended with status {status}{_hint(status)}") from None

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()


def _hint(status: int) -> str:
    """Return what a worker's exit status suggests: negative, it is the signal that ended the process."""
    return ": is there enough memory?" if status < 0 else "; its own error stands above"


def process_in_workers(
    process_here: Callable[[Block], BlockResult], blocks: Iterator[Block], workers: int, task: Mapping[str, Any]
) -> Iterator[BlockResult]:
    """Yield the results of blocks in the order of the blocks.

    Args:
        process_here: processes a block in this process: a list of events is in memory, and packing it would cost more.
        blocks: what to process.
        workers: how many processes to start.
        task: what each worker reads first.

    Raises:
        WorkerError: a process ended before its work.
    """
    idle: SimpleQueue[_Worker] = SimpleQueue()

    def process(block: Block) -> BlockResult:
        if isinstance(block.text, EventList):
            return process_here(block)
        worker = idle.get()
        try:
            return worker.process_block(block)
        finally:
            block.release()
            idle.put(worker)

    with ExitStack() as stack:
        for _ in range(workers):
            worker = _Worker.start(task)
            stack.callback(worker.close)
            idle.put(worker)
        yield from process_in_threads(process, blocks, workers)
