"""The extra ``fast``: everything that numba compiles, loaded at once and tried out."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rumpattern.definition.model import MetricDefinition
from rumpattern.events.decode import Decoder
from rumpattern.events.lines import FileLines, TextLines
from rumpattern.events.scan.scanner import Scanner
from rumpattern.events.sources import BrokenSourceError, Stamp
from rumpattern.fold import Folder
from rumpattern.match.compiled import compile_plan
from rumpattern.match.kernel import Kernel
from rumpattern.plan.build import build_plan
from rumpattern.samples import Deriver

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_PERIOD: Final = 60
_DEFINITION: Final = MetricDefinition("m", value_key="v", dimension_keys=(("d", "D"),))
_EVENTS: Final = (
    b'{"event_type":"t","event_timestamp":60000,"v":0.1234567890123456,"d":"x"}\n'
    b'{"d" : "\\u0079", "v" : 2, "event_timestamp" : 60001, "event_type" : "t"}\n'
)


def load(decoder: Decoder, deriver: Deriver) -> tuple[Scanner, Folder]:
    """Return the compiled reader and folder of a plan.

    Raises:
        RuntimeError: they give wrong results.
        Exception: numba cannot compile them, load them or run them.
    """
    with _uninterrupted():
        _try_out()
        return Scanner(decoder), Folder(deriver)


def _try_out() -> None:
    plan = build_plan([_DEFINITION])
    decoder = Decoder(plan.paths, by_type=plan.paths_by_type(), event_type_required=True)
    scanner = Scanner(decoder)
    batch = scanner.decode(TextLines(_EVENTS))
    matches = Kernel(plan, compile_plan(plan)).match(batch)
    (grouped,) = Folder(Deriver(plan)).fold(batch, matches, _PERIOD)
    groups = grouped.groups
    found = None if groups is None else sorted(zip(groups.lows.tolist(), groups.sizes.tolist(), strict=True))
    if found != [(0.1234567890123456, 1), (2.0, 1)] or not _finds_end(scanner):
        raise RuntimeError("compiled code gives wrong results")


def _finds_end(scanner: Scanner) -> bool:
    """Tell whether an empty file is found to have no byte."""
    nothing = Path(os.devnull)
    with nothing.open("rb") as file:
        stamp = Stamp.of(file)
    try:
        scanner.decode(FileLines(nothing, stamp, 0, 1, timed=False))
    except BrokenSourceError:
        return True
    return False


@contextmanager
def _uninterrupted() -> Iterator[None]:
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
