"""Tables for people, by rich."""

from __future__ import annotations

import io
from contextlib import contextmanager
from itertools import zip_longest
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment, Segments
from rich.table import Table
from rich.text import Text

from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TextIO

    from rich.table import Column

WIDTH: Final = 120
"""Characters of a line where there is no terminal."""
PADDING: Final = 2
"""Spaces between two columns."""
_MIN_COLUMN_WIDTH: Final = 8
_MARK: Final = "|"


@contextmanager
def console_on(stream: TextIO) -> Iterator[Console]:
    """Give a console on a terminal, or one of a fixed width whose lines are written without trailing space."""
    if stream.isatty():
        yield Console(file=stream, highlight=False)
        return
    text = io.StringIO()
    yield Console(file=text, width=WIDTH, highlight=False)
    stream.writelines(line.rstrip() + "\n" for line in text.getvalue().splitlines())


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table; a column whose name ends in ``>`` is aligned right."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, PADDING, 0, 0)
    )
    for column in columns:
        is_number = column.endswith(">")
        name = column.removesuffix(">")
        justify: Literal["left", "right"] = "right" if is_number else "left"
        table.add_column(name, justify=justify, no_wrap=is_number or name == "metric", overflow="fold")
    return table


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text, whatever is in it."""
    table.add_row(*(Text(printable(cell)) for cell in cells))


def print_table(console: Console, table: Table) -> None:
    """Print a table that never folds a number: a narrow terminal wraps the lines."""
    console.print(table, width=max(console.width, _fix_numbers(table)), crop=False)


def _fix_numbers(table: Table) -> int:
    """Make columns of numbers as wide as their longest cell; return how wide the table is at least."""
    for column in table.columns:
        if column.justify == "right":
            column.min_width = _longest(column)
    return sum(column.min_width or _MIN_COLUMN_WIDTH for column in table.columns) + PADDING * (len(table.columns) - 1)


def _longest(column: Column) -> int:
    """Return the width of the longest line of a column."""
    return max(cell_len(line) for cell in (column.header, *column.cells) for line in str(cell).splitlines() or [""])


def print_rows(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table of rows, to the byte as ``print_table`` prints it.

    rich takes half a millisecond for a row, which is too long for thousands of files. So it lays out a table of those
    rows that the widths of columns depend on, and prints the head of a table of these widths; the rows are set here.
    Where the console is too narrow for the table, all is left to rich.
    """
    printed = [[printable(cell) for cell in row] for row in rows]
    sample = _widest_rows(title, columns, printed)
    uncut = sum(_longest(column) for column in sample.columns if column.no_wrap and column.justify == "left")
    if console.width < _fix_numbers(sample) + uncut:
        table = new_table(title, *columns)
        for row in printed:
            add_row(table, *row)
        print_table(console, table)
        return
    widths = _column_widths(console, sample)
    head = new_table(title, *columns)
    for column, width in zip(head.columns, widths, strict=True):
        column.min_width = column.max_width = width
    console.print(head, crop=False)
    lines = [f"{line}\n" for row in printed for line in _row_lines(console, row, head.columns, widths)]
    console.print(Segments(map(Segment, lines)), end="", crop=False)


def _widest_rows(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Return a table of the rows that have the longest cell or the longest word of a column."""
    table = new_table(title, *columns)
    for index in range(len(columns) if rows else 0):
        cells = [row[index] for row in rows]
        add_row(table, *rows[max(range(len(rows)), key=lambda number: cell_len(cells[number]))])
        add_row(table, *rows[max(range(len(rows)), key=lambda number: _word_length(cells[number]))])
    return table


def _column_widths(console: Console, table: Table) -> list[int]:
    """Return the widths that rich gives to the columns of a table.

    In a row of marks that of a left column shows where the column begins, and that of a right one where it ends. A
    right column is as wide as ``_fix_numbers`` has it be.
    """
    add_row(table, *[_MARK] * len(table.columns))
    with console.capture() as captured:
        console.print(table, crop=False)
    marks = captured.get().splitlines()[-1]
    widths: list[int] = []
    end = len(marks)
    for column in reversed(table.columns):
        mark = marks.rindex(_MARK, 0, end)
        begin = mark + 1 - column.min_width if column.min_width else mark
        widths.append(column.min_width or end - begin)
        end = begin - PADDING
    return widths[::-1]


def _word_length(cell: str) -> int:
    return max(map(cell_len, cell.split()), default=0)


def _row_lines(console: Console, row: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row, whose cells are folded where they do not fit."""
    folded = [
        [cell] if cell_len(cell) <= width else [line.plain for line in Text(cell).wrap(console, width, overflow="fold")]
        for cell, width in zip(row, widths, strict=True)
    ]
    for cells in zip_longest(*folded, fillvalue=""):
        spaces = [" " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True)]
        yield (" " * PADDING).join(
            space + cell if column.justify == "right" else cell + space
            for cell, space, column in zip(cells, spaces, columns, strict=True)
        )
