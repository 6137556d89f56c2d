"""Everything that the pages show is run: commands print what a page says, its Python passes, its names exist."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys

import pytest
import yaml

import rumpattern as rp
from rumpattern.derive.policy import PUBLISHED, REASONS
from rumpattern.emit.formats import SERIES
from rumpattern.job.accounts import SERIES_LIMIT
from tests.refresh_pages import PAGES, PICTURE, ROOT, Example, examples, picture, printed, refreshed, runs

EXAMPLES = [example for page in PAGES for example in examples(page)]
RUNS = [run for page in PAGES for run in runs(page)]
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
DEFINITIONS = ROOT / "fixtures" / "definitions"
TEMPLATES = DEFINITIONS / "templates"
MAX_README_LINES = 170


def name_of(example: Example) -> str:
    return f"{example.page.relative_to(ROOT)}-{example.text.splitlines()[0][:60]}"


def all_of(kind: str) -> pytest.MarkDecorator:
    found = [example for example in EXAMPLES if example.kind == kind]
    return pytest.mark.parametrize("example", found, ids=name_of)


# --- examples -------------------------------------------------------------------------------------------------------


def test_every_block_is_an_example():
    """A block without a marker would not be run; ``text`` is for drawings."""
    for page, text in TEXTS.items():
        languages = re.findall(r"^```(\w+)$", text, re.MULTILINE)
        marked = [example.language for example in examples(page)]
        assert [one for one in languages if one != "text"] == [one for one in marked if one != "text"], page
    kinds = {"run", "output", "try", "python", "aws", "config", "ignore", "test", "setup"}
    assert {example.kind for example in EXAMPLES} == kinds


@pytest.mark.parametrize(("command", "output"), RUNS)
def test_a_command_prints_what_the_page_shows(command, output):
    assert printed(command) == output, "python -m tests.refresh_pages writes what is printed now"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")
def test_the_picture_shows_what_the_terminal_shows():
    shown = PICTURE.read_text(encoding="utf-8")
    assert picture() == shown, "python -m tests.refresh_pages draws what is printed now"
    assert shown.count("http") == 1, "the namespace of SVG is the only address in it"


def test_pages_are_refreshed_in_place(tmp_path):
    page = tmp_path / "page.md"
    text = "<!-- run -->\n```sh\nrumpattern rule RP206\n```\n\n<!-- output -->\n```text\n{}```\n\nrest\n"
    page.write_text(text.format("old\n"), encoding="utf-8")
    assert refreshed(page) == text.format(printed("rumpattern rule RP206"))


@all_of("python")
def test_python_runs(example, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(example.text, str(example.page), "exec"), {})  # noqa: S102 - the page's own code


@all_of("try")
def test_a_command_can_be_tried(example, tmp_path):
    shutil.copy(DEFINITIONS / "extended.json", tmp_path / "definitions.json")
    (tmp_path / "events").mkdir()
    shutil.copy(ROOT / "fixtures" / "events" / "shop.ndjson", tmp_path / "events")
    script = example.text.replace("rumpattern ", f"{sys.executable} -m rumpattern ")
    done = subprocess.run(["sh", "-ec", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@all_of("aws")
def test_commands_of_aws_exist(example):
    """Names and options are those of the API models: what the AWS CLI makes its commands from."""
    session = pytest.importorskip("botocore.session", reason="botocore is not installed").Session()
    from botocore import xform_name  # noqa: PLC0415 - as above

    commands = re.findall(r"\baws (\w+) ([\w-]+)((?:[^|)>\n]|\\\n)*)", example.text)
    assert commands
    for service, operation, arguments in commands:
        if service == "s3":  # not of an API model, but the CLI's own
            continue
        model = session.get_service_model(service)
        inputs = {xform_name(name, "-"): model.operation_model(name).input_shape for name in model.operation_names}
        assert operation in inputs, operation
        known = {xform_name(member, "-") for member in inputs[operation].members} | {"query", "output"}
        assert set(re.findall(r"--([\w-]+)", arguments)) <= known, arguments


@all_of("config")
def test_options_of_a_project_are_taken(example, tmp_path):
    (tmp_path / "pyproject.toml").write_text(example.text, encoding="utf-8")
    done = validate("extended.json", "--config", tmp_path / "pyproject.toml")
    assert (done.returncode, done.stderr) in [(0, ""), (1, "")]  # 2 would be an option that there is not


@all_of("ignore")
def test_a_template_ignores_findings(example, tmp_path):
    template = json.loads((TEMPLATES / "monitor.json").read_text(encoding="utf-8"))
    metadata = yaml.safe_load(example.text)
    (code,) = metadata["Metadata"]["rumpattern"]["ignore"]
    assert code in validate("templates/monitor.json").stdout
    path = tmp_path / "monitor.json"
    path.write_text(json.dumps(template | metadata), encoding="utf-8")
    assert code not in validate(path).stdout


def validate(*arguments):
    command = [sys.executable, "-m", "rumpattern", "validate", *map(str, arguments)]
    return subprocess.run(command, cwd=DEFINITIONS, capture_output=True, text=True, check=False)


# --- tables and names -----------------------------------------------------------------------------------------------


def test_every_pattern_of_a_table_matches_as_it_says():
    text = "\n".join(TEXTS.values())
    rows = re.findall(r"^\| `(\{.*?\})` \| (.*?) \| (.*?) \|$", text, re.MULTILINE)
    assert len(rows) >= 25
    for pattern, matching, other in rows:
        compiled = rp.parse_pattern(pattern)
        for event in re.findall(r"`(.*?)`", matching):
            assert compiled.matches(event), (pattern, event)
        for event in re.findall(r"`(.*?)`", other):
            assert not compiled.matches(event), (pattern, event)


def test_every_drop_reason_is_in_the_table():
    text = TEXTS[ROOT / "rumpattern" / "derive" / "README.md"]
    rows = re.findall(r"^\| (`(?:value|dimension|timestamp|series)_.*?) \|", text, re.MULTILINE)
    named = [reason for row in rows for reason in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted({*REASONS, SERIES_LIMIT} - {PUBLISHED})


MADE = re.findall(r"`(--events .*? -o (\S+))`", TEXTS[ROOT / "fixtures" / "README.md"])


@pytest.mark.parametrize(("options", "name"), MADE, ids=[name for _, name in MADE])
def test_a_fixture_is_made_by_the_command_beside_it(options, name, tmp_path):
    subprocess.run([sys.executable, "-m", "rumpattern.synth", *options.split()], cwd=tmp_path, check=True)
    made, kept = (tmp_path / name).read_bytes(), (ROOT / "fixtures" / "events" / name).read_bytes()
    assert unpacked(made) == unpacked(kept)


def unpacked(data):
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    """A file that a page links to exists; a name in code that is the text of a link stands in that file."""
    for label, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", TEXTS[page]):
        if target.startswith("https://"):
            continue
        name, _, anchor = target.partition("#")
        path = (page.parent / name).resolve() if name else page
        assert path.exists(), f"{page}: {target}"
        if anchor:
            headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in headings}, target
        if path.is_file() and (symbol := re.fullmatch(r"`(\w+)`", label)):
            assert re.search(rf"\b{symbol[1]}\b", path.read_text(encoding="utf-8")), f"{page}: {label} in {target}"


def test_the_readme_is_short():
    lines = TEXTS[ROOT / "README.md"].splitlines()
    assert len(lines) <= MAX_README_LINES
    assert len([example for example in examples(ROOT / "README.md") if example.kind == "test"]) == 1


def test_every_output_format_is_named_on_its_pages():
    for page in (ROOT / "README.md", ROOT / "rumpattern/emit/README.md"):
        text = page.read_text("utf-8")
        assert [form for form in SERIES if f"`{form}`" not in text] == [], page
