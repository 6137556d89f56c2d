"""The cases of fixtures/cases: each through the reference matcher, all of them through one engine and one batch."""

import json

import numpy as np
import pytest

import rumpattern as rp
from rumpattern.diagnostics.rulebook import rulebook
from rumpattern.pattern.operators import EXCLUDED, OPERATORS
from tests.support.paths import FIXTURES

CASES = FIXTURES / "cases"
FILES = (
    "exact", "strings", "ignore_case", "wildcard", "anything_but", "cidr", "numeric", "exists", "or", "arrays", "keys",
    "numbers",
)  # fmt: skip
MATCHING = [case for name in FILES for case in json.loads((CASES / f"{name}.json").read_text())]
INVALID = json.loads((CASES / "invalid.json").read_text())
WARNINGS = json.loads((CASES / "warnings.json").read_text())


def text(event):
    return event if isinstance(event, str) else json.dumps(event)


@pytest.mark.parametrize("case", MATCHING, ids=[case["name"] for case in MATCHING])
def test_case(case):
    assert rp.parse_pattern(case["pattern"]).matches(text(case["event"])) is case["match"]


@pytest.mark.parametrize("case", [c for c in MATCHING if isinstance(c["event"], dict)], ids=lambda case: case["name"])
def test_case_as_mapping(case):
    assert rp.parse_pattern(case["pattern"]).matches(case["event"]) is case["match"]


def test_all_cases_in_one_batch():
    patterns = [rp.parse_pattern(case["pattern"]) for case in MATCHING]
    engine = rp.compile([rp.MetricDefinition(str(i), pattern=pattern) for i, pattern in enumerate(patterns)])
    batch = engine.batch("\n".join(text(case["event"]) for case in MATCHING).encode())
    assert (len(batch), batch.rejects, batch.blank) == (len(MATCHING), (), 0)
    assert 0 < len(batch.odd) < len(batch)
    matches = engine.match(batch)
    wrong = [case["name"] for i, case in enumerate(MATCHING) if bool(matches.mask(i)[i]) is not case["match"]]
    assert wrong == []
    for number, pattern in enumerate(patterns[::5]):
        expected = [pattern.matches(text(case["event"])) for case in MATCHING]
        assert np.array_equal(matches.mask(number * 5), expected), str(pattern)


@pytest.mark.parametrize("case", INVALID, ids=[case["name"] for case in INVALID])
def test_invalid_case(case):
    with pytest.raises(rp.PatternError) as caught:
        rp.parse_pattern(case["pattern"])
    first = caught.value.diagnostics[0]
    assert first.where is not None
    at = f"{first.where.line}:{first.where.column} {first.where.path}"
    assert (first.code, first.service_message, at) == (case["code"], case["service_message"], case["at"])


@pytest.mark.parametrize("case", WARNINGS, ids=[case["name"] for case in WARNINGS])
def test_case_with_a_warning(case):
    (warning,) = rp.parse_pattern(case["pattern"]).warnings
    at = f"{warning.where.line}:{warning.where.column} {warning.where.path}"
    found = warning.code, warning.service_message, at, warning.severity
    assert found == (case["code"], case["service_message"], case["at"], rp.Severity.WARNING)


def test_every_operator_has_cases():
    patterns = " ".join(text(case["pattern"]) for case in MATCHING)
    assert [name for name in OPERATORS if patterns.count(f'{{"{name}":') < 5] == []
    assert [name for name in EXCLUDED if patterns.count(f'{{"anything-but": {{"{name}":') < 4] == []


def test_every_file_is_read():
    assert {path.stem for path in CASES.iterdir()} == {*FILES, "invalid", "warnings"}


def test_every_grammar_code_has_a_case():
    pattern_codes = {code for code in rulebook() if code.startswith("RP1")}
    assert {case["code"] for case in INVALID + WARNINGS} == pattern_codes
