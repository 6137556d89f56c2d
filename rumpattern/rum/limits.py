"""The limits of CloudWatch RUM and of CloudWatch, each with the page that states it.

Nothing else in the package states one.

Lengths are (shortest, longest), in characters.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

# CloudWatch RUM: API reference, MetricDefinitionRequest, unless another page is named

MEMBER_LENGTHS: Final = {
    "Name": (1, 255),
    "Namespace": (1, 237),
    "ValueKey": (1, 280),
    "UnitLabel": (1, 256),
    "EventPattern": (0, 4000),
    "MetricDefinitionId": (1, 255),
}
TEMPLATE_MEMBER_LENGTHS: Final = {"ValueKey": (1, 256), "EventPattern": (1, 4000)}
"""Where the resource schema AWS::RUM::AppMonitor has other lengths than the API."""
MAX_DIMENSION_KEYS: Final = 29
"""Entries of DimensionKeys."""
DIMENSION_KEY_LENGTH: Final = (1, 280)
"""A key of DimensionKeys, which is a field path."""
DIMENSION_NAME_LENGTH: Final = (1, 255)
"""A value of DimensionKeys, which is a dimension's name."""
MAX_DEFINITIONS_PER_REQUEST: Final = 200
"""BatchCreateRumMetricDefinitions."""
MAX_DEFINITIONS_PER_DESTINATION: Final = 2_000
"""BatchCreateRumMetricDefinitions."""
APP_MONITOR_NAME: Final = r"(?!\.)[.\-_#A-Za-z0-9]{1,255}"
"""AppMonitorName, as a regular expression."""
MAX_ARN: Final = 2048
"""DestinationArn."""

# CloudWatch: PutMetricData and its shapes, unless another page is named

MAX_VALUE: Final = 2.0**360
"""MetricDatum, Value: from -2^360 to 2^360."""
MAX_DIMENSIONS: Final = 30
"""MetricDatum, Dimensions."""
MAX_NAME: Final = 255
"""MetricDatum, MetricName; Dimension, Name."""
MAX_DIMENSION_VALUE: Final = 1024
"""Dimension, Value."""
MAX_PAST: Final = timedelta(weeks=2)
"""MetricDatum, Timestamp: how far back."""
MAX_AHEAD: Final = timedelta(hours=2)
"""MetricDatum, Timestamp: how far ahead."""
MAX_TIMESTAMP_MS: Final = 253_402_300_800_000
"""The end of the year 9999, in milliseconds since 1970: ISO 8601 has four digits for a year."""
MAX_METRICS_PER_REQUEST: Final = 1_000
"""PutMetricData, MetricData."""
MAX_REQUEST_BYTES: Final = 1_000_000
"""PutMetricData: 1 MB, in an encoding that is not documented; applied to the longest one, form fields of a query."""
MAX_VALUES_PER_DATUM: Final = 150
"""MetricDatum, Values."""
MAX_EMF_VALUES: Final = 100
"""Embedded metric format specification, target members: values of one metric in a log event."""
HIGH_RESOLUTION_PERIODS: Final = (1, 5, 10, 20, 30)
"""Seconds: GetMetricData, MetricStat, Period."""
STANDARD_PERIOD: Final = 60
"""Seconds, of which longer periods are multiples: GetMetricData, MetricStat, Period."""
MAX_PERIOD: Final = 86_400
"""Seconds: PutMetricAlarm, Period."""
