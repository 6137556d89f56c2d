"""``rumpattern validate`` as a user and a build run it: inputs, formats, selection, exit codes, start-up."""

import json
import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

ROOT = Path(__file__).parents[1]
BROKEN = "fixtures/definitions/broken.json"
EXTENDED = "fixtures/definitions/extended.json"
TEMPLATES = "fixtures/definitions/templates"


def run(*arguments, stdin=""):
    command = [sys.executable, "-m", "rumpattern", "validate", *map(str, arguments)]
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "120"}
    return subprocess.run(
        command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False
    )


def test_clean_definitions():
    done = run(EXTENDED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "14 definitions checked: nothing found\n", "")


def test_full_findings_show_the_line_with_a_caret():
    done = run(BROKEN)
    assert done.returncode == 1
    assert done.stdout.startswith(
        """\
error[RP100]: the pattern is not valid JSON: expected a member name in double quotes, found "}" (a comma before it has \
no member after it)
 --> fixtures/definitions/broken.json:7:77
  |
7 |       "EventPattern": "{\\"event_type\\": [\\"com.amazon.rum.js_error_event\\"],}"
  |                                                                             ^
  = at MetricDefinitions[0].EventPattern → $

"""
    )
    assert done.stdout.endswith("\n\n3 definitions checked: 4 errors\n")


def test_concise_findings():
    assert run(BROKEN, "--format", "concise").stdout.splitlines()[1] == (
        "fixtures/definitions/broken.json:11:7 MetricDefinitions[1].UnitLable: error RP303 "
        'unknown member "UnitLable"  hint: did you mean "UnitLabel"?'
    )


def test_json_findings():
    (document,) = json.loads(run(BROKEN, "--format", "json").stdout)["documents"]
    assert document["findings"][1]["source"] == "CloudWatch RUM API reference, MetricDefinitionRequest"
    assert {one["confidence"] for one in document["findings"]} == {"documented"}
    assert (document["source"], document["ok"], document["definitions"]) == (BROKEN, False, 3)
    assert [(one["code"], one["line"], one["column"]) for one in document["findings"]] == [
        ("RP100", 7, 77),
        ("RP303", 11, 7),
        ("RP111", 12, 142),
        ("RP305", 17, 24),
    ]


def test_sarif_findings():
    (sarif,) = json.loads(run(BROKEN, "--format", "sarif").stdout)["runs"]
    rules = [rule["id"] for rule in sarif["tool"]["driver"]["rules"]]
    assert rules == ["RP100", "RP111", "RP303", "RP305"]
    assert [rules[result["ruleIndex"]] for result in sarif["results"]] == ["RP100", "RP303", "RP111", "RP305"]
    place = sarif["results"][2]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": BROKEN}, "region": {"startLine": 12, "startColumn": 142}}


def test_github_findings():
    assert run(BROKEN, "--format", "github").stdout.splitlines()[1] == (
        "::error col=7,file=fixtures/definitions/broken.json,line=11,title=RP303::"
        'MetricDefinitions[1].UnitLable: unknown member "UnitLable"%0Ahint: did you mean "UnitLabel"?'
    )


def test_junit_findings():
    root = ET.fromstring(run(BROKEN, EXTENDED, "--format", "junit").stdout)  # noqa: S314 - our own output
    suites = [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root]
    assert suites == [(BROKEN, "3", "3"), (EXTENDED, "14", "0")]
    failures = [case.find("failure").get("type") for case in root[0]]
    assert failures == ["RP100", "RP303", "RP305"]


@pytest.mark.parametrize(
    ("options", "status", "codes"),
    [
        (["--select", "RP3"], 1, ["RP303", "RP305"]),
        (["--select", "rp100,RP111"], 1, ["RP100", "RP111"]),
        (["--ignore", "RP1,RP303,RP305"], 0, []),
        (["--select", "RP1", "--ignore", "RP100"], 1, ["RP111"]),
    ],
)
def test_selected_codes(options, status, codes):
    done = run(BROKEN, "--format", "json", *options)
    assert done.returncode == status
    assert [one["code"] for one in json.loads(done.stdout)["documents"][0]["findings"]] == codes


WARNED = '{"Name": "Über", "Namespace": "App", "EventPattern": "{\\"event_type\\":[\\"e\\"]}"}'


@pytest.mark.parametrize(("level", "status"), [("error", 0), ("warning", 1), ("info", 1)])
def test_fail_on(level, status):
    done = run("-", "--fail-on", level, stdin=WARNED)
    assert done.returncode == status
    assert " --> <stdin>:1:10" in done.stdout
    assert done.stdout.endswith("1 definition checked: 1 warning\n")


def test_directories_of_templates():
    done = run(TEMPLATES, "--format", "concise")
    assert done.returncode == 1
    assert done.stdout.startswith(f"{TEMPLATES}/monitor.json:32:130 Resources.Monitor.Properties.")


def test_inputs_that_cannot_be_read(tmp_path):
    done = run("nowhere.yaml")
    assert done.returncode == 2
    assert done.stdout.startswith("error[RP001]: nowhere.yaml: No such file or directory\n")
    (tmp_path / "package.json").write_text("{}", encoding="utf-8")
    done = run(tmp_path)
    assert done.returncode == 2
    assert "there are no metric definitions in the 1 JSON and YAML files of" in done.stderr
    assert run("-", stdin="a: [").returncode == 1


def test_it_loads_nothing_heavy():
    heavy = "import sys; from rumpattern.cli.main import main; sys.argv = ['rumpattern', 'validate', sys.argv[1]]"
    program = (
        f"{heavy}\ntry:\n    main()\nexcept SystemExit:\n"
        "    print(sorted({'numpy', 'numba', 'rich', 'yaml', 'orjson'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program, EXTENDED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"
