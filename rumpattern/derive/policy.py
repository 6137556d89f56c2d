"""The derivation policy: the sample that a matched event publishes, or the reason why it publishes none.

What RUM publishes is documented for the good case only. Every other case is a policy here: the sample is dropped and
its reason is counted. ``sample_event`` states the policy in its plainest form, one event at a time; ``readings`` asks
the same functions once for each kind and each distinct string of a batch, and a property test holds the two equal.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rumpattern.columns.fields import Kind, find
from rumpattern.jsontext import NumberText, canonical_number, is_number
from rumpattern.rum.limits import MAX_DIMENSION_VALUE, MAX_TIMESTAMP_MS, MAX_VALUE
from rumpattern.rum.names import APPLICATION_DIMENSION, APPLICATION_NAME, EVENT_TIMESTAMP

if TYPE_CHECKING:
    from rumpattern.columns.fields import Value
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.jsontext import Exact


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
"""What becomes of a matched event: published, or the reason why it is dropped.

Where several reasons hold, the value's comes before those of the dimensions, and the timestamp's is last. An index into
this tuple is a *reason code*: columns of counts have this order, and compiled code knows two codes (``native.layout``).
"""
PUBLISHED: Final = REASONS[0]
REASON_CODES: Final = {reason: code for code, reason in enumerate(REASONS)}
"""The index of each reason in ``REASONS``."""


# --- one field ------------------------------------------------------------------------------------------------------


def value_reason(kind: Kind, value: Value) -> str:
    """Return why the value at a ValueKey cannot be published, or ``published``."""
    match kind:
        case Kind.MISSING | Kind.NULL | Kind.OBJECT:
            return f"value_{kind.name.lower()}"
        case Kind.FALSE | Kind.TRUE:
            return "value_boolean"
        case Kind.ARRAY | Kind.AMBIGUOUS:
            return "value_array"
        case Kind.STRING:
            return "value_numeric_string" if is_number(str(value).strip()) else "value_string"
        case _:
            magnitude = abs(float(value or 0))
            if magnitude <= MAX_VALUE:
                return PUBLISHED
            return "value_out_of_range" if math.isfinite(magnitude) else "value_not_finite"


def dimension_text(kind: Kind, value: Value) -> str:
    """Return a field's dimension value: a string as it is, a number or a boolean as JSON text."""
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
        case Kind.ARRAY | Kind.AMBIGUOUS:
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
    """Return why an event_timestamp (milliseconds since 1970) gives no period, or ``published``."""
    if kind is Kind.MISSING:
        return "timestamp_missing"
    if kind is not Kind.NUMBER:
        return "timestamp_not_a_number"
    return PUBLISHED if 0 <= float(value or 0) < MAX_TIMESTAMP_MS else "timestamp_out_of_range"


# --- one event ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sample:
    """What one event publishes for one definition.

    Attributes:
        value: the number at the ValueKey, 1 if the definition has none.
        labels: the dimension values in the order of ``dimension_names``; None leaves a dimension out.
        start: the start of the sample's period, in seconds since 1970.
    """

    value: float
    labels: tuple[str | None, ...]
    start: int


def dimension_names(definition: MetricDefinition) -> tuple[str, ...]:
    """Return the dimension names of a definition's samples; application_name, which RUM adds to all, is last."""
    names = tuple(name for _, name in definition.dimension_keys)
    return names if APPLICATION_DIMENSION in names else (*names, APPLICATION_DIMENSION)


def sample_event(definition: MetricDefinition, event: Exact, period: int) -> Sample | str:
    """Return the sample that a matched event publishes, or the reason why it is dropped; ``period`` is in seconds."""
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
