"""The names of the containers that exported events come in."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Form(StrEnum):
    """A container of events, by the name that ``--input-format`` takes."""

    NDJSON = "ndjson"
    LOGS_EXPORT = "logs-export"
    JSON = "json"
    FILTER_LOG_EVENTS = "filter-log-events"
    LOGS_INSIGHTS = "logs-insights"
    SUBSCRIPTION = "subscription"
    MONITOR_DATA = "get-app-monitor-data"
    PUT_EVENTS = "put-rum-events"
    CLOUDTRAIL = "cloudtrail"
    REJECTS = "rejects"


LINE_FORMS: Final = frozenset((Form.NDJSON, Form.LOGS_EXPORT))
