"""The bench command's numbers, and the comparison with other tools on a few events. No test asserts a speed."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pkgutil import resolve_name
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from benchmarks.compare import TITLES
from benchmarks.data import VARIANTS, generate
from benchmarks.peers import (
    DUCKDB,
    FLOOR,
    LOOP,
    OURS,
    Peer,
    Row,
    column_peers,
    differences,
    exact_columns,
    exact_result,
    metric_peers,
    programs,
    read_result,
)
from benchmarks.report import Line, bar_table, figures, lines, peak_table, table
from benchmarks.run import measure
from benchmarks.turns import Task, check, take_turns
from rumpattern.bench.workload import MEGABYTE, read_workload, synthetic_workload
from rumpattern.cli.main import cli
from rumpattern.columns.readers import Reader
from rumpattern.input.formats import Form
from rumpattern.synth import events as synth
from tests.support.core import HAS_CORE
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.peers import Key

DEFINITIONS = str(ROOT / "benchmarks" / "definitions.json")
STAGES = ["parse", "compile", "decode", "match", "derive", "pipeline"]
FORMS = [Form.NDJSON, Form.LOGS_EXPORT, Form.FILTER_LOG_EVENTS, Form.PUT_EVENTS]


def bench(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["bench", "-d", DEFINITIONS, "--repeat", "2", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_json_output() -> None:
    report = json.loads(bench("--events", "300", "--json"))
    assert set(report["versions"]) >= {"rumpattern", "python", "numpy", "orjson"}
    assert report["reader"] == ("scan" if HAS_CORE else "orjson")
    assert report["cpus"] >= 1
    assert (report["events"], report["rejected"], report["definitions"], report["repeat"]) == (300, 0, 12, 2)
    assert report["bytes"] == sum(len(line) + 1 for line in synth.lines(300))
    assert not report["cut"]
    assert [stage["stage"] for stage in report["stages"]] == STAGES
    assert report["processor"]
    assert report["reader_reason"] == Reader.AUTO.reason()
    assert report["load"] is None or report["load"] >= 0
    for stage in report["stages"]:
        assert 0 < stage["fastest"] <= stage["seconds"] <= stage["slowest"]
        if stage["stage"] in ("parse", "compile"):
            assert stage["events_per_second"] is stage["megabytes_per_second"] is None
        else:
            assert stage["events_per_second"] == pytest.approx(300 / stage["seconds"])
            assert stage["megabytes_per_second"] == pytest.approx(report["bytes"] / MEGABYTE / stage["seconds"])
            assert stage["definitions_events_per_second"] == pytest.approx(12 * 300 / stage["seconds"])


def test_table_output() -> None:
    title, heads, *rows = bench("--events", "300").splitlines()
    assert title.startswith("12 definitions, 300 events, 0.4 MB, median of 2")
    assert heads.split() == ["stage", "seconds", "spread", "events/s", "MB/s", "definitions", "x", "events/s"]
    assert [row.split()[0] for row in rows[:6]] == STAGES
    assert rows[6].startswith("reader ")
    assert Reader.AUTO.reason().split(":")[0] in rows[6]
    assert "spread: from fastest to slowest run" in " ".join(rows[7:])
    assert "orjson" in rows[-1]


def test_quick_is_an_upper_limit() -> None:
    report = json.loads(bench("--quick", "--json"))
    assert (report["events"], report["repeat"]) == (5_000, 2)
    assert json.loads(bench("--quick", "--events", "20", "--json"))["events"] == 20


def test_the_reason_of_the_reader_is_told() -> None:
    report = json.loads(bench("--events", "20", "--reader", "orjson", "--json"))
    assert (report["reader"], report["reader_reason"]) == ("orjson", "asked for")


@pytest.mark.parametrize("form", FORMS)
def test_given_files(tmp_path: Path, form: Form) -> None:
    path = tmp_path / "events"
    synth.write(path, 200, form=form, compress=form == "ndjson")
    assert json.loads(bench(str(path), "--json"))["events"] == 200


@pytest.mark.parametrize(
    ("form", "start", "separator", "end"), [("ndjson", b"", b"\n", b"\n"), ("json", b"[", b",", b"]")]
)
def test_rejects_are_counted_once(tmp_path: Path, form: str, start: bytes, separator: bytes, end: bytes) -> None:
    path = tmp_path / "events"
    path.write_bytes(start + separator.join([*synth.lines(20), b"1", b"[]"]) + end)
    report = json.loads(bench(str(path), "--json", "--input-format", form))
    assert (report["events"], report["rejected"]) == (20, 2)


@pytest.mark.parametrize("form", FORMS)
def test_input_is_cut_between_events(tmp_path: Path, form: Form) -> None:
    synth.write(tmp_path / "1", 100, form=form)
    synth.write(tmp_path / "2", 100, form=form)
    whole = read_workload([str(tmp_path)], None, MEGABYTE)
    assert not whole.cut
    for limit in (whole.size - 1, whole.size // 2, 10):
        part = read_workload([str(tmp_path)], None, limit)
        assert part.cut
        assert part.size <= limit
        texts = [text for block in part.blocks for chunk in block.lines().chunks() for text in chunk.texts]
        assert all(text.endswith(b"}") for text in texts)
        assert len(texts) < 200


def test_cut_input_is_said(tmp_path: Path) -> None:
    synth.write(tmp_path / "events", 1000)
    arguments = ["bench", "-d", DEFINITIONS, "--repeat", "1", "--limit", "1", str(tmp_path / "events")]
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert "first 1.0 MB" in result.stderr


def test_synthetic_events_depend_on_the_seed_alone() -> None:
    texts = [block.text for block in synthetic_workload(50, seed=1).blocks]
    assert texts == [block.text for block in synthetic_workload(50, seed=1).blocks]
    assert texts != [block.text for block in synthetic_workload(50, seed=2).blocks]


@pytest.mark.parametrize(("definitions", "code"), [("nowhere.json", 2), ("broken.json", 1)])
def test_errors_are_told_as_by_other_commands(
    run: Callable[..., subprocess.CompletedProcess[bytes]], tmp_path: Path, definitions: str, code: int
) -> None:
    (tmp_path / "broken.json").write_text('{"Name": 1}')
    done = run("bench", "-d", tmp_path / definitions, "--events", "1")
    assert done.returncode == code
    assert done.stderr.startswith(f"error: {tmp_path / definitions}".encode())


# --- the comparison ------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("form", ["plain", "gzip"])
def test_tools_agree(tmp_path: Path, variant: str, form: str) -> None:
    compress = form == "gzip"
    events = generate(tmp_path, 1000, compress=compress, seed=0, variant=variant)
    result = tmp_path / "result"
    results = exact_result(events), exact_columns(events)
    for tools, true in zip((metric_peers(1, compress=compress), column_peers()), results, strict=True):
        for tool in tools:
            assert measure(resolve_name(tool.job)(1), events, result) > 0
            if tool.has_rows:
                check(tool, read_result(result), true)


@pytest.mark.slow
def test_a_loop_in_two_processes_agrees(tmp_path: Path) -> None:
    events = generate(tmp_path, 500, compress=False, seed=0)
    loop = Peer(LOOP, 2, "benchmarks.plain_loop:metrics")
    runs = take_turns([loop], Task(events, tmp_path, exact_result(events), warm=events), 1)
    assert runs[loop].seconds[0] > 0
    assert not runs[loop].failure


def test_another_tools_failure_is_a_row(tmp_path: Path) -> None:
    events = generate(tmp_path, 5, compress=False, seed=0)
    (broken, ours) = (Peer(tool, 1, "benchmarks.plain_loop:nothing") for tool in ("loop", OURS))
    task = Task(events, tmp_path, {})
    runs = take_turns([broken], task, 2)
    assert "nothing" in runs[broken].failure
    assert "failed: AttributeError" in table(lines("ndjson", "plain", runs, 5, 10), memory=False)
    with pytest.raises(RuntimeError, match="nothing"):
        take_turns([ours], task, 1)


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """Run the comparison, which fails if two results differ; return its numbers and what it prints."""
    numbers = tmp_path_factory.mktemp("comparison") / "numbers.json"
    options = ["--events", "500", "--repeat", "1", "--workers", "1", "--variants", "plain", "--json", str(numbers)]
    command = [sys.executable, "-m", "benchmarks.compare", *options, "--sections", "columns", "whole-ndjson"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(numbers.read_text()), done.stdout


@pytest.mark.slow
def test_comparison_in_numbers(comparison: tuple[dict[str, Any], str]) -> None:
    document, _ = comparison
    rows = {(row["section"], row["tool"]): row for row in document["rows"]}
    expected = [("columns", tool.tool) for tool in column_peers()]
    assert list(rows) == expected + [("whole-ndjson", tool.tool) for tool in programs(1, compress=False)]
    assert (document["events"], document["repeat"]) == (500, 1)
    assert rows["whole-ndjson", OURS]["ratio"] == 1
    for row in rows.values():
        assert row["events_per_second"] == pytest.approx(500 / row["seconds"])
        assert row["peak_megabytes"] is None or row["peak_megabytes"] > 1
    for bar in document.get("bars", ()):
        own, other = rows["columns", OURS]["seconds"], rows["columns", bar["peer"]]["seconds"]
        assert bar["reached"] == pytest.approx(other / own)


@pytest.mark.slow
def test_comparison_in_print(comparison: tuple[dict[str, Any], str]) -> None:
    _, printed = comparison
    assert printed.startswith("500 events, seed 0, 12 definitions, medians of 1 runs")
    assert "bytes to 8 columns; plain events" in printed
    assert "whole processes, NDJSON to metrics; plain events" in printed
    assert "Steady state: every run is a process of its own" in printed


def row(tool: str, cores: int, seconds: float | None) -> Line:
    return Line("gzip", "plain", tool, cores, seconds, None, None, None, None, "")


@pytest.mark.parametrize(("duckdb", "isal", "verdicts"), [(2.2, 0.9, ["met", "met"]), (1.9, 0.8, ["missed", "missed"])])
def test_bars(duckdb: float, isal: float, verdicts: list[str]) -> None:
    found = figures([row(OURS, 2, 1.0), row(OURS, 1, 5.0), row(DUCKDB, 2, duckdb), row(FLOOR, 1, isal)])
    assert {figure.bar.peer: figure.verdict for figure in found} == dict(zip((DUCKDB, FLOOR), verdicts, strict=True))
    assert f"{duckdb:.2f}x     >= 2x  {verdicts[0]}" in bar_table(found, TITLES)


def test_bars_of_a_tool_that_failed_are_not_known() -> None:
    assert [figure.verdict for figure in figures([row(OURS, 2, 1.0), row(DUCKDB, 2, None)])] == [
        "not known: the tool failed"
    ]


@pytest.mark.parametrize(
    ("peaks", "verdict"), [([200.0, 210.0], "met"), ([200.0, 230.0], "missed"), ([351.0] * 2, "missed")]
)
def test_peaks(peaks: list[float | None], verdict: str) -> None:
    tool = Peer(OURS, 2, "")
    assert peak_table({tool: peaks}, (10, 100)).endswith(verdict)


ROW = Row(2, 0.3, 0.1, 0.2)
KEY = ("JsErrorCount", "Chrome", 60)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {KEY: ROW, ("JsErrorCount", "Chrome", 120): ROW},
        {KEY: replace(ROW, count=3)},
        {KEY: replace(ROW, min=0.05)},
        {KEY: replace(ROW, max=0.25)},
        {KEY: replace(ROW, sum=0.30000001)},
    ],
)
def test_a_wrong_result_is_fatal(wrong: dict[Key, Row]) -> None:
    with pytest.raises(SystemExit, match="plain loop, 1 core: the result is wrong in 1 of 1 rows"):
        check(Peer(LOOP, 1, ""), wrong, {KEY: ROW})


def test_sums_are_exact_or_nearly() -> None:
    near = {KEY: replace(ROW, sum=0.1 + 0.2)}
    assert list(differences(near, {KEY: ROW}, exact=True))
    assert not list(differences(near, {KEY: ROW}, exact=False))


def test_generated_events_are_kept(tmp_path: Path) -> None:
    path = generate(tmp_path, 5, compress=False, seed=0)
    path.write_bytes(b"kept")
    assert generate(tmp_path, 5, compress=False, seed=0).read_bytes() == b"kept"


def test_every_core_count_runs_once() -> None:
    tools = [(peer.tool, peer.cores) for peer in metric_peers(4, compress=False)]
    assert len(set(tools)) == len(tools)
    assert (OURS, 4) in tools
    assert (LOOP, 4) in tools
    assert (LOOP, 4) not in [(peer.tool, peer.cores) for peer in metric_peers(4, compress=True)]
