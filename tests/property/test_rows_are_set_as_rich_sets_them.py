"""Law: a table whose rows are set here has the bytes of one that rich prints row by row."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from rumpattern.emit.console import add_row, new_table, print_rows, print_table

COLUMNS = "file", "metric", "lines>", "exact\npath>", "derived"
TEXTS = st.one_of(
    st.text(max_size=40),
    st.text(" ab-/.é漢\u0301\u200b😀", max_size=60),
    st.lists(st.sampled_from(("events", "2026/01", "x" * 30, "漢字", "")), max_size=8).map(" ".join),
)
NUMBERS = st.integers(0, 10**12).map("{:,}".format)


@pytest.mark.parametrize("is_terminal", [False, True])
@given(
    st.lists(st.tuples(TEXTS, st.text("Ab漢", max_size=20), NUMBERS, NUMBERS, TEXTS), max_size=6),
    st.integers(1, 150),
    st.integers(1, 5),
)
def test_any_rows(is_terminal, rows, width, columns):
    def printed(write):
        stream = io.StringIO()
        write(Console(file=stream, width=width, highlight=False, force_terminal=is_terminal, color_system="truecolor"))
        return stream.getvalue()

    def by_rich(console):
        table = new_table("Input, read by orjson", *COLUMNS[-columns:])
        for row in rows:
            add_row(table, *row[-columns:])
        print_table(console, table)

    def here(console):
        print_rows(console, "Input, read by orjson", COLUMNS[-columns:], [row[-columns:] for row in rows])

    assert printed(here) == printed(by_rich)
