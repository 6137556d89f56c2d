"""Blocks processed by threads, which compiled code allows: it gives the lock of the interpreter back."""

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


def _in_order(run: Callable[[Block], BlockResult], blocks: Iterator[Block], count: int) -> Iterator[BlockResult]:
    """Yield the results of blocks in their order, ``count`` at a time and a bounded number of them on the way."""
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(count))
        pending: deque[Future[BlockResult]] = deque()
        stack.callback(lambda: [future.cancel() for future in pending])
        for block in blocks:
            pending.append(pool.submit(run, block))
            if len(pending) > count + 1:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
