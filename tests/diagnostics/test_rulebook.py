"""Every code has an entry, and its examples do what it says."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import rumpattern as rp
from rumpattern.diagnostics.rulebook import RETIRED, rulebook

SOURCE = Path(rp.__file__).parent

ENTRIES = list(rulebook().values())


def codes(entry, text):
    match entry.kind:
        case "pattern":
            try:
                return {finding.code for finding in rp.parse_pattern(text).warnings}
            except rp.PatternError as error:
                return {finding.code for finding in error.diagnostics}
        case "definition":
            return {finding.code for finding in rp.validate(text).diagnostics}
        case "event":
            engine = rp.Engine([rp.MetricDefinition("m")], event_type_required=True)
            return {reject.code for reject in engine.batch(text).rejects}


def codes_in_source():
    for file in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"RP\d+", node.value):
                yield node.value


def test_findings_have_the_codes_of_the_rulebook_and_no_others():
    assert set(codes_in_source()) == rulebook().keys() | RETIRED
    assert not any("RP{" in file.read_text(encoding="utf-8") for file in SOURCE.rglob("*.py"))


def test_every_entry_is_complete():
    assert sorted(rulebook()) == list(rulebook())
    assert RETIRED.isdisjoint(rulebook())
    assert {entry.confidence for entry in ENTRIES} == {"documented", "observed", "inferred"}
    assert all(entry.why.endswith((".", ":")) for entry in ENTRIES)
    assert sum(entry.kind == "input" for entry in ENTRIES) < 25


@pytest.mark.parametrize("entry", [entry for entry in ENTRIES if entry.kind != "input"], ids=lambda entry: entry.code)
def test_examples(entry):
    assert entry.code in codes(entry, entry.fails)
    assert codes(entry, entry.passes) == set()


def rule(*arguments):
    command = [sys.executable, "-m", "rumpattern", "rule", *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_command_tells_about_a_code():
    assert rule("rp206").stdout == (
        """\
RP206: a star is compared literally

In an array of values a star is a literal star; exists matches any value.

source      EventBridge event patterns, as event-ruler 2.0.1 reads them (documented)
fails       {"Name": "Visits", "Namespace": "Shop", "EventPattern": \
"{\\"event_type\\":[\\"my_event\\"],\\"metadata\\":{\\"pageId\\":[\\"*\\"]}}"}
passes      {"Name": "Visits", "Namespace": "Shop", "EventPattern": \
"{\\"event_type\\":[\\"my_event\\"],\\"metadata\\":{\\"pageId\\":[{\\"exists\\":true}]}}"}
"""
    )


def test_the_command_tells_about_all():
    done = rule("--all")
    assert [line[:5] for line in done.stdout.splitlines() if line.startswith("RP")] == list(rulebook())


@pytest.mark.parametrize("arguments", [[], ["RP999"], ["RP206", "--all"]])
def test_what_the_command_cannot_tell(arguments):
    done = rule(*arguments)
    assert done.returncode == 2
    assert "RP206" in done.stderr or "there is no code" in done.stderr


def test_the_command_tells_about_a_prefix_and_a_code_of_the_past():
    done = rule("RP12")
    assert [line[:5] for line in done.stdout.splitlines() if line.startswith("RP")] == [f"RP12{i}" for i in range(10)]
    assert "RP109 is no longer used" in rule("RP109").stderr
