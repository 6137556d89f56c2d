"""Real events from public sources in the containers that they came in, and what they add up to, worked out by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from tests.support.paths import OUTSIDE_DATA

if TYPE_CHECKING:
    from pathlib import Path

SAMPLES = OUTSIDE_DATA / "events-real-samples.jsonl"
pytestmark = pytest.mark.skipif(not SAMPLES.is_file(), reason="the real samples lie beside the project, not in it")

DEFINITIONS = [
    {
        "Name": "PerformanceResourceDuration",
        "ValueKey": "event_details.duration",
        "UnitLabel": "Milliseconds",
        "EventPattern": json.dumps(
            {
                "event_type": ["com.amazon.rum.performance_resource_event"],
                "event_details": {"fileType": [{"exists": True}]},
            }
        ),
        "DimensionKeys": {"event_details.fileType": "FileType"},
    },
    {
        "Name": "PageViewCount",
        "EventPattern": json.dumps(
            {
                "event_type": ["com.amazon.rum.page_view_event"],
                "metadata": {"pageId": [{"exists": True}]},
            }
        ),
        "DimensionKeys": {"metadata.pageId": "PageId"},
    },
    {
        "Name": "SessionCount",
        "UnitLabel": "Count",
        "EventPattern": json.dumps(
            {
                "event_type": ["com.amazon.rum.session_start_event"],
                "metadata": {"countryCode": [{"exists": True}]},
            }
        ),
        "DimensionKeys": {"metadata.countryCode": "CountryCode"},
    },
    {
        "Name": "DomEvents",
        "Namespace": "Samples",
        "EventPattern": json.dumps({"event_type": ["com.amazon.rum.dom_event"], "sessionId": [{"exists": True}]}),
        "DimensionKeys": {"sessionId": "Session"},
    },
    {
        "Name": "ResourceBytes",
        "Namespace": "Samples",
        "ValueKey": "event_details.transferSize",
        "UnitLabel": "Bytes",
        "EventPattern": json.dumps(
            {
                "event_type": ["com.amazon.rum.performance_resource_event"],
                "metadata": {"interaction": [0]},
            }
        ),
        "DimensionKeys": {"metadata.interaction": "Interaction"},
    },
]

WEB_APP = ("application_name", "MyWebApp")
APRIL_7 = datetime(2024, 4, 7, 12, 20, tzinfo=UTC)
APRIL_13 = datetime(2024, 4, 13, 4, 31, tzinfo=UTC)
RESOURCE = ("AWS/RUM", "PerformanceResourceDuration")
BYTES = ("RUM/CustomMetrics/Samples", "ResourceBytes")
FROM_LOGS = [
    (
        *("AWS/RUM", "PageViewCount", (("PageId", "/jp-prototyping-blog/"),), "None"),
        *(datetime(2022, 9, 16, 1, 8, tzinfo=UTC), 60, 1, 1.0, 1.0, 1.0),
    ),
    (
        *("AWS/RUM", "SessionCount", (("CountryCode", "NO"),), "Count"),
        *(datetime(2023, 9, 20, 7, 50, tzinfo=UTC), 60, 1, 1.0, 1.0, 1.0),
    ),
]
EXPECTED: dict[str, list[tuple[Any, ...]]] = {
    "get-app-monitor-data": [
        (
            *(*RESOURCE, (("FileType", "image"), WEB_APP), "Milliseconds", APRIL_7, 60, 1),
            *(257.7999999821186, 257.7999999821186, 257.7999999821186),
        ),
        (
            *(*RESOURCE, (("FileType", "script"), WEB_APP), "Milliseconds", APRIL_7, 60, 1),
            *(16.900000005960464, 16.900000005960464, 16.900000005960464),
        ),
        (*BYTES, (("Interaction", "0"), WEB_APP), "Bytes", APRIL_7, 60, 2, 496.0, 0.0, 496.0),
    ],
    "filter-log-events": FROM_LOGS,
    "logs-export": FROM_LOGS,
    "put-rum-events": [
        (
            *(*RESOURCE, (("FileType", "image"), WEB_APP), "Milliseconds", APRIL_13, 60, 1),
            *(257.7999999821186, 257.7999999821186, 257.7999999821186),
        ),
        (*BYTES, (("Interaction", "0"), WEB_APP), "Bytes", APRIL_13, 60, 1, 496.0, 496.0, 496.0),
    ],
    "cloudtrail": [
        (
            *("RUM/CustomMetrics/Samples", "DomEvents"),
            *((("Session", "a1b2c3456-15db-4f87-6789-123456789"), ("application_name", "APP-MONITOR-NAME")), "None"),
            *(datetime(2024, 5, 16, 20, 32, tzinfo=UTC), 60, 1, 1.0, 1.0, 1.0),
        )
    ],
}


@pytest.fixture(scope="module")
def contained() -> dict[str, str]:
    """Give the samples as the text of their containers."""
    samples = [json.loads(line) for line in SAMPLES.read_text(encoding="utf-8").splitlines()]
    image, script, view, session, request, parameters = (sample["event"] for sample in samples)
    logged = [(event["event_timestamp"], json.dumps(event, ensure_ascii=False)) for event in (view, session)]
    times = (f"{datetime.fromtimestamp(at / 1000, UTC):%Y-%m-%dT%H:%M:%S}.000Z" for at, _ in logged)
    log_events = [{"logStreamName": "s", "timestamp": at, "message": text, "eventId": "1"} for at, text in logged]
    record = {"eventVersion": "1.09", "eventName": "PutRumEvents", "requestParameters": parameters}
    return {
        "get-app-monitor-data": json.dumps({"Events": [json.dumps(image), json.dumps(script)], "NextToken": "n"}),
        "filter-log-events": json.dumps({"events": log_events, "searchedLogStreams": []}, indent=4),
        "logs-export": "".join(f"{time} {text}\n" for time, (_, text) in zip(times, logged, strict=True)),
        "put-rum-events": json.dumps(request),
        "cloudtrail": json.dumps({"Records": [record]}, indent=2),
    }


@pytest.mark.parametrize("form", EXPECTED)
def test_real_events_give_the_series_worked_out_by_hand(contained: dict[str, str], tmp_path: Path, form: str) -> None:
    path = tmp_path / "sample"
    path.write_text(contained[form], encoding="utf-8")
    result = rp.replay(rp.load_definitions(DEFINITIONS), path)
    (file,) = result.accounting.files
    assert (file.form, file.rejected, file.blank) == (form, 0, 0)
    assert [one[:-1] for one in result.series] == EXPECTED[form]


def test_all_samples_together_give_all_series(contained: dict[str, str], tmp_path: Path) -> None:
    for form, text in contained.items():
        if form != "logs-export":
            (tmp_path / form).write_text(text, encoding="utf-8")
    result = rp.replay(rp.load_definitions(DEFINITIONS), tmp_path)
    assert (result.accounting.evaluated, result.accounting.rejected) == (6, 0)
    apart = [row for form, rows in EXPECTED.items() if form != "logs-export" for row in rows]
    assert [one[:-1] for one in result.series] == sorted(apart)


def test_what_the_samples_lack_is_warned_of(contained: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "sample"
    path.write_text(contained["logs-export"], encoding="utf-8")
    result = rp.replay(rp.load_definitions(DEFINITIONS), path)
    text = "2 samples lack application_name, which RUM adds to every metric: no usable one is known [RP311]"
    assert [str(warning) for warning in result.warnings] == [
        f"{text}  hint: give the app monitor's name with --application-name"
    ]
