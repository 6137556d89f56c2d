"""What a person reads: percentiles over all periods as far as there is room, and nothing that steers a terminal."""

from __future__ import annotations

import io
import json
import math
from datetime import timedelta
from random import Random

import pytest
from rich.console import Console

import rumpattern as rp
from rumpattern.emit import table
from rumpattern.emit.console import PlainPage
from rumpattern.emit.terminal import RichPage

EVENT = "com.shop.\x1b[31mred"
NAME = "\x1b]0;title\x07\x9b2Jname"


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Give the result of a replay with control characters in every text that a definition or an event can give."""
    pattern = {"event_type": [EVENT], "metadata.page": [{"exists": True}]}
    definition = {
        "Name": NAME,
        "Namespace": "N",
        "UnitLabel": "\x1bunit",
        "EventPattern": json.dumps(pattern),
        "DimensionKeys": {"metadata.page": "\x1bpage"},
    }
    events = [
        {"event_type": EVENT, "event_timestamp": 60_000, "metadata": {"page": page}, "application_name": "\x1b[0m"}
        for page in ("/", "\x1b[2J", "\x9b2J", "/")
    ]
    path = tmp_path_factory.mktemp("events") / "\x1b[31mred.ndjson"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events) + "\x1b[2J not JSON\n", encoding="utf-8")
    return rp.replay(rp.load_definitions([definition]), path)


def shown(series, width=120):
    stream, page = io.StringIO(), PlainPage(width)
    table._write_series(series, RichPage(Console(file=stream, width=width, highlight=False)))
    table._write_series(series, page)
    assert [line.rstrip() for line in stream.getvalue().splitlines()] == [line.rstrip() for line in page.lines]
    return stream.getvalue()


def columns(text):
    return [line.split() for line in text.splitlines()[1:]]


@pytest.mark.parametrize("write", [table.write, table.write_summary])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_no_control_character_is_written(result, write, is_terminal, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("TERM", "dumb")
    stream = io.StringIO()
    stream.isatty = lambda: is_terminal
    write(result, stream, price=0.3)
    text = stream.getvalue()
    assert "\\x1b]0;title\\x07\\x9b2Jname" in text
    assert [char for char in text if char != "\n" and not char.isprintable()] == []


def test_percentiles_are_those_of_all_periods(make):
    random = Random(3)  # noqa: S311 - reproducible, not secret
    periods = [[random.randrange(40) for _ in range(random.randrange(1, 30))] for _ in range(20)]
    series = [make(values, start=make().start + timedelta(minutes=n)) for n, values in enumerate(periods)]
    values = sorted(value for part in periods for value in part)
    percentiles = [f"{values[math.ceil(percent * len(values) / 100) - 1]:,.6g}" for percent in (50, 95, 99)]
    head, row, *_ = columns(shown(series))
    assert head == ["metric", "dimensions", "periods", "count", "sum", "min", "p50", "p95", "p99", "max", "unit"]
    numbers = ["20", f"{len(values):,}", f"{sum(values):,}", f"{values[0]}", *percentiles, f"{values[-1]}"]
    assert row[0] == "Duration"
    assert row[2:10] == numbers
    assert "SEH1" not in shown(series)


def test_percentiles_of_buckets_are_marked_and_explained(make):
    values = [float(n) for n in range(1, 1_001)]
    text = shown([make(values[:500]), make(values[500:], start=make().start + timedelta(minutes=1))])
    found = [float(cell[1:].replace(",", "")) for cell in columns(text)[1] if cell.startswith("~")]
    assert found == pytest.approx([500, 950, 990], rel=0.05)
    assert text.endswith(
        "~ many values: a percentile of SEH1 buckets, at most 4.7% less or 4.9% more than the exact one\n"
    )


def test_one_negative_value_in_any_period_leaves_no_percentile(make):
    text = shown([make([1, 2]), make([-1, 2], start=make().start + timedelta(minutes=1))])
    assert columns(text)[1][2:10] == ["2", "4", "4", "-1", "-", "-", "-", "2"]
    assert "SEH1" not in text


@pytest.mark.parametrize(
    ("width", "percents"), [(120, 3), (113, 3), (112, 2), (103, 2), (102, 1), (93, 1), (92, 0), (87, 0)]
)
def test_there_are_as_many_percentiles_as_fit(make, width, percents):
    text = shown([make([1.5, 2.25, 1000.125], dimensions=(("PageId", "/a/very/long/path" * 3),))], width)
    assert max(map(len, text.splitlines())) <= width
    head, *rows = columns(text)
    assert sum(name.startswith("p") for name in head) == percents + 1  # and periods
    assert "1,003.88" in rows[0]
    assert "1,000.12" in rows[0]


def test_a_long_name_does_not_cut_numbers(make):
    text = shown([make([123_456, 654_321], name="M" * 255)])
    assert "777,777" in text
    assert "".join(line.split()[0] for line in text.splitlines()[2:]).count("M") == 255


@pytest.mark.parametrize("width", [30, 40, 50, 80])
def test_a_narrow_terminal_cuts_no_number(make, width):
    text = shown([make([1_000_000 + n for n in range(100)], name="M" * 40)], width)
    cells = text.split()
    for number in ("100", f"{sum(range(1_000_000, 1_000_100)):,}", "1,000,000", "1,000,099"):
        assert number in cells
    assert "there is no room for percentiles" in " ".join(cells)
