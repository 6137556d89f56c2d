"""One run of one tool: ``python -m benchmarks.run MODULE:FUNCTION CORES EVENTS RESULT [--warm EVENTS]``.

The function gets the tool ready for some cores and returns its job, which is timed: from opening the file of events to
the result in the tool's own memory. With ``--warm`` the job has been done on another file before, so that imports,
connections and worker processes are there. Writing the result, as rows for the check, is not timed. The
seconds are printed.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time
from pathlib import Path
from pkgutil import resolve_name
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Job: TypeAlias = Callable[[Path], Callable[[Path], object]]
    """From a file of events to a function that writes the result to a file."""


def measure(job: Job, events: Path, result: Path, warm: Path | None = None) -> float:
    """Return the seconds that a job takes on some events, and write its result."""
    if warm is not None:
        job(warm)
    gc.collect()
    start = time.perf_counter()
    write = job(events)
    seconds = time.perf_counter() - start
    write(result)
    return seconds


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__)
    parser.add_argument("job", metavar="MODULE:FUNCTION")
    parser.add_argument("cores", type=int)
    parser.add_argument("events", type=Path)
    parser.add_argument("result", type=Path)
    parser.add_argument("--warm", type=Path, metavar="EVENTS")
    given = parser.parse_args(argv)
    os.environ["POLARS_MAX_THREADS"] = str(given.cores)  # read when polars is imported, and not to be set later
    print(measure(resolve_name(given.job)(given.cores), given.events, given.result, given.warm))


if __name__ == "__main__":
    main(sys.argv[1:])
