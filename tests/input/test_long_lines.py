"""Lines and streams that would take much memory: each is one reject, and takes little."""

from __future__ import annotations

import gc
import gzip
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import rumpattern as rp
from rumpattern.input import sources
from rumpattern.input.buffers import Buffer
from rumpattern.input.sources import Range, cut_file
from tests.support.core import READERS
from tests.support.replays import EXTENDED, TIME, VIEW, reject_rows, replay_views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    Run = Callable[..., CompletedProcess[bytes]]

LIMIT = 100


def of_length(length: int) -> bytes:
    start = VIEW[:-1] + b',"a":"'
    return start + b"x" * (length - len(start) - 2) + b'"}'


def long_lines(form: str) -> bytes:
    """Return lines of lengths at and beyond the limit, blank ones and one that is no JSON among them."""
    time = TIME if form == "logs-export" else b""
    lengths = (LIMIT - 1, LIMIT, LIMIT + 1, 3 * LIMIT, 40 * LIMIT, LIMIT)
    lines = [time + of_length(length - len(time)) for length in lengths]
    lines += [b"", b" " * LIMIT, b" " * (LIMIT + 1), b"x" * 900, time + of_length(LIMIT - len(time) - 1) + b"\r"]
    return b"\n".join([*lines, time + VIEW, time + b"bad", b"y" * 350])


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("form", ["ndjson", "logs-export"])
@pytest.mark.parametrize("block", [1, 101, 250, 1 << 20])
def test_a_line_that_is_too_long_is_one_reject(  # noqa: PLR0913, PLR0917 - what may differ
    views: list[rp.MetricDefinition],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    form: str,
    reader: str,
    *,
    compress: bool,
) -> None:
    monkeypatch.setattr("rumpattern.input.sources.RANGE", block)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", block)
    monkeypatch.setattr("rumpattern.input.lines.MAX_EXCERPT", 50)
    text = long_lines(form)
    lines = text.split(b"\n")
    path = tmp_path / "events"
    for end in (b"", b"\n"):
        path.write_bytes(gzip.compress(text + end) if compress else text + end)
        result, rejects = replay_views(views, path, reader, max_line=LIMIT, input_format=form)
        long = [number for number, line in enumerate(lines) if len(line) > LIMIT]
        starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
        assert reject_rows([reject for reject in rejects if reject.code == "RP019"]) == [
            (number + 1, starts[number], "RP019", "the line has more than 100 bytes") for number in long
        ]
        cut = [reject.text for reject in rejects if reject.is_cut]
        assert cut == [lines[number][:50] for number in long]
        assert (result.accounting.lines, result.accounting.evaluated, result.accounting.blank) == (14, 5, 2)
        assert result.accounting.rejected == 7
        assert not any(file.truncated for file in result.accounting.files)


def test_ranges_hold_no_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events"
    for text in (long_lines("ndjson"), b"x" * 5000, b"x" * 5000 + b"\n", b"\n" * 300, b"x" * 100 + b"\n"):
        path.write_bytes(text)
        for size in (1, 50, 100, 101, 400, 10_000):
            monkeypatch.setattr(sources, "RANGE", size)
            with path.open("rb") as file:
                ranges = list(cut_file(file, LIMIT))
                ends = [piece.offset + piece.length + piece.skipped for piece in ranges]
                assert [piece.offset for piece in ranges] == [0, *ends[:-1]]
                assert ends[-1] == len(text)
                assert all(piece.length <= size + LIMIT + 1 for piece in ranges)
                assert all(text[end - 1 : end] == b"\n" for end in ends[:-1])
                for start in ends:  # where a run goes on
                    again = list(cut_file(file, LIMIT, start))
                    assert start + sum(piece.length + piece.skipped for piece in again) == len(text)


def test_what_is_longer_than_memory_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "sparse"
    path.write_bytes(VIEW + b"\n")
    os.truncate(path, 200 << 20)
    with path.open("ab") as file:
        file.write(b"\n" + VIEW)
    with path.open("rb") as file:
        size = (200 << 20) - len(VIEW) - 1
        assert list(cut_file(file, 1000)) == [
            Range(0, len(VIEW) + 1),
            Range(len(VIEW) + 1, 1001, size - 1000),
            Range((200 << 20) + 1, len(VIEW)),
        ]


BOMB = """
import json, sys
import rumpattern as rp

definitions = rp.load_definitions([{"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}])
found = []
result = rp.replay(definitions, sys.argv[1], workers=1, reader="orjson", on_reject=lambda _, one: found.append(one))
peak = int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
print(json.dumps([peak, result.accounting.evaluated, [(one.line, one.code, len(one.text)) for one in found]]))
"""


def bomb(zeros: int) -> bytes:
    """Return gzip members that make a line of zeros between two events; a member of 10 MB is written once."""
    piece = gzip.compress(bytes(10 << 20), 1)
    return gzip.compress(VIEW + b"\n") + piece * (zeros // (10 << 20)) + gzip.compress(b"\n" + VIEW)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in KiB on Linux only")
@pytest.mark.parametrize("head", [b"", b'{"events":[{"message":"'], ids=["line", "document"])
def test_a_bomb_takes_little_memory(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(head) + bomb(50 << 20) if head else bomb(1000 << 20))
    done = subprocess.run([sys.executable, "-c", BOMB, path], capture_output=True, check=True)
    peak, evaluated, rejects = json.loads(done.stdout)
    assert peak < 350 << 10
    assert (evaluated, rejects) == ((0, [[1, "RP020", 1000]]) if head else (2, [[2, "RP019", 1000]]))


TINY = """
import sys
import rumpattern as rp

definitions = rp.load_definitions([{"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}])
assert rp.replay(definitions, sys.argv[1], workers=1, reader="orjson").accounting.rejected == 200_000
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1])
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in KiB on Linux only")
def test_many_rejects_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "tiny.ndjson").write_bytes(b"{}\n" * 200_000)
    done = subprocess.run([sys.executable, "-c", TINY, tmp_path], capture_output=True, check=True)
    assert int(done.stdout) < 100 << 10


@pytest.mark.slow
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("cut", [0, 20], ids=["whole", "cut"])
def test_nothing_stays_of_a_stream(views: list[rp.MetricDefinition], tmp_path: Path, cut: int, workers: int) -> None:
    data = gzip.compress((VIEW + b"\n") * 500)
    path = tmp_path / "events.gz"
    path.write_bytes(data[: len(data) - cut])
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            rp.replay(views, path, workers=workers, reader="orjson")
        assert not [thing for thing in gc.get_objects() if isinstance(thing, Buffer)]
    finally:
        gc.enable()


def test_the_option(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(of_length(2000) + b"\n" + VIEW)
    done = run("replay", "-d", EXTENDED, path, "--max-line", "1K", "--format", "csv")
    assert done.returncode == 3
    assert f"{path}:1: the line has more than 1,024 bytes [RP019]" in done.stderr.decode()
    assert run("replay", "-d", EXTENDED, path, "--max-line", "2K", "--format", "csv").returncode == 0
    done = run("match", '{"event_type": ["view"]}', path, "--max-line", "1999", "--count")
    assert (done.returncode, done.stdout) == (3, b"1\n")
    done = run("match", '{"event_type": ["view"]}', path, "--max-line", "0")
    assert (done.returncode, done.stderr.decode().splitlines()[-1]) == (
        2,
        "Error: Invalid value for '--max-line': '0' is not a size such as 500000, 64K or 1MiB",
    )
