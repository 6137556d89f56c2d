"""What test files share: Hypothesis profiles, fixtures, a reader of their events that owes nothing to the package."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings

import rumpattern as rp
from tests.support.paths import DEFINITIONS, EVENTS, ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

# Hypothesis: the same examples in every CI run, or random ones, as many as RUMPATTERN_THOROUGH says
SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "ci", max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=SLOW
)
settings.register_profile(
    "thorough",
    max_examples=int(os.environ.get("RUMPATTERN_THOROUGH", "0")) or 20_000,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.load_profile("thorough" if os.environ.get("RUMPATTERN_THOROUGH") else "ci")

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


@pytest.fixture(scope="session")
def run() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Give a function that runs the command in the project's folder, with bytes for its standard input."""

    def command(*arguments: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        words = [sys.executable, "-m", "rumpattern", *map(str, arguments)]
        return subprocess.run(words, cwd=ROOT, input=stdin, capture_output=True, check=False)

    return command


@pytest.fixture(scope="session")
def views() -> list[rp.MetricDefinition]:
    """Give a definition that counts views."""
    return rp.load_definitions([{"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}])


@pytest.fixture(scope="session")
def definitions() -> list[rp.MetricDefinition]:
    """Give the definitions of two fixtures, extended and custom metrics."""
    names = "extended.json", "custom.json"
    return [definition for name in names for definition in rp.load_definitions(DEFINITIONS / name)]


@pytest.fixture(scope="session")
def events_by_file() -> dict[str, list[Event]]:
    """Give the events of every file of fixtures/events in the shape of CloudWatch Logs, ids in both of their places."""
    return {name: _read(EVENTS / name, form) for name, form in FORMS.items()}


def _read(path: Path, form: str) -> list[Event]:
    data = path.read_bytes()
    text = (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode()
    if form == "logs-export":
        text = "\n".join(line.partition(" ")[2] for line in text.splitlines())
    taken = (event for document in _documents(text) for event in _EVENTS_OF[form](document))
    events = (json.loads(event) if isinstance(event, str) else event for event in taken)
    return [event["user_details"] | event for event in events]


def _documents(text: str) -> Iterator[Event]:
    decoder, place = json.JSONDecoder(), 0
    while place < len(text):
        document, place = decoder.raw_decode(text, place)
        yield document
        while text[place : place + 1].isspace():
            place += 1


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
