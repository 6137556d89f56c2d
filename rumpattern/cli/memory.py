"""What becomes of freed memory."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import Final

_LARGE: Final = 1 << 17
"""Bytes; glibc starts with as many, and then lets its thresholds grow to 32 MiB and more."""
_OPTIONS: Final = {"MALLOC_TRIM_THRESHOLD_": -1, "MALLOC_MMAP_THRESHOLD_": -3}
"""Variables that glibc looks at when a process starts, and the numbers of the same options: mallopt(3)."""


def give_back_memory() -> None:
    """Have large arrays go back to the system once they are free, here and in processes that are started later.

    By default glibc keeps much of what a run has freed, the more the longer it lasts. Other C libraries are left as
    they are, and so is what the environment says.
    """
    if sys.platform != "linux":
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    for name, number in _OPTIONS.items():
        if mallopt is not None and name not in os.environ:
            os.environ[name] = str(_LARGE)
            mallopt(number, _LARGE)
