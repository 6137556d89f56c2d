"""What CloudWatch accepts of a data point, whichever way it is sent (``rum.limits``)."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from functools import lru_cache
from typing import TYPE_CHECKING

from rumpattern.dataclass import dataclass
from rumpattern.diagnostics.wording import printable
from rumpattern.rum.limits import MAX_AHEAD, MAX_DIMENSION_VALUE, MAX_DIMENSIONS, MAX_NAME, MAX_PAST, MAX_VALUE
from rumpattern.rum.names import UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from rumpattern.aggregate.series import Series


@dataclass(slots=True)
class Outcome:
    """What a person must know of the data points that were written for CloudWatch.

    ``refused`` counts the data points left out by why CloudWatch would refuse them, ``notes`` are sentences.
    """

    refused: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


def refusal(point: Series) -> str | None:
    """Return why CloudWatch would refuse a data point at any time, None if it would accept it."""
    if not max(abs(point.sum), abs(point.min), abs(point.max)) <= MAX_VALUE:
        return "a sum beyond 2^360"
    return _identity_fault(point.namespace, point.name, point.dimensions, point.unit)


@lru_cache(maxsize=16)  # sorted: the data points of one metric follow each other
def _identity_fault(namespace: str, name: str, dimensions: tuple[tuple[str, str], ...], unit: str) -> str | None:
    if not _is_name(namespace):
        return f'the namespace "{namespace}"'
    if not _is_name(name):
        return f'the metric name "{name}"'
    if unit not in UNITS:
        return f'the unit "{unit}"'
    return _dimensions_fault(dimensions)


def _dimensions_fault(dimensions: tuple[tuple[str, str], ...]) -> str | None:
    if len(dimensions) > MAX_DIMENSIONS:
        return f"more than {MAX_DIMENSIONS} dimensions"
    names = [name for name, _ in dimensions]
    for name, value in dimensions:
        if not _is_name(name):
            return f'the dimension name "{name}"'
        if names.count(name) > 1:
            return f'two dimensions of the name "{name}"'
        if not _is_text(value, MAX_DIMENSION_VALUE):
            return f"a value of the dimension {name}"
    return None


def _is_name(text: str) -> bool:
    return _is_text(text, MAX_NAME) and not text.startswith(":")


def _is_text(text: str, most: int) -> bool:
    return len(text) <= most and text.isascii() and text.isprintable() and not text.isspace() and bool(text)


def time_notes(points: Sequence[Series], now: datetime) -> Iterator[str]:
    """Yield a sentence on data points whose time CloudWatch would not accept ``now``."""
    oldest, newest = now - MAX_PAST, now + MAX_AHEAD
    late, early = sum(point.start < oldest for point in points), sum(point.start > newest for point in points)
    if late:
        yield f"{late:,} of {len(points):,} data points are older than two weeks: CloudWatch refuses them"
    if early:
        yield f"{early:,} of {len(points):,} data points are more than two hours ahead: CloudWatch refuses them"


def notes(outcome: Outcome) -> Iterator[str]:
    """Yield a sentence on each reason why data points were left out, then the other notes."""
    for reason, count in sorted(outcome.refused.items(), key=lambda item: (-item[1], item[0])):
        yield f"{count:,} data points are left out because CloudWatch would refuse them: {printable(reason)}"
    yield from outcome.notes
