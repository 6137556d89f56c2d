"""What a person wants to read first: the files, the definitions with what was dropped and why, the biggest series."""

from __future__ import annotations

import io
import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rumpattern.diagnostics import printable

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from rumpattern.aggregate import Series
    from rumpattern.job.accounts import DefinitionAccount
    from rumpattern.job.collect import ReplayResult

_WIDTH: Final = 120
_SHOWN_SERIES: Final = 10
_SHOWN_TEXT: Final = 60


class _Total(NamedTuple):
    """One metric with its dimensions over all periods."""

    name: str
    dimensions: str
    periods: int
    samples: int
    sum: float
    low: float
    high: float
    unit: str


def write(result: ReplayResult, stream: TextIO, price: float | None = None) -> None:
    """Write the summary and the series with the most data; ``price`` is that of one metric for a month."""
    with console_on(stream) as console:
        _summary(result, console, price)
        totals = _totals(result.series)
        shown = sorted(totals, key=lambda total: (-total.samples, total.name, total.dimensions))[:_SHOWN_SERIES]
        title = f"Series with the most data ({len(shown)} of {len(totals):,})"
        table = new_table(title, "metric", "dimensions", "periods>", "count>", "sum>", "min>", "max>", "unit")
        for total in shown:
            counts = f"{total.periods:,}", f"{total.samples:,}"
            add_row(table, total.name, total.dimensions, *counts, *map(_number, total[4:7]), total.unit)
        console.print(table)


def write_summary(result: ReplayResult, stream: TextIO, price: float | None = None) -> None:
    """Write the accounts of files and definitions, the first rejects and the warnings."""
    with console_on(stream) as console:
        _summary(result, console, price)


@contextmanager
def console_on(stream: TextIO) -> Iterator[Console]:
    """Give a console on a terminal, or one of a fixed width whose lines are written without trailing space."""
    if stream.isatty():
        yield Console(file=stream, highlight=False)
        return
    text = io.StringIO()
    yield Console(file=text, width=_WIDTH, highlight=False)
    stream.writelines(line.rstrip() + "\n" for line in text.getvalue().splitlines())


def _summary(result: ReplayResult, console: Console, price: float | None) -> None:
    _write_files(result, console)
    _write_definitions(result.accounting.definitions, console, price)
    for name, reject in result.first_rejects:
        text = reject.text[:_SHOWN_TEXT].decode("utf-8", "replace")
        line = printable(f"{name}:{reject.line}: {reject.reason} [{reject.code}]  {text}")
        console.print(Text(line, style="yellow"))
    hidden = result.accounting.rejected - len(result.first_rejects)
    if hidden:
        console.print(f"and {hidden:,} more rejects: --rejects FILE keeps all of them")
    for warning in result.warnings:
        console.print(Text(f"warning: {warning}", style="yellow"))


def _write_files(result: ReplayResult, console: Console) -> None:
    accounting = result.accounting
    title = f"Input, read by {result.reader}"
    files = new_table(title, "file", "form", "lines>", "evaluated>", "rejected>", "blank>", "odd>", "synthesised")
    for file in accounting.files:
        counts = [f"{n:,}" for n in (file.lines, file.evaluated, file.rejected, file.blank, file.odd)]
        add_row(files, file.name, file.form, *counts, _reasons(file.synthesised))
    if len(accounting.files) > 1:
        odd = sum(file.odd for file in accounting.files)
        totals = (accounting.lines, accounting.evaluated, accounting.rejected, accounting.blank, odd)
        add_row(files, "total", "", *(f"{n:,}" for n in totals), "")
    console.print(files)


def _write_definitions(accounts: Sequence[DefinitionAccount], console: Console, price: float | None) -> None:
    """Write what became of each definition, and what its series cost if they are published all month."""
    cost = () if price is None else ("a month>",)
    columns = ("#>", "metric", "matched>", "published>", "series>", *cost, "most values in", "dropped")
    definitions = new_table("Definitions", *columns)
    for number, account in enumerate(accounts):
        counts = [f"{n:,}" for n in (account.matched, account.published, account.series)]
        costs = () if price is None else (f"{account.series * price:,.2f}",)
        widest = " ".join(f"{name} {count:,}" for name, count in account.values[:1] if count > 1)
        add_row(definitions, str(number), account.name, *counts, *costs, widest, _reasons(account.dropped))
    console.print(definitions)
    if price is not None:
        series = sum(account.series for account in accounts)
        console.print(f"{series:,} series at {price:g} a month each: {series * price:,.2f}")


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
        )
        for (_, dimensions, name, unit), group in groups.items()
    ]


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table; a column whose name ends in ``>`` is aligned right."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        is_number = column.endswith(">")
        name = column.removesuffix(">")
        justify: Literal["left", "right"] = "right" if is_number else "left"
        table.add_column(name, justify=justify, no_wrap=is_number or name == "metric", overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text, whatever is in it."""
    table.add_row(*(Text(printable(cell)) for cell in cells))


def _reasons(counts: Counter[str]) -> str:
    return ", ".join(
        f"{reason} {count:,}" for reason, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    )


def _number(value: float) -> str:
    return f"{value:,.6g}"
