"""The job of definitions.json as one would write it without the package: lines, if statements, a dictionary."""

from __future__ import annotations

import gzip
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from typing import IO

    from benchmarks.run import Job

READ = 1 << 20
BROWSERS = frozenset(("Chrome", "Safari", "Firefox", "Edge"))
DEVICES = frozenset(("desktop", "mobile", "tablet"))


def run(  # noqa: C901, PLR0912 - a plain loop is what it is here for
    lines: Iterable[bytes], put: Callable[[str, str, int, float], None]
) -> None:
    """Call ``put`` with metric, dimension value, minute (seconds since 1970) and value of every data point."""
    for line in lines:
        event = orjson.loads(line)
        kind = event["event_type"]
        minute = event["event_timestamp"] // 60_000 * 60
        metadata = event["metadata"]
        browser = metadata.get("browserName")
        device = metadata.get("deviceType")
        page = metadata.get("pageId")
        details = event["event_details"]
        if kind == "com.amazon.rum.performance_resource_event":
            if browser in BROWSERS and "duration" in details:
                put("PerformanceResourceDuration", browser, minute, details["duration"])
        elif kind == "com.amazon.rum.http_event":
            status = details.get("response", {}).get("status", 0)
            if page is not None and 400 <= status < 500:
                put("Http4xxCount", page, minute, 1.0)
            if device in DEVICES and 500 <= status <= 599:
                put("Http5xxCount", device, minute, 1.0)
        elif kind == "com.amazon.rum.page_view_event":
            if page is not None:
                put("PageViewCount", page, minute, 1.0)
        elif kind == "com.amazon.rum.performance_navigation_event":
            _navigation(put, minute, metadata, details.get("duration"))
        elif kind == "com.amazon.rum.largest_contentful_paint_event":
            if device in DEVICES and "value" in details:
                put("WebVitalsLargestContentfulPaint", device, minute, details["value"])
        elif kind == "com.amazon.rum.cumulative_layout_shift_event":
            if page is not None and "value" in details:
                put("WebVitalsCumulativeLayoutShift", page, minute, details["value"])
        elif kind == "com.amazon.rum.first_input_delay_event":
            if browser in BROWSERS and "value" in details:
                put("WebVitalsFirstInputDelay", browser, minute, details["value"])
        elif kind == "com.amazon.rum.js_error_event":
            if browser in BROWSERS:
                put("JsErrorCount", browser, minute, 1.0)
        elif kind == "com.amazon.rum.session_start_event" and browser in BROWSERS:
            put("SessionCount", browser, minute, 1.0)


def _navigation(
    put: Callable[[str, str, int, float], None], minute: int, metadata: dict[str, Any], duration: float | None
) -> None:
    if duration is None:
        return
    page = metadata.get("pageId")
    if page is not None:
        put("PerformanceNavigationDuration", page, minute, duration)
    if 2000 <= duration < 8000 and metadata.get("browserName") in BROWSERS:
        put("NavigationToleratedTransaction", metadata["browserName"], minute, 1.0)
    if duration >= 8000 and metadata.get("deviceType") in DEVICES:
        put("NavigationFrustratedTransaction", metadata["deviceType"], minute, 1.0)


class Totals:
    """Count, sum, minimum and maximum by metric, dimension value and minute."""

    def __init__(self) -> None:
        self.groups: dict[tuple[str, str, int], list[float]] = {}

    def put(self, name: str, dimension: str, minute: int, value: float) -> None:
        group = self.groups.get((name, dimension, minute))
        if group is None:
            self.groups[name, dimension, minute] = [1, value, value, value]
            return
        group[0] += 1
        group[1] += value
        if value < group[2]:
            group[2] = value
        elif value > group[3]:
            group[3] = value

    def merge(self, groups: dict[tuple[str, str, int], list[float]]) -> None:
        for key, (count, total, low, high) in groups.items():
            group = self.groups.setdefault(key, [0, 0.0, low, high])
            group[0] += count
            group[1] += total
            group[2:] = min(group[2], low), max(group[3], high)

    def write(self, result: Path) -> None:
        with result.open("wb") as stream:
            for (name, dimension, minute), (count, total, low, high) in self.groups.items():
                row = {"name": name, "dimension": dimension, "minute": minute, "count": count}
                row |= {"sum": total, "min": low, "max": high}
                stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def open_events(path: Path) -> IO[bytes]:
    """Open a file of event lines, gzip or not."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def metrics(cores: int) -> Job:
    """Return the job for one process, or for several with a share of the file each; a gzip file has no shares."""
    if cores == 1:
        return _alone
    pool = ProcessPoolExecutor(cores, get_context("spawn"))
    return partial(_together, pool, cores)


def _alone(events: Path) -> Callable[[Path], None]:
    totals = Totals()
    with open_events(events) as lines:
        run(lines, totals.put)
    return totals.write


def _together(pool: ProcessPoolExecutor, cores: int, events: Path) -> Callable[[Path], None]:
    totals = Totals()
    for groups in pool.map(_share, *zip(*((events, *part) for part in _parts(events, cores)), strict=True)):
        totals.merge(groups)
    return totals.write


def _parts(events: Path, count: int) -> list[tuple[int, int]]:
    """Return byte ranges of about the same size that begin and end where lines do."""
    size = events.stat().st_size
    bounds = [0]
    with events.open("rb") as file:
        for number in range(1, count):
            file.seek(number * size // count)
            file.readline()
            bounds.append(file.tell())
    return list(pairwise((*bounds, size)))


def _share(events: Path, start: int, end: int) -> dict[tuple[str, str, int], list[float]]:
    totals = Totals()
    with events.open("rb") as file:
        run(_lines(file, start, end), totals.put)
    return totals.groups


def _lines(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    while start < end and (lines := file.readlines(max(1, min(READ, end - start - 1)))):
        start += sum(map(len, lines))
        yield from lines
