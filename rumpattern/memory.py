"""Memory of the process: what glibc does with freed memory, and what the garbage collector need not look at."""

from __future__ import annotations

import gc
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_OPTIONS: Final = {"MALLOC_MMAP_THRESHOLD_": (-3, 1 << 20), "MALLOC_TRIM_THRESHOLD_": (-1, 4 << 20)}
"""Variables that glibc looks at when a process starts, numbers of the same options in mallopt(3), and their values.

What is larger than the first has memory of its own, which goes back to the system once it is free. By itself glibc
raises that size from 128 KiB to as much as 32 MiB. With a smaller one, the arrays of every block would be new memory.
"""


def give_back_memory() -> None:
    """Have large arrays go back to the system once they are free, here and in processes that are started later.

    By default glibc keeps much of what a run has freed, the more the longer it lasts. Other C libraries are left as
    they are, and so is what the environment says.
    """
    mallopt = _of_glibc("mallopt")
    for name, (number, value) in _OPTIONS.items():
        if mallopt is not None and name not in os.environ:
            os.environ[name] = str(value)
            mallopt(number, value)


def trim() -> None:
    """Give back what is free between arrays that are in use, which glibc does not do by itself; a few milliseconds."""
    malloc_trim = _of_glibc("malloc_trim")
    if malloc_trim is not None:
        malloc_trim(0)


def _of_glibc(name: str) -> Callable[..., int] | None:
    """Return a function of glibc, None if this process has another C library or cannot call any."""
    if sys.platform != "linux":
        return None
    try:
        import ctypes  # noqa: PLC0415 - Python may be built without it

        return getattr(ctypes.CDLL(None), name, None)
    except (ImportError, OSError):  # OSError: Python is linked statically
        return None


@contextmanager
def without_collection() -> Iterator[None]:
    """Keep the collector from looking through thousands of fresh objects, none of which can be part of a cycle."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
