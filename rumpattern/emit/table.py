"""The summary: input files, definitions with what was dropped and why, the series with the most samples."""

from __future__ import annotations

import math
from functools import reduce
from typing import TYPE_CHECKING, Final, NamedTuple

from rich.cells import cell_len
from rich.text import Text

from rumpattern.aggregate.distribution import Distribution
from rumpattern.aggregate.histogram import ERROR_ABOVE, ERROR_BELOW
from rumpattern.diagnostics.wording import printable
from rumpattern.emit.console import PADDING, add_row, console_on, new_table, print_rows, print_table

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rich.console import Console

    from rumpattern.aggregate.series import Series
    from rumpattern.job.accounts import DefinitionAccount
    from rumpattern.job.collect import ReplayResult

_SHOWN_SERIES: Final = 10
_SHOWN_TEXT: Final = 60
_SHOWN_PERCENTS: Final[tuple[tuple[int, ...], ...]] = ((50, 95, 99), (50, 95), (50,), ())
"""Sets of percentiles to show, widest first: the first that fits the terminal is taken."""
_MIN_DIMENSIONS_WIDTH: Final = 22
_MAX_WHOLE: Final = 1e15


class _Total(NamedTuple):
    """One series, that is a metric with its dimensions, over all periods."""

    name: str
    dimensions: str
    periods: int
    samples: int
    sum: float
    low: float
    high: float
    unit: str
    series: tuple[Series, ...]

    def distribution(self) -> Distribution | None:
        """Return how the values of all periods are distributed, None if one of them is negative."""
        parts = [one.distribution for one in self.series if one.distribution is not None]
        return reduce(Distribution.merge, parts) if len(parts) == len(self.series) else None


def write(result: ReplayResult, stream: TextIO, price: float | None = None) -> None:
    """Write the summary and the series with the most samples; ``price`` is that of one metric for a month."""
    with console_on(stream) as console:
        _summary(result, console, price)
        _write_series(result.series, console)


def write_summary(result: ReplayResult, stream: TextIO, price: float | None = None) -> None:
    """Write the accounts of files and definitions, the first rejects and the warnings."""
    with console_on(stream) as console:
        _summary(result, console, price)


def _summary(result: ReplayResult, console: Console, price: float | None) -> None:
    _write_files(result, console)
    _write_definitions(result.accounting.definitions, console, price)
    if price is not None:
        _write_cost(result, console, price)
    for name, reject in result.first_rejects:
        text = reject.text[:_SHOWN_TEXT].decode("utf-8", "replace")
        line = printable(f"{name}:{reject.line}: {reject.reason} [{reject.code}]  {text}")
        console.print(Text(line, style="yellow"))
    hidden = result.accounting.rejected - len(result.first_rejects)
    if hidden:
        console.print(f"and {hidden:,} more rejects: --rejects FILE keeps all of them")
    for warning in result.warnings:
        console.print(Text(printable(f"warning: {warning}"), style="yellow"))


def _write_files(result: ReplayResult, console: Console) -> None:
    accounting = result.accounting
    title = f"Input, read by {result.reader}"
    columns = "file", "form", "lines>", "evaluated>", "rejected>", "blank>", "exact\npath>", "derived"
    rows: list[tuple[str, ...]] = []
    for file in accounting.files:
        counts = [f"{n:,}" for n in (file.lines, file.evaluated, file.rejected, file.blank, file.odd)]
        rows.append((file.name, file.form, *counts, _reasons(file.synthesised)))
    if len(accounting.files) > 1:
        odd = sum(file.odd for file in accounting.files)
        totals = (accounting.lines, accounting.evaluated, accounting.rejected, accounting.blank, odd)
        rows.append(("total", "", *(f"{n:,}" for n in totals), ""))
    print_rows(console, title, columns, rows)


def _write_definitions(accounts: Sequence[DefinitionAccount], console: Console, price: float | None) -> None:
    """Write what became of each definition, and what its series cost in a month."""
    cost = () if price is None else ("a month>",)
    columns = ("#>", "metric", "matched>", "published>", "series>", *cost, "most values in", "dropped")
    rows: list[tuple[str, ...]] = []
    for number, account in enumerate(accounts):
        about = "~" if account.is_estimate else ""
        counts = [f"{account.matched:,}", f"{account.published:,}", f"{about}{account.series:,}"]
        costs = () if price is None else (f"{about}{account.series * price:,.2f}",)
        widest = " ".join(f"{name} {count:,}" for name, count in account.values[:1] if count > 1)
        rows.append((str(number), account.name, *counts, *costs, widest, _reasons(account.dropped)))
    print_rows(console, "Definitions", columns, rows)


def _write_cost(result: ReplayResult, console: Console, price: float) -> None:
    """Write what the series cost in a month; a series that several definitions make is billed once."""
    accounts = result.accounting.definitions
    beyond = sum(account.series for account in accounts if account.is_estimate)
    distinct = len({(one.namespace, one.name, one.dimensions) for one in result.series}) + beyond
    shared = sum(account.series for account in accounts) - distinct
    about = "about " if beyond else ""
    once = f" ({shared:,} that several definitions make are counted once)" if shared > 0 else ""
    console.print(f"{about}{distinct:,} series at {price:g} a month each: {distinct * price:,.2f}{once}")


def _write_series(series: Iterable[Series], console: Console) -> None:
    """Write the series with the most samples over all periods, with as many percentiles as there is room for."""
    totals = _totals(series)
    shown = sorted(totals, key=lambda total: (-total.samples, total.name, total.dimensions))[:_SHOWN_SERIES]
    distributions = [total.distribution() for total in shown]
    for percents in _SHOWN_PERCENTS:
        head = (
            "metric",
            "dimensions",
            "periods>",
            "count>",
            "sum>",
            "min>",
            *(f"p{p}>" for p in percents),
            "max>",
            "unit",
        )
        rows = [_series_cells(*pair, percents) for pair in zip(shown, distributions, strict=True)]
        if _width(head, rows) <= console.width:
            break
    table = new_table(f"Series with the most samples ({len(shown)} of {len(totals):,})", *head)
    table.columns[0].no_wrap = _width(head, rows) <= console.width
    for row in rows:
        add_row(table, *row)
    print_table(console, table)
    if not percents:
        console.print("there is no room for percentiles: widen the terminal, or take --format json")
    if percents and any(one is not None and not one.is_exact for one in distributions):
        error = f"{-ERROR_BELOW:.1%} less or {ERROR_ABOVE:.1%} more"
        console.print(f"~ many values: a percentile of SEH1 buckets, at most {error} than the exact one")


def _series_cells(total: _Total, distribution: Distribution | None, percents: Sequence[int]) -> list[str]:
    """Return a row: percentiles are ``-`` where there is a negative value; ``~`` marks those of buckets."""
    found = ["-"] * len(percents)
    if distribution is not None:
        is_exact = distribution.is_exact
        values = distribution.percentiles(percents)
        found = [_number(value) if is_exact else f"~{_number(float(f'{value:.3g}'))}" for value in values]
    counts = f"{total.periods:,}", f"{total.samples:,}", _number(total.sum), _number(total.low)
    return [printable(total.name), total.dimensions, *counts, *found, _number(total.high), printable(total.unit)]


def _width(head: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Return the minimum width of a table of series, where only dimensions may wrap."""
    names = [name.removesuffix(">") for name in head]
    widths = [max(map(cell_len, column)) for column in zip(names, *rows, strict=True)]
    return sum(widths) - widths[1] + _MIN_DIMENSIONS_WIDTH + PADDING * (len(widths) - 1)


def _totals(series: Iterable[Series]) -> list[_Total]:
    groups: dict[tuple[str, tuple[tuple[str, str], ...], str, str], list[Series]] = {}
    for one in series:
        groups.setdefault((one.namespace, one.dimensions, one.name, one.unit), []).append(one)
    return [
        _Total(
            name,
            " ".join(f"{dimension}={value}" for dimension, value in dimensions),
            len(group),
            sum(one.count for one in group),
            math.fsum(one.sum for one in group),
            min(one.min for one in group),
            max(one.max for one in group),
            unit,
            tuple(group),
        )
        for (_, dimensions, name, unit), group in groups.items()
    ]


def _reasons(counts: Counter[str]) -> str:
    return ", ".join(
        f"{reason} {count:,}" for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _number(value: float) -> str:
    """Format six digits of a number, all digits of a whole number below 10^15."""
    return f"{value:,.0f}" if value.is_integer() and abs(value) < _MAX_WHOLE else f"{value:,.6g}"
