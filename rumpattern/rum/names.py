"""Names of RUM and CloudWatch, and the fields that events have by the form of their export.

Sources: the CloudWatch RUM API reference (first-level keys of EventPattern), and exports as the service writes them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

EVENT_TYPE: Final = "event_type"
EVENT_TIMESTAMP: Final = "event_timestamp"
APPLICATION_NAME: Final = "application_name"

EXTENDED_NAMESPACE: Final = "AWS/RUM"
CUSTOM_NAMESPACE_PREFIX: Final = "RUM/CustomMetrics/"
_SIZES: Final = tuple(f"{scale}{unit}" for unit in ("bytes", "bits") for scale in ("", "Kilo", "Mega", "Giga", "Tera"))
_AMOUNTS: Final = (*(size[0].upper() + size[1:] for size in _SIZES), "Count")
UNITS: Final = (
    "Seconds",
    "Microseconds",
    "Milliseconds",
    *_AMOUNTS,
    "Percent",
    *(f"{amount}/Second" for amount in _AMOUNTS),
    "None",
)
"""The units of CloudWatch (PutMetricData, MetricDatum, Unit)."""
APPLICATION_DIMENSION: Final = "application_name"
"""The dimension that RUM adds to every metric."""

FIELD_ALIASES: Final = {"application_Id": "application_id"}
"""Spellings in the API reference that no event has."""

DERIVED_FIELDS: Final = {
    "sessionId": "user_details.sessionId",
    "userId": "user_details.userId",
    "user_details.sessionId": "sessionId",
    "user_details.userId": "userId",
}
"""A field that some forms of export lack, to the field that holds the same value."""


class ExportShape(StrEnum):
    """The three forms in which an event is exported."""

    LOGS = "CloudWatch Logs"
    MONITOR_DATA = "GetAppMonitorData"
    PUT_EVENTS = "PutRumEvents"


ABSENT_FIELDS: Final[dict[ExportShape, frozenset[str]]] = {
    ExportShape.LOGS: frozenset({"application_name", "batch_id", "account_id", "event_interaction"}),
    ExportShape.MONITOR_DATA: frozenset(),
    ExportShape.PUT_EVENTS: frozenset({"account_id", "event_interaction", "log_stream"}),
}
"""First-level keys that events of a form never have: a definition that names one never matches them."""
