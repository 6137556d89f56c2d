"""The job of definitions.json as a person would write it without the package: json lines, if statements, a dictionary.

``python -m benchmarks.plain_loop EVENTS RESULT`` writes one row for each metric, dimension value and minute.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import IO

BROWSERS = frozenset(("Chrome", "Safari", "Firefox", "Edge"))
DEVICES = frozenset(("desktop", "mobile", "tablet"))


def run(  # noqa: C901, PLR0912 - a plain loop is what it is here for
    lines: Iterable[bytes], put: Callable[[str, str, int, float], None]
) -> None:
    """Call ``put`` with metric, dimension value, minute (seconds since 1970) and value of every datum."""
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

    def write(self, stream: IO[bytes]) -> None:
        for (name, dimension, minute), (count, total, low, high) in self.groups.items():
            row = {"name": name, "dimension": dimension, "minute": minute, "count": count}
            stream.write(orjson.dumps({**row, "sum": total, "min": low, "max": high}, option=orjson.OPT_APPEND_NEWLINE))


def open_events(path: Path) -> IO[bytes]:
    """Open a file of event lines, gzip or not."""
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def main(events: str, result: str) -> None:
    totals = Totals()
    with open_events(Path(events)) as lines:
        run(lines, totals.put)
    with Path(result).open("wb") as stream:
        totals.write(stream)


if __name__ == "__main__":
    main(*sys.argv[1:])
