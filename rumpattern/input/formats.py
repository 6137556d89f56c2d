"""The input forms: what exported events come in, and what a line of text looks like."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final


class Form(StrEnum):
    """An input form, by the name that ``--input-format`` takes."""

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
"""Forms with one event a line, whose text can be cut at any newline; all others hold documents."""
MAX_LINE: Final = 1 << 20
"""Default limit of a line in bytes, without its newline; CloudWatch Logs takes events of that size."""
MAX_EXCERPT: Final = 1_000
"""Bytes of a line over the limit that its reject holds."""
BOM: Final = b"\xef\xbb\xbf"
"""The byte order mark that some programs write before UTF-8 text."""
TIMESTAMP_PREFIX: Final = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?[ \t]+")
"""What stands before the JSON in a line of a CloudWatch Logs export task."""
NO_TIMESTAMP: Final = "the line is not a time such as 2026-01-05T00:00:00.000Z and JSON"
"""Why such a line is rejected if it has no timestamp, or nothing behind it."""
