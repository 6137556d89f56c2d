from __future__ import annotations

import gzip
import itertools
import json
import zlib
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from rumpattern.input.formats import Form
from rumpattern.synth.events import BURST, FORMS, events, lines, main, write
from rumpattern.synth.tables import BUILT_IN, CUSTOM
from tests.support.fixture_events import Event, read_documents
from tests.support.paths import OUTSIDE_DATA

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMAS = OUTSIDE_DATA / "rum-event-types.json"
JSON_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "number": (int, float),
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
}
MANY = 10_000


@pytest.fixture(scope="module")
def many() -> list[bytes]:
    return list(lines(MANY, seed=7))


@pytest.fixture(scope="module")
def parsed(many: list[bytes]) -> list[Event]:
    return [json.loads(line) for line in many]


def unwrap(form: Form, text: str) -> list[Event]:
    """Give the events of a container back, without what the container adds around them."""
    if form is Form.LOGS_EXPORT:
        return [json.loads(line.partition(" ")[2]) for line in text.splitlines()]
    found = list(read_documents(text))
    match form:
        case Form.NDJSON:
            messages = found
        case Form.FILTER_LOG_EVENTS:
            messages = [event["message"] for event in found[0]["events"]]
        case Form.LOGS_INSIGHTS:
            messages = [row[1]["value"] for row in found[0]["results"]]
        case Form.SUBSCRIPTION:
            records = (record for record in found if record["messageType"] == "DATA_MESSAGE")
            messages = [event["message"] for record in records for event in record["logEvents"]]
        case Form.MONITOR_DATA:
            messages = [event for page in found for event in page["Events"]]
        case Form.PUT_EVENTS:
            messages = [put_event(body, event) for body in found for event in body["RumEvents"]]
    return [json.loads(message) if isinstance(message, str) else message for message in messages]


def put_event(body: Event, event: Event) -> Event:
    return {
        "event_timestamp": round(event["timestamp"] * 1000),
        "event_type": event["type"],
        "event_id": event["id"],
        "application_id": body["AppMonitorDetails"]["id"],
        "application_version": body["AppMonitorDetails"]["version"],
        "metadata": json.loads(body.get("SessionMetadata", "{}")) | json.loads(event["metadata"]),
        "user_details": body["UserDetails"],
        "event_details": json.loads(event["details"]),
    }


def members(data: bytes) -> Iterator[bytes]:
    """Inflate gzip members one by one."""
    while data:
        inflate = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        yield inflate.decompress(data) + inflate.flush()
        assert inflate.eof
        data = inflate.unused_data


def flat(value: object, fields: Event, path: str = "") -> Event:
    if isinstance(value, dict) and path not in fields:
        return {
            key: leaf for name in value for key, leaf in flat(value[name], fields, f"{path}.{name}".lstrip(".")).items()
        }
    return {path: value}


def test_same_arguments_give_the_same_bytes() -> None:
    assert list(lines(200, seed=3)) == list(lines(200, seed=3))
    assert list(lines(200, seed=3)) != list(lines(200, seed=4))
    assert list(lines(50, seed=3)) == list(lines(200, seed=3))[:50]


def test_lines_are_the_events() -> None:
    assert [json.loads(line) for line in lines(300)] == list(events(300))


def test_shuffling_keys_changes_their_order_alone() -> None:
    plain: list[Event] = list(events(300))
    shuffled: list[Event] = list(events(300, shuffle_keys=True))
    assert plain == shuffled
    assert [list(event) for event in plain] != [list(event) for event in shuffled]
    assert [list(event["metadata"]) for event in plain] != [list(event["metadata"]) for event in shuffled]


def test_an_event_may_be_changed_without_changing_others() -> None:
    generated: Iterator[Event] = events(300)
    for event in generated:
        assert "seen" not in event["metadata"]
        assert "seen" not in event["user_details"]
        event["metadata"]["seen"] = event["user_details"]["seen"] = True


def test_sizes_are_those_of_real_events(many: list[bytes]) -> None:
    text = b"\n".join(many)
    assert 1_200 <= len(text) / MANY <= 1_450
    assert 6 <= len(text) / len(zlib.compress(text, 6)) <= 9


def test_types_come_in_their_shares(parsed: list[Event]) -> None:
    counts = Counter(event["event_type"] for event in parsed)
    assert set(counts) == {kind.event_type for kind in (*BUILT_IN, *CUSTOM)}
    assert sum(kind.share for kind in BUILT_IN) == pytest.approx(100)
    assert sum(counts[kind.event_type] for kind in CUSTOM) / MANY == pytest.approx(0.02, abs=0.006)
    for kind in BUILT_IN:
        assert counts[kind.event_type] / MANY * 100 == pytest.approx(kind.share, rel=0.05, abs=0.6)


def test_share_of_custom_types_is_an_option() -> None:
    assert {event["event_type"] for event in events(200, custom=1.0)} == {kind.event_type for kind in CUSTOM}
    assert {event["event_type"] for event in events(2000, custom=0.0)} <= {kind.event_type for kind in BUILT_IN}


def test_details_keep_to_the_closed_schemas(parsed: list[Event]) -> None:
    if not SCHEMAS.exists():
        pytest.skip(f"the event schemas are not at {SCHEMAS}")
    schemas = json.loads(SCHEMAS.read_text())
    assert {kind.event_type for kind in BUILT_IN} == set(schemas)
    for event in parsed:
        schema = schemas.get(event["event_type"])
        if schema is None:
            continue
        fields, details = schema["fields"], event["event_details"]
        assert set(schema["required"]) <= set(details)
        assert details["version"] == event["event_version"]
        for path, value in flat(details, fields).items():
            assert path in fields, (event["event_type"], path)
            assert isinstance(value, JSON_TYPES[fields[path]["type"]]), (event["event_type"], path, value)
            assert value in fields[path].get("enum", [value])
            assert value == fields[path].get("const", value)


def test_time_goes_on_roughly_at_the_rate(parsed: list[Event]) -> None:
    times = [event["event_timestamp"] for event in parsed]
    assert all(later - earlier > -1_100 for earlier, later in itertools.pairwise(times))
    assert (times[-1] - times[0]) / 1000 == pytest.approx(MANY / 50, rel=0.05)
    assert min(times) >= 1_767_571_200_000
    assert any(time % 1000 for time in times)


def test_sessions_are_of_one_piece(parsed: list[Event]) -> None:
    constant = ("browserName", "osName", "deviceType", "countryCode", "aws:clientVersion")
    seen: dict[str, set[tuple[str, ...]]] = {}
    pages: dict[str, set[str]] = {}
    for event in parsed:
        session = event["user_details"]["sessionId"]
        facts = tuple(event["metadata"][key] for key in constant)
        seen.setdefault(session, set()).add((event["user_details"]["userId"], *facts))
        pages.setdefault(session, set()).add(event["metadata"]["pageId"])
    assert all(len(facts) == 1 for facts in seen.values())
    assert len(seen) > 100
    assert max(map(len, pages.values())) > 3


def test_values_have_the_variety_that_definitions_look_for(parsed: list[Event]) -> None:
    by_type: dict[str, list[Event]] = {}
    for event in parsed:
        by_type.setdefault(event["event_type"].removeprefix("com.amazon.rum."), []).append(event["event_details"])
    durations = [details["duration"] for details in by_type["performance_navigation_event"]]
    assert all(
        sum(low <= duration < high for duration in durations) > 10 for low, high in ((0, 2e3), (2e3, 8e3), (8e3, 1e9))
    )
    assert {details["initiatorType"] for details in by_type["performance_navigation_event"]} == {
        "navigation",
        "route_change",
    }
    file_types = {details["fileType"] for details in by_type["performance_resource_event"]}
    assert file_types == {"other", "stylesheet", "document", "script", "image", "font"}
    assert {details["response"]["status"] // 100 for details in by_type["http_event"] if "response" in details} == {
        2,
        3,
        4,
        5,
    }
    assert all(("error" in details) != ("response" in details) for details in by_type["http_event"])
    assert any("error" in details for details in by_type["http_event"])


def test_metadata_has_the_variety_that_definitions_look_for(parsed: list[Event]) -> None:
    metadata = [event["metadata"] for event in parsed]
    assert {entry["deviceType"] for entry in metadata} == {"desktop", "mobile", "tablet", "embedded"}
    assert len({entry["browserName"] for entry in metadata}) == 6
    assert len({entry["pageId"] for entry in metadata}) == 40
    assert len({entry["countryCode"] for entry in metadata}) > 15
    assert any(not entry["title"].isascii() for entry in metadata)
    assert 0.005 < sum("pageTags" in entry for entry in metadata) / MANY < 0.12
    attributes = next(entry for entry in metadata if "plan" in entry)
    assert [type(attributes[key]) for key in ("plan", "loggedIn", "pastOrders")] == [str, bool, int]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("compress", [False, True])
def test_every_form_holds_the_same_events(tmp_path: Path, form: Form, *, compress: bool) -> None:
    path = tmp_path / "events"
    assert write(path, 333, form=form, compress=compress, seed=5) == path.stat().st_size
    data = gzip.decompress(path.read_bytes()) if compress else path.read_bytes()
    found = unwrap(form, data.decode())
    expected: list[Event] = list(events(333, seed=5))
    assert len(found) == len(expected)
    for event, wanted in zip(found, expected, strict=True):
        common = [key for key in wanted if key in event and key != "log_stream"]
        assert len(common) >= 8
        assert {key: event[key] for key in common} == {key: wanted[key] for key in common}


@pytest.mark.parametrize("form", FORMS)
def test_shuffled_keys_reach_every_form(tmp_path: Path, form: Form) -> None:
    plain, shuffled = tmp_path / "plain", tmp_path / "shuffled"
    write(plain, 40, form=form)
    write(shuffled, 40, form=form, shuffle_keys=True)
    assert plain.read_bytes() != shuffled.read_bytes()
    for event, other in zip(unwrap(form, plain.read_text()), unwrap(form, shuffled.read_text()), strict=True):
        for listing in ("metadata_keys", "metadata_values"):
            assert sorted(event.pop(listing, [])) == sorted(other.pop(listing, []))
        assert event == other


@pytest.mark.parametrize(
    ("form", "count"), [(Form.NDJSON, 2), (Form.LOGS_EXPORT, 2), (Form.SUBSCRIPTION, 8), (Form.LOGS_INSIGHTS, 1)]
)
def test_gzip_members(tmp_path: Path, form: Form, count: int) -> None:
    write(tmp_path / "plain", 333, form=form)
    write(tmp_path / "packed", 333, form=form, compress=True)
    parts = list(members((tmp_path / "packed").read_bytes()))
    assert len(parts) == count
    assert b"".join(parts) == (tmp_path / "plain").read_bytes()


def test_subscription_records_follow_each_other_without_line_ends(tmp_path: Path) -> None:
    write(tmp_path / "events", 120, form=Form.SUBSCRIPTION)
    text = (tmp_path / "events").read_text()
    assert "\n" not in text
    records = list(read_documents(text))
    assert [record["messageType"] for record in records] == ["CONTROL_MESSAGE", *["DATA_MESSAGE"] * 3]
    assert [len(record["logEvents"]) for record in records] == [1, 50, 50, 20]


def test_app_monitor_pages_and_their_events(tmp_path: Path) -> None:
    write(tmp_path / "events", 250, form=Form.MONITOR_DATA)
    pages = list(read_documents((tmp_path / "events").read_text()))
    assert [len(page["Events"]) for page in pages] == [100, 100, 50]
    assert ["NextToken" in page for page in pages] == [True, True, False]
    event = json.loads(pages[0]["Events"][0])
    assert event["sessionId"] == event["user_details"]["sessionId"]
    assert event["userId"] == event["user_details"]["userId"]
    assert event["log_stream"]["seconds"] == event["event_timestamp"] // 1000
    assert event["metadata_keys"] == list(event["metadata"])
    assert f"pageId={event['metadata']['pageId']}" in event["metadata_values"]


def test_put_bodies_carry_one_session_each(tmp_path: Path) -> None:
    write(tmp_path / "events", 3000, form=Form.PUT_EVENTS, rate=2.0)
    bodies = [json.loads(line) for line in (tmp_path / "events").read_bytes().splitlines()]
    assert max(len(body["RumEvents"]) for body in bodies) <= BURST
    assert 0.4 < sum("SessionMetadata" in body for body in bodies) / len(bodies) < 0.6
    assert {type(event["timestamp"]) for body in bodies for event in body["RumEvents"]} == {int, float}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("compress", [False, True])
def test_no_events_and_one_event(tmp_path: Path, form: Form, *, compress: bool) -> None:
    for count in (0, 1):
        write(tmp_path / "events", count, form=form, compress=compress)
        data = (tmp_path / "events").read_bytes()
        assert len(unwrap(form, (gzip.decompress(data) if compress else data).decode())) == count


def test_command(tmp_path: Path) -> None:
    arguments = [
        "--events",
        "30",
        "--seed",
        "9",
        "--form",
        "logs-export",
        "--gzip",
        "--custom",
        "0.5",
        "--shuffle-keys",
    ]
    assert main([*arguments, "-o", str(tmp_path / "given")]) == 0
    write(tmp_path / "wanted", 30, form=Form.LOGS_EXPORT, compress=True, seed=9, custom=0.5, shuffle_keys=True)
    assert (tmp_path / "given").read_bytes() == (tmp_path / "wanted").read_bytes()
