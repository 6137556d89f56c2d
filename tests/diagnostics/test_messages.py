"""The message of every code, word for word, from input that fails; input next to it passes.

``messages.txt`` beside this file holds the messages; examples are those of the rulebook, or the inputs below.
"""

import gzip
import json
from pathlib import Path

import pytest

import rumpattern as rp
from rumpattern.diagnostics.rulebook import rulebook
from tests.support.replays import TIME

MESSAGES = dict(line.split(" ", 1) for line in Path(__file__).with_name("messages.txt").read_text("utf-8").splitlines())
EVENT = b'{"event_type":"view","event_timestamp":0,"application_name":"shop"}\n'
TWO_SESSIONS = b"".join(EVENT[:-2] + b',"metadata":{"session":"%d"}}\n' % number for number in range(2))
VIEWS = {"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type":["view"]}'}
RECORD = {"logEvents": [{"id": "1", "timestamp": 0, "message": EVENT.decode()}], "messageType": "DATA_MESSAGE"}
SUBSCRIPTION = json.dumps({**RECORD, "logGroup": "g", "owner": "o", "logStream": "s", "subscriptionFilters": []})

ROW = (
    b'{"file":"f","line":1,"offset":0,"form":"ndjson","code":"RP019","reason":"r","text":%s%%b}'
    % json.dumps(EVENT.decode()).encode()
)


def template(**metric):
    listed = metric.pop("listed", None) or [{**VIEWS, **metric}]
    configuration = {"MetricDestinations": [{"Destination": "CloudWatch", "MetricDefinitions": listed}]}
    monitor = {"Type": "AWS::RUM::AppMonitor", "Properties": {"AppMonitorConfiguration": configuration}}
    return {"Resources": {"Monitor": monitor}}


def different(number):
    return [{**VIEWS, "Name": f"Views{index}"} for index in range(number)]


def of_fields(number):
    return json.dumps({f"a{index}": [1] for index in range(number)})


def from_dimension(path):
    pattern = json.dumps({"event_type": ["view"], path: [{"exists": True}]})
    return {**VIEWS, "EventPattern": pattern, "DimensionKeys": {path: "Dimension"}}


FILES = {
    "RP002": (b"", EVENT),
    "RP003": (gzip.compress(EVENT * 9, mtime=0)[:-9], gzip.compress(EVENT * 9)),
    "RP014": (b'{"event_type":"\xff"}', EVENT),
    "RP015": (b'{"event_type":"view","event_details":%s1%s}' % (b"[" * 1_000, b"]" * 1_000), EVENT),
    "RP016": (b'{"event_type":"view","event_details":{"x":%s}}' % (b"1" * 1_001), EVENT),
    "RP017": (TIME + EVENT + EVENT, TIME + EVENT),
    "RP018": (SUBSCRIPTION.replace('"message":', '"text":').encode(), SUBSCRIPTION.encode()),
    "RP019": (EVENT.replace(b"view", b"v" * (1 << 20)), EVENT),
    "RP020": (SUBSCRIPTION[:-1].encode(), SUBSCRIPTION.encode()),
    "RP023": (EVENT.decode().encode("utf-16"), EVENT),
    "RP024": (ROW % b',"cut":true', ROW % b""),
    "RP311": (EVENT.replace(b',"application_name":"shop"', b""), EVENT),
}
"""Codes of files of events: one that fails and one that passes."""
OTHERS = {
    "RP001": (lambda folder: rp.validate(folder / "none.json"), lambda _: rp.validate(VIEWS)),
    "RP021": (
        lambda folder: [replayed(folder, EVENT, state=folder / "state", period=period) for period in (60, 300)][-1],
        lambda folder: [replayed(folder, EVENT, state=folder / "state") for _ in range(2)][-1],
    ),
    "RP022": (
        lambda folder: replayed(folder, TWO_SESSIONS, from_dimension("metadata.session"), max_series=1),
        lambda folder: replayed(folder, TWO_SESSIONS, from_dimension("metadata.session")),
    ),
    "RP117": (lambda _: rp.parse_pattern(of_fields(257)), lambda _: rp.parse_pattern(of_fields(256))),
    "RP310": (
        lambda folder: replayed(folder, EVENT, from_dimension("account_id")),
        lambda folder: replayed(folder, EVENT, from_dimension("event_id")),
    ),
    "RP315": (
        lambda _: rp.load_definitions(template(Name={"Ref": "Metric"})),
        lambda _: rp.load_definitions(template(Name="Views")),
    ),
    "RP345": (
        lambda _: rp.validate({"AppMonitorName": "shop", "MetricDefinitions": different(201)}),
        lambda _: rp.validate({"AppMonitorName": "shop", "MetricDefinitions": different(200)}),
    ),
    "RP346": (
        lambda _: rp.validate(template(listed=different(2_001))),
        lambda _: rp.validate(template(listed=different(2_000))),
    ),
}
"""Codes that need more than a file."""


def replayed(folder, data, definition=VIEWS, **options):
    file = folder / "events"
    if not file.exists():
        file.write_bytes(data)
    found = []
    definitions = rp.load_definitions(definition)
    result = rp.replay(definitions, file, workers=1, on_reject=lambda _, reject: found.append(reject), **options)
    return [*(rp.Diagnostic(reject.code, reject.reason) for reject in found), *result.warnings]


def diagnostics(call, *arguments):
    """Return what a call finds, however it tells."""
    try:
        found = call(*arguments)
    except (rp.PatternError, rp.DefinitionError, rp.InputError) as error:
        return error.diagnostics
    match found:
        case rp.Pattern(warnings=warnings):
            return warnings
        case [rp.MetricDefinition(), *_]:
            return [warning for definition in found for warning in definition.warnings]
        case list():
            return found
        case _:
            return found.diagnostics


def events(text):
    engine = rp.Engine([rp.MetricDefinition("m")], event_type_required=True)
    return [rp.Diagnostic(reject.code, reject.reason) for reject in engine.batch(text).rejects]


def found(code, folder, *, passes):
    entry = rulebook()[code]
    if code in FILES:
        return diagnostics(replayed, folder, FILES[code][passes])
    if code in OTHERS:
        return diagnostics(OTHERS[code][passes], folder)
    call = {"pattern": rp.parse_pattern, "definition": rp.validate, "event": events}[entry.kind]
    return diagnostics(call, entry.passes if passes else entry.fails)


@pytest.mark.parametrize("code", rulebook())
def test_what_fails_is_told_in_these_words(code, tmp_path):
    told = [str(one).replace(str(tmp_path), "…") for one in found(code, tmp_path, passes=False) if one.code == code]
    assert told
    assert told[0] == MESSAGES.get(code)


@pytest.mark.parametrize("code", rulebook())
def test_what_passes_is_not_told_of(code, tmp_path):
    assert [str(one) for one in found(code, tmp_path, passes=True)] == []


def test_there_is_a_message_for_every_code():
    assert list(MESSAGES) == list(rulebook())
    described = {code for code, entry in rulebook().items() if entry.kind == "input"}
    assert described == FILES.keys() | OTHERS.keys()
