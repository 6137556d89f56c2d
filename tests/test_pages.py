"""Everything that the README shows is run: commands print what it says they print, and its Python passes."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = r"<!-- {} -->\n```\w+\n(.*?)```"
RUNS = re.findall(BLOCK.format("run") + r"\n\n" + BLOCK.format("output"), README, re.DOTALL)
PYTHON = re.findall(BLOCK.format("python"), README, re.DOTALL)


def test_the_readme_has_runs_and_python():
    assert len(RUNS) >= 2
    assert PYTHON


@pytest.mark.parametrize(("command", "output"), RUNS)
def test_a_command_prints_what_the_readme_shows(command, output):
    """The installation in front of the first command is what CI does itself."""
    words = shlex.split(command.split("&&")[-1])
    assert Path(words[0]).name == "rumpattern"
    environment = {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "rumpattern", *words[1:]],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout + done.stderr == output


@pytest.mark.parametrize("source", PYTHON)
def test_the_python_of_the_readme_runs(source, monkeypatch):
    monkeypatch.chdir(ROOT)
    exec(compile(source, "README.md", "exec"), {})  # noqa: S102 - the README's own code


def test_every_pattern_of_the_table_matches_as_it_says():
    import rumpattern as rp  # noqa: PLC0415 - the README calls it so

    rows = re.findall(r"^\| `(\{.*?\})` \| (.*?) \| (.*?) \|$", README, re.MULTILINE)
    assert len(rows) >= 6
    for pattern, matching, other in rows:
        compiled = rp.parse_pattern(pattern)
        for event in re.findall(r"`(.*?)`", matching):
            assert compiled.matches(event), (pattern, event)
        for event in re.findall(r"`(.*?)`", other):
            assert not compiled.matches(event), (pattern, event)
