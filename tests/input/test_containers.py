"""The containers that events come in: whichever it is, the same events give the same series."""

from __future__ import annotations

import gzip
import io
import itertools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from rumpattern.input import canonical
from rumpattern.input.documents import cut_lines, detect, read_documents
from rumpattern.input.formats import LINE_FORMS, Form
from rumpattern.synth import events as synth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from subprocess import CompletedProcess

Event = dict[str, Any]
FORMS = synth.FORMS
COUNT = 400
PAGE_VIEW = {"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}
VIEW = b'{"event_type":"view","event_timestamp":60000,"application_name":"a"}'


@pytest.fixture(scope="module")
def definitions(definitions: list[rp.MetricDefinition]) -> list[rp.MetricDefinition]:
    """Give the definitions of the fixtures but for one that needs account_id, which one form alone has."""
    return [definition for definition in definitions if definition.name != "ErrorsByAccount"]


@pytest.fixture(scope="module")
def views() -> list[rp.MetricDefinition]:
    return rp.load_definitions([PAGE_VIEW])


def write_form(path: Path, form: Form, *, compress: bool = False, count: int = COUNT) -> Path:
    synth.write(path, count, form=form, compress=compress, seed=21, rate=2, custom=0.2)
    return path


@pytest.fixture(scope="module")
def plain(definitions: list[rp.MetricDefinition], tmp_path_factory: pytest.TempPathFactory) -> rp.ReplayResult:
    path = write_form(tmp_path_factory.mktemp("plain") / "plain.ndjson", Form.NDJSON)
    return rp.replay(definitions, path, application_name=synth.MONITOR_NAME)


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_series(
    definitions: list[rp.MetricDefinition], plain: rp.ReplayResult, tmp_path: Path, form: Form, *, compress: bool
) -> None:
    path = write_form(tmp_path / "events", form, compress=compress)
    result = rp.replay(definitions, path, application_name=synth.MONITOR_NAME)
    (file,) = result.accounting.files
    assert (file.form, file.evaluated, file.rejected) == (form, COUNT, 0)
    assert file.blank == (1 if form == "subscription" else 0)
    assert result.series == plain.series
    assert result.accounting.definitions == plain.accounting.definitions


@pytest.mark.parametrize("form", FORMS)
def test_forms_name_the_application_if_they_can(
    definitions: list[rp.MetricDefinition], tmp_path: Path, form: Form
) -> None:
    result = rp.replay(definitions, write_form(tmp_path / "events", form))
    names = {dict(one.dimensions).get("application_name") for one in result.series}
    assert names == ({"shop"} if form in {"get-app-monitor-data", "put-rum-events"} else {None})


def test_key_order_and_white_space_do_not_matter(
    definitions: list[rp.MetricDefinition], plain: rp.ReplayResult, tmp_path: Path
) -> None:
    shuffled = synth.events(COUNT, seed=21, rate=2, custom=0.2, shuffle_keys=True)
    path = tmp_path / "events.json"
    path.write_text(json.dumps(list(shuffled), indent=3), encoding="utf-8")
    result = rp.replay(definitions, path, application_name="shop")
    assert result.accounting.files[0].form == "json"
    assert result.series == plain.series


# --- detection -------------------------------------------------------------------------------------------------------

EVENT = '{"event_type":"view"}'
HEADS = [
    ("ndjson", EVENT),
    ("ndjson", '\ufeff {"metadata":{"events":[1]},"event_type":"view"}'),
    ("ndjson", '{"user_details":{"Records":1}}'),
    ("ndjson", ""),
    ("ndjson", "no JSON"),
    ("logs-export", f"2026-01-05T00:00:00.000Z {EVENT}"),
    ("logs-export", f"2026-01-05T00:00:00Z\t{EVENT}"),
    ("json", f"[{EVENT}]"),
    ("json", '{\n  "metadata": {}'),
    ("filter-log-events", '{\n    "events": [\n'),
    ("filter-log-events", '{"searchedLogStreams": [], "events": []}'),
    ("filter-log-events", '{"nextForwardToken": "f/1", "events": []}'),
    ("filter-log-events", '[{"logStreamName": "a", "message": "{}"}]'),
    ("logs-insights", '{"results": [[{"field": "@message", "value": "{}"}]]}'),
    ("logs-insights", '[{"@timestamp": "2026-01-05", "@message": "{}"}]'),
    ("logs-insights", '[[{"field": "@message", "value": "{}"}]]'),
    ("subscription", '{"messageType":"DATA_MESSAGE","owner":"1","logEvents":[]}'),
    ("subscription", '{"owner":"1","logEvents":[]}'),
    ("get-app-monitor-data", '{"Events": ["{}"]}'),
    ("get-app-monitor-data", '{"NextToken": "e", "Events": ["{}"]}'),
    ("put-rum-events", '{"BatchId":"b","RumEvents":[]}'),
    ("put-rum-events", '{"AppMonitorDetails":{}}'),
    ("put-rum-events", '{"eventVersion":"1.09","requestParameters":{"rumEvents":[]}}'),
    ("cloudtrail", '{"Records": [{"eventVersion": "1.09"}]}'),
]


@pytest.mark.parametrize(("form", "head"), HEADS)
def test_the_first_bytes_tell_the_form(form: str, head: str) -> None:
    assert detect(head.encode()) == form


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("length", [300, 65_536])
def test_a_short_head_is_enough(tmp_path: Path, form: Form, length: int) -> None:
    assert detect(write_form(tmp_path / "events", form, count=40).read_bytes()[:length]) == form


def test_a_form_can_be_forced(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(VIEW + b"\n" + VIEW + b"\n")
    detected = rp.replay(views, path)
    forced = rp.replay(views, path, input_format=Form.JSON)
    assert [result.accounting.files[0].form for result in (detected, forced)] == ["ndjson", "json"]
    assert forced.series == detected.series
    assert forced.accounting.evaluated == 2


def test_a_wrong_form_rejects_and_does_not_fail(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(VIEW + b"\n" + VIEW + b"\n")
    for form in Form:
        accounting = rp.replay(views, path, input_format=form).accounting
        right = form in {Form.NDJSON, Form.JSON, Form.MONITOR_DATA}
        assert (accounting.evaluated, accounting.rejected > 0) == ((2, False) if right else (0, True)), form


# --- where bytes come from -------------------------------------------------------------------------------------------


def fake_stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", [Form.NDJSON, Form.LOGS_EXPORT, Form.SUBSCRIPTION, Form.PUT_EVENTS])
def test_standard_input_is_read_as_a_file_is(  # noqa: PLR0913 - three fixtures and two parameters
    definitions: list[rp.MetricDefinition],
    plain: rp.ReplayResult,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: Form,
    *,
    compress: bool,
) -> None:
    fake_stdin(monkeypatch, write_form(tmp_path / "events", form, compress=compress).read_bytes())
    result = rp.replay(definitions, "-", application_name="shop")
    (file,) = result.accounting.files
    assert (file.name, file.form, file.evaluated) == ("<stdin>", form, COUNT)
    assert result.series == plain.series


def test_the_command_reads_standard_input(run: Callable[..., CompletedProcess[bytes]]) -> None:
    done = run("match", '{"event_type": ["view"]}', "-", stdin=gzip.compress(VIEW + b"\r\n" + VIEW))
    assert (done.returncode, done.stdout, done.stderr) == (0, VIEW + b"\n" + VIEW + b"\n", b"")


def test_directories_are_searched_and_hidden_files_left_out(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    for name in ("b/c/two.ndjson", "one.ndjson", ".hidden.ndjson", ".git/three.ndjson"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(VIEW)
    result = rp.replay(views, [tmp_path, tmp_path / "one.ndjson", tmp_path / "b"])
    names = [str(Path(file.name).relative_to(tmp_path)) for file in result.accounting.files]
    assert names == ["b/c/two.ndjson", "one.ndjson"]
    assert [one.count for one in result.series] == [2]


def gzip_members(data: bytes, *cuts: int) -> bytes:
    bounds = [0, *cuts, len(data)]
    return b"".join(gzip.compress(data[start:end]) for start, end in itertools.pairwise(bounds))


TWO_LINES = VIEW + b"\n" + VIEW + b"\n"
GZIPPED = {
    "one member": gzip.compress(TWO_LINES),
    "cut between lines": gzip_members(TWO_LINES, len(VIEW) + 1),
    "cut inside lines": gzip_members(TWO_LINES, 5, 40, len(VIEW) + 9),
    "a member a byte": gzip_members(TWO_LINES, *range(1, len(TWO_LINES))),
    "an empty member first": gzip.compress(b"") + gzip.compress(TWO_LINES),
    "an empty member between": gzip.compress(VIEW) + gzip.compress(b"") + gzip.compress(b"\n" + VIEW),
    "zero bytes at the end": gzip.compress(TWO_LINES) + bytes(512),
    "zero bytes between": gzip.compress(VIEW + b"\n") + bytes(100) + gzip.compress(VIEW),
}


@pytest.mark.parametrize("data", GZIPPED.values(), ids=GZIPPED.keys())
@pytest.mark.parametrize("read", [2, 10, 1 << 20])
def test_gzip_members_are_one_text(
    views: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, read: int
) -> None:
    monkeypatch.setattr("rumpattern.input.streams._READ", read)
    path = tmp_path / "events.gz"
    path.write_bytes(data)
    result = rp.replay(views, path, input_format=Form.NDJSON)
    assert (result.accounting.lines, result.accounting.evaluated, result.first_rejects) == (2, 2, [])
    assert [one.count for one in result.series] == [2]


# --- PutRumEvents ----------------------------------------------------------------------------------------------------


def put_events(body: Event) -> list[Event]:
    return [json.loads(text) for text in canonical.put_events(json.dumps(body).encode())]


def put_body(event: Event, **body: Any) -> Event:
    return {"RumEvents": [{"id": "e", "type": "view", "timestamp": 1, **event}], **body}


def test_a_request_becomes_canonical_events() -> None:
    body = {
        "Id": "monitor",
        "BatchId": "batch",
        "AppMonitorDetails": {"id": "other", "name": "shop", "version": "2.0"},
        "UserDetails": {"sessionId": "s", "userId": "u"},
        "RumEvents": [
            {
                "id": "e1",
                "timestamp": 1712982698,
                "type": "view",
                "details": '{"version": "1.1.0", "value": 1.50}',
                "metadata": '{"pageId": "/"}',
            },
            {"id": "e2", "timestamp": 1712982698.5, "type": "close", "details": "{}", "metadata": "{}"},
        ],
    }
    common = {
        "application_id": "monitor",
        "application_version": "2.0",
        "application_name": "shop",
        "batch_id": "batch",
        "user_details": {"sessionId": "s", "userId": "u"},
    }
    assert put_events(body) == [
        {
            "event_timestamp": 1712982698000,
            "event_type": "view",
            "event_id": "e1",
            "event_version": "1.1.0",
            "metadata": {"pageId": "/"},
            "event_details": {"version": "1.1.0", "value": 1.5},
            **common,
        },
        {
            "event_timestamp": 1712982698500,
            "event_type": "close",
            "event_id": "e2",
            "metadata": {},
            "event_details": {},
            **common,
        },
    ]


def test_the_spelling_of_numbers_in_details_is_kept() -> None:
    body = put_body({"details": '{"value": 1.50, "big": 12345678901234567890123, "again": 1, "again": 2}'})
    (text,) = canonical.put_events(json.dumps(body).encode())
    assert b'{"value": 1.50, "big": 12345678901234567890123, "again": 1, "again": 2}' in text


MERGES = [
    ('{"a": 1, "b": 2}', '{"b": 3, "c": 4}', {"a": 1, "b": 3, "c": 4}),
    ('{"a": 1}', "{}", {"a": 1}),
    ('{"a": 1}', " { } ", {"a": 1}),
    ("{}", '{"a": 1}', {"a": 1}),
    ('{"a": 1}', '{"a": null}', {"a": None}),
    ('{"a": {"x": 1}}', '{"a": {"y": 2}}', {"a": {"y": 2}}),
    ('{"a": 1}', ' \n{"b": [2]}', {"a": 1, "b": [2]}),
    ('{"a": 1}', None, {"a": 1}),
    (None, '{"b": 2}', {"b": 2}),
    ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
]


@pytest.mark.parametrize(("session", "own", "merged"), MERGES)
def test_the_metadata_of_the_event_wins_over_those_of_the_session(session: Any, own: Any, merged: Event) -> None:
    (event,) = put_events(put_body({"metadata": own}, SessionMetadata=session))
    assert event["metadata"] == merged


TIMES = [
    (1712982698, 1712982698000),
    (1712982698.123, 1712982698123),
    (1712982698.0005, 1712982698000.5),
    (0.1, 100),
    (0, 0),
    ("May 16, 2024, 8:32:20 PM", 1715891540000),
    ("May 16, 2024, 8:32:20\u202fPM", 1715891540000),
    ("Jan 1, 1970, 12:00:01 AM", 1000),
    ("Dec 31, 2024, 12:00:00 PM", 1735646400000),
    ("a while ago", "a while ago"),
    (True, True),
]


@pytest.mark.parametrize(("given", "milliseconds"), TIMES)
def test_times_become_milliseconds(given: Any, milliseconds: Any) -> None:
    (event,) = put_events(put_body({"timestamp": given}))
    assert event["event_timestamp"] == milliseconds
    assert type(event["event_timestamp"]) is type(milliseconds)


def test_an_event_without_time_has_none() -> None:
    (event,) = put_events({"RumEvents": [{"type": "view"}]})
    assert event == {"event_type": "view", "metadata": {}, "event_details": {}}


def test_cloudtrail_spells_the_members_of_a_request_with_lower_case() -> None:
    body = put_body({"metadata": '{"b": 3}'}, SessionMetadata='{"a": 1, "b": 2}', UserDetails={"userId": "u"})
    lower = {key[0].lower() + key[1:]: value for key, value in body.items()}
    assert put_events({"eventVersion": "1.09", "requestParameters": lower}) == put_events(body)


LONE_SURROGATES = {
    "in a member of the request": put_body({}, BatchId="\ud83d"),
    "in the id of a user": put_body({}, UserDetails={"userId": "\ud83d"}),
    "in the metadata of a session": put_body({}, SessionMetadata='{"title": "\\ud83d"}'),
    "in the metadata of an event": put_body({"metadata": '{"title": "\\ud83d"}'}, SessionMetadata='{"a": 1}'),
    "in an id of an event": put_body({"id": "\ud83d"}),
    "with a repeated key": put_body({}, SessionMetadata='{"a": {"b": 1, "b": 2}, "title": "\\ud83d"}'),
}


@pytest.mark.parametrize("body", LONE_SURROGATES.values(), ids=LONE_SURROGATES.keys())
def test_half_of_an_emoji_in_a_request_does_no_harm(
    views: list[rp.MetricDefinition], tmp_path: Path, body: Event
) -> None:
    path = tmp_path / "put.ndjson"
    path.write_text(f"{json.dumps(body)}\n{json.dumps(put_body({}))}\n", encoding="utf-8")
    accounting = rp.replay(views, path).accounting
    assert (accounting.lines, accounting.definitions[0].matched + accounting.rejected) == (2, 2)


# --- bytes cut anywhere ----------------------------------------------------------------------------------------------

CHUNKS = (1, 7, 4096)
DOCUMENTS = sorted(set(Form) - LINE_FORMS - {Form.JSON, Form.CLOUDTRAIL, Form.REJECTS})


def chunked(data: bytes, size: int) -> Iterator[bytes]:
    return (data[start : start + size] for start in range(0, len(data), size))


def document(tmp_path: Path, form: Form) -> bytes:
    """Return 30 events in the given form."""
    return write_form(tmp_path / "events", form, count=30).read_bytes()


def taken_apart(data: bytes, form: Form, size: int) -> tuple[list[bytes], list[tuple[int, int]], list[tuple[Any, ...]]]:
    texts, places, rejects = [], [], []
    for records in read_documents(chunked(data, size), form):
        texts += records.texts
        places += records.positions
        rejects += [(reject.line, reject.offset, reject.code, reject.reason) for reject in records.rejects]
    return texts, places, rejects


@pytest.mark.parametrize("form", DOCUMENTS)
def test_documents_are_taken_apart_wherever_chunks_end(tmp_path: Path, form: Form) -> None:
    data = document(tmp_path, form)
    texts, places, rejects = taken_apart(data, form, len(data))
    assert [json.loads(text)["event_id"] for text in texts] == [
        event["event_id"] for event in synth.events(30, seed=21, rate=2, custom=0.2)
    ]
    assert rejects == []
    assert all(line == 1 + data.count(b"\n", 0, offset) for line, offset in places)
    for size in CHUNKS:
        assert taken_apart(data, form, size) == (texts, places, rejects)


@pytest.mark.parametrize("form", DOCUMENTS)
def test_broken_documents_break_wherever_chunks_end(tmp_path: Path, form: Form) -> None:
    data = document(tmp_path, form)
    for cut in range(20, len(data), len(data) // 7):
        expected = taken_apart(data[:cut], form, cut)
        assert len(expected[2]) == 1
        for size in CHUNKS[1:]:
            assert taken_apart(data[:cut], form, size) == expected


@pytest.mark.parametrize("size", CHUNKS)
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("data", [b"", b"\n", b"one", b"one\n\ntwo\r\n" * 40, b"x" * 200 + b"\ny\nz"])
def test_lines_are_cut_at_their_ends_only(monkeypatch: pytest.MonkeyPatch, size: int, block: int, data: bytes) -> None:
    monkeypatch.setattr("rumpattern.input.documents.BLOCK", block)
    blocks = list(cut_lines(chunked(data, size)))
    assert b"".join(blocks) == data
    assert all(blocks)
    assert [text for text in blocks[:-1] if not text.endswith(b"\n")] == []


def test_the_probe_file_of_an_export_task_is_no_input(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    (tmp_path / "aws-logs-write-test").write_text("Permission Check Successful", encoding="utf-8")
    (tmp_path / "part.ndjson").write_bytes(VIEW)
    assert [file.lines for file in rp.replay(views, tmp_path).accounting.files] == [1]


def test_records_of_other_calls_in_a_trail_carry_no_events(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    path = tmp_path / "trail.json"
    path.write_text('{"Records": [{"eventName": "PutObject", "requestParameters": {"bucket": "b"}}]}', encoding="utf-8")
    accounting = rp.replay(views, [path, write_view(tmp_path)]).accounting
    assert [(file.form, file.lines, file.blank) for file in accounting.files if file.name == str(path)] == [
        ("cloudtrail", 1, 1)
    ]


def write_view(directory: Path) -> Path:
    path = directory / "view.ndjson"
    path.write_bytes(VIEW)
    return path


def test_the_form_is_detected_beyond_a_tiny_first_gzip_member(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    document = json.dumps({"events": [{"message": VIEW.decode()}]}).encode()
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(document[:1]) + gzip.compress(document[1:]))
    (file,) = rp.replay(views, path).accounting.files
    assert (file.form, file.evaluated) == ("filter-log-events", 1)


@pytest.mark.parametrize(
    ("head", "form"),
    [
        (b'{"id":"1","events":[1],"event_type":"x"}', Form.NDJSON),
        (b'[{"message":"{}","timestamp":0}]', Form.FILTER_LOG_EVENTS),
        (b'[{"AppMonitorDetails":{},"RumEvents":[]}]', Form.PUT_EVENTS),
        (b'[{"@timestamp":"0","@message":"{}"}]', Form.LOGS_INSIGHTS),
        (b'[{"event_type":"x"}]', Form.JSON),
        (b'{\n  "event_type": "x"\n}', Form.JSON),
        (b"2026-01-05T00:00:00Z {}", Form.LOGS_EXPORT),
        (b"nothing known", Form.NDJSON),
        (b"", Form.NDJSON),
    ],
)
def test_what_tells_the_form(head: bytes, form: Form) -> None:
    assert detect(head) is form


def test_a_batch_of_records_is_bounded_by_its_bytes() -> None:
    large = json.dumps({"message": json.dumps({"a": "x" * (1 << 20)})})
    for record in (large, large[:-1] + "!}"):
        document = f'{{"events":[{",".join([record] * 20)}]}}'.encode()
        assert [
            len(events.texts) + len(events.rejects) for events in read_documents([document], Form.FILTER_LOG_EVENTS)
        ] == [8, 8, 4]


def test_a_request_whose_events_take_too_much_memory_is_one_reject(tmp_path: Path) -> None:
    event = {"id": "1", "timestamp": 1, "type": "view", "details": "{}", "metadata": '{"a":1}'}
    body = {
        "AppMonitorDetails": {},
        "UserDetails": {},
        "SessionMetadata": json.dumps({"b": "x" * 200_000}),
        "RumEvents": [event] * 400,
    }
    path = tmp_path / "request.json"
    path.write_text("\n".join(map(json.dumps, [body, {**body, "RumEvents": [event] * 10}])), encoding="utf-8")
    result = rp.replay(rp.load_definitions([PAGE_VIEW]), path)
    assert (result.accounting.lines, result.accounting.evaluated) == (11, 10)
    ((_, reject),) = result.first_rejects
    assert (reject.line, reject.code, reject.is_cut) == (1, "RP019", False)
    assert reject.reason == "the events of the record have more than 67,108,864 bytes"
