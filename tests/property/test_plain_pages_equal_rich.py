"""Law: what is laid out as plain text is what rich lays out, but for spaces at the ends of lines."""

import sys
from unittest.mock import patch

from hypothesis import example, given
from hypothesis import strategies as st

from rumpattern.emit.console import PlainPage
from rumpattern.emit.layout import Table, TableColumn

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=14)
TEXTS = st.one_of(PRINTABLE, PRINTABLE, st.text(max_size=6).map(lambda text: "".join(filter(str.isprintable, text))))
NAMES = st.lists(st.text("ab c", min_size=1, max_size=14), min_size=1, max_size=2).map("\n".join)
TITLES = st.text("ab c,(1)", min_size=1, max_size=30)
"""Titles are the program's own: rich would read square brackets in them."""
WORDS = st.lists(st.sampled_from(["a", "bc", "defg", "hi-jk", "l" * 12, "m, n.", "--option", " "]), max_size=30)


@st.composite
def tables(draw):
    columns = draw(st.lists(st.builds(TableColumn, NAMES, st.booleans(), st.booleans()), min_size=1, max_size=4))
    rows = draw(st.lists(st.tuples(*[TEXTS] * len(columns)), max_size=4))
    return Table(draw(TITLES), columns, rows)


def lines(page, show):
    show(page)
    return [line.rstrip() for line in page.lines]


@given(tables(), st.integers(12, 80), st.booleans())
def test_tables(table, width, whole_numbers):
    def show(page):
        page.print_table(table, whole_numbers=whole_numbers)

    assert lines(PlainPage(width), show) == lines(PlainPage(width, can_be_plain=False), show)


@given(st.one_of(WORDS.map(" ".join), WORDS.map("".join), TEXTS), st.integers(8, 60))
@example("a  b" + " " * 20 + "c", 8)
def test_paragraphs(text, width):
    assert lines(PlainPage(width), lambda page: page.print(text)) == lines(
        PlainPage(width, can_be_plain=False), lambda page: page.print(text)
    )


def test_plain_text_needs_no_rich():
    with patch.dict(sys.modules, {"rich": None, "rich.console": None, "rumpattern.emit.terminal": None}):
        page = PlainPage(80)
        page.print("word " * 40)
        page.print_table(Table("Title", [TableColumn("number\nof", is_number=True, no_wrap=True)], [("1",), ("22",)]))
    assert len(page.lines) == 3 + 1 + 2 + 2
