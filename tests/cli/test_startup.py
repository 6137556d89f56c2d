"""What a command imports is what it uses: starting is most of the time of a small job."""

import os
import subprocess
import sys

import click
import pytest

from rumpattern.cli import main
from tests.support.command import PACKAGE_PATH
from tests.support.paths import DEFINITIONS, EVENTS

PROGRAM = """
import atexit, sys
atexit.register(lambda: print("loaded:", *sys.modules))
sys.argv[0] = "rumpattern"
from rumpattern.cli.main import main
main()
"""
HEAVY = {"numpy", "orjson", "rich", "yaml", "tomllib", "decimal", "difflib", "hashlib", "subprocess", "logging"}


@pytest.fixture
def loaded(tmp_path):
    """Give a function that returns the modules that a process of the command has loaded when it ends."""

    def run(*words, **variables):
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *map(str, words)],
            cwd=tmp_path,  # where there is no pyproject.toml to read
            env={**os.environ, **PACKAGE_PATH, **variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr
        (line,) = (line for line in done.stdout.splitlines() if line.startswith("loaded:"))
        return set(line.split()[1:])

    return run


def own(modules):
    """Return the names of the modules of this package."""
    return {name.removeprefix("rumpattern.") for name in modules if name.startswith("rumpattern.")}


def completing(words):
    """Return the variables by which bash asks for the completions of its last word."""
    return {
        "_RUMPATTERN_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }


@pytest.mark.parametrize(
    ("words", "environment"),
    [
        (["--help"], {}),
        (["--version"], {}),
        ([], completing("rumpattern re")),
        ([], {"_RUMPATTERN_COMPLETE": "bash_source"}),
    ],
)
def test_listing_the_commands_loads_none(loaded, words, environment):
    modules = loaded(*words, **environment)
    assert own(modules) == {"cli", "cli.main", "version"}
    assert not HEAVY - {"subprocess"} & modules  # click asks bash for its version


@pytest.mark.parametrize("command", main._COMMANDS)
def test_options_load_nothing_heavy(loaded, command):
    for words, environment in (
        ([command, "--help"], {}),
        ([command], {}),
        ([], completing(f"rumpattern {command} --")),
    ):
        modules = loaded(*words, **environment)
        assert f"rumpattern.cli.{command}" in modules
        assert not HEAVY & modules, words
        assert not {"cli.validating", "cli.replaying", "cli.matching", "engine", "run"} & own(modules), words


def test_commands_are_listed_with_the_first_sentence_of_their_help():
    context = click.Context(main.cli)
    for name, sentence in main._COMMANDS.items():
        command = main.cli.get_command(context, name).make_context(name, [], resilient_parsing=True).command
        assert command.help.partition("\n")[0] == sentence


@pytest.mark.parametrize("form", ["full", "concise", "github"])
def test_validating_json_loads_nothing_heavy(loaded, form):
    modules = loaded("validate", DEFINITIONS / "extended.json", "--format", form)
    assert not HEAVY & modules
    assert {name for name in own(modules) if name.startswith("emit.findings.")} == {f"emit.findings.{form}"}


@pytest.mark.parametrize(
    ("form", "module"), [("table", None), ("json", "json_lines"), ("csv", "csv_rows"), ("openmetrics", "openmetrics")]
)
def test_a_small_replay_loads_what_it_uses(loaded, form, module):
    modules = loaded("replay", "-d", DEFINITIONS / "extended.json", EVENTS / "shop.ndjson", "--format", form)
    assert "numpy" in modules
    unused = {"numpy.ma", "rich", "yaml", "pyarrow", "isal", "subprocess", "concurrent.futures", "logging"}
    assert not unused & modules
    written = {f"emit.{module}"} if module else set()
    assert {name for name in own(modules) if name.startswith("emit.")} == {
        "emit.console",
        "emit.formats",
        "emit.layout",
        "emit.table",
        *written,
    }
    assert not {name for name in own(modules) if name.startswith(("executors", "job.checkpoint.s"))}
