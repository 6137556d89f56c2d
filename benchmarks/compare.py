"""The same jobs by rumpattern and other tools, on the same generated events, with the bars beside what was reached.

``python -m benchmarks.compare`` prints the tables; it fails if any two results differ.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.data import MILLION, RATE, VARIANT_NOTES, VARIANTS, cache, generate, text_size
from benchmarks.peers import (
    ROOT,
    TOLERANCE,
    column_peers,
    exact_columns,
    exact_result,
    metric_peers,
    programs,
)
from benchmarks.process import run
from benchmarks.report import Line, bar_table, figures, lines, peak_table, table
from benchmarks.turns import Task, take_turns
from rumpattern.bench.report import versions
from rumpattern.bench.workload import MEGABYTE
from rumpattern.run import available_cores

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.peers import Key, Peer, Row

WARM = 5_000
"""Events of the file that tools get warm on."""
TEN_TIMES = 10
MEMORY_RUNS = 2
MATCH_SCALING = "benchmarks.match_scaling"
MATCH_BARS = "2,000 definitions <= 2.5x the time of 10, >= 60x faster than naive masks, >= 15x in the worst case"
MATCHERS = "matchers"
TITLES = {
    "columns": "bytes to 8 columns",
    "ndjson": "NDJSON to metrics",
    "gzip": ".gz to metrics",
    "whole-ndjson": "whole processes, NDJSON to metrics",
    "whole-gzip": "whole processes, .gz to metrics",
    MATCHERS: "matching alone",
}
PEERS = ("duckdb", "polars", "isal", "moto")
STEADY = f"""\
Steady state: every run is a process of its own, kept to its cores, which has done the same job on {WARM:,} events. The
time is from opening the file to the result in the tool's own memory: columns of series (rumpattern), a temporary table
(DuckDB), a frame (polars), a dictionary (plain loop). Start of Python, imports, connections, worker
processes, reading the definitions and writing the result are not in it; opening, reading, inflating and checking the
text are. Columns: every tool reads the same eight from every event and keeps none of them, DuckDB and polars count
what they hold; rumpattern reads application_name too, and only it looks for repeated keys. Inflate has no result.
"""
WHOLE = """\
Whole processes, kept to their cores: the time from the start of Python to its end, with imports, connections, worker
processes and the written result.
Peak is the largest resident size of all processes of a tool together.
"""
ALL = f"""\
Medians of runs in which the tools took turns; x rumpattern is a time relative to that of rumpattern on as many cores.
All results are identical: keys, counts, minima and maxima. Sums of rumpattern are the doubles nearest to the exact
ones; tools that add up doubles are within {TOLERANCE:g} of them, relatively. MB are 10^6 bytes, of JSON text.
"""


class Section(NamedTuple):
    """Tools to run on one kind of file; ``is_cold`` times whole processes."""

    tools: list[Peer]
    compress: bool = False
    is_cold: bool = False


def sections(cores: int) -> dict[str, Section]:
    return {
        "columns": Section(column_peers()),
        "ndjson": Section(metric_peers(cores, compress=False)),
        "gzip": Section(metric_peers(cores, compress=True), compress=True),
        "whole-ndjson": Section(programs(cores, compress=False), is_cold=True),
        "whole-gzip": Section(programs(cores, compress=True), compress=True, is_cold=True),
    }


class Comparison:
    """The sections of one run of this program, printed as they come; ``rows`` are those of all tables."""

    def __init__(self, given: argparse.Namespace, scratch: Path) -> None:
        self.given = given
        self.scratch = scratch
        self.data: Path = given.data or scratch
        self.rows: list[Line] = []
        self.true: dict[tuple[str, str], dict[Key, Row]] = {}

    def file(self, variant: str, *, compress: bool = False, count: int | None = None) -> Path:
        """Return the file of a variant, of all events or of some count."""
        size = self.given.events if count is None else count
        folder = self.data if count is None else self.scratch
        return generate(folder, size, compress=compress, seed=self.given.seed, variant=variant)

    def truth(self, name: str, variant: str) -> dict[Key, Row]:
        """Return the result of a section."""
        kind = "columns" if name == "columns" else "metrics"
        if (kind, variant) not in self.true:
            exact = exact_columns if kind == "columns" else exact_result
            self.true[kind, variant] = exact(self.file(variant))
        return self.true[kind, variant]

    def measure(self, name: str, section: Section, variant: str) -> None:
        """Run the tools of a section and print its table."""
        events = self.file(variant, compress=section.compress)
        warm = self.file(variant, compress=section.compress, count=WARM)
        if section.is_cold:  # bytecode is to be in its cache
            run(metric_peers(1, compress=False)[0].command(warm, self.scratch / "warm.jsonl"), ROOT)
        size = text_size(events)
        task = Task(events, self.scratch, self.truth(name, variant), None if section.is_cold else warm)
        cache(events)
        runs = take_turns(section.tools, task, self.given.repeat)
        rows = lines(name, variant, runs, self.given.events, size)
        self.rows += rows
        stored = f", {events.stat().st_size / MEGABYTE:,.1f} MB stored" if section.compress else ""
        print(f"{TITLES[name]}; {variant} events ({VARIANT_NOTES[variant]}), {size / MEGABYTE:,.1f} MB{stored}")
        print(table(rows, memory=section.is_cold), end="\n\n", flush=True)

    def memory(self, *, compress: bool) -> dict[str, list[float | None]]:
        """Run whole processes on all events and on ten times as many in the same hours; print and return their peaks.

        Ten times the traffic brings new sessions and no more minutes, so that there are about as many series.
        """
        tools = list({tool.tool: tool for tool in programs(self.given.workers, compress=compress)}.values())
        tools = [tool for tool in tools if tool.job != "orjson"]
        peaks: dict[Peer, list[float | None]] = {tool: [] for tool in tools}
        counts = self.given.events, TEN_TIMES * self.given.events
        series = []
        for count in counts:
            rate = RATE * count / self.given.events
            events = generate(self.data, count, compress=compress, seed=self.given.seed, rate=rate)
            true = exact_result(events)
            series.append(f"{len(true):,}")
            for tool, runs in take_turns(tools, Task(events, self.scratch, true), MEMORY_RUNS).items():
                peaks[tool].append(max(runs.peaks) / MEGABYTE if runs.peaks else None)
        print(f"peak memory, {'.gz' if compress else 'NDJSON'} to metrics, whole processes, more of {MEMORY_RUNS} runs")
        print(f"{counts[0]:,} events with {series[0]} series, {counts[1]:,} in the same hours with {series[1]}\n")
        print(peak_table(peaks, counts), end="\n\n", flush=True)
        return {tool.name: some for tool, some in peaks.items()}

    def match(self, variant: str) -> dict[str, float]:
        """Run the matchers on decoded events and print what they take."""
        said = run([sys.executable, "-m", "benchmarks.matchers", str(self.file(variant))], ROOT).said
        found: dict[str, float] = json.loads(said.splitlines()[-1])
        print(f"{TITLES[MATCHERS]}, 12 definitions, decoded events, 1 core: seconds for a million events,")
        print("scaled from 500 (moto) and 12,000 (rumpattern) of them; both match the same number of the first 500")
        for tool, seconds in found.items():
            print(f"{tool:<27}{seconds:>16,.3f}{seconds / found['rumpattern']:>12,.0f} x rumpattern")
        print(flush=True)
        return found


def machine() -> str:
    """Return the processor's name, as far as it is known."""
    info = Path("/proc/cpuinfo")
    texts = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in texts if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {available_cores()} cores, {platform.system()}"


def measure_all(comparison: Comparison, given: argparse.Namespace) -> dict[str, object]:
    """Run what was asked for; return the numbers."""
    todo = sections(given.workers)
    for variant in given.variants:
        for name in (name for name in given.sections if name in todo):
            if not todo[name].is_cold or variant == given.variants[0]:
                comparison.measure(name, todo[name], variant)
    document: dict[str, object] = {"rows": [row._asdict() for row in comparison.rows]}
    if found := figures(comparison.rows):
        print(bar_table(found, TITLES), end="\n\n", flush=True)
        document["bars"] = [
            {**figure.bar._asdict(), "variant": figure.variant, "reached": figure.reached, "verdict": figure.verdict}
            for figure in found
        ]
    if MATCHERS in given.sections and find_spec("moto"):
        document[MATCHERS] = comparison.match(given.variants[0])
    if given.memory is not None:
        document["memory"] = [comparison.memory(compress=form == "gzip") for form in given.memory or ("ndjson",)]
    return document


def main(argv: Sequence[str]) -> None:
    given = _arguments(argv)
    used = versions() | {tool: version(tool) for tool in PEERS if find_spec(tool)}
    print(f"{given.events:,} events, seed {given.seed}, 12 definitions, medians of {given.repeat} runs")
    print(f"{machine()}; {', '.join(f'{name} {text}' for name, text in used.items())}")
    for tool in PEERS:
        if tool not in used:
            print(f"{tool} is not installed: pip install 'rumpattern[bench]' adds it to the comparison")
    print()
    document = {"machine": machine(), "versions": used, "events": given.events, "repeat": given.repeat}
    with tempfile.TemporaryDirectory() as scratch:
        document |= measure_all(Comparison(given, Path(scratch)), given)
    print(STEADY, WHOLE, ALL, sep="\n", end="")
    if given.match:
        _match_scaling(given.match)
    if given.json:
        given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _match_scaling(rows: int) -> None:
    print(f"\nThousands of definitions (python -m {MATCH_SCALING} {rows}); bars, of 10 million rows: {MATCH_BARS}\n")
    print(run([sys.executable, "-m", MATCH_SCALING, str(rows)], ROOT).said, end="")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    add = parser.add_argument
    add("--events", type=int, default=MILLION, metavar="N", help="how many events to generate (default: 1,000,000)")
    add("--seed", type=int, default=0, help="what decides the events (default: 0)")
    add("--repeat", type=int, default=5, metavar="N", help="runs of each tool (default: 5)")
    add("--workers", type=int, default=available_cores(), metavar="N", help="cores (default: all)")
    add("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS), help="kinds of events (default: all)")
    add("--sections", nargs="+", choices=TITLES, default=list(TITLES), help="what to measure (default: all)")
    add("--memory", nargs="*", choices=("ndjson", "gzip"), help="peaks too, and with ten times as many events")
    add("--match", nargs="?", const=10 * MILLION, type=int, metavar="ROWS", help=f"run {MATCH_SCALING} (default: 10M)")
    add("--data", type=Path, metavar="DIR", help="keep the events in DIR, or take them from there")
    add("--json", type=Path, metavar="FILE", help="write the numbers to FILE too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main(sys.argv[1:])
