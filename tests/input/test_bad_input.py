"""Input that is broken, cut off, or no RUM event: nothing is lost silently, nothing raises but what is documented."""

from __future__ import annotations

import gzip
import json
import os
import zlib
from random import Random
from typing import TYPE_CHECKING

import pytest

import rumpattern as rp
from rumpattern.input import streams
from rumpattern.input.formats import Form
from tests.support.paths import FIXTURES
from tests.support.replays import EXTENDED, reject_rows, replay_checked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    from rumpattern.input.rejects import Reject

    Run = Callable[..., CompletedProcess[bytes]]

CUTS = int(os.environ.get("RUMPATTERN_CUTS", "211"))
VIEW = '{"event_type":"view","event_timestamp":0}'


def replay(
    definitions: list[rp.MetricDefinition], path: Path, data: bytes | None = None, form: Form | None = None
) -> tuple[rp.ReplayResult, list[Reject]]:
    """Replay a file, written first if data are given, and check that its lines add up."""
    if data is not None:
        path.write_bytes(data)
    return replay_checked(definitions, path, input_format=form)


# --- input that cannot be read at all --------------------------------------------------------------------------------


def test_what_cannot_be_read_is_told_at_once(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".hidden").write_text(VIEW, encoding="utf-8")
    done = run("replay", "-d", EXTENDED, tmp_path / "none.json", tmp_path / "empty", "fixtures/events")
    assert done.returncode == 2
    assert done.stdout == b""
    assert done.stderr.decode().splitlines() == [
        f"error: {tmp_path}/none.json: No such file or directory [RP001]  hint: check the name",
        f"error: {tmp_path}/empty: no files in the directory [RP002]  hint: name exported events",
    ]


def test_files_without_any_line_are_an_error(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.ndjson").write_bytes(b"")
    (tmp_path / "b.json").write_text('{"events": []}', encoding="utf-8")
    done = run("replay", "-d", EXTENDED, tmp_path / "b.json", tmp_path / "a.ndjson")
    assert done.returncode == 2
    assert done.stderr.decode() == (
        f"error: there are no events in {tmp_path}/a.ndjson, {tmp_path}/b.json [RP002]"
        "  hint: are these exports of RUM events?\n"
    )


def test_an_input_error_carries_its_diagnostics(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    with pytest.raises(rp.InputError) as caught:
        rp.replay(views, [tmp_path / "one", tmp_path / "two"])
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["RP001", "RP001"]


# --- gzip that breaks off --------------------------------------------------------------------------------------------

LINES = "".join(
    json.dumps({"event_type": "view", "event_timestamp": number, "event_id": f"{number * 7919:x}"}) + "\n"
    for number in range(6)
).encode()
MEMBERS = [gzip.compress(LINES), gzip.compress(b"\n" + LINES)]
EXPORT = b"".join(b"2026-01-05T00:00:00.000Z %b\n" % line for line in LINES.splitlines())


def inflated(data: bytes) -> tuple[bytes, bool]:
    """Return what of gzip data can be read, and whether that ends with a member."""
    text = b""
    while data:
        member = zlib.decompressobj(31)
        text += member.decompress(data)
        if not member.eof:
            return text, False
        data = member.unused_data
    return text, True


@pytest.fixture(params=["isal", "zlib"])
def _inflater(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inflate by isal, if it is installed, and by zlib."""
    if request.param == "zlib":
        monkeypatch.setattr(streams, "load_isal", lambda: None)


@pytest.mark.slow
@pytest.mark.usefixtures("_inflater")
@pytest.mark.parametrize("members", [MEMBERS[:1], MEMBERS], ids=["one member", "two members"])
def test_gzip_cut_at_any_byte_keeps_all_complete_lines(
    views: list[rp.MetricDefinition], tmp_path: Path, members: list[bytes]
) -> None:
    whole = b"".join(members)
    for cut in range(2, len(whole) + 1):
        text, complete = inflated(whole[:cut])
        result, rejects = replay(views, tmp_path / "cut.gz", whole[:cut])
        lines = text[: text.rfind(b"\n") + 1].splitlines()
        accounting = result.accounting
        assert (accounting.evaluated, accounting.blank) == (len(list(filter(None, lines))), lines.count(b"")), cut
        rest = text[text.rfind(b"\n") + 1 :]
        reason = f"gzip data ends early, after byte {cut} of the file"
        expected = [] if complete else [(len(lines) + 1, len(text) - len(rest), "RP003", reason, rest)]
        assert [(r.line, r.offset, r.code, r.reason, r.text) for r in rejects] == expected, cut
        assert sum(one.count for one in result.series) == accounting.evaluated


@pytest.mark.slow
@pytest.mark.usefixtures("_inflater")
def test_64_kib_of_gzip_cut_at_any_byte_keep_all_complete_lines(
    views: list[rp.MetricDefinition], tmp_path: Path
) -> None:
    """Cut at every ``RUMPATTERN_CUTS``-th byte; 1 takes about ten minutes."""
    random = Random(64)  # noqa: S311 - reproducible, not secret
    events = [b'{"event_type":"view","event_timestamp":0,"id":"%x"}\n' % random.getrandbits(640) for _ in range(690)]
    whole = gzip.compress(b"".join(events))
    assert 65_536 <= len(whole) < 66_560
    whole = whole[:65_536]
    inflater, lines, fed = zlib.decompressobj(31), 0, 0
    for cut in range(2, len(whole) + 1, CUTS):
        lines += inflater.decompress(whole[fed:cut]).count(b"\n")
        fed = cut
        result, (reject,) = replay(views, tmp_path / "cut.gz", whole[:cut])
        assert (result.accounting.evaluated, result.accounting.lines) == (lines, lines + 1), cut
        assert (reject.line, reject.code) == (lines + 1, "RP003"), cut


@pytest.mark.slow
@pytest.mark.usefixtures("_inflater")
def test_a_gzip_export_cut_at_any_byte_keeps_all_complete_lines(
    views: list[rp.MetricDefinition], tmp_path: Path
) -> None:
    whole = gzip.compress(EXPORT)
    for cut in range(2, len(whole)):
        text, _ = inflated(whole[:cut])
        result, rejects = replay(views, tmp_path / "cut.gz", whole[:cut], Form.LOGS_EXPORT)
        assert result.accounting.evaluated == text.count(b"\n"), cut
        assert [reject.code for reject in rejects] == ["RP003"], cut


def test_a_file_of_one_byte_is_one_reject(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    _, rejects = replay(views, tmp_path / "one.gz", b"\x1f")
    assert [(reject.line, reject.code, reject.text) for reject in rejects] == [(1, "RP010", b"\x1f")]


DOCUMENTS = {
    "filter-log-events": json.dumps({"events": [{"message": VIEW}] * 3, "searchedLogStreams": []}, indent=1),
    "logs-insights": json.dumps({"results": [[{"field": "@message", "value": VIEW}]] * 3, "status": "Complete"}),
    "subscription": json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"message": VIEW}]}) * 3,
    "get-app-monitor-data": json.dumps({"Events": [VIEW] * 3, "NextToken": "a"}, indent=4) + '{"Events": []}',
    "put-rum-events": json.dumps({"RumEvents": [{"type": "view", "timestamp": 0}]}) * 3,
    "cloudtrail": json.dumps(
        {"Records": [{"requestParameters": {"rumEvents": [{"type": "view", "timestamp": 0}]}}] * 3}
    ),
    "json": f"[{VIEW}, {VIEW},\n {VIEW}]",
}


@pytest.mark.slow
@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_document_cut_at_any_byte_keeps_complete_events(
    views: list[rp.MetricDefinition], tmp_path: Path, form: str
) -> None:
    whole = DOCUMENTS[form].encode()
    complete, most = 0, 0
    for cut in range(1, len(whole) + 1):
        result, rejects = replay(views, tmp_path / "cut.json", whole[:cut], Form(form))
        assert len(rejects) <= 1, cut
        assert {reject.code for reject in rejects} <= {"RP020"}, cut
        complete += not rejects
        assert result.accounting.evaluated >= most, cut
        most = max(most, result.accounting.evaluated)
    assert most == 3
    assert complete == {"subscription": 3, "put-rum-events": 3, "get-app-monitor-data": 2}.get(form, 1)


@pytest.mark.slow
@pytest.mark.usefixtures("_inflater")
@pytest.mark.parametrize("form", DOCUMENTS)
def test_a_gzipped_document_cut_at_any_byte_is_one_reject(
    views: list[rp.MetricDefinition], tmp_path: Path, form: str
) -> None:
    whole = gzip.compress(DOCUMENTS[form].encode())
    for cut in range(2, len(whole)):
        _, rejects = replay(views, tmp_path / "cut.json.gz", whole[:cut], Form(form))
        assert [reject.code for reject in rejects] == ["RP003"], cut


GARBAGE = [b"trailing garbage", b"\x1f\x8b", b"\x00\x00x", b"\x1f\x8b\x08\x00garbage that is no deflate stream"]


@pytest.mark.usefixtures("_inflater")
@pytest.mark.parametrize("garbage", GARBAGE)
def test_what_follows_gzip_data_is_one_reject(views: list[rp.MetricDefinition], tmp_path: Path, garbage: bytes) -> None:
    result, rejects = replay(views, tmp_path / "a.gz", MEMBERS[0] + garbage)
    assert result.accounting.evaluated == 6
    assert [(reject.line, reject.offset, reject.code) for reject in rejects] == [(7, len(LINES), "RP003")]


@pytest.mark.slow
@pytest.mark.usefixtures("_inflater")
def test_damaged_gzip_data_never_raise(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    whole = MEMBERS[0]
    for place in range(2, len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 0x55
        result, rejects = replay(views, tmp_path / "a.gz", bytes(damaged), Form.NDJSON)
        assert result.accounting.evaluated == 6 or rejects, place


# --- lines that are no events ----------------------------------------------------------------------------------------


def test_bad_lines_are_rejected_with_place_and_reason(views: list[rp.MetricDefinition]) -> None:
    path = FIXTURES / "bad" / "mixed.ndjson"
    result, rejects = replay(views, path)
    lines = path.read_bytes().split(b"\n")
    assert reject_rows(rejects) == [
        (3, 255, "RP010", 'expected a value, found "not" (character 1)'),
        (4, 287, "RP011", "an event is a JSON object"),
        (5, 302, "RP012", "the event has no event_type string"),
        (6, 510, "RP013", "an OpenTelemetry record (mobile RUM), not a RUM web event"),
        (7, 699, "RP014", "byte 0xff at offset 95 is not UTF-8 (invalid start byte)"),
    ]
    assert [reject.text for reject in rejects] == lines[2:7]
    (file,) = result.accounting.files
    assert (file.lines, file.evaluated, file.blank) == (9, 3, 1)


def test_a_truncated_fixture_keeps_its_lines(views: list[rp.MetricDefinition]) -> None:
    result, rejects = replay(views, FIXTURES / "bad" / "truncated.ndjson.gz")
    assert result.accounting.evaluated == 38
    assert [(r.line, r.code, r.reason) for r in rejects] == [
        (39, "RP003", "gzip data ends early, after byte 7000 of the file")
    ]


def test_a_broken_document_keeps_its_events(views: list[rp.MetricDefinition]) -> None:
    path = FIXTURES / "bad" / "broken-document.json"
    result, rejects = replay(views, path)
    assert result.accounting.evaluated == 2
    (reject,) = rejects
    assert (reject.code, reject.reason) == ("RP020", "a string has no closing quote")
    data = path.read_bytes()
    assert data[reject.offset :] == reject.text
    assert reject.line == 1 + data[: reject.offset].count(b"\n")


def test_rejects_name_their_line_in_every_block(
    views: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rumpattern.input.sources.BLOCK", 100)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", 100)
    _, rejects = replay(views, tmp_path / "a.ndjson", (f"{VIEW}\n" * 9 + "bad\n").encode() * 3)
    line = len(VIEW) + 1
    assert [(reject.line, reject.offset) for reject in rejects] == [
        (10 * n, 9 * n * line + 4 * (n - 1)) for n in (1, 2, 3)
    ]


BAD_MESSAGES = {
    "not JSON": ("oops", "RP010"),
    "not an object": ("[1]", "RP011"),
    "without a type": ('{"event_timestamp":0}', "RP012"),
    "OpenTelemetry": ('{"resource":{"attributes":{"a":1}}}', "RP013"),
}
AROUND: dict[str, Callable[[str], object]] = {
    "filter-log-events": lambda text: {"events": [{"message": VIEW}, {"message": text}, {"message": VIEW}]},
    "logs-insights": lambda text: {
        "results": [[{"field": "@message", "value": message}] for message in (VIEW, text, VIEW)]
    },
    "subscription": lambda text: {
        "messageType": "DATA_MESSAGE",
        "logEvents": [{"message": message} for message in (VIEW, text, VIEW)],
    },
    "get-app-monitor-data": lambda text: {"Events": [VIEW, text, VIEW]},
}


@pytest.mark.parametrize("bad", BAD_MESSAGES)
@pytest.mark.parametrize("form", AROUND)
def test_a_bad_message_in_a_document_is_one_reject(
    views: list[rp.MetricDefinition], tmp_path: Path, form: str, bad: str
) -> None:
    text, code = BAD_MESSAGES[bad]
    result, rejects = replay(views, tmp_path / "a.json", json.dumps(AROUND[form](text)).encode())
    (file,) = result.accounting.files
    assert (file.form, file.lines, file.evaluated) == (form, 3, 2)
    assert [(reject.code, reject.text) for reject in rejects] == [(code, text.encode())]


RECORDS = [
    ('{"events": [{"message": 5}]}', "the event is neither a JSON string nor an object"),
    ('{"events": [{"timestamp": 5}]}', 'the record has no "message"'),
    ('{"events": 5}', 'the record has no "message"'),
    ('{"results": [[{"field": "@ptr", "value": "a"}]]}', 'the result has no "@message" field: query "fields @message"'),
    ('{"messageType": "DATA_MESSAGE"}', 'the record has no "logEvents"'),
    ('{"logEvents": {}}', '"logEvents" is not an array'),
    ('{"RumEvents": [5]}', "a PutRumEvents body is a JSON object"),
    ('{"RumEvents": [{"type": "x", "details": "[]"}]}', "details is not a JSON object"),
    (
        '{"RumEvents": [{"type": "x", "metadata": "{}"}], "SessionMetadata": "5"}',
        "SessionMetadata is not a JSON object",
    ),
    (
        '{"RumEvents": [{"type": "x", "details": "{"}]}',
        "details is not JSON: expected a member name in double quotes, found the end of the text",
    ),
    ('{"Records": [{"requestParameters": null}]}', "a PutRumEvents body is a JSON object"),
]


@pytest.mark.parametrize(("text", "reason"), RECORDS)
def test_a_record_without_its_members_is_one_reject(
    views: list[rp.MetricDefinition], tmp_path: Path, text: str, reason: str
) -> None:
    result, rejects = replay(views, tmp_path / "a.json", text.encode())
    assert [(reject.code, reject.reason) for reject in rejects] == [("RP018", reason)]
    assert result.accounting.evaluated == 0


def test_a_request_without_an_event_type_is_one_reject(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    _, rejects = replay(views, tmp_path / "a.json", b'{"RumEvents": [{"timestamp": 1}]}')
    assert [reject.code for reject in rejects] == ["RP012"]


def test_lines_of_an_export_without_time_are_rejected(views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    time = "2026-01-05T00:00:00.000Z"
    _, rejects = replay(views, tmp_path / "a.txt", f"{time} {VIEW}\n{VIEW}\r\n\r\n{time} bad\n{time}\n".encode())
    no_time = "the line is not a time such as 2026-01-05T00:00:00.000Z and JSON"
    assert reject_rows(rejects) == [
        (2, 67, "RP017", no_time),
        (4, 112, "RP010", 'expected a value, found "bad" (character 1)'),
        (5, 141, "RP017", no_time),
    ]


LINES_WITH_CODES = [
    (b'{"event_type":"view","a":' + b"[" * 1100 + b"]" * 1100 + b"}", "RP015"),
    (b'{"event_type":"view","a":' + b"1" * 1001 + b"}", "RP016"),
    (b'{"event_type":"view",}', "RP010"),
    (b'{"event_type":"view"} {}', "RP010"),
    (b'{"event_type":"view","a":NaN}', "RP010"),
    (b"'single'", "RP010"),
    (b"\x00", "RP010"),
    (b"5", "RP011"),
    (b"null", "RP011"),
    (b'"text"', "RP011"),
    (b'{"event_type":null}', "RP012"),
    (b'{"event_type":{"a":"view"}}', "RP012"),
    (b"{}", "RP012"),
    (b'{"attributes":{"session.id":"s"}}', "RP013"),
    (b'{"event_type":"\xed\xa0\x80"}', "RP014"),
]


@pytest.mark.parametrize(("line", "code"), LINES_WITH_CODES)
def test_a_bad_line_between_good_ones_is_one_reject(
    views: list[rp.MetricDefinition], tmp_path: Path, line: bytes, code: str
) -> None:
    good = VIEW.encode()
    result, rejects = replay(views, tmp_path / "a.ndjson", b"\n".join((good, line, good)))
    assert [(reject.line, reject.offset, reject.code, reject.text) for reject in rejects] == [
        (2, len(good) + 1, code, line)
    ]
    assert [one.count for one in result.series] == [2]


# --- definitions and patterns that are wrong -------------------------------------------------------------------------

BROKEN = """\
error: fixtures/definitions/broken.json:7:77 MetricDefinitions[0].EventPattern → $: the pattern is not valid JSON: \
expected a member name in double quotes, found "}" (trailing comma) [RP100]
error: fixtures/definitions/broken.json:11:7 MetricDefinitions[1].UnitLable: unknown member "UnitLable" [RP303]  \
hint: did you mean "UnitLabel"?
error: fixtures/definitions/broken.json:12:142 MetricDefinitions[1].EventPattern → \
$.event_details.duration[0].numeric[0]: unknown numeric operator "=>" [RP111]  hint: did you mean ">="?
error: fixtures/definitions/broken.json:17:24 MetricDefinitions[2].DimensionKeys: DimensionKeys must be a JSON object, \
not an array [RP305]  hint: write {"metadata.browserName": "BrowserName"}: field path to dimension name
"""


@pytest.mark.parametrize("command", [["explain"], ["replay", "fixtures/events"]])
def test_broken_definitions_are_told_all_at_once(run: Run, command: list[str]) -> None:
    done = run(*command, "-d", "fixtures/definitions/broken.json")
    assert (done.returncode, done.stdout.decode(), done.stderr.decode()) == (1, "", BROKEN)


def test_places_are_those_of_the_slips() -> None:
    lines = (FIXTURES / "definitions" / "broken.json").read_text(encoding="utf-8").splitlines()
    assert lines[6][76:] == '}"'
    assert lines[10][6:17] == '"UnitLable"'
    assert lines[11][141:147] == '\\"=>\\"'
    assert lines[16][23] == "["


DEFINITIONS = [
    ("{", "1:2 $: not valid JSON: expected a member name in double quotes, found the end of the text [RP004]"),
    ("", "1:1 $: not valid JSON: expected a value, found the end of the text [RP004]"),
    ("5", "1:1 $: definitions must be a JSON object or array, not the number 5 [RP300]"),
    ("[]", "1:1 $: the document has no metric definitions [RP300]"),
    ('{"Namespace": "S"}', "1:1 $: a metric definition needs a Name [RP301]"),
    ('{"Name": ""}', "1:10 Name: Name has 0 characters; it must have 1 to 255 [RP304]"),
]


@pytest.mark.parametrize(("text", "message"), DEFINITIONS)
def test_definitions_that_cannot_be_read(run: Run, tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "definitions.json"
    path.write_text(text, encoding="utf-8")
    done = run("explain", "-d", path)
    assert (done.returncode, done.stdout, done.stderr.decode()) == (1, b"", f"error: {path}:{message}\n")


def test_definitions_that_are_not_there(run: Run) -> None:
    done = run("explain", "-d", "none.json")
    text = "error: none.json: No such file or directory [RP001]  hint: name a JSON or YAML file of definitions\n"
    assert (done.returncode, done.stdout, done.stderr.decode()) == (2, b"", text)


PATTERNS = [
    (
        '{"a": "b"}',
        '<text>:1:7 $.a: a field\'s value must be an array or an object, not the string "b" [RP104]',
        "  hint: put the value in an array: [...]",
        1,
    ),
    ('["a"]', "<text>:1:1 $: a pattern must be a JSON object, not an array [RP101]", "", 1),
    (
        "none.json",
        "none.json: No such file or directory [RP001]",
        "  hint: a pattern is JSON text that starts with {, or a file that holds it",
        2,
    ),
]


@pytest.mark.parametrize(("pattern", "message", "hint", "code"), PATTERNS)
def test_a_wrong_pattern(run: Run, pattern: str, message: str, hint: str, code: int) -> None:
    done = run("match", pattern, "fixtures/events/shop.ndjson")
    assert (done.returncode, done.stdout, done.stderr.decode()) == (code, b"", f"error: {message}{hint}\n")
