"""The cost of matching by the number of definitions: ``python -m benchmarks.match_scaling [ROWS]``.

Columns are those of generated events, drawn with replacement and with varied numbers. The naive peer makes a mask over
all rows for each predicate of each definition, or one that definitions share; it is measured on fewer rows and scaled.
"""

from __future__ import annotations

import gc
import sys
import time
from functools import cache
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

import rumpattern as rp
from rumpattern.columns.batch import Column, EventBatch
from rumpattern.columns.fields import Kind
from rumpattern.match.kernel import Kernel, build_kernel
from rumpattern.match.masks import evaluate
from rumpattern.match.predicates import compile_plan
from rumpattern.rum.names import EVENT_TYPE
from rumpattern.synth import events as synth

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.arrays import Flags
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.plan.plan import Plan

ROWS = 10_000_000
NAIVE_ROWS = 200_000
"""Rows of the naive peer."""
REPLAY_ROWS = 12_000
"""About as many rows as a block of a replay has."""
RUNS = 5
AWS = "com.amazon.rum."
BROWSERS = ("Chrome", "Safari", "Firefox", "Edge", "Samsung Internet", "Opera")
DEVICES = ("desktop", "mobile", "tablet")
STATUSES = ([">=", 400, "<", 500], [">=", 500, "<=", 599], ["=", 404], ["=", 429], [">=", 500], ["=", 503])
DURATIONS = (100, 250, 500, 1000, 2000, 3000, 4000, 5000, 8000, 10_000, 20_000, 30_000)
"""Milliseconds, as people choose them."""
VITALS = ("largest_contentful_paint_event", "first_input_delay_event", "interaction_to_next_paint_event")
PLAIN = ("js_error_event", "page_view_event", "session_start_event")
TIMED = ("performance_navigation_event", "performance_resource_event")
WORST_PATHS = ("event_details.a", "event_details.b", "event_details.c", "event_details.d")

Json = dict[str, object]


# --- definitions ----------------------------------------------------------------------------------------------------


def realistic(count: int, batch: EventBatch) -> list[rp.MetricDefinition]:
    """Return definitions of pages, browsers, countries and devices in a batch, with a threshold where there is one."""
    draw = np.random.default_rng(5)
    pages, countries = batch.columns["metadata.pageId"].strings, batch.columns["metadata.countryCode"].strings

    def one(options: Sequence[str]) -> str:
        return options[int(draw.integers(len(options)))]

    result = []
    for number in range(count):
        metadata: Json = {"pageId": [one(pages)]}
        if number % 2:
            metadata["browserName"] = [one(BROWSERS)]
        if number % 3 == 0:
            metadata["countryCode"] = [one(countries)]
        if number % 5 == 0:
            metadata["deviceType"] = [one(DEVICES)]
        event_type, details = _subject(number, draw)
        pattern: Json = {"event_type": [AWS + event_type], "metadata": metadata}
        if details:
            pattern["event_details"] = details
        result.append(rp.MetricDefinition(f"m{number}", pattern=rp.parse_pattern(pattern)))
    return result


def _subject(number: int, draw: np.random.Generator) -> tuple[str, Json]:
    """Return an event type and what is asked of its details: status, duration, a vital's value or nothing."""
    low = int(draw.choice(DURATIONS))
    threshold = [">=", low] if draw.random() < 0.5 else [">=", low, "<", 2 * low]
    match number % 4:
        case 0:
            return "http_event", {"response": {"status": [{"numeric": STATUSES[draw.integers(len(STATUSES))]}]}}
        case 1:
            return str(draw.choice(TIMED)), {"duration": [{"numeric": threshold}]}
        case 2:
            return str(draw.choice(VITALS)), {"value": [{"numeric": threshold}]}
        case _:
            return str(draw.choice(PLAIN)), {}


def worst(count: int) -> list[rp.MetricDefinition]:
    """Return definitions of one event type with a range of their own on each of four paths."""
    draw = np.random.default_rng(6)
    result = []
    for number in range(count):
        ranges = {path: [{"numeric": [">=", low, "<", low + 0.1]}] for path, low in zip(WORST_PATHS, draw.random(4))}  # noqa: B905
        pattern = rp.parse_pattern({"event_type": ["t"], **ranges})
        result.append(rp.MetricDefinition(f"w{number}", pattern=pattern))
    return result


# --- columns --------------------------------------------------------------------------------------------------------


def shop_columns(rows: int) -> EventBatch:
    """Return a batch of columns like those of a shop's events, with numbers that are hardly ever the same."""
    paths = ("metadata.pageId", "metadata.browserName", "metadata.countryCode", "metadata.deviceType")
    details = ("event_details.duration", "event_details.value", "event_details.response.status")
    wanted = {path: [{"exists": True}] for path in (*paths, *details)}
    few = rp.compile([rp.MetricDefinition("all", pattern=rp.parse_pattern(wanted))]).batch(synth.lines(20_000))
    draw = np.random.default_rng(7)
    order = draw.integers(0, len(few), rows, dtype=np.int32)
    columns = {}
    for path, column in few.columns.items():
        numbers = column.numbers[order]
        if path.endswith(("duration", "value")):
            numbers *= draw.uniform(0.9, 1.1, rows)
        columns[path] = Column(column.kinds[order], numbers, column.codes[order], column.strings)
    return EventBatch(rows, columns, {}, range(rows))


def distinct_columns(rows: int) -> EventBatch:
    """Return a batch of one event type with four columns of numbers of which no two are the same."""
    draw = np.random.default_rng(8)
    nothing = np.zeros(rows, np.int32)
    columns = {EVENT_TYPE: Column(np.full(rows, Kind.STRING, np.uint8), np.zeros(rows), nothing, ("t",))}
    for path in WORST_PATHS:
        columns[path] = Column(np.full(rows, Kind.NUMBER, np.uint8), draw.random(rows), nothing, ())
    return EventBatch(rows, columns, {}, range(rows))


def first(batch: EventBatch, rows: int) -> EventBatch:
    """Return the first rows of a batch."""
    return batch.filter(np.arange(len(batch)) < rows)


# --- the peer and the measurement -----------------------------------------------------------------------------------


def naive(plan: Plan, predicates: Sequence[CompiledPredicate], batch: EventBatch, *, shared: bool) -> int:
    """Return the number of matches, by masks over all rows: for each predicate of each definition, or shared."""

    def test(index: int) -> Flags:
        return evaluate(predicates[index], batch.columns[plan.predicates[index].path])

    matches = 0
    test = cache(test) if shared else test
    for planned in plan.planned:
        found = np.zeros(len(batch), dtype=np.bool_)
        for branch in planned.branches:
            mask = np.ones(len(batch), dtype=np.bool_)
            for index in branch:
                mask &= test(index)
            found |= mask
        matches += len(np.flatnonzero(found))
    return matches


def seconds(*runs: Callable[[], object]) -> list[float]:
    """Return the median time of each of some calls, which take turns."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(RUNS):
        for run, some in zip(runs, times, strict=True):
            gc.collect()
            start = time.perf_counter()
            run()
            some.append(time.perf_counter() - start)
    return [median(some) for some in times]


def kernel_of(definitions: Sequence[rp.MetricDefinition]) -> tuple[Plan, Sequence[CompiledPredicate], Kernel]:
    """Return a plan, its predicates and a kernel that has learned nothing."""
    plan = rp.compile(definitions).plan
    predicates = compile_plan(plan)
    return plan, predicates, build_kernel(plan, predicates)


def compare(name: str, batch: EventBatch, many: Sequence[rp.MetricDefinition]) -> None:
    """Print what many definitions cost, against a tenth of them, ten, and the naive peer."""
    some = [many, many[:200], many[:10]]
    plans = [kernel_of(definitions) for definitions in some]
    small = first(batch, NAIVE_ROWS)
    start = time.perf_counter()
    counts = [sum(kernel.match(batch).counts()) for _, _, kernel in plans]
    once = time.perf_counter() - start
    plan, predicates, kernel = plans[0]
    assert naive(plan, predicates, small, shared=True) == sum(kernel.match(small).counts())
    times = seconds(*(lambda kernel=kernel: kernel.match(batch) for _, _, kernel in plans))
    peers = seconds(
        lambda: naive(plan, predicates, small, shared=False), lambda: naive(plan, predicates, small, shared=True)
    )
    print(f"\n{name}, {len(batch):,} rows (first run of all: {once:.2f} s)")
    for definitions, elapsed, found in zip(some, times, counts, strict=True):
        print(f"  {len(definitions):5,} definitions {elapsed:7.3f} s  {found:,} matches")
    print(f"  {len(many):,} against {len(some[-1])}: {times[0] / times[-1]:.2f}x")
    for peer, what in zip(peers, ("for each definition", "shared by definitions"), strict=True):
        scaled = peer * len(batch) / len(small)
        print(f"  masks {what} {peer:.2f} s for {len(small):,} rows, scaled {scaled:.1f} s: {scaled / times[0]:.0f}x")


def replay_batches(batch: EventBatch, definitions: Sequence[rp.MetricDefinition]) -> None:
    """Print what one batch of a replay costs with ten definitions, by masks and by classes."""
    small = first(batch, REPLAY_ROWS)
    plan, predicates, kernel = kernel_of(definitions)
    by_classes = build_kernel(plan, predicates, few_branches=0)
    assert kernel.match(small).counts() == by_classes.match(small).counts()
    hundred = range(100)
    times = seconds(
        lambda: [naive(plan, predicates, small, shared=True) for _ in hundred],
        lambda: [kernel.match(small) for _ in hundred],
        lambda: [by_classes.match(small) for _ in hundred],
    )
    naively, by_masks, classes = (elapsed * 1e4 for elapsed in times)
    print(f"\n{len(definitions)} definitions, batches of {len(small):,} rows: as the engine chooses {by_masks:.0f} us,")
    print(f"  by classes {classes:.0f} us, naive masks {naively:.0f} us")


def main(rows: int) -> None:
    shop = shop_columns(rows)
    many = realistic(2000, shop)
    compare("realistic", shop, many)
    replay_batches(shop, many[:10])
    del shop
    compare("worst case", distinct_columns(rows), worst(2000))


if __name__ == "__main__":
    main(int(sys.argv[1].replace("_", "")) if sys.argv[1:] else ROWS)
