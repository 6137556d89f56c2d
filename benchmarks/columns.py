"""Bytes to eight columns: which they are, and what of them is compared between tools.

A result is compared as rows of the same form as that of the metrics: for a column of strings one for each value, with
its count, and for a column of numbers one with count, sum, minimum and maximum.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

STRINGS = ("event_type", "metadata.browserName", "metadata.pageId", "metadata.deviceType")
NUMBERS = ("event_timestamp", "event_details.value", "event_details.duration", "event_details.response.status")
COLUMNS = (*STRINGS, *NUMBERS)


class Tally:
    """What the columns hold: how often each string occurs, and all numbers."""

    def __init__(self) -> None:
        self.strings: dict[str, Counter[str]] = {path: Counter() for path in STRINGS}
        self.numbers: dict[str, list[float]] = {path: [] for path in NUMBERS}

    def add(self, lines: Iterable[bytes]) -> None:
        """Add events, one a line."""
        for line in lines:
            event = orjson.loads(line)
            for path in COLUMNS:
                value = _find(event, path)
                if path in self.numbers and value is not None:
                    self.numbers[path].append(value)
                elif value is not None:
                    self.strings[path][value] += 1

    def values(self) -> Iterator[tuple[tuple[str, str, int], list[float]]]:
        """Yield the key of every row with the numbers that its statistics are of; those of strings are zeros."""
        for path, counts in self.strings.items():
            for value, count in counts.items():
                yield (path, value, 0), [0] * count
        for path, numbers in self.numbers.items():
            if numbers:
                yield (path, "", 0), numbers

    def write(self, result: Path) -> None:
        """Write the rows."""
        with result.open("wb") as stream:
            for (name, dimension, minute), some in self.values():
                row: dict[str, Any] = {"name": name, "dimension": dimension, "minute": minute, "count": len(some)}
                row |= {"sum": math.fsum(some), "min": min(some), "max": max(some)}
                stream.write(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE))


def _find(event: dict[str, Any], path: str) -> Any:  # noqa: ANN401 - any value of JSON
    value: Any = event
    for segment in path.split("."):
        value = value.get(segment) if isinstance(value, dict) else None
    return value
