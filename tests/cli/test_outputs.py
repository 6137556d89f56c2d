"""Files that a command writes never take the place of something else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from tests.support.command import PACKAGE_PATH, run_command

EVENT = '{"event_type":"x","event_timestamp":0}\n'
DEFINITION = json.dumps({"Name": "n", "Namespace": "t", "EventPattern": '{"event_type":["x"]}'})


@pytest.fixture
def place(tmp_path):
    (tmp_path / "d.json").write_text(DEFINITION, encoding="utf-8")
    (tmp_path / "e.ndjson").write_text(EVENT, encoding="utf-8")
    return tmp_path


def replay(place, *words):
    done = run_command("replay", "-d", "d.json", *words, folder=place)
    return CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("e.ndjson", "-o", "e.ndjson"), "--output: e.ndjson is an input too"),
        (("e.ndjson", "-o", "d.json"), "--output: d.json is an input too"),
        (("e.ndjson", "--rejects", "e.ndjson"), "--rejects: e.ndjson is an input too"),
        ((".", "--rejects", "e.ndjson"), "--rejects: e.ndjson is an input too"),
        (("e.ndjson", "-o", "o", "--rejects", "o"), "--rejects: o is the file of --output too"),
        (("e.ndjson", "-o", "."), "--output: . is a directory"),
        (("e.ndjson", "-o", "none/o"), "--output: there is no directory none"),
        (("e.ndjson", "-o", "new/"), "--output: new/ is a directory"),
        (("e.ndjson", "-o", ""), "--output: no file is named"),
        (("e.ndjson", "--state", ""), "--state: no folder is named"),
        (("e.ndjson", "--state", "s", "-o", "s/run.json"), "--output: s/run.json lies in the folder of --state"),
        (("e.ndjson", "--state", "s", "--accounts", "s"), "--accounts: s lies in the folder of --state"),
    ],
)
def test_a_file_is_not_read_and_written(place, words, message):
    done = replay(place, *words, "--format", "json")
    assert done.returncode == 2
    assert f"Error: Invalid value for {message}" in done.stderr
    assert (place / "e.ndjson").read_text(encoding="utf-8") == EVENT
    assert (place / "d.json").read_text(encoding="utf-8") == DEFINITION


@pytest.mark.skipif(sys.platform != "linux", reason="the system does not say which file standard input is")
def test_standard_input_is_not_written(place):
    with (place / "e.ndjson").open("rb") as events:
        command = [sys.executable, "-m", "rumpattern", "replay", "-d", "d.json", "-", "-o", "e.ndjson"]
        environment = {**os.environ, **PACKAGE_PATH}
        done = subprocess.run(command, stdin=events, capture_output=True, cwd=place, env=environment, check=False)
    assert (done.returncode, b"e.ndjson is an input too" in done.stderr) == (2, True)
    assert (place / "e.ndjson").read_text(encoding="utf-8") == EVENT


def test_rejects_in_the_input_folder_are_not_read(place):
    (place / "in").mkdir()
    (place / "in" / "bad.ndjson").write_text("bad\n" * 100, encoding="utf-8")
    done = replay(place, "in", "--rejects", "in/rejects.jsonl")
    assert done.returncode == 3
    assert len((place / "in" / "rejects.jsonl").read_text(encoding="utf-8").splitlines()) == 100


def test_a_link_stays_a_link(place):
    (place / "link").symlink_to("real")
    assert replay(place, "e.ndjson", "--format", "json", "-o", "link").returncode == 0
    assert (place / "link").is_symlink()
    assert json.loads((place / "real").read_text(encoding="utf-8"))["count"] == 1


@pytest.mark.slow
def test_what_is_open_is_written_where_it_stands(place):
    with (place / "all").open("w", encoding="utf-8") as stream:
        stream.write("before\n")
        stream.flush()
        command = [sys.executable, "-m", "rumpattern", "replay", "-d", "d.json", "e.ndjson", "--format", "csv", "-o"]
        for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"):
            done = subprocess.run(
                [*command, name], cwd=place, env={**os.environ, **PACKAGE_PATH}, stdout=stream, check=False
            )
            assert done.returncode == 0
    first, *lines = (place / "all").read_text(encoding="utf-8").splitlines()
    assert first == "before"
    assert len(lines) == 6
    assert len(set(lines)) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes as on POSIX systems")
def test_the_mode_of_a_file_is_kept(place):
    (place / "o").touch(0o600)
    assert replay(place, "e.ndjson", "--format", "json", "-o", "o").returncode == 0
    assert (place / "o").stat().st_mode & 0o777 == 0o600


def test_a_name_may_be_as_long_as_the_disk_takes(place):
    assert replay(place, "e.ndjson", "--format", "json", "-o", "x" * 255).returncode == 0
    done = replay(place, "e.ndjson", "--format", "json", "-o", "x" * 256)
    assert done.returncode == 2
    assert done.stderr.endswith(f"File name too long: '{'x' * 256}'\n")
    assert "lines" not in done.stderr  # it is known before anything is read


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes, as on Linux")
def test_names_that_are_no_text(place):
    name = os.fsdecode(b"\xff.ndjson")
    (place / "in").mkdir()
    (place / "e.ndjson").rename(place / "in" / name)
    done = replay(place, "in", "--accounts", "a.json", "--rejects", "r", "--state", "s", "--format", "json")
    assert done.returncode == 0, done.stderr
    (file,) = json.loads((place / "a.json").read_bytes())["files"]
    assert (file["name"], file["evaluated"]) == ("in/\\xff.ndjson", 1)


@pytest.mark.skipif(os.name != "posix", reason="the shell of POSIX systems")
def test_closed_standard_output_is_told(place):
    script = 'exec "$0" -m rumpattern replay -d d.json e.ndjson -o o >&-'
    command = ["/bin/sh", "-c", script, sys.executable]
    done = subprocess.run(command, cwd=place, env={**os.environ, **PACKAGE_PATH}, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (2, b"error: standard output is closed\n")


def test_a_mistake_in_the_program_has_the_code_of_errors(place):
    program = (
        "import rumpattern.cli.replaying as command, rumpattern.cli.main as main\n"
        "command.find_sources = lambda names: names.nothing\n"
        "main.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "replay", "-d", "d.json", "e.ndjson"],
        cwd=place,
        env={**os.environ, **PACKAGE_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: internal error: this is a bug in rumpattern, please report it\nTraceback")


def test_a_device_is_written_as_it_is(place):
    assert replay(place, "e.ndjson", "--format", "json", "-o", "/dev/null").returncode == 0
    assert Path("/dev/null").is_char_device()


@pytest.mark.slow
def test_no_module_of_the_current_folder_is_run(place):
    (place / "json.py").write_text("raise SystemExit(9)", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-m", "rumpattern", "replay", "-d", "d.json", "e.ndjson", "--workers", "2"],
        cwd=place,
        env={**os.environ, **PACKAGE_PATH},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_document_without_events_does_not_hide_the_rest(place):
    page = json.dumps({"events": [{"message": EVENT}] * 3})
    (place / "p.json").write_text(f'{page}\n{{"nextToken":"x"}}\n{page}', encoding="utf-8")
    done = replay(place, "p.json", "--max-reject-rate", "0.5")
    assert done.returncode == 0
    assert "filter-log-events      7          6         1" in done.stdout


def test_a_file_that_broke_off_is_never_clean(place):
    (place / "p.json").write_text(json.dumps({"events": [{"message": EVENT}] * 3})[:-2], encoding="utf-8")
    done = replay(place, "p.json", "--max-reject-rate", "1")
    assert done.returncode == 3
    assert "p.json could not be read to its end" in done.stderr


@pytest.mark.parametrize("name", ["", "Größe", "a\nb", "x" * 1025])
def test_an_application_name_that_cloudwatch_refuses(place, name):
    done = replay(place, "e.ndjson", "--application-name", name)
    assert done.returncode == 2
    assert "Invalid value for --application-name" in done.stderr


def test_control_characters_do_not_reach_the_terminal(place):
    assert replay(place, "\x1b[31mX").stderr.startswith("error: \\x1b[31mX: No such file")


def test_output_that_cannot_be_encoded_is_spelled_out(place):
    (place / "d.json").write_text(json.dumps({"Name": "é", "Namespace": "t"}), encoding="utf-8")
    command = [sys.executable, "-m", "rumpattern", "replay", "-d", "d.json", "e.ndjson"]
    environment = {**os.environ, **PACKAGE_PATH, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, cwd=place, env=environment, capture_output=True, check=False)
    assert done.returncode == 0
    assert b"\\xe9" in done.stdout
