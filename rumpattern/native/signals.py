"""Interrupts (Ctrl-C, SIGTERM) deferred while compiled code is loaded."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType


@contextmanager
def interrupts_deferred() -> Iterator[None]:
    """Put off Ctrl-C, and what is taken as it, which llvmlite and imports can lose; a second one is not put off."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    handlers = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}
    if threading.current_thread() is not threading.main_thread():
        handlers = {}
    caught: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        if caught:
            handlers[signal.Signals(number)](number, frame)
        caught.append(number)

    for number in handlers:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    if caught:
        raise KeyboardInterrupt
