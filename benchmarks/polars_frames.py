"""The jobs in polars: lazy frames over one scan of the file, collected once by its streaming engine.

The schema names the members that the job needs and no others. Collecting the columns first, or one group-by for each
dimension, took as long; the engine that is not streaming took longer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from benchmarks.columns import NUMBERS, STRINGS
from benchmarks.plain_loop import BROWSERS, DEVICES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from benchmarks.run import Job

SCHEMA = pl.Schema(
    {
        "event_timestamp": pl.Int64(),
        "event_type": pl.String(),
        "metadata": pl.Struct({"browserName": pl.String, "pageId": pl.String, "deviceType": pl.String}),
        "event_details": pl.Struct(
            {"value": pl.Float64, "duration": pl.Float64, "response": pl.Struct({"status": pl.Float64})}
        ),
    }
)
kind, browser, page, device = map(pl.col, STRINGS)
time, value, duration, status = map(pl.col, NUMBERS)
ONE = pl.lit(1.0)
Rule = tuple[str, pl.Expr, pl.Expr]
"""Name of a metric, condition, value."""


def is_kind(name: str) -> pl.Expr:
    return kind == f"com.amazon.rum.{name}_event"


NAVIGATION = is_kind("performance_navigation")
BY_BROWSER: tuple[Rule, ...] = (
    ("PerformanceResourceDuration", is_kind("performance_resource"), duration),
    ("WebVitalsFirstInputDelay", is_kind("first_input_delay"), value),
    ("JsErrorCount", is_kind("js_error"), ONE),
    ("SessionCount", is_kind("session_start"), ONE),
    ("NavigationToleratedTransaction", NAVIGATION & (duration >= 2000) & (duration < 8000), ONE),
)
BY_PAGE: tuple[Rule, ...] = (
    ("PageViewCount", is_kind("page_view"), ONE),
    ("Http4xxCount", is_kind("http") & (status >= 400) & (status < 500), ONE),
    ("PerformanceNavigationDuration", NAVIGATION, duration),
    ("WebVitalsCumulativeLayoutShift", is_kind("cumulative_layout_shift"), value),
)
BY_DEVICE: tuple[Rule, ...] = (
    ("WebVitalsLargestContentfulPaint", is_kind("largest_contentful_paint"), value),
    ("Http5xxCount", is_kind("http") & (status >= 500) & (status <= 599), ONE),
    ("NavigationFrustratedTransaction", NAVIGATION & (duration >= 8000), ONE),
)


def scan(events: Path) -> pl.LazyFrame:
    """Return the eight columns of a file, each under its path."""
    return pl.scan_ndjson(events, schema=SCHEMA).select(_member(path) for path in (*STRINGS, *NUMBERS))


def _member(path: str) -> pl.Expr:
    first, *rest = path.split(".")
    found = pl.col(first)
    for segment in rest:
        found = found.struct.field(segment)
    return found.alias(path)


def job_frame(events: Path) -> pl.LazyFrame:
    """Return the frame of the metrics of definitions.json; an event has at most one by each dimension."""
    every = scan(events)
    data = pl.concat(
        [
            _data(every.filter(browser.is_in(sorted(BROWSERS))), browser, BY_BROWSER),
            _data(every.filter(page.is_not_null()), page, BY_PAGE),
            _data(every.filter(device.is_in(sorted(DEVICES))), device, BY_DEVICE),
        ]
    )
    amount = pl.col("value")
    return data.group_by("name", "dimension", "minute").agg(
        pl.len().alias("count"), amount.sum().alias("sum"), amount.min().alias("min"), amount.max().alias("max")
    )


def _data(events: pl.LazyFrame, dimension: pl.Expr, rules: Iterable[Rule]) -> pl.LazyFrame:
    name: pl.Expr = pl.lit(None, pl.String)
    amount: pl.Expr = pl.lit(None, pl.Float64)
    for metric, condition, published in rules:
        name = pl.when(condition).then(pl.lit(metric)).otherwise(name)
        amount = pl.when(condition).then(published).otherwise(amount)
    minute = (time // 60_000 * 60).alias("minute")
    return events.select(name.alias("name"), dimension.alias("dimension"), minute, amount.alias("value")).drop_nulls()


def metrics(_cores: int) -> Job:
    """Return the job; polars takes the number of threads from the environment when it is imported."""
    return lambda events: job_frame(events).collect(engine="streaming").write_ndjson


def columns(_cores: int) -> Job:
    """Return the job of making columns, counted as they come, which took less time than keeping them."""
    return _columns


def _columns(events: Path) -> Callable[[Path], None]:
    scan(events).select(pl.all().count()).collect(engine="streaming")
    return partial(_tally, events)


def _tally(events: Path, result: Path) -> None:
    frame = scan(events).collect()
    zero = pl.lit(0.0)
    parts = [
        frame.select(pl.lit(path).alias("name"), pl.col(path).alias("dimension"), zero.alias("value")).drop_nulls()
        for path in STRINGS
    ]
    parts += [
        frame.select(
            pl.lit(path).alias("name"), pl.lit("").alias("dimension"), pl.col(path).cast(pl.Float64).alias("value")
        ).drop_nulls()
        for path in NUMBERS
    ]
    amount = pl.col("value")
    pl.concat(parts).group_by("name", "dimension").agg(
        pl.lit(0).alias("minute"),
        pl.len().alias("count"),
        amount.sum().alias("sum"),
        amount.min().alias("min"),
        amount.max().alias("max"),
    ).write_ndjson(result)
