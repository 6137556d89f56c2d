"""The formats as the command writes them, and what it says of what they cannot hold."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys

import pytest

from tests.support.command import PACKAGE_PATH, run_command
from tests.support.paths import ROOT


@pytest.fixture
def replay(tmp_path):
    """Give a function that replays three events by definitions of some units."""

    def replay_to(form, *words, units=("Milliseconds",), environment=None, **options):
        definitions = [
            {"Name": f"Metric{n}", "Namespace": "N", "ValueKey": "event_details.value", "UnitLabel": unit}
            for n, unit in enumerate(units)
        ]
        (tmp_path / "d.json").write_text(json.dumps(definitions), encoding="utf-8")
        fields = {"event_type": "x", "event_timestamp": 0, "application_name": "=1+1"}
        events = [{**fields, "event_details": {"value": n}} for n in range(3)]
        (tmp_path / "e").write_text("\n".join(map(json.dumps, events)), encoding="utf-8")
        command = ["rumpattern", "replay", "-d", "d.json", "e", "--format", form, *words]
        if form != "parquet":
            return run_command(*command[1:], folder=tmp_path)
        # a pipe, a terminal, and an extra that is missing need a process of its own
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env={**os.environ, **PACKAGE_PATH, **(environment or {})},
            check=False,
            **({"capture_output": True} | options),
        )

    return replay_to


def test_emf_goes_to_standard_output(replay):
    done = replay("emf")
    assert json.loads(done.stdout)["Metric0"] == [0, 1, 2]
    assert done.returncode == 0
    assert b"warning: 1 of 1 data points are older than two weeks: CloudWatch refuses them\n" in done.stderr


def test_openmetrics_goes_to_standard_output(replay):
    done = replay("openmetrics")
    assert done.returncode == 0
    assert done.stdout.endswith(b"# EOF\n")
    assert b"older than two weeks" not in done.stderr


def test_csv_has_no_formula(replay):
    (row,) = csv.DictReader(replay("csv").stdout.decode().splitlines())
    assert row["dimension.application_name"] == "'=1+1"


@pytest.mark.parametrize("form", ["put-metric-data", "emf"])
def test_data_that_cloudwatch_would_refuse_are_told(replay, form):
    done = replay(form, units=("Milliseconds", "\x1b[31mms"))
    assert done.returncode == 1
    note = b'warning: 1 data points are left out because CloudWatch would refuse them: the unit "\\x1b[31mms"\n'
    assert note in done.stderr
    assert b"\x1b" not in done.stderr
    assert b"Metric1" not in done.stdout
    assert b"Metric0" in done.stdout


@pytest.mark.slow
def test_parquet_goes_to_a_pipe_and_to_a_file(replay, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="the extra arrow is not installed")
    done = replay("parquet")
    assert done.returncode == 0
    assert replay("parquet", "-o", "out.parquet").returncode == 0
    assert (tmp_path / "out.parquet").read_bytes() == done.stdout
    (row,) = parquet.read_table(tmp_path / "out.parquet").to_pylist()
    assert (row["name"], row["sum"], row["dimensions"]) == ("Metric0", 3.0, [("application_name", "=1+1")])


@pytest.mark.slow
def test_parquet_without_its_extra_is_one_sentence(replay, tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['pyarrow'] = None\n", encoding="utf-8")
    done = replay("parquet", environment={"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"})
    assert (done.returncode, done.stdout) == (2, b"")
    message = b"parquet needs pyarrow: install rumpattern[arrow], or take another format\n"
    assert done.stderr.endswith(b"Invalid value for --format: " + message)


def test_parquet_is_not_written_to_a_terminal(replay):
    pytest.importorskip("pyarrow", reason="the extra arrow is not installed")
    pty = pytest.importorskip("pty", reason="there are no terminals as on POSIX systems")
    master, slave = pty.openpty()
    done = replay("parquet", capture_output=False, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    os.close(master)
    assert done.returncode == 2
    assert b"name a file with --output" in done.stderr


def test_the_help_says_what_is_left_out(replay):
    text = " ".join(replay("json", "--help").stdout.decode().split())
    assert "The trimmed statistics of CloudWatch (TM, TC, TS, PR, WM, IQM) are left out." in text
