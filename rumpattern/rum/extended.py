"""The validation table of extended metrics as data: what RUM requires of a definition for each of their names.

Source: CloudWatch RUM API reference, MetricDefinitionRequest (EventPattern, DimensionKeys, Name).
"""

from __future__ import annotations

from typing import Final

from rumpattern.dataclass import dataclass
from rumpattern.rum.eventtypes import PREFIX

DIMENSIONS: Final = {
    "metadata.pageId": "PageId",
    "metadata.browserName": "BrowserName",
    "metadata.deviceType": "DeviceType",
    "metadata.osName": "OSName",
    "metadata.countryCode": "CountryCode",
    "event_details.fileType": "FileType",
}
"""The only dimension keys of extended metrics, with the only names they may have."""


@dataclass(frozen=True, slots=True)
class ExtendedMetric:
    """What RUM requires of the definition of one extended metric.

    Attributes:
        event_type: the event type that it matches.
        value_key: its ValueKey, None if it must be left out.
        condition: a further field of the pattern and its ``numeric`` terms, None if there is none.
        printed: the terms in the table of the API reference, if the example on the same page has other ones.
        is_integer: whether the field holds whole numbers only, so that ``<600`` and ``<=599`` are equal.
    """

    event_type: str
    value_key: str | None = None
    condition: tuple[str, tuple[str | int, ...]] | None = None
    printed: tuple[str | int, ...] | None = None
    is_integer: bool = False


_DURATION: Final = "event_details.duration"
_STATUS: Final = "event_details.response.status"
_NAVIGATION: Final = f"{PREFIX}performance_navigation_event"
_HTTP: Final = f"{PREFIX}http_event"

EXTENDED_METRICS: Final = {
    "PerformanceNavigationDuration": ExtendedMetric(_NAVIGATION, _DURATION),
    "PerformanceResourceDuration": ExtendedMetric(f"{PREFIX}performance_resource_event", _DURATION),
    "NavigationSatisfiedTransaction": ExtendedMetric(_NAVIGATION, None, (_DURATION, ("<", 2000)), (">", 2000)),
    "NavigationToleratedTransaction": ExtendedMetric(_NAVIGATION, None, (_DURATION, (">=", 2000, "<", 8000))),
    "NavigationFrustratedTransaction": ExtendedMetric(_NAVIGATION, None, (_DURATION, (">=", 8000))),
    "WebVitalsCumulativeLayoutShift": ExtendedMetric(f"{PREFIX}cumulative_layout_shift_event", "event_details.value"),
    "WebVitalsFirstInputDelay": ExtendedMetric(f"{PREFIX}first_input_delay_event", "event_details.value"),
    "WebVitalsLargestContentfulPaint": ExtendedMetric(f"{PREFIX}largest_contentful_paint_event", "event_details.value"),
    "JsErrorCount": ExtendedMetric(f"{PREFIX}js_error_event"),
    "HttpErrorCount": ExtendedMetric(_HTTP),
    "SessionCount": ExtendedMetric(f"{PREFIX}session_start_event"),
    "PageViewCount": ExtendedMetric(f"{PREFIX}page_view_event"),
    "Http4xxCount": ExtendedMetric(_HTTP, None, (_STATUS, (">=", 400, "<", 500)), is_integer=True),
    "Http5xxCount": ExtendedMetric(_HTTP, None, (_STATUS, (">=", 500, "<=", 599)), is_integer=True),
}
"""Name to metric. The reference's list of names lacks the last three, which its rules have."""

CLOUDFORMATION_NAMES: Final = frozenset(
    [
        "WebVitalsInteractionToNextPaint",
        "SessionDuration",
        "TimeOnPage",
        "PageViewCountPerSession",
        "JsErrorCountPerSession",
        "Http4xxCountPerSession",
        "Http5xxCountPerSession",
        "JsErrorCountPerPageView",
        "Http4xxCountPerPageView",
        "Http5xxCountPerPageView",
        "ColdLaunchTime",
        "WarmLaunchTime",
        "CrashCount",
        "ANRCount",
        "AppHangCount",
        "ScreenLoadCount",
        "ScreenLoadTime",
        "NetworkLatency",
        "SpanPayloadSize",
        "LogEventPayloadSize",
    ]
)
"""Names in CloudFormation's documentation of AWS::RUM::AppMonitor for which no rule is published."""
