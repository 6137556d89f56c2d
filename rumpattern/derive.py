"""Matches to samples: the value, dimensions and period of every datum, and a counted reason for every one dropped.

What RUM publishes is documented for the good case only. Every other case is a policy here: the datum is not published
and its reason is counted. Columns answer for whole batches; odd rows go through ``sample_event``, which also states the
policy in its plainest form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.definition.model import APPLICATION_DIMENSION
from rumpattern.definition.rumevents import APPLICATION_NAME, EVENT_TIMESTAMP
from rumpattern.events.fields import Kind, find
from rumpattern.jsontext import NumberText, canonical_number, is_number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.events.columns import Codes, Column, EventBatch, Flags, Numbers
    from rumpattern.events.fields import Value
    from rumpattern.jsontext import Exact
    from rumpattern.match.kernel import Matches
    from rumpattern.plan.plan import Plan

    Reasons = np.ndarray[tuple[int], np.dtype[np.uint8]]
    Starts = np.ndarray[tuple[int], np.dtype[np.int64]]

MAX_VALUE: Final = 2.0**360
"""CloudWatch takes values from -2^360 to 2^360 (PutMetricData, MetricDatum)."""
MAX_DIMENSION_VALUE: Final = 1024
"""CloudWatch's limit on a dimension value, in characters (PutMetricData, Dimension)."""
MAX_TIMESTAMP_MS: Final = 253_402_300_800_000
"""The end of the year 9999, in milliseconds since 1970."""

REASONS: Final = (
    "published",
    "value_missing",
    "value_null",
    "value_boolean",
    "value_numeric_string",
    "value_string",
    "value_object",
    "value_array",
    "value_not_finite",
    "value_out_of_range",
    "dimension_missing",
    "dimension_null",
    "dimension_object",
    "dimension_array",
    "dimension_empty",
    "dimension_too_long",
    "dimension_not_ascii",
    "dimension_control_character",
    "timestamp_missing",
    "timestamp_not_a_number",
    "timestamp_out_of_range",
)
"""Why a matched event publishes nothing, in the order in which they are looked for; the first is no reason."""
PUBLISHED: Final = REASONS[0]
_CODE: Final = {reason: code for code, reason in enumerate(REASONS)}


# --- the policy, one value at a time --------------------------------------------------------------------------------


def value_reason(kind: Kind, value: Value) -> str:
    """Return why what stands at a ValueKey cannot be published, or ``published``."""
    match kind:
        case Kind.MISSING | Kind.NULL | Kind.OBJECT:
            return f"value_{kind.name.lower()}"
        case Kind.FALSE | Kind.TRUE:
            return "value_boolean"
        case Kind.SEVERAL:
            return "value_array"
        case Kind.STRING:
            return "value_numeric_string" if is_number(str(value).strip()) else "value_string"
        case _:
            number = abs(float(value or 0))
            if number <= MAX_VALUE:
                return PUBLISHED
            return "value_out_of_range" if math.isfinite(number) else "value_not_finite"


def dimension_text(kind: Kind, value: Value) -> str:
    """Return what a field says as a dimension value: strings as they are, numbers and booleans as JSON text."""
    match kind:
        case Kind.FALSE:
            return "false"
        case Kind.TRUE:
            return "true"
        case Kind.NUMBER if not isinstance(value, NumberText):
            assert isinstance(value, (int, float))
            return canonical_number(float(value))
        case _:
            return str(value)


def dimension_reason(kind: Kind, text: str) -> str:
    """Return why a field cannot be a dimension value, or ``published`` (limits: PutMetricData, Dimension)."""
    match kind:
        case Kind.MISSING | Kind.NULL | Kind.OBJECT:
            return f"dimension_{kind.name.lower()}"
        case Kind.SEVERAL:
            return "dimension_array"
        case _:
            pass
    if not text.isascii():
        return "dimension_not_ascii"
    if any(char < " " or char == "\x7f" for char in text):
        return "dimension_control_character"
    if not text.strip():
        return "dimension_empty"
    return "dimension_too_long" if len(text) > MAX_DIMENSION_VALUE else PUBLISHED


def timestamp_reason(kind: Kind, value: Value) -> str:
    """Return why an event_timestamp places no datum in time, or ``published``."""
    if kind is Kind.MISSING:
        return "timestamp_missing"
    if kind is not Kind.NUMBER:
        return "timestamp_not_a_number"
    return PUBLISHED if 0 <= float(value or 0) < MAX_TIMESTAMP_MS else "timestamp_out_of_range"


# --- one event ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """One datum. ``labels`` are its dimension values in the order of ``dimension_names``; None leaves one out.

    ``start`` is the beginning of its period in seconds since 1970.
    """

    value: float
    labels: tuple[str | None, ...]
    start: int


def dimension_names(definition: MetricDefinition) -> tuple[str, ...]:
    """Return the dimension names of a definition's samples, with the one that RUM adds to every metric last."""
    names = tuple(name for _, name in definition.dimension_keys)
    return names if APPLICATION_DIMENSION in names else (*names, APPLICATION_DIMENSION)


def sample_event(definition: MetricDefinition, event: Exact, period: int) -> Sample | str:
    """Return what a matched event publishes, or the reason why nothing; ``period`` is in seconds."""
    value: Value = 1.0
    if definition.value_key is not None:
        kind, value = find(event, definition.value_key)
        if (reason := value_reason(kind, value)) != PUBLISHED:
            return reason
    labels: list[str | None] = []
    for path, _ in definition.dimension_keys:
        text, reason = _label(event, path)
        if reason != PUBLISHED:
            return reason
        labels.append(text)
    if len(labels) < len(dimension_names(definition)):
        text, reason = _label(event, APPLICATION_NAME)
        labels.append(text if reason == PUBLISHED else None)
    kind, time = find(event, EVENT_TIMESTAMP)
    if (reason := timestamp_reason(kind, time)) != PUBLISHED:
        return reason
    return Sample(float(value or 0), tuple(labels), int(float(time or 0) // (1000 * period)) * period)


def _label(event: Exact, path: str) -> tuple[str, str]:
    kind, value = find(event, path)
    text = dimension_text(kind, value)
    return text, dimension_reason(kind, text)


# --- batches --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A dimension over m samples: ``codes`` of shape (m,) index ``texts``, where None leaves the dimension out."""

    codes: Codes
    texts: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What one definition publishes from one batch: m samples, and how many matched rows gave none and why.

    Attributes:
        definition: the definition's number in the plan.
        matched: how many rows it matched.
        values: shape (m,).
        starts: shape (m,), the beginning of each sample's period in seconds since 1970.
        dimensions: one ``Labels`` for each of ``dimension_names``.
        dropped: reason to count; ``matched == published + sum(dropped.values())``.
        odd: samples of odd rows, in addition to the m.
    """

    definition: int
    matched: int
    values: Numbers
    starts: Starts
    dimensions: tuple[Labels, ...]
    dropped: dict[str, int]
    odd: tuple[Sample, ...] = ()

    @property
    def published(self) -> int:
        """How many samples there are, odd rows included."""
        return len(self.values) + len(self.odd)


def derive(plan: Plan, batch: EventBatch, matches: Matches, period: int) -> list[Samples]:
    """Return the samples of every definition of a plan; ``period`` is in seconds."""
    readings = _Readings(batch, period)
    regular = batch.regular()
    return [
        _samples(number, step.definition, matches.mask(number), regular, readings)
        for number, step in enumerate(plan.steps)
    ]


def _samples(number: int, definition: MetricDefinition, mask: Flags, regular: Flags, readings: _Readings) -> Samples:
    batch = readings.batch
    rows = np.flatnonzero(mask & regular)
    parts = [readings.dimension(path) for path, _ in definition.dimension_keys]
    times = readings.times()
    reasons = [part.reasons for part in (*parts, times)]
    if definition.value_key is not None:
        reasons.insert(0, readings.values(definition.value_key).reasons)
    reason = _first(reasons, rows)
    kept = rows[reason == 0]
    values = np.ones(len(kept)) if definition.value_key is None else batch.columns[definition.value_key].numbers[kept]
    if len(parts) < len(dimension_names(definition)):
        parts.append(readings.optional(APPLICATION_NAME))
    dimensions = tuple(Labels(part.codes[kept], part.texts) for part in parts)
    counts = np.bincount(reason, minlength=len(REASONS)).tolist()
    dropped = {REASONS[code]: count for code, count in enumerate(counts) if code and count}
    odd = [sample_event(definition, batch.odd[row], readings.period) for row in batch.odd if mask[row]]
    for answer in odd:
        if isinstance(answer, str):
            dropped[answer] = dropped.get(answer, 0) + 1
    samples = tuple(answer for answer in odd if isinstance(answer, Sample))
    return Samples(number, len(rows) + len(odd), values, times.starts[kept], dimensions, dropped, samples)


def _first(reasons: Sequence[Reasons], rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Reasons:
    """Return shape (rows,): the first reason that is not 0."""
    result = np.zeros(len(rows), np.uint8)
    for reason in reasons:
        if reason.any():
            result = np.where(result == 0, reason[rows], result)
    return result


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """A column read as a value, dimension or time, over all rows: a reason a row, and labels or period starts."""

    reasons: Reasons
    codes: Codes
    texts: tuple[str | None, ...]
    starts: Starts


_NO_CODES: Final = np.zeros(0, np.int32)
_NO_STARTS: Final = np.zeros(0, np.int64)


class _Readings:
    """The readings of one batch, each made once, when a definition first asks for it."""

    def __init__(self, batch: EventBatch, period: int) -> None:
        self.batch = batch
        self.period = period
        self.made: dict[tuple[str, str], _Reading] = {}

    def _once(self, role: str, path: str, make: Callable[[Column], _Reading]) -> _Reading:
        reading = self.made.get((role, path))
        if reading is None:
            reading = self.made[role, path] = make(self.batch.columns[path])
        return reading

    def values(self, path: str) -> _Reading:
        return self._once("value", path, _read_value)

    def dimension(self, path: str) -> _Reading:
        return self._once("dimension", path, _read_dimension)

    def times(self) -> _Reading:
        return self._once("time", EVENT_TIMESTAMP, self._read_time)

    def optional(self, path: str) -> _Reading:
        """Read a dimension that is left out where the field cannot be one."""
        return self._once("optional", path, lambda _: _left_out(self.dimension(path)))

    def _read_time(self, column: Column) -> _Reading:
        reasons = _kind_reasons(column, lambda kind: timestamp_reason(kind, 0))
        outside = ~((column.numbers >= 0) & (column.numbers < MAX_TIMESTAMP_MS))
        reasons[(reasons == 0) & outside] = _CODE["timestamp_out_of_range"]
        starts = np.where(reasons == 0, column.numbers, 0) // (1000 * self.period) * self.period
        return _Reading(reasons, _NO_CODES, (), starts.astype(np.int64))


def _read_value(column: Column) -> _Reading:
    reasons = _kind_reasons(column, lambda kind: value_reason(kind, 0))
    by_text = np.array([_CODE[value_reason(Kind.STRING, text)] for text in column.strings] or [0], np.uint8)
    reasons = np.where(column.kinds == Kind.STRING, by_text[column.codes], reasons)
    reasons[(column.kinds == Kind.NUMBER) & (np.abs(column.numbers) > MAX_VALUE)] = _CODE["value_out_of_range"]
    return _Reading(reasons, _NO_CODES, (), _NO_STARTS)


def _read_dimension(column: Column) -> _Reading:
    """Number the distinct values: the column's strings, then false and true, then its distinct numbers."""
    codes = column.codes.copy()
    texts = [*column.strings, "false", "true"]
    codes[column.kinds == Kind.FALSE] = len(texts) - 2
    codes[column.kinds == Kind.TRUE] = len(texts) - 1
    is_number = column.kinds == Kind.NUMBER
    if is_number.any():
        numbers, inverse = np.unique(column.numbers[is_number], return_inverse=True)
        codes[is_number] = inverse + len(texts)
        texts += map(canonical_number, numbers.tolist())
    by_text = np.array([_CODE[dimension_reason(Kind.STRING, text)] for text in texts], np.uint8)
    reasons = _kind_reasons(column, lambda kind: dimension_reason(kind, "x"))
    reasons = np.where(reasons == 0, by_text[codes], reasons)
    return _Reading(reasons, codes, tuple(texts), _NO_STARTS)


def _left_out(reading: _Reading) -> _Reading:
    codes = np.where(reading.reasons == 0, reading.codes, len(reading.texts)).astype(np.int32)
    return _Reading(np.zeros_like(reading.reasons), codes, (*reading.texts, None), _NO_STARTS)


def _kind_reasons(column: Column, reason: Callable[[Kind], str]) -> Reasons:
    """Return shape (rows,): the reason that the kind alone gives, for a value that is good otherwise."""
    by_kind = np.array([_CODE[reason(kind)] for kind in Kind], np.uint8)
    return by_kind[column.kinds]
