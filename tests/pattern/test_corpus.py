"""The recorded answers of event-ruler. They are not part of this project: where they are absent, these tests skip."""

import json
from pathlib import Path

import pytest

import rumpattern as rp

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the recorded answers are not here: {DATA}")

ROWS = 3427
PARSED_AT_LEAST = 1262  # grows with every operator
LENIENT = 36  # text follows the JSON value: a policy of ours

OTHERWISE = {
    "i0007": "a path that is given twice takes the last: event-ruler's default, and what AWS does",
    "i0020": "broken JSON after another fault: ours is the JSON fault",
    "i0023": "broken JSON after another fault: ours is the JSON fault",
    "i0029": "broken JSON after another fault: ours is the JSON fault",
    "i0070": "broken JSON after another fault: ours is the JSON fault",
    "i0076": "broken JSON after another fault: ours is the JSON fault",
    "i0105": "broken JSON after another fault: ours is the JSON fault",
}


def read(name):
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


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
    if not DATA.is_dir():
        pytest.skip("no recorded answers")
    rows = [row for row in read("pattern-cases.jsonl") if not codes(row["pattern"])]
    return [(rp.parse_pattern(row["pattern"]), row) for row in rows]


def test_every_row_parses_or_waits_for_an_operator():
    rows = read("pattern-cases.jsonl")
    refused = {row["id"]: (set(codes(row["pattern"])), row.get("lenient_json", False)) for row in rows}
    lenient = [identifier for identifier, (found, is_lenient) in refused.items() if is_lenient and found == {"RP100"}]
    accepted = [identifier for identifier, (found, _) in refused.items() if not found]
    waiting = [identifier for identifier, (found, _) in refused.items() if found == {"RP109"}]
    assert len(lenient) == LENIENT
    assert len(accepted) >= PARSED_AT_LEAST
    assert len(lenient) + len(accepted) + len(waiting) == len(rows) == ROWS


def test_slow_matcher_answers_as_recorded(parsed):
    assert len(parsed) >= PARSED_AT_LEAST
    assert [row["id"] for pattern, row in parsed if pattern.matches(text(row["event"])) is not row["match"]] == []


def test_engine_answers_as_recorded(parsed):
    wrong, seen = [], 0
    for start in range(0, len(parsed), 100):
        some = parsed[start : start + 100]
        engine = rp.compile([rp.MetricDefinition(row["id"], pattern=pattern) for pattern, row in some])
        batch = engine.batch([text(row["event"]) for _, row in some])
        matches = engine.match(batch)
        seen += len(batch)
        wrong += [row["id"] for i, (_, row) in enumerate(some) if bool(matches.mask(i)[i]) is not row["match"]]
    assert wrong == []
    assert seen == len(parsed)


def test_invalid_patterns_are_refused_as_recorded():
    compared, otherwise = 0, []
    for row in read("pattern-invalid.jsonl"):
        try:
            rp.parse_pattern(row["pattern"])
        except rp.PatternError as error:
            first = error.diagnostics[0]
        else:
            otherwise.append(row["id"])
            continue
        if first.code == "RP109":
            continue
        compared += 1
        if not first.service_message or not row["error"].startswith(first.service_message):
            otherwise.append(row["id"])
    assert otherwise == list(OTHERWISE)
    assert compared >= 70
