"""Stages timed in turn, and the report of it as a table or JSON."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass, replace
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

from rumpattern.bench.machine import load_average, processor_name
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
    """The median time of a stage, its fastest and slowest run, and rates for the stages that events go through."""

    stage: str
    seconds: float
    fastest: float
    slowest: float
    events_per_second: float | None
    megabytes_per_second: float | None
    definitions_events_per_second: float | None


@dataclass(frozen=True, slots=True)
class BenchReport:
    """What was measured, with what, and on what.

    Attributes:
        versions: of what does the work.
        reader: who decodes lines.
        reader_reason: why it does.
        processor: its name.
        cpus: how many cores the process may use.
        load: how many processes wanted a core in the minute before; None where the system does not tell.
        events: how many were evaluated.
        rejected: how many lines were no events.
        bytes: of the event text; a megabyte is 10^6.
        cut: whether the events had more bytes.
        definitions: how many there are.
        repeat: runs of each stage.
        stages: in the order of the flow.
    """

    versions: dict[str, str]
    reader: str
    reader_reason: str
    processor: str
    cpus: int
    load: float | None
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
    load = load_average()
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
        stages.reason,
        processor_name(),
        available_cores(),
        load,
        events,
        accounting.rejected,
        stages.workload.size,
        stages.workload.cut,
        definitions,
        repeat,
        [_timing(name, runs, events, stages.workload.size, definitions) for name, runs in times.items()],
    )


def _timing(stage: str, runs: list[float], events: int, size: int, definitions: int) -> Timing:
    seconds = median(runs)
    timing = Timing(stage, seconds, min(runs), max(runs), None, None, None)
    if stage in _COMPILING:
        return timing
    rate = events / seconds
    return replace(
        timing,
        events_per_second=rate,
        megabytes_per_second=size / MEGABYTE / seconds,
        definitions_events_per_second=definitions * rate,
    )


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
    table = new_table(title, "stage", "seconds>", "spread>", "events/s>", "MB/s>", "definitions x events/s>")
    for timing in report.stages:
        rates = timing.events_per_second, timing.megabytes_per_second, timing.definitions_events_per_second
        spread = f"{(timing.slowest - timing.fastest) / timing.seconds:.0%}"
        shown = ("" if rate is None else f"{rate:,.0f}" for rate in rates)
        add_row(table, timing.stage, f"{timing.seconds:.6f}", spread, *shown)
    names = ", ".join(f"{name} {version}" for name, version in report.versions.items())
    load = "" if report.load is None else f", load {report.load:.1f} before"
    with page_on(stream) as page:
        page.print_table(table)
        page.print(f"reader {report.reader}: {report.reader_reason}")
        page.print(f"{report.processor}, one process of {report.cpus} cores{load}; spread: from fastest to slowest run")
        page.print(names)
