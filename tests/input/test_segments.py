"""Runs: streams that are read while they are inflated give what they give otherwise, whatever their sizes."""

from __future__ import annotations

import gzip
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from rumpattern.input.buffers import Buffer, BufferPool, fill_ahead
from rumpattern.input.lines import TextLines
from rumpattern.input.segments import StreamSegment
from rumpattern.input.sources import BrokenSourceError
from rumpattern.synth import events as synth
from tests.support.core import needs_core
from tests.support.paths import DEFINITIONS

pytestmark = needs_core

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIMIT = 3_000


def everything(
    definitions: list[rp.MetricDefinition], path: Path, limit: int = LIMIT, **options: Any
) -> tuple[object, ...]:
    """Return all that a replay tells."""
    rejects: list[object] = []
    result = rp.replay(definitions, path, max_line=limit, on_reject=lambda *pair: rejects.append(pair), **options)
    return result.series, result.accounting, result.warnings, rejects


@pytest.fixture(scope="module")
def definitions() -> list[rp.MetricDefinition]:
    return rp.load_definitions(DEFINITIONS / "extended.json")


@pytest.fixture(scope="module")
def text() -> bytes:
    lines = list(synth.lines(900, seed=5))
    for place, line in ((700, b"\n\n{}"), (500, b"x" * LIMIT), (300, b"x" * 9_000), (2, b"bad"), (1, b"y" * 50_000)):
        lines.insert(place, line)
    return b"\n".join(lines) + b"\n" + b"z" * 4_000


@pytest.mark.slow
@pytest.mark.parametrize("buffer", [100, 5_000, 300_000])
@pytest.mark.parametrize("run", [1, 20_000, 1 << 30])
@pytest.mark.parametrize("cut", [0, 2_000])
def test_the_sizes_do_not_matter(  # noqa: PLR0913, PLR0917 - what may differ
    definitions: list[rp.MetricDefinition],
    text: bytes,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    buffer: int,
    run: int,
    cut: int,
) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(text)[: -cut or None])
    whole = everything(definitions, path, workers=1, reader="orjson")
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", buffer)
    monkeypatch.setattr("rumpattern.input.blocks.RANGE", run)
    before = threading.active_count()
    for workers in (2, 3):
        assert everything(definitions, path, workers=workers, reader="scan") == whole
        assert threading.active_count() == before


@pytest.mark.parametrize("limit", [3_000, 9_000, 1 << 40])
def test_lines_longer_than_a_buffer(
    definitions: list[rp.MetricDefinition], text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: int
) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(text.replace(b'"Safari"', b'"%b"' % (b"S" * 7_000), 3)))
    whole = everything(definitions, path, limit, workers=1, reader="orjson")
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 5_000)
    monkeypatch.setattr("rumpattern.columns.scan.RANGE", 100)
    assert everything(definitions, path, limit, workers=2, reader="scan") == whole


def test_what_fails_while_a_run_is_read_is_raised(
    definitions: list[rp.MetricDefinition], text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("no memory")

    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(text))
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 5_000)
    monkeypatch.setattr("rumpattern.input.blocks.RANGE", 20_000)
    monkeypatch.setattr("rumpattern.columns.scan._scan_lines", fail)
    before = threading.active_count()
    with pytest.raises(MemoryError, match="no memory"):
        rp.replay(definitions, path, workers=2, reader="scan")
    assert threading.active_count() == before


def test_a_buffer_of_empty_strings_alone_keeps_its_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events.gz"
    lines = [b'{"event_type":"","event_timestamp":1}'] * 900 + [b'{"event_type":"u","event_timestamp":2}'] * 500
    path.write_bytes(gzip.compress(b"\n".join(lines)))
    definitions = [rp.MetricDefinition(name, pattern=rp.parse_pattern({"event_type": [name]})) for name in ("", "u")]
    whole = everything(definitions, path, workers=1, reader="orjson")
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 5_000)
    assert everything(definitions, path, workers=2, reader="scan") == whole


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.01, 0.05])
def test_who_is_interrupted_while_a_run_is_read_stops_all(
    definitions: list[rp.MetricDefinition], text: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: float
) -> None:
    def interrupted(_: StreamSegment) -> None:
        time.sleep(after)
        raise KeyboardInterrupt

    load = Buffer.load

    def load_slowly(*given: Any) -> bool:
        time.sleep(0.01)
        return load(*given)

    path = tmp_path / "events.gz"
    path.write_bytes(gzip.compress(text * 9))
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 5_000)
    monkeypatch.setattr(Buffer, "load", load_slowly)
    monkeypatch.setattr(StreamSegment, "wait", interrupted)
    before = threading.active_count()
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            rp.replay(definitions, path, workers=2, reader="scan")
        assert threading.active_count() == before


class Text:
    """A stream of text that breaks off."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.stored = 0
        self.fault = BrokenSourceError("RP003", "broken")

    def fill(self, room: memoryview) -> int:
        size = min(len(room), len(self.data) - self.stored)
        room[:size] = self.data[self.stored : self.stored + size]
        self.stored += size
        return size


def runs(filled: Iterator[Buffer], limit: int) -> Iterator[StreamSegment]:
    end = 0
    while first := next(filled, None):
        run = StreamSegment(first, filled, end, limit)
        yield run
        end = run.end
        if run.fault:
            return


def test_runs_are_all_lines_up_to_the_fault() -> None:
    found = [TextLines(run).whole for run in runs(fill_ahead(Text(b"one\n" * 50 + b"t"), b"", BufferPool(2, 20)), 60)]
    assert found == [b"one\n" * 15] * 3 + [b"one\n" * 5]


def test_a_run_that_nobody_reads_is_over() -> None:
    buffers = BufferPool(1, 20)
    filled = fill_ahead(Text(b"one\n" * 50), b"", buffers)
    run = StreamSegment(next(filled), filled, 7, 60)
    run.close()
    run.wait()
    assert list(run) == []
    assert run.end == 7
    assert next(filled).size == 20
    filled.close()
