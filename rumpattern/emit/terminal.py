"""Pages that rich lays out: terminals, and what is too wide for a line of plain text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from rich import table as rich_table
from rich.text import Text

from rumpattern.emit.layout import PADDING, text_width

if TYPE_CHECKING:
    from rich.console import Console

    from rumpattern.emit.layout import Table

_MIN_COLUMN_WIDTH: Final = 8


class RichPage:
    """A console of rich as a page."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @property
    def width(self) -> int:
        """Return the characters of a line."""
        return self.console.width

    def print(self, text: str, style: str = "") -> None:
        """Show a paragraph in a style."""
        self.console.print(Text(text, style))

    def print_table(self, table: Table, *, whole_numbers: bool = False) -> None:
        """Show a table; with ``whole_numbers`` it never folds a number."""
        shown = _rich_table(table)
        if not whole_numbers:
            self.console.print(shown)
            return
        for column in shown.columns:
            if column.justify == "right":
                lines = [line for cell in (column.header, *column.cells) for line in str(cell).splitlines()]
                column.min_width = max(map(text_width, lines))
        least = sum(column.min_width or _MIN_COLUMN_WIDTH for column in shown.columns)
        least += PADDING * (len(shown.columns) - 1)
        self.console.print(shown, width=max(self.width, least), crop=False)


def _rich_table(table: Table) -> rich_table.Table:
    shown = rich_table.Table(
        title=table.title,
        title_justify="left",
        title_style="bold",
        box=None,
        pad_edge=False,
        padding=(0, PADDING, 0, 0),
    )
    for column in table.columns:
        justify: Literal["left", "right"] = "right" if column.is_number else "left"
        shown.add_column(column.name, justify=justify, no_wrap=column.no_wrap, overflow="fold")
    for row in table.rows:
        shown.add_row(*map(Text, row))
    return shown
