"""The recorded answers of event-ruler. They are not part of this project: where they are absent, these tests skip."""

import json

import pytest

import rumpattern as rp
from rumpattern.pattern.pattern import exact_event
from rumpattern.pattern.reference import leaves
from rumpattern.pattern.reference import matches as branches_match
from tests.support.paths import OUTSIDE_DATA

pytestmark = pytest.mark.skipif(not OUTSIDE_DATA.is_dir(), reason=f"the recorded answers are not here: {OUTSIDE_DATA}")

ROWS = 3427
LENIENT = 36  # unexpected text after the JSON value: a policy of ours
INVALID_ROWS = 157

WARNED = {
    # c02377 of the cases is the very pattern of i0006 and has an answer: event-ruler refuses a path that is given twice
    # only when it is asked to, and AWS does not ask. The last one wins, with a warning in event-ruler's words.
    "i0006": "RP129",
    "i0007": "RP129",
    # EventBridge refuses it, event-ruler by itself does not: it is evaluated in linear time, with a warning.
    "i0138": "RP122",
}
"""Refused patterns of the corpus that are accepted here, and the code of the warning that they get."""


def read(name):
    return [json.loads(line) for line in (OUTSIDE_DATA / name).read_text().splitlines()]


def text(event):
    return event if isinstance(event, str) else json.dumps(event)


def codes(pattern):
    """The codes of a pattern's findings in their order, none when it parses."""
    try:
        rp.parse_pattern(pattern)
    except rp.PatternError as error:
        return [finding.code for finding in error.diagnostics]
    return []


@pytest.fixture(scope="module")
def parsed():
    if not OUTSIDE_DATA.is_dir():
        pytest.skip("no recorded answers")
    rows = [row for row in read("pattern-cases.jsonl") if not row.get("lenient_json")]
    return [(rp.parse_pattern(row["pattern"]), row) for row in rows]


def test_every_row_parses_but_for_lenient_text():
    rows = read("pattern-cases.jsonl")
    lenient = [row for row in rows if row.get("lenient_json")]
    assert [codes(row["pattern"]) for row in lenient] == [["RP100"]] * LENIENT
    assert [row["id"] for row in rows if codes(row["pattern"]) and row not in lenient] == []
    assert len(rows) == ROWS


def test_slow_matcher_answers_as_recorded(parsed):
    assert len(parsed) == ROWS - LENIENT
    assert [row["id"] for pattern, row in parsed if pattern.matches(text(row["event"])) is not row["match"]] == []


def test_canonical_text_means_the_same(parsed):
    for pattern, _ in parsed:
        assert rp.parse_pattern(str(pattern)) == pattern


def test_engine_answers_as_recorded(parsed):
    wrong, seen, odd = [], 0, 0
    for start in range(0, len(parsed), 100):
        some = parsed[start : start + 100]
        engine = rp.compile([rp.MetricDefinition(row["id"], pattern=pattern) for pattern, row in some])
        batch = engine.batch([text(row["event"]) for _, row in some])
        matches = engine.match(batch)
        seen += len(batch)
        odd += len(batch.odd)
        wrong += [row["id"] for i, (_, row) in enumerate(some) if bool(matches.mask(i)[i]) is not row["match"]]
    assert wrong == []
    assert seen == len(parsed)
    assert odd < seen / 2


def test_engine_answers_for_all_events_of_a_batch(parsed):
    some = parsed[::12]
    engine = rp.compile([rp.MetricDefinition(row["id"], pattern=pattern) for pattern, row in some])
    events = [text(row["event"]) for _, row in some]
    matches = engine.match(engine.batch(events))
    flat = [leaves(exact_event(event)) for event in events]
    for i, (pattern, row) in enumerate(some):
        assert matches.mask(i).tolist() == [branches_match(pattern.branches, found) for found in flat], row["id"]


def test_invalid_patterns_are_refused_as_recorded():
    rows, otherwise, warned = read("pattern-invalid.jsonl"), [], {}
    for row in rows:
        try:
            found = rp.parse_pattern(row["pattern"]).warnings[0]
            warned[row["id"]] = found.code
        except rp.PatternError as error:
            found = error.diagnostics[0]
        if not found.service_message or not row["error"].startswith(found.service_message):
            otherwise.append(row["id"])
    assert warned == WARNED
    assert otherwise == []
    assert len(rows) == INVALID_ROWS
