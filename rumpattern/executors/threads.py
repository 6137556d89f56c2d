"""Blocks processed by threads. It pays for the compiled core, which releases the interpreter's lock."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from concurrent.futures import Future

    from rumpattern.input.blocks import Block
    from rumpattern.job.results import BlockResult


def process_in_threads(
    process: Callable[[Block], BlockResult], blocks: Iterator[Block], threads: int
) -> Iterator[BlockResult]:
    """Yield the results of blocks in the order of the blocks.

    At most ``threads`` + 1 blocks are processed or wait for the consumer, so that memory stays bounded when one block
    takes longer than those after it.
    """
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(threads))
        pending: deque[Future[BlockResult]] = deque()
        stack.callback(lambda: [future.cancel() for future in pending])
        for block in blocks:
            pending.append(pool.submit(process, block))
            if len(pending) > threads + 1:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
