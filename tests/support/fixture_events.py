"""A reader of fixtures/events that owes nothing to the package."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

Event = dict[str, Any]
FORMS = {
    "cloudtrail.json": "cloudtrail",
    "filter-log-events.json": "filter-log-events",
    "get-app-monitor-data.json": "get-app-monitor-data",
    "logs-export.txt.gz": "logs-export",
    "logs-insights.json": "logs-insights",
    "put-rum-events.ndjson": "put-rum-events",
    "shop.ndjson": "ndjson",
    "shop.ndjson.gz": "ndjson",
    "subscription.json.gz": "subscription",
}
"""The files of fixtures/events and the forms of what is in them."""


def read_events(path: Path, form: str) -> list[Event]:
    """Return the events of a file in the shape of CloudWatch Logs, ids in both of their places."""
    data = path.read_bytes()
    text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
    if form == "logs-export":
        text = "\n".join(line.partition(" ")[2] for line in text.splitlines())
    taken = (event for document in read_documents(text) for event in _EVENTS_OF[form](document))
    events = (json.loads(event) if isinstance(event, str) else event for event in taken)
    return [event["user_details"] | event for event in events]


def read_documents(text: str) -> Iterator[Event]:
    """Decode JSON documents that follow each other, with or without white space between."""
    decoder, offset = json.JSONDecoder(), 0
    while offset < len(text):
        document, offset = decoder.raw_decode(text, offset)
        yield document
        while text[offset : offset + 1].isspace():
            offset += 1


def _put_events(body: Event) -> Iterator[Event]:
    request = {key[0].lower() + key[1:]: value for key, value in body.items()}
    application = request["appMonitorDetails"]
    for event in request["rumEvents"]:
        at = event["timestamp"]
        if isinstance(at, str):
            at = datetime.strptime(at, "%b %d, %Y, %I:%M:%S %p").replace(tzinfo=UTC).timestamp()
        yield {
            "event_timestamp": round(at * 1000),
            "event_type": event["type"],
            "event_id": event["id"],
            "application_id": application["id"],
            "application_name": application["name"],
            "application_version": application["version"],
            "metadata": json.loads(request.get("sessionMetadata", "{}")) | json.loads(event["metadata"]),
            "user_details": request["userDetails"],
            "event_details": json.loads(event["details"]),
        }


_EVENTS_OF: dict[str, Callable[[Event], Iterable[Any]]] = {
    "ndjson": lambda event: [event],
    "logs-export": lambda event: [event],
    "filter-log-events": lambda page: [event["message"] for event in page["events"]],
    "logs-insights": lambda page: [
        {cell["field"]: cell["value"] for cell in row}["@message"] for row in page["results"]
    ],
    "subscription": lambda record: [
        event["message"] for event in record["logEvents"] if record["messageType"] == "DATA_MESSAGE"
    ],
    "get-app-monitor-data": lambda page: page["Events"],
    "put-rum-events": _put_events,
    "cloudtrail": lambda log: [
        event for record in log["Records"] for event in _put_events(record["requestParameters"])
    ],
}
