"""Tables for people, by rich."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Literal

from rich.console import Console
from rich.table import Table
from rich.text import Text

from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

WIDTH: Final = 120
"""Characters of a line where there is no terminal."""
PADDING: Final = 2
"""Spaces between two columns."""


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
