"""The command as people run it: what it prints and writes, and the code that it ends with."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import botocore.session
import pytest
from botocore.validate import ParamValidator

import rumpattern as rp
from rumpattern.aggregate.distribution import PERCENTS
from tests.support.paths import ROOT
from tests.support.replays import EXTENDED

if TYPE_CHECKING:
    from collections.abc import Callable

    Run = Callable[..., subprocess.CompletedProcess[bytes]]

CUSTOM = "fixtures/definitions/custom.json"
EVENTS = "fixtures/events"
NDJSON = "fixtures/events/shop.ndjson"
ERRORS = '{"event_type": ["com.amazon.rum.js_error_event"]}'


@pytest.fixture(scope="module")
def result() -> rp.ReplayResult:
    """Give what the commands below should find, from the library."""
    definitions = [*rp.load_definitions(ROOT / EXTENDED), *rp.load_definitions(ROOT / CUSTOM)]
    return rp.replay(definitions, ROOT / EVENTS)


def replay_to(run: Run, form: str, *more: str) -> bytes:
    done = run("replay", "-d", EXTENDED, "-d", CUSTOM, EVENTS, "--format", form, *more)
    assert done.returncode == 0
    return done.stdout


# --- output ----------------------------------------------------------------------------------------------------------


def test_the_table_shows_files_definitions_and_series(run: Run, result: rp.ReplayResult) -> None:
    text = replay_to(run, "table").decode()
    rows = [line.split() for line in text.splitlines()]
    for number, account in enumerate(result.accounting.definitions):
        counts = [f"{n:,}" for n in (account.matched, account.published, account.series)]
        assert [str(number), account.name, *counts] in [row[:5] for row in rows]
    for file in result.accounting.files:
        name = str(Path(file.name).relative_to(ROOT))
        counts = [str(n) for n in (file.lines, file.evaluated, file.rejected, file.blank, file.odd)]
        assert any(row[1:7] == [file.form, *counts] and name.startswith(row[0]) for row in rows)  # it may be folded
    assert ["total", "2,294", "2,293", "0", "1"] in [row[:5] for row in rows]
    assert "dimension_missing 52" in text
    assert "[RP311]" in text


def test_json_lines_are_the_series(run: Run, result: rp.ReplayResult) -> None:
    lines = [json.loads(line) for line in replay_to(run, "json").splitlines()]
    for line, one in zip(lines, result.series, strict=True):
        assert line.pop("percentiles") == {f"p{percent}": one.percentile(percent) for percent in PERCENTS}
        assert (line.pop("percentile_method"), line.pop("percentile_error")) == ("exact", [0, 0])
        known = {**one._asdict(), "dimensions": dict(one.dimensions), "start": f"{one.start:%Y-%m-%dT%H:%M:%SZ}"}
        assert line == {name: value for name, value in known.items() if name != "distribution"}


def test_csv_rows_are_the_series(run: Run, result: rp.ReplayResult) -> None:
    rows = list(csv.DictReader(replay_to(run, "csv").decode().splitlines()))
    names = {name for one in result.series for name, _ in one.dimensions}
    percents = {f"p{percent}" for percent in PERCENTS}
    method = {"percentile_method", "percentile_error_below", "percentile_error_above"}
    assert set(rows[0]) == {
        *("namespace", "name", "unit", "start", "period", "count", "sum", "min", "max"),
        *(f"dimension.{name}" for name in names),
        *percents,
        *method,
    }
    for row, one in zip(rows, result.series, strict=True):
        dimensions = {key.partition(".")[2]: value for key, value in row.items() if "." in key and value}
        assert (row["namespace"], row["name"], row["unit"]) == (one.namespace, one.name, one.unit)
        assert dimensions == dict(one.dimensions)
        assert datetime.fromisoformat(row["start"]) == one.start
        assert (int(row["period"]), int(row["count"])) == (one.period, one.count)
        assert [float(row[key]) for key in ("sum", "min", "max")] == [one.sum, one.min, one.max]


def test_put_metric_data_requests_are_what_the_api_takes(run: Run, result: rp.ReplayResult) -> None:
    requests = [json.loads(line) for line in replay_to(run, "put-metric-data").splitlines()]
    shape = botocore.session.get_session().get_service_model("cloudwatch").operation_model("PutMetricData").input_shape
    for request in requests:
        report = ParamValidator().validate(request, shape)
        assert not report.has_errors(), report.generate_report()
        assert len(request["MetricData"]) <= 1000
    put = [
        (
            request["Namespace"],
            datum["MetricName"],
            tuple((dimension["Name"], dimension["Value"]) for dimension in datum["Dimensions"]),
            datum["Unit"],
            datetime.fromisoformat(datum["Timestamp"]),
            tuple(datum["Values"]),
            tuple(datum["Counts"]),
        )
        for request in requests
        for datum in request["MetricData"]
    ]
    assert put == [
        (one.namespace, one.name, one.dimensions, one.unit, one.start, one.distribution.values, one.distribution.counts)
        for one in result.series
    ]
    assert [key for request in requests for datum in request["MetricData"] for key in datum if "Resol" in key] == []


def test_periods_under_a_minute_are_put_with_high_resolution(run: Run) -> None:
    done = run("replay", "-d", EXTENDED, NDJSON, "--format", "put-metric-data", "--period", "10")
    data = [datum for line in done.stdout.splitlines() for datum in json.loads(line)["MetricData"]]
    assert data
    assert {datum.get("StorageResolution") for datum in data} == {1}


def test_data_on_standard_output_leave_the_summary_to_standard_error(run: Run) -> None:
    done = run("replay", "-d", EXTENDED, NDJSON, "--format", "json")
    assert all(line.startswith(b"{") for line in done.stdout.splitlines())
    assert done.stderr.startswith(b"Input\n")
    assert b"NavigationSatisfiedTransaction" in done.stderr


@pytest.mark.parametrize("form", ["table", "json"])
def test_output_goes_to_a_file_in_one_step(run: Run, tmp_path: Path, form: str) -> None:
    words = "replay", "-d", EXTENDED, NDJSON, "--format", form
    whole = run(*words)
    path = tmp_path / "out"
    path.write_text("old", encoding="utf-8")
    done = run(*words, "--output", path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert path.read_bytes() == whole.stdout != b""
    assert list(tmp_path.iterdir()) == [path]


def test_an_output_that_cannot_be_written_is_an_error(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "none" / "out.json"
    done = run("replay", "-d", EXTENDED, NDJSON, "--format", "json", "-o", path)
    assert done.returncode == 2
    assert f"Error: Invalid value for --output: there is no directory {path.parent}".encode() in done.stderr
    assert b"Traceback" not in done.stderr


def test_a_failed_replay_leaves_the_output_alone(run: Run, tmp_path: Path) -> None:
    path, rejects = tmp_path / "out.json", tmp_path / "rejects.jsonl"
    path.write_text("old", encoding="utf-8")
    empty = tmp_path / "empty.ndjson"
    empty.write_bytes(b"")
    done = run("replay", "-d", EXTENDED, empty, "--format", "json", "-o", path, "--rejects", rejects)
    assert done.returncode == 2
    assert path.read_text(encoding="utf-8") == "old"
    assert sorted(tmp_path.iterdir()) == [empty, path]


# --- options of replay -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "seconds"), [("5m", 300), ("1h", 3600)])
def test_periods_have_units(run: Run, result: rp.ReplayResult, text: str, seconds: int) -> None:
    rows = [json.loads(line) for line in replay_to(run, "json", "--period", text).splitlines()]
    assert {row["period"] for row in rows} == {seconds}
    assert {int(datetime.fromisoformat(row["start"]).timestamp()) % seconds for row in rows} == {0}
    counts = Counter[str]()
    for row in rows:
        counts[row["name"]] += row["count"]
    assert counts == {account.name: account.published for account in result.accounting.definitions if account.published}


def test_rejects_are_kept_with_place_and_reason(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    done = run("replay", "-d", EXTENDED, "fixtures/bad/mixed.ndjson", "--rejects", path)
    assert done.returncode == 3
    assert done.stderr.decode() == "5 of 9 lines were rejected (55.556%), more than --max-reject-rate 0\n"
    data = (ROOT / "fixtures/bad/mixed.ndjson").read_bytes()
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert [(row["line"], row["code"]) for row in rows] == [
        (3, "RP010"),
        (4, "RP011"),
        (5, "RP012"),
        (6, "RP013"),
        (7, "RP014"),
    ]
    for row in rows:
        assert set(row) == {"file", "line", "offset", "form", "code", "reason", "text"}
        assert row["file"] == "fixtures/bad/mixed.ndjson"
        text = row["text"].encode("utf-8", "surrogateescape")
        assert data[row["offset"] :].startswith(text + b"\n")
    assert list(tmp_path.iterdir()) == [path]


def test_a_replay_without_rejects_leaves_an_empty_file_of_them(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "rejects.jsonl"
    assert run("replay", "-d", EXTENDED, NDJSON, "--rejects", path).returncode == 0
    assert path.read_bytes() == b""


@pytest.mark.parametrize(("rate", "code"), [("0.5", 3), ("0.56", 0), ("1", 0)])
def test_rejects_are_tolerated_up_to_a_rate(run: Run, rate: str, code: int) -> None:
    done = run("replay", "-d", EXTENDED, "fixtures/bad/mixed.ndjson", "--max-reject-rate", rate)
    assert done.returncode == code
    assert bool(done.stderr) == bool(code)


def test_the_summary_names_the_first_rejects(run: Run) -> None:
    lines = run("replay", "-d", EXTENDED, "fixtures/bad").stdout.decode().splitlines()
    assert 'fixtures/bad/mixed.ndjson:4: an event is a JSON object [RP011]  ["an","array"]' in lines
    assert "and 2 more rejects: --rejects FILE keeps all of them" in lines


def test_a_terminal_is_not_steered_by_what_events_say(run: Run) -> None:
    done = run("replay", "-d", EXTENDED, "-", stdin=b"\x1b[31mred\x1b[0m\n")
    assert done.returncode == 3
    assert b"\x1b" not in done.stdout + done.stderr
    assert b"\\x1b[31mred" in done.stdout


def test_an_application_can_be_named(run: Run) -> None:
    done = run("replay", "-d", EXTENDED, NDJSON, "--format", "json", "--application-name", "given")
    assert {json.loads(line)["dimensions"]["application_name"] for line in done.stdout.splitlines()} == {"given"}
    assert b"RP311" not in done.stderr


@pytest.mark.slow
def test_workers_do_not_change_what_is_written(run: Run) -> None:
    words = "replay", "-d", EXTENDED, "-d", CUSTOM, NDJSON, "--format", "json", "--workers"
    one, two = run(*words, "1"), run(*words, "2")
    assert (one.returncode, one.stdout, one.stderr) == (two.returncode, two.stdout, two.stderr)
    assert one.stdout


@pytest.mark.slow
def test_workers_read_every_operator(run: Run, tmp_path: Path) -> None:
    alternatives = [
        {"event_type": [{"wildcard": "*.js_error_event"}], "metadata": {"browserName": [{"anything-but": "Safari"}]}},
        {"event_type": [{"suffix": "signup"}, {"prefix": {"equals-ignore-case": "NEWSLETTER"}}]},
        {"event_type": ["com.amazon.rum.page_view_event"], "metadata": {"pageId": [{"exists": True}]}},
    ]
    definition = {"Name": "Some", "Namespace": "shop", "EventPattern": json.dumps({"$or": alternatives})}
    (tmp_path / "some.json").write_text(json.dumps(definition), encoding="utf-8")
    words = "replay", "-d", tmp_path / "some.json", EVENTS, "--format", "json", "--workers"
    one, two = run(*words, "1"), run(*words, "2")
    assert (one.returncode, one.stdout) == (two.returncode, two.stdout)
    counted = run("match", definition["EventPattern"], EVENTS, "--count").stdout
    assert sum(json.loads(line)["count"] for line in one.stdout.splitlines()) == int(counted) > 100


def test_a_form_can_be_forced(run: Run) -> None:
    done = run("replay", "-d", EXTENDED, NDJSON, "--input-format", "json", "--format", "json")
    detected = run("replay", "-d", EXTENDED, NDJSON, "--format", "json")
    assert (done.returncode, done.stdout) == (0, detected.stdout)
    assert f"{NDJSON}  json" in done.stderr.decode()


# --- match and explain -----------------------------------------------------------------------------------------------


def test_match_prints_the_events_that_match(run: Run) -> None:
    done = run("match", ERRORS, NDJSON)
    lines = (ROOT / NDJSON).read_bytes().splitlines()
    assert done.stdout.splitlines() == [line for line in lines if b'"com.amazon.rum.js_error_event"' in line]
    assert len(done.stdout.splitlines()) > 1
    assert (done.returncode, done.stderr) == (0, b"")


def test_match_counts_and_reads_patterns_from_files(
    run: Run, tmp_path: Path, events_by_file: dict[str, list[dict[str, Any]]]
) -> None:
    path = tmp_path / "pattern.json"
    path.write_text(ERRORS, encoding="utf-8")
    events = [event for events in events_by_file.values() for event in events]
    count = sum(event["event_type"] == "com.amazon.rum.js_error_event" for event in events)
    done = run("match", path, EVENTS, "--count")
    assert (done.returncode, done.stdout.decode(), done.stderr) == (0, f"{count}\n", b"")


def test_match_tells_the_warnings_of_a_pattern(run: Run) -> None:
    done = run("match", '{"event_type":["x"],"event_type":[{"wildcard":"*.js_error_event"}]}', NDJSON, "--count")
    assert (done.returncode, done.stdout) == (0, run("match", ERRORS, NDJSON, "--count").stdout)
    assert done.stderr.startswith(b'warning: <text>:1:34 $.event_type: "event_type" occurs more than once')


def test_match_explains_one_event(run: Run) -> None:
    done = run("match", '{"a": ["1"], "b": [true]}', "-", "--explain", stdin=b'{"a":1,"b":true}\n')
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == (
        """\
no match: 1 of 2 fields fails
  fails a
          wanted  "1"
          found   number 1
          why     1 is not "1": "1" matches strings only
  ok    b
          wanted  true
          found   literal true
"""
    )


def test_match_ranks_the_reasons_of_many_events(run: Run) -> None:
    events = b'{"a":1,"b":2}\n{"a":[{"x":1}],"b":2}\n{"a":"1","b":1}\nnot JSON\n{"a":2,"b":1}\n{"a":"2"}\n'
    done = run("match", '{"a": ["1"], "b": [1]}', "-", "--explain", stdin=events)
    assert done.returncode == 3
    assert done.stdout.decode() == (
        """\
1 of 5 events match
Why the others do not
events  alone  field  reason                                 such as
     2      0  b      a different value                      2 is a different value
     1      1  a      another JSON type                      2 is a number
     1      0  a      the right text, but another JSON type  1 is not "1": "1" matches strings only
     1      0  a      a different value                      "2" is a different value
     1      0  a      an object, not a value                 an object with the members x
     1      0  b      the field is absent
alone: events that nothing else keeps from matching; an event can fail for several reasons
The nearest miss: <stdin>:5
no match: 1 of 2 fields fails
  fails a
          wanted  "1"
          found   number 2
          why     2 is a number
  ok    b
          wanted  1
          found   number 1
"""
    )
    assert done.stderr.decode().splitlines()[-1] == "<stdin>: 1 lines were rejected"


def test_match_explains_fields_that_follow_from_others(run: Run) -> None:
    done = run("match", '{"sessionId": ["s1"]}', "-", "--explain", stdin=b'{"user_details":{"sessionId":"s1"}}\n')
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, b"match")
    done = run("match", '{"userId": ["u"]}', EVENTS, "--explain")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, b"0 of 2,293 events match")


def test_match_explains_that_all_match(run: Run) -> None:
    done = run("match", '{"a": [1]}', "-", "--explain", stdin=b'{"a":1}\n{"a":1}\n')
    assert (done.returncode, done.stdout) == (0, b"2 of 2 events match\n")


def test_matched_events_can_be_matched_again(run: Run) -> None:
    once = run("match", ERRORS, EVENTS).stdout
    assert run("match", ERRORS, "-", "--count", stdin=once).stdout == b"%d\n" % once.count(b"\n")


def test_match_tells_what_it_rejects(run: Run) -> None:
    done = run("match", '{"event_id": ["bad-1", "bad-8"]}', "fixtures/bad/mixed.ndjson")
    lines = (ROOT / "fixtures/bad/mixed.ndjson").read_bytes().splitlines()
    assert done.returncode == 3
    assert done.stdout.splitlines() == [lines[0], lines[7]]
    assert done.stderr.decode().splitlines()[0] == (
        'fixtures/bad/mixed.ndjson:3: expected a value, found "not" (character 1) [RP010]'
    )


def test_explain_shows_columns_predicates_and_definitions(run: Run) -> None:
    done = run("explain", "-d", CUSTOM)
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, done.stderr) == (0, b"")
    assert lines[0].startswith("columns (")
    assert "  event_details.currency" in lines
    start = lines.index("  d0  RUM/CustomMetrics/Shop/Checkout CheckoutAmount")
    assert lines[start + 1 : start + 5] == [
        "      event types  com.example.checkout",
        "      matches      p0 and p1",
        "      value        event_details.amount  unit None",
        "      dimensions   Currency = event_details.currency, application_name = added by RUM",
    ]


# --- help, version and wrong usage -----------------------------------------------------------------------------------


def test_the_version_is_that_of_the_package(run: Run) -> None:
    done = run("--version")
    assert (done.returncode, done.stdout.decode().strip()) == (0, f"rumpattern, version {rp.__version__}")


@pytest.mark.parametrize(
    "command", [[], ["replay"], ["match"], ["explain"]], ids=["alone", "replay", "match", "explain"]
)
def test_help_says_what_to_write(run: Run, command: list[str]) -> None:
    done = run(*command, "--help")
    text = done.stdout.decode()
    assert done.returncode == 0
    assert f"{' '.join(['rumpattern', *command])} [OPTIONS]" in text.splitlines()[0]
    assert f"\n  {' '.join(['rumpattern', command[0] if command else 'replay'])} " in text
    assert "\\b" not in text


USAGE = [
    (["replay", EVENTS], "Missing option '-d' / '--definitions'."),
    (["replay", "-d", EXTENDED], "Missing argument 'EVENTS...'."),
    (["replay", "-d", EXTENDED, EVENTS, "--format", "xml"], "'xml' is not one of"),
    (["replay", "-d", EXTENDED, EVENTS, "--period", "soon"], "'soon' is not a time such as 60s, 5m or 1h"),
    (["replay", "-d", EXTENDED, EVENTS, "--period", "90s"], "a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds"),
    (["replay", "-d", EXTENDED, EVENTS, "--workers", "0"], "0 is not in the range x>=1."),
    (["replay", "-d", EXTENDED, EVENTS, "--input-format", "xml"], "'xml' is not one of ndjson, logs-export, json"),
    (["replay", "-d", EXTENDED, EVENTS, "--max-reject-rate", "2"], "2.0 is not in the range 0<=x<=1."),
    (["replya"], "No such command 'replya'."),
    (["match", ERRORS], "Missing argument 'EVENTS...'."),
]


@pytest.mark.parametrize(("words", "message"), USAGE, ids=[" ".join(words[-2:]) for words, _ in USAGE])
def test_wrong_usage_ends_with_2(run: Run, words: list[str], message: str) -> None:
    done = run(*words)
    assert (done.returncode, done.stdout) == (2, b"")
    assert message in done.stderr.decode()
    assert b"Traceback" not in done.stderr


def test_loading_definitions_starts_fast() -> None:
    code = f"import sys, rumpattern; rumpattern.load_definitions({EXTENDED!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True)
    loaded = set(done.stdout.split())
    assert "rumpattern.definition.load" in loaded
    assert loaded & {"numpy", "rich", "click", "orjson"} == set()


def test_a_closed_output_is_one_clear_line():
    command = (
        f'{sys.executable} -m rumpattern match \'{{"event_type": [{{"exists": true}}]}}\' fixtures/events | head -1'
    )
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == "error: the output was closed before all of it was written\n"
