"""The whole work on a few lines, interrupted after ever more steps: prints how often it was, and how often in vain.

It is a program, since an interruption at any step whatever, unlike a signal, may leave a lock of Python's taken.
"""

from __future__ import annotations

import sys
from itertools import count
from typing import TYPE_CHECKING, Any

import rumpattern as rp
from rumpattern.aggregate.partial import Partial
from rumpattern.aggregate.series import tabulate
from rumpattern.columns.readers import Reader
from rumpattern.engine import Engine
from rumpattern.input.lines import TextLines
from rumpattern.synth import events as synth
from tests.support.replays import EXTENDED

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

FAULTS = b'{"event_type":"t","event_timestamp":1e400}', b"x", b"y" * 2_000_000
STRIDE = 97
"""Steps between one interruption and the next."""


def job(reader: str) -> Callable[[], object]:
    """Return a function that does the work, and has done it once."""
    definitions = rp.load_definitions(EXTENDED)
    engine = Engine(definitions, event_type_required=True, reader=Reader(reader))
    text = b"\n".join([*synth.lines(60, seed=3, custom=0.2), *FAULTS])

    def run() -> object:
        partial = Partial()
        for batch in engine.batches(TextLines(text)):
            for grouped in engine.grouped(batch, engine.match(batch), 60):
                partial.add(grouped)
        return tabulate(definitions, partial, 60)

    run()
    return run


def is_interrupted(run: Callable[[], object], after: int) -> bool | None:
    """Tell whether an interruption after some steps comes out of a function; None if it has fewer steps."""
    steps = count()
    is_raised = False

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal is_raised
        if next(steps) == after:
            is_raised = True
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(None)
    return False if is_raised else None


def main() -> None:
    """Interrupt the work at ever later steps, until it ends before the interruption."""
    run = job(sys.argv[1])
    came_out: list[bool] = []
    while (is_out := is_interrupted(run, STRIDE * len(came_out))) is not None:
        came_out.append(is_out)
    sys.stdout.write(f"{len(came_out)} {came_out.count(False)}\n")


if __name__ == "__main__":
    main()
