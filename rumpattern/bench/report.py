"""Stages timed in turn, and the report of it as a table or JSON."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

from rumpattern.emit.console import page_on
from rumpattern.emit.layout import add_row, new_table
from rumpattern.run import available_cores
from rumpattern.version import __version__

if TYPE_CHECKING:
    from typing import TextIO

    from rumpattern.bench.stages import Stages

from rumpattern.bench.workload import MEGABYTE

_COMPILING: Final = frozenset(("parse", "compile"))


@dataclass(frozen=True, slots=True)
class Timing:
    """The median time of a stage, and rates for the stages that events go through."""

    stage: str
    seconds: float
    events_per_second: float | None
    megabytes_per_second: float | None
    definitions_events_per_second: float | None


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured, with what, and on what. ``bytes`` are those of the event text; a megabyte is 10^6."""

    versions: dict[str, str]
    reader: str
    cpus: int
    events: int
    rejected: int
    bytes: int
    cut: bool
    definitions: int
    repeat: int
    stages: list[Timing]

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return orjson.dumps(asdict(self)).decode()


def measure(stages: Stages, repeat: int) -> BenchReport:
    """Run all stages ``repeat`` times, in turn, so that a slow moment of the machine is shared by all."""
    times: dict[str, list[float]] = {name: [] for name in stages.all()}
    for _ in range(repeat):
        for name, run in stages.all().items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    accounting = stages.result.accounting
    events, definitions = accounting.evaluated, len(stages.definitions)
    return BenchReport(
        versions(),
        stages.reader.value,
        available_cores(),
        events,
        accounting.rejected,
        stages.workload.size,
        stages.workload.cut,
        definitions,
        repeat,
        [_timing(name, median(runs), events, stages.workload.size, definitions) for name, runs in times.items()],
    )


def _timing(stage: str, seconds: float, events: int, size: int, definitions: int) -> Timing:
    if stage in _COMPILING:
        return Timing(stage, seconds, None, None, None)
    rate = events / seconds
    return Timing(stage, seconds, rate, size / MEGABYTE / seconds, definitions * rate)


def versions() -> dict[str, str]:
    """Return the versions of what does the work."""
    return {
        "rumpattern": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "orjson": orjson.__version__,
    }


def write_table(report: BenchReport, stream: TextIO) -> None:
    """Write what was measured for a person to read."""
    size = f"{report.bytes / MEGABYTE:,.1f} MB"
    title = f"{report.definitions:,} definitions, {report.events:,} events, {size}, median of {report.repeat}"
    table = new_table(title, "stage", "seconds>", "events/s>", "MB/s>", "definitions x events/s>")
    for timing in report.stages:
        rates = timing.events_per_second, timing.megabytes_per_second, timing.definitions_events_per_second
        add_row(
            table, timing.stage, f"{timing.seconds:.6f}", *("" if rate is None else f"{rate:,.0f}" for rate in rates)
        )
    with page_on(stream) as page:
        page.print_table(table)
        names = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        page.print(f"{names}; reader {report.reader}, one process of {report.cpus} cores")
