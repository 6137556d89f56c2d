"""The 17 built-in event types and the fields of their details and metadata.

Source: the JSON schemas of the RUM web client (aws-rum-web, version 1.0.0 and 1.1.0 of each schema). All of them are
closed: an event of a type has no other details. Metadata may hold custom attributes beside its own.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from rumpattern.dataclass import dataclass

PREFIX: Final = "com.amazon.rum."


class FieldType(StrEnum):
    """The JSON type of a field; VALUE is a string, number or boolean."""

    STRING = "string"
    NUMBER = "number"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class FieldInfo:
    """What a field of a built-in event holds.

    Attributes:
        type: its JSON type.
        values: its possible strings if they are a closed set, otherwise empty.
    """

    type: FieldType
    values: tuple[str, ...] = ()


_LOAD_STATES: Final = ("loading", "dom-interactive", "dom-content-loaded", "complete")
_KNOWN_VALUES: Final = {
    "attribution.loadState": _LOAD_STATES,
    "attribution.interactionType": ("pointer", "keyboard"),
    "initiatorType": (),
    "fileType": ("other", "stylesheet", "document", "script", "image", "font"),
    "navigationType": ("navigate", "reload", "back_forward", "reserved"),
}


def _details(
    *, numbers: str = "", strings: str = "", others: dict[str, FieldType] | None = None
) -> dict[str, FieldInfo]:
    fields = {"version": FieldInfo(FieldType.STRING)}
    fields |= {path: FieldInfo(FieldType.NUMBER) for path in numbers.split()}
    fields |= {path: FieldInfo(FieldType.STRING, _KNOWN_VALUES.get(path, ())) for path in strings.split()}
    fields |= {path: FieldInfo(kind) for path, kind in (others or {}).items()}
    return fields


_TIMING: Final = """
    startTime redirectStart redirectTime workerStart workerTime fetchStart domainLookupStart dns connectStart connect
    secureConnectionStart tlsTime requestStart timeToFirstByte responseStart responseTime duration headerSize
    transferSize compressionRatio
"""

DETAILS: Final[dict[str, dict[str, FieldInfo]]] = {
    f"{PREFIX}{name}": fields
    for name, fields in {
        "cumulative_layout_shift_event": _details(
            numbers="value attribution.largestShiftValue attribution.largestShiftTime",
            strings="attribution.largestShiftTarget attribution.loadState",
        ),
        "dom_event": _details(strings="event element elementId cssLocator interactionId"),
        "first_contentful_paint_event": _details(
            numbers="value attribution.timeToFirstByte attribution.firstByteToFCP", strings="attribution.loadState"
        ),
        "first_input_delay_event": _details(
            numbers="value attribution.eventTime",
            strings="attribution.eventTarget attribution.eventType attribution.loadState",
        ),
        "http_event": _details(
            numbers="response.status error.lineno error.colno",
            strings="""
                trace_id segment_id request.method request.url response.statusText
                error.version error.type error.message error.filename error.stack
            """,
        ),
        "interaction_to_next_paint_event": _details(
            numbers="""
                value attribution.interactionTime attribution.nextPaintTime attribution.inputDelay
                attribution.processingDuration attribution.presentationDelay
            """,
            strings="attribution.interactionTarget attribution.interactionType attribution.loadState",
        ),
        "js_error_event": _details(numbers="lineno colno", strings="type message filename stack"),
        "largest_contentful_paint_event": _details(
            numbers="""
                value attribution.timeToFirstByte attribution.resourceLoadDelay attribution.resourceLoadTime
                attribution.elementRenderDelay
            """,
            strings="attribution.element attribution.url attribution.navigationEntry attribution.lcpResourceEntry",
        ),
        "page_close_event": _details(numbers="interaction duration", strings="pageId pageInteractionId"),
        "page_view_event": _details(
            numbers="interaction timeOnParentPage",
            strings="pageId pageInteractionId parentPageInteractionId referrer referrerDomain",
        ),
        "performance_navigation_event": _details(
            numbers=f"""
                {_TIMING} unloadEventStart promptForUnload redirectCount domInteractive domContentLoadedEventStart
                domContentLoaded domComplete domProcessingTime loadEventStart loadEventTime navigationTimingLevel
            """,
            strings="navigationType nextHopProtocol",
        )
        | {"initiatorType": FieldInfo(FieldType.STRING, ("navigation", "route_change"))},
        "performance_resource_event": _details(
            numbers=_TIMING, strings="targetUrl initiatorType nextHopProtocol fileType"
        ),
        "rrweb_event": _details(numbers="eventCount", others={"events": FieldType.ARRAY}),
        "session_start_event": _details(),
        "time_to_first_byte_event": _details(
            numbers="""
                value attribution.waitingDuration attribution.cacheDuration attribution.dnsDuration
                attribution.connectionDuration attribution.requestDuration
            """
        ),
        "time_to_interactive_event": _details(numbers="value"),
        "xray_trace_event": _details(
            numbers="start_time end_time",
            strings="name id trace_id origin user parent_id",
            others=dict.fromkeys(("in_progress", "error", "throttle", "fault"), FieldType.BOOLEAN)
            | dict.fromkeys(("http", "cause", "annotations", "metadata"), FieldType.OBJECT)
            | {"subsegments": FieldType.ARRAY},
        ),
    }.items()
}
"""Event type to the fields below ``event_details``."""

METADATA: Final[dict[str, FieldInfo]] = {
    **{
        path: FieldInfo(FieldType.STRING)
        for path in [
            "version",
            "aws:releaseId",
            "browserLanguage",
            "browserName",
            "browserVersion",
            "osName",
            "osVersion",
            "platformType",
            "pageUrl",
            "url",
            "pageId",
            "parentPageId",
            "referrerUrl",
            "pageTitle",
            "title",
            "countryCode",
            "subdivisionCode",
            "domain",
            "aws:client",
            "aws:clientVersion",
            "aws:userAgent",
        ]
    },
    "deviceType": FieldInfo(FieldType.STRING, ("desktop", "mobile", "tablet", "embedded")),
    "interaction": FieldInfo(FieldType.NUMBER),
    "pageTags": FieldInfo(FieldType.ARRAY),
}
"""The fields below ``metadata`` that the web client writes itself; any other is a custom attribute."""

FIRST_LEVEL: Final[dict[str, FieldType]] = {
    **dict.fromkeys(
        [
            "account_id",
            "application_id",
            "application_version",
            "application_name",
            "batch_id",
            "event_id",
            "event_interaction",
            "event_type",
            "event_version",
            "sessionId",
            "userId",
        ],
        FieldType.STRING,
    ),
    "event_timestamp": FieldType.NUMBER,
    "event_details": FieldType.OBJECT,
    "metadata": FieldType.OBJECT,
    "user_details": FieldType.OBJECT,
    "log_stream": FieldType.VALUE,
}
"""The first-level keys that ValueKey, EventPattern and DimensionKeys may name (API reference, EventPattern)."""


_OBJECT: Final = FieldInfo(FieldType.OBJECT)
_SCALARS: Final = (FieldType.STRING, FieldType.NUMBER, FieldType.BOOLEAN)
_MAX_SEGMENTS: Final = 3
"""Segments of the longest known path."""


def info(path: str, event_type: str | None) -> FieldInfo | None:
    """Return what is known of a field, or of an object with fields, in events of a type; None if nothing is known."""
    first, _, rest = path.partition(".")
    if first == "event_details" and rest:
        known = DETAILS.get(event_type or "", {})
        holds_fields = any(field.startswith(f"{rest}.") for field in known)
        return known.get(rest) or (_OBJECT if holds_fields else None)
    if first == "metadata" and rest:
        return METADATA.get(rest)
    kind = FIRST_LEVEL.get(path)
    return None if kind is None or kind is FieldType.VALUE else FieldInfo(kind)


def scalar_above(path: str, event_type: str | None) -> tuple[str, FieldType] | None:
    """Return the first field above a path that holds a string, number or boolean, below which there is nothing."""
    names = path.split(".")
    for count in range(1, min(len(names), _MAX_SEGMENTS + 1)):
        above = ".".join(names[:count])
        known = info(above, event_type)
        if known is not None and known.type in _SCALARS:
            return above, known.type
    return None


def has_field(path: str, event_type: str) -> bool:
    """Tell whether events of a built-in type can have a field of ``event_details``, or an object on the way to one."""
    if info(path, event_type) is not None:
        return True
    fields, names = DETAILS.get(event_type, {}), path.split(".")[1:]
    above = (fields.get(".".join(names[:count])) for count in range(1, min(len(names), _MAX_SEGMENTS)))
    return any(known is not None and known.type not in _SCALARS for known in above)
