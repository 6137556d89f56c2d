"""Text for people on a stream: by rich on a terminal; as plain text, without loading rich, on any other."""

from __future__ import annotations

import io
import os
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from rumpattern.emit.layout import PADDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from rumpattern.emit.layout import Page, Table
    from rumpattern.emit.terminal import RichPage

WIDTH: Final = 120
"""Characters of a line where there is no terminal."""
_FORCING: Final = ("FORCE_COLOR", "TTY_COMPATIBLE")
"""Variables by which rich takes any stream for a terminal."""


@contextmanager
def page_on(stream: TextIO) -> Iterator[Page]:
    """Give a page on a terminal, or one of a fixed width whose lines are written without trailing space."""
    if stream.isatty():
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it

        from rumpattern.emit.terminal import RichPage  # noqa: PLC0415 - as above

        yield RichPage(Console(file=stream, highlight=False))
        return
    page = PlainPage(WIDTH, can_be_plain=not any(map(os.environ.get, _FORCING)))
    yield page
    stream.writelines(line.rstrip() + "\n" for line in page.lines)


# Loading rich and laying out four tables with it takes 50 ms, a quarter of DuckDB's whole process over a small file. So
# what needs neither folding nor the widths of characters that are not ASCII is laid out here, with the same result to
# the character, which a law holds; all else goes to rich.
class PlainPage:
    """A page of plain text.

    Attributes:
        width: characters of a line.
        lines: what was shown; they may end in spaces.
    """

    def __init__(self, width: int, *, can_be_plain: bool = True) -> None:
        self.width = width
        self.lines: list[str] = []
        self._can_be_plain = can_be_plain

    def print(self, text: str, style: str = "") -> None:
        """Show a paragraph."""
        lines = textwrap.wrap(text, self.width, break_long_words=False, break_on_hyphens=False) or [""]
        if self._is_plain(text) and not text.startswith(" ") and max(map(len, lines)) <= self.width:
            self.lines += lines
        else:
            self._print_by_rich(lambda page: page.print(text, style))

    def print_table(self, table: Table, *, whole_numbers: bool = False) -> None:
        """Show a table; with ``whole_numbers`` it never folds a number."""
        names = [column.name.split("\n") for column in table.columns]
        columns = [[*name, *cells] for name, *cells in zip(names, *table.rows, strict=True)]
        widths = [max(map(len, column)) for column in columns]
        width = sum(widths) + PADDING * (len(widths) - 1)
        texts = (table.title, *(text for column in columns for text in column))
        if not all(map(self._is_plain, texts)) or not len(table.title) <= width <= self.width:
            self._print_by_rich(lambda page: page.print_table(table, whole_numbers=whole_numbers))
            return
        height = max(map(len, names))
        headers = [[""] * (height - len(name)) + name for name in names]  # they stand on the rows
        self.lines.append(table.title)
        for cells in (*zip(*headers, strict=True), *table.rows):
            aligned = [
                cell.rstrip().rjust(width) if column.is_number else cell.ljust(width)
                for cell, width, column in zip(cells, widths, table.columns, strict=True)
            ]
            self.lines.append((" " * PADDING).join(aligned))

    def _is_plain(self, text: str) -> bool:
        return self._can_be_plain and text.isascii() and text.isprintable()

    def _print_by_rich(self, show: Callable[[RichPage], None]) -> None:
        from rich.console import Console  # noqa: PLC0415 - only where it is needed

        from rumpattern.emit.terminal import RichPage  # noqa: PLC0415 - as above

        text = io.StringIO()
        show(RichPage(Console(file=text, width=self.width, highlight=False)))
        self.lines += text.getvalue().splitlines()
