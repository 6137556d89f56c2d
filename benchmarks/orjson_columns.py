"""Bytes to columns as one would write it: orjson, lists of what is wanted, arrays of numbers and of codes."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from benchmarks.columns import STRINGS, Tally
from benchmarks.plain_loop import open_events

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.run import Job


CHUNK = 1 << 17
"""Bytes of lines at a time: their events stay in the cache, and 8 MiB took twice as long."""


def columns(_cores: int) -> Job:
    """Return the job of making columns, some lines at a time."""
    return _columns


def _columns(events: Path) -> Callable[[Path], None]:
    codes: list[dict[str | None, int]] = [{None: -1} for _ in STRINGS]
    with open_events(events) as file:
        while lines := file.readlines(CHUNK):
            _arrays(lines, codes)
    return partial(_tally, events)


def _arrays(lines: list[bytes], codes: list[dict[str | None, int]]) -> list[np.ndarray[Any, Any]]:
    """Return the columns of some lines: numbers with NaN for what is missing, and codes of strings, -1 for that."""
    events = list(map(orjson.loads, lines))
    metadata = [event["metadata"] for event in events]
    details = [event["event_details"] for event in events]
    strings = [
        [event["event_type"] for event in events],
        [one.get("browserName") for one in metadata],
        [one.get("pageId") for one in metadata],
        [one.get("deviceType") for one in metadata],
    ]
    numbers = [
        [event["event_timestamp"] for event in events],
        [one.get("value") for one in details],
        [one.get("duration") for one in details],
        [one["response"].get("status") if "response" in one else None for one in details],
    ]
    for values, known in zip(strings, codes, strict=True):
        for value in set(values) - known.keys():
            known[value] = len(known)
    coded = [np.array([known[v] for v in values], np.int32) for values, known in zip(strings, codes, strict=True)]
    return coded + [np.array(values, np.float64) for values in numbers]


def _tally(events: Path, result: Path) -> None:
    tally = Tally()
    with open_events(events) as lines:
        tally.add(lines)
    tally.write(result)
