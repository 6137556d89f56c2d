"""A bound on the processor time of this process: what other programs do at the same time does not count."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def cpu_seconds_below(limit: float) -> Iterator[None]:
    """Fail if the block takes ``limit`` seconds of processor time or more.

    It tells work that grows with a product or a power of its input, which takes minutes, from work that grows with
    its input, which takes a fraction of a second; a limit lies far above the one and far below the other.
    """
    started = time.process_time()
    yield
    seconds = time.process_time() - started
    assert seconds < limit, f"{seconds:.1f} seconds of processor time"
