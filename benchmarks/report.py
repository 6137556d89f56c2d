"""Runs to rows of a table, and those to ratios beside the bars that the project has set itself."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.peers import DUCKDB, FLOOR, LISTS, LOOP, OURS, POLARS
from rumpattern.bench.workload import MEGABYTE

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.peers import Peer
    from benchmarks.turns import Runs


class Line(NamedTuple):
    """One row of a table. ``ratio`` is its time relative to rumpattern's on as many cores; None is not known."""

    section: str
    variant: str
    tool: str
    cores: int
    seconds: float | None
    events_per_second: float | None
    megabytes_per_second: float | None
    peak_megabytes: float | None
    ratio: float | None
    failure: str


class Bar(NamedTuple):
    """How many times rumpattern's time another tool is to take; for a floor, how many times its time is allowed."""

    section: str
    cores: int
    peer: str
    limit: float

    @property
    def is_floor(self) -> bool:
        return self.peer == FLOOR


class Figure(NamedTuple):
    """A bar and what was reached; None where the other tool failed."""

    bar: Bar
    variant: str
    reached: float | None

    @property
    def verdict(self) -> str:
        if self.reached is None:
            return "not known: the tool failed"
        is_met = self.reached <= self.bar.limit if self.bar.is_floor else self.reached >= self.bar.limit
        return "met" if is_met else "missed"


BARS = (
    Bar("columns", 1, DUCKDB, 2.5),
    Bar("columns", 1, LISTS, 8),
    Bar("columns", 1, f"{OURS} --reader orjson", 8),
    Bar("ndjson", 1, DUCKDB, 3.5),
    Bar("ndjson", 2, DUCKDB, 2.5),
    Bar("ndjson", 2, POLARS, 5),
    Bar("ndjson", 2, LOOP, 5.5),
    Bar("gzip", 2, FLOOR, 1.15),
    Bar("gzip", 2, DUCKDB, 2),
)

SAME_PEAK = 0.1
MOST_MEGABYTES = 350


def lines(section: str, variant: str, runs: dict[Peer, Runs], count: int, size: int) -> list[Line]:
    """Return the rows of ``count`` events with ``size`` bytes of text."""
    ours = {tool.cores: median(done.seconds) for tool, done in runs.items() if tool.tool == OURS}
    rows = []
    for tool, done in runs.items():
        seconds = None if done.failure else median(done.seconds)
        peak = max(done.peaks) / MEGABYTE if done.peaks else None
        per_second = None if seconds is None else count / seconds
        megabytes = None if seconds is None else size / MEGABYTE / seconds
        ratio = None if seconds is None or tool.cores not in ours else seconds / ours[tool.cores]
        rows.append(
            Line(section, variant, tool.tool, tool.cores, seconds, per_second, megabytes, peak, ratio, done.failure)
        )
    return rows


def figures(rows: Iterable[Line]) -> list[Figure]:
    """Return what was reached of every bar whose both sides were measured."""
    times = {(row.section, row.variant, row.tool, row.cores): row.seconds for row in rows}
    found = []
    for variant in dict.fromkeys(variant for _, variant, _, _ in times):
        for bar in BARS:
            ours = times.get((bar.section, variant, OURS, bar.cores))
            other = bar.section, variant, bar.peer, 1 if bar.is_floor else bar.cores
            if ours is not None and other in times:
                found.append(Figure(bar, variant, _reached(bar, ours, times[other])))
    return found


def _reached(bar: Bar, ours: float, other: float | None) -> float | None:
    if other is None:
        return None
    return ours / other if bar.is_floor else other / ours


# --- text -------------------------------------------------------------------------------------------------------------


def table(rows: Iterable[Line], *, memory: bool) -> str:
    """Return the rows of one section as text; ``memory`` adds the peaks, which are of whole processes."""
    form = "{:<27}{:>6}{:>10}{:>12}{:>9}{:>14}" + ("{:>10}" if memory else "")
    text = [form.format("tool", "cores", "wall s", "events/s", "MB/s", "x rumpattern", "peak MB").rstrip()]
    for row in rows:
        if row.seconds is None:
            text.append(f"{row.tool:<27}{row.cores:>6}  failed: {row.failure}")
            continue
        cells = f"{row.seconds:.3f}", _number(row.events_per_second), _number(row.megabytes_per_second)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        text.append(form.format(row.tool, row.cores, *cells, ratio, _number(row.peak_megabytes)).rstrip())
    return "\n".join(text)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def bar_table(found: Sequence[Figure], titles: dict[str, str]) -> str:
    """Return the bars as text, each beside what was reached."""
    form = "{:<10}{:<70}{:>9}{:>10}  {}"
    text = [form.format("events", "measure", "reached", "bar", "").rstrip()]
    for figure in found:
        bar = figure.bar
        cores = "1 core" if bar.cores == 1 else f"{bar.cores} cores"
        how = "time relative to" if bar.is_floor else "faster than"
        reached = "" if figure.reached is None else f"{figure.reached:.2f}x"
        limit = f"{'<=' if bar.is_floor else '>='} {bar.limit:g}x"
        measure = f"{titles[bar.section]}, {cores}: {how} {bar.peer}"
        text.append(form.format(figure.variant, measure, reached, limit, figure.verdict))
    return "\n".join(text)


def peak_table(peaks: dict[Peer, list[float | None]], counts: Sequence[int]) -> str:
    """Return peaks in megabytes, those of each tool at several counts of events, and the last relative to the first."""
    text = [f"{'tool':<27}{'cores':>6}" + "".join(f"{f'MB at {count:,}':>18}" for count in counts) + f"{'ratio':>8}"]
    for tool, found in peaks.items():
        known = [peak for peak in found if peak is not None]
        row = f"{tool.tool:<27}{tool.cores:>6}" + "".join(f"{_number(peak):>18}" for peak in found)
        if len(known) == len(counts):
            ratio = known[-1] / known[0]
            row += f"{ratio:>8.2f}"
            if tool.tool == OURS:
                is_met = ratio <= 1 + SAME_PEAK and max(known) <= MOST_MEGABYTES
                row += f"  bar: equal within {SAME_PEAK:.0%}, <= {MOST_MEGABYTES} MB: {'met' if is_met else 'missed'}"
        text.append(row)
    return "\n".join(text)
