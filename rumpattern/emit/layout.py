"""Tables for people, before it is known what they are shown on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Protocol

from rumpattern.diagnostics.wording import printable

PADDING: Final = 2
"""Spaces between two columns."""


@dataclass(slots=True)
class TableColumn:
    """A column: its name, which may have several lines, whether it is aligned right, and whether it is never folded."""

    name: str
    is_number: bool
    no_wrap: bool


@dataclass(slots=True)
class Table:
    """A title, columns, and rows of printable text."""

    title: str
    columns: list[TableColumn]
    rows: list[tuple[str, ...]] = field(default_factory=list)


class Page(Protocol):
    """What text is shown on."""

    @property
    def width(self) -> int:
        """Return the characters of a line."""

    def print(self, text: str, style: str = "") -> None:
        """Show a paragraph, in a style of rich where there are styles."""

    def print_table(self, table: Table, *, whole_numbers: bool = False) -> None:
        """Show a table; with ``whole_numbers`` it never folds a number, and a narrow page wraps its lines instead."""


def new_table(title: str, *columns: str) -> Table:
    """Return an empty table; a column whose name ends in ``>`` is aligned right."""
    names = [(column.removesuffix(">"), column.endswith(">")) for column in columns]
    return Table(title, [TableColumn(name, is_number, is_number or name == "metric") for name, is_number in names])


def add_row(table: Table, *cells: str) -> None:
    """Add a row of plain text, whatever is in it."""
    table.rows.append(tuple(map(printable, cells)))


def text_width(text: str) -> int:
    """Return how many characters of a line a text takes."""
    if text.isascii() and text.isprintable():
        return len(text)
    from rich.cells import cell_len  # noqa: PLC0415 - the table of wide characters takes time to load

    return cell_len(text)
