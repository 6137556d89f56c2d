"""Verdicts on definitions from outside, row by row, beside what is on record about them.

``documented`` and ``in the wild`` are the two files of outside definitions; ours are the codes of errors and warnings.
"""

import json

import pytest

import rumpattern as rp
from tests.support.paths import OUTSIDE_DATA, ROOT

FILES = {"documented": "definitions-documented.jsonl", "in the wild": "definitions-in-the-wild.jsonl"}
VALID = ("valid", "accepted", "presented", "call", "in")
INVALID = ("invalid", "rejected", "not-json/invalid")

VERDICTS = {
    "documented": [
        *[""] * 2, "RP326", *[""] * 11, "RP326", "RP111 RP100", "RP111", "RP100 RP100", "RP100 RP100",
        "RP100", "", "", "RP100", "RP100", "RP100",
        "RP305", *[""] * 5, "RP113", "", "RP336 RP337 RP334", "RP320 RP329", "RP321", "RP321", "RP308", "RP323",
        "RP323", "RP324", "RP329", "RP328", "RP329", "RP331", "RP331", "RP101", "RP332", "RP334", "RP333",
    ],
    "in the wild": [
        *[""] * 4, "RP325", "", *["RP320 RP329"] * 5, "RP320 RP323 RP329", "RP320 RP329", "", *[""] * 5,
        "RP335 RP337", "RP335 RP336 RP337", "RP337 RP334", "RP337 RP334", "RP337 RP334 RP334", "", "RP206", "RP206",
        "RP325 RP206", "RP325 RP206", *[""] * 4, "RP336 RP337 RP334", "RP329 RP329", "", "RP113",
    ],
}  # fmt: skip
READINGS = {
    ("documented", 19): "the reference's first example has a trailing comma, which no JSON parser takes",
    ("documented", 22): "a transcription of the same example",
    ("documented", 23): "an example that lacks a brace",
    ("documented", 24): "an example that lacks a brace",
    ("documented", 25): "DimensionKeys is a map in the model; the reference's example has a list",
    ("documented", 31): "a range that starts with <=: its answer is empty, so nothing says that it was stored",
    ("documented", 33): "a custom metric with three values in an array, which the rule for custom metrics forbids",
    ("in the wild", 4): "Http5xxCount without its range, which the table requires; its author says that it registered",
    ("in the wild", 13): "right by the table; its author says that it was rejected, and nobody knows why",
}
"""Why a verdict differs from what is on record: each a reading that the README names, or a slip of the reference."""


def rows(file):
    path = OUTSIDE_DATA / FILES[file]
    if not path.exists():
        pytest.skip("the outside definitions are not at ../shared/data")
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def findings(definition):
    if "Name" in definition:
        return rp.validate(definition).diagnostics
    try:
        return rp.parse_pattern(definition["EventPattern"]).warnings
    except rp.PatternError as error:
        return error.diagnostics


@pytest.mark.parametrize("file", FILES)
def test_verdicts_are_those_on_record_but_for_the_ones_explained(file):
    listed = rows(file)
    assert len(listed) == len(VERDICTS[file])
    differing = set()
    for number, (row, verdict) in enumerate(zip(listed, VERDICTS[file], strict=True)):
        found = findings(row["definition"])
        assert " ".join(one.code for one in found) == verdict, number
        recorded = (row.get("expected") or row["outcome"]).replace(",", " ").split()[0]
        is_ok = all(one.severity != "error" for one in found)
        if recorded in VALID + INVALID and is_ok is not (recorded in VALID):
            differing.add((file, number))
    assert differing == {key for key in READINGS if key[0] == file}


def test_the_counts_of_the_page():
    found = [findings(row["definition"]) for row in rows("in the wild")]
    with_errors = sum(any(one.severity == "error" for one in each) for each in found)
    with_warnings = sum(any(one.severity == "warning" for one in each) for each in found)
    assert (len(found), with_errors, with_warnings) == (37, 16, 10)
    page = " ".join((ROOT / "rumpattern/definition/README.md").read_text("utf-8").split())
    assert "Of 37 public definitions that we could find, 16 have errors by these rules and 10 have warnings." in page
