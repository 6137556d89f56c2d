"""The cost of a hundred thousand definitions of six conditions each: ``python -m benchmarks.many_patterns [COUNT...]``.

Pages and countries are drawn as they occur in traffic, a few of them often and most of them rarely, so that each event
matches about a ten-thousandth of the definitions: ten of a hundred thousand. They are of five event types, or all of
one, with more pages. Each count is measured in a process of its
own: what is compiled before any event (``compile``), with the first batch, which builds the matchers of its event types
(``first``), and the rate of batches after it. Times are the processor's.
"""

from __future__ import annotations

import gc
import sys
import time
import tracemalloc
from itertools import pairwise
from statistics import median
from subprocess import run
from typing import TYPE_CHECKING

import numpy as np

import rumpattern as rp
from rumpattern.columns.batch import Column, EventBatch
from rumpattern.columns.fields import Kind
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

COUNTS = (1_000, 10_000, 100_000)
ROWS = 200_000
RUNS = 5
TYPES = tuple(
    f"com.amazon.rum.{name}_event"
    for name in ("performance_resource", "http", "page_view", "performance_navigation", "js_error")
)
BROWSERS = ("Chrome", "Safari", "Firefox", "Edge", "Samsung Internet", "Opera")
COUNTRIES = tuple(f"{first}{second}" for first in "ABCDE" for second in "KLMNOPQR")
PAGES = tuple(f"/shop/{number}" for number in range(12_000))
DEVICES = ("desktop", "mobile", "tablet")
MAX_DURATION = 10_000
PATHS = (EVENT_TYPE, "metadata.browserName", "metadata.countryCode", "metadata.pageId", "metadata.deviceType")
VALUES = {5: (TYPES, BROWSERS, COUNTRIES, PAGES[:300], DEVICES), 1: (TYPES[:1], BROWSERS, COUNTRIES, PAGES, DEVICES)}
"""Those of each path, by the number of event types."""
DURATION = "event_details.duration"


def drawn(draw: np.random.Generator, values: Sequence[str], n: int) -> np.ndarray:
    """Return n indices of values; the k-th value is drawn as often as 1 / (k + 1) says."""
    weights = 1 / np.arange(1, 1 + len(values))
    return draw.choice(len(values), n, p=weights / weights.sum()).astype(np.int32)


def definitions(count: int, types: int) -> list[rp.MetricDefinition]:
    """Return definitions: a type, browser, country and page, two of three devices, and a range of durations."""
    draw = np.random.default_rng(11)
    columns = [drawn(draw, values, count).tolist() for values in VALUES[types]]
    lows = draw.integers(0, MAX_DURATION // 2, count).tolist()
    widths = draw.integers(MAX_DURATION // 4, MAX_DURATION, count).tolist()
    result = []
    for number, (event_type, browser, country, page, device) in enumerate(zip(*columns, strict=True)):
        pattern = {
            "event_type": [TYPES[event_type]],
            "metadata": {
                "browserName": [BROWSERS[browser]],
                "countryCode": [COUNTRIES[country]],
                "pageId": [PAGES[page]],
                "deviceType": [DEVICES[device], DEVICES[device - 1]],
            },
            "event_details": {
                "duration": [{"numeric": [">=", lows[number], "<", lows[number] + widths[number]]}],
            },
        }
        result.append(rp.MetricDefinition(f"m{number}", pattern=rp.parse_pattern(pattern)))
    return result


def events(rows: int, types: int) -> EventBatch:
    """Return a batch of events drawn as definitions are; no two have the same duration."""
    draw = np.random.default_rng(12)
    columns = {
        path: Column(np.full(rows, int(Kind.STRING), np.uint8), np.zeros(rows), drawn(draw, values, rows), values)
        for path, values in zip(PATHS, VALUES[types], strict=True)
    }
    durations = draw.uniform(0, MAX_DURATION, rows)
    columns[DURATION] = Column(np.full(rows, int(Kind.NUMBER), np.uint8), durations, np.zeros(rows, np.int32), ())
    return EventBatch(rows, columns, {}, range(rows))


def resident() -> int:
    """Return the bytes of memory that this process holds now."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 - no path of ours
        return 4096 * int(file.read().split()[1])


def measure(count: int, types: int) -> None:
    """Print a row of the table."""
    some, batch = definitions(count, types), events(ROWS, types)
    rp.compile(some[:10]).match(batch)  # what is loaded on first use
    gc.collect()
    before = resident()
    times = [time.process_time()]
    engine = rp.compile(some)
    times.append(time.process_time())
    matches = engine.match(batch)
    times.append(time.process_time())
    matched = len(matches.rows) / ROWS
    del matches
    gc.collect()
    held = resident() - before
    rates = []
    for _ in range(RUNS):
        start = time.process_time()
        engine.match(batch)
        rates.append(ROWS / (time.process_time() - start))
    del engine
    gc.collect()
    tracemalloc.start()
    engine = rp.compile(some)
    engine.match(batch)
    gc.collect()
    traced = tracemalloc.get_traced_memory()[0]
    compiled, first = (after - start for start, after in pairwise(times))
    print(
        f"{count:10,}{types:6}{matched:9.2f}{compiled:10.2f}{first:9.2f}{median(rates):12,.0f}"
        f"{held / count / 1e3:12.2f}{traced / count / 1e3:12.2f}",
        flush=True,
    )


def main(counts: Sequence[int]) -> None:
    """Print the table, each count measured in a process of its own."""
    names = f"{'compile s':>10}{'first s':>9}{'events/s':>12}{'kB resident':>12}{'kB traced':>12}"
    print(f"{'patterns':>10}{'types':>6}{'matches':>9}{names}")
    for types in VALUES:
        for count in counts:
            command = [sys.executable, "-m", "benchmarks.many_patterns", "--one", str(count), str(types)]
            run(command, check=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
        main([int(text.replace("_", "")) for text in sys.argv[1:]] or COUNTS)
