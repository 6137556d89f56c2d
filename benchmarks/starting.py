"""What small commands take as whole processes, beside a process of DuckDB: ``python -m benchmarks.starting [RUNS]``.

The commands take turns. Processor time is shown, which a busy machine changes less than seconds on the clock. Python
keeps bytecode for all of them, as it does for an installed package: without, it compiles the package at every start.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from rumpattern.synth import events as synth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EVENTS: Final = 100
RUNS: Final = 15
DEFINITIONS: Final = str(Path(__file__).with_name("definitions.json"))
QUERY: Final = "SELECT event_type, count(*) FROM read_json('{}', format = 'newline_delimited') GROUP BY ALL"
YARDSTICK: Final = "DuckDB, the same events"


def commands(events: str) -> Mapping[str, Sequence[str]]:
    """Return the commands by what they are called."""
    query = f"import duckdb; duckdb.sql({QUERY.format(events)!r}).show()"
    program = [sys.executable, "-m", "rumpattern"]
    return {
        YARDSTICK: [sys.executable, "-c", query],
        "Python alone": [sys.executable, "-c", "pass"],
        "Python with numpy": [sys.executable, "-c", "import numpy"],
        "--help": [*program, "--help"],
        "replay --help": [*program, "replay", "--help"],
        "validate, one file": [*program, "validate", DEFINITIONS],
        f"replay, {EVENTS} events": [*program, "replay", "-d", DEFINITIONS, events],
    }


def processor_seconds(command: Sequence[str]) -> float:
    """Run a command, and return the processor time that it took."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(runs: int) -> None:
    with TemporaryDirectory() as folder:
        events = Path(folder, "events.ndjson")
        events.write_bytes(b"".join(line + b"\n" for line in synth.lines(EVENTS, seed=0)))
        tasks = commands(str(events))
        for command in tasks.values():  # so that bytecode and files are where they will be
            processor_seconds(command)
        times = [{name: processor_seconds(command) for name, command in tasks.items()} for _ in range(runs)]
    medians = {name: median(run[name] for run in times) for name in tasks}
    for name, seconds in medians.items():
        print(f"{name:24} {seconds * 1000:4.0f} ms  {seconds / medians[YARDSTICK]:5.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else RUNS)
