"""Buffers: whole lines with zeros behind, a bounded number of them, and no thread that outlives its reader."""

from __future__ import annotations

import gzip
import io
import os
import subprocess
import sys
import threading
import time
import tracemalloc
from typing import TYPE_CHECKING

import pytest

import rumpattern as rp
from rumpattern.input import buffers
from rumpattern.input.blocks import read_blocks
from rumpattern.input.buffers import BufferPool, fill_ahead, fill_buffers
from rumpattern.input.sources import BrokenSourceError, find_sources
from rumpattern.input.streams import open_stream, read_head
from rumpattern.native import PADDING
from tests.support.core import READERS, needs_core

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FILLS = [fill_buffers, fill_ahead]
VIEW = b'{"event_type":"view","event_timestamp":0}\n'


class Text:
    """A stream of text that gives at most ``most`` bytes at once, and may break off."""

    def __init__(self, data: bytes, most: int = 1 << 20, fault: BrokenSourceError | None = None) -> None:
        self.data, self.max_exact, self.fault = data, most, fault
        self.stored = 0

    def fill(self, room: memoryview) -> int:
        size = min(len(room), self.max_exact, len(self.data) - self.stored)
        room[:size] = self.data[self.stored : self.stored + size]
        self.stored += size
        return size


def fillers() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "rumpattern-fill"]


def taken(filled: Iterator[buffers.Buffer]) -> Iterator[bytes]:
    """Yield the texts of buffers, each of which is given back at once."""
    for buffer in filled:
        text = buffer.text[: buffer.size].tobytes()
        assert not buffer.text[buffer.size : buffer.size + PADDING].any()
        assert len(buffer.text) >= buffer.size + PADDING
        buffer.release()
        yield text


def taken_until_fault(filled: Iterator[buffers.Buffer]) -> tuple[bytes, BrokenSourceError | None]:
    """Return the text of buffers, and what broke off after it."""
    text = b""
    try:
        for more in taken(filled):
            text += more
    except BrokenSourceError as fault:
        return text, fault
    return text, None


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("count", [None, 1, 3])
@pytest.mark.parametrize("most", [1, 2, 100])
@pytest.mark.parametrize("block", [1, 50, 1 << 20])
@pytest.mark.parametrize("data", [b"", b"\n", b"one", b"one\n\ntwo\r\n" * 40, b"x" * 200 + b"\ny\nz"])
def test_buffers_end_at_line_ends_only(  # noqa: PLR0913, PLR0917 - what may differ
    monkeypatch: pytest.MonkeyPatch,
    fill: Callable[..., Iterator[buffers.Buffer]],
    data: bytes,
    block: int,
    most: int,
    count: int | None,
) -> None:
    monkeypatch.setattr(buffers, "BLOCK", block)
    for head in (0, 3, 90):
        texts = list(taken(fill(Text(data[head:], most), data[:head], BufferPool(count))))
        assert b"".join(texts) == data
        assert all(texts)
        assert [text for text in texts[:-1] if not text.endswith(b"\n")] == []
    assert fillers() == []


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("data", [b"", b"\n", b"one", b"one\ntwo", b"one\ntwo\n"])
def test_a_line_that_broke_off_is_the_rest(fill: Callable[..., Iterator[buffers.Buffer]], data: bytes) -> None:
    text, fault = taken_until_fault(fill(Text(data, 2, BrokenSourceError("RP003", "broken")), b"", BufferPool(2)))
    cut = data.rfind(b"\n") + 1
    assert fault is not None
    assert (text, fault.rest, fault.message) == (data[:cut], data[cut:], "broken")


@pytest.mark.parametrize("fill", FILLS)
@pytest.mark.parametrize("most", [1, 7, 1 << 20])
@pytest.mark.parametrize("block", [1, 7, 64, 1000])
@pytest.mark.parametrize(("length", "fits"), [(63, True), (64, True), (65, False), (500, False), (5000, False)])
def test_a_line_beyond_the_longest_is_passed_over(  # noqa: PLR0913 - what may differ
    monkeypatch: pytest.MonkeyPatch,
    fill: Callable[..., Iterator[buffers.Buffer]],
    block: int,
    length: int,
    most: int,
    *,
    fits: bool,
) -> None:
    monkeypatch.setattr(buffers, "BLOCK", block)
    line = b"x" * length
    for end in (b"", b"\n", b"\nlast", b"\n" + line + b"\nlast\n"):
        data = b"one\ntwo\n" + line + end
        filled = list(fill(Text(data, most), b"", BufferPool(None), 64))
        texts = [buffer.text[: buffer.size].tobytes() for buffer in filled]
        lines = [(text.split(b"\n"), buffer.skipped) for text, buffer in zip(texts, filled, strict=True)]
        assert sum(buffer.size + buffer.skipped for buffer in filled) == len(data)
        assert all(passed == 0 or parts == [b"x" * 65] for parts, passed in lines)
        whole = [line for parts, passed in lines for line in parts if line and not passed]
        assert [line for line in whole if len(line) <= 64] == [
            line for line in data.split(b"\n") if 0 < len(line) <= 64
        ]
        if fits:
            assert b"".join(texts) == data


def test_a_long_line_that_breaks_off_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 64)
    monkeypatch.setattr(buffers, "MAX_EXCERPT", 10)
    for length, rest in ((64, 64), (65, 10), (66, 10), (5000, 10)):
        stream = Text(b"one\n" + b"x" * length, fault=BrokenSourceError("RP003", "broken"))
        text, fault = taken_until_fault(fill_buffers(stream, b"", BufferPool(1), 64))
        assert fault is not None
        assert (text, fault.rest, fault.message) == (b"one\n", b"x" * rest, "broken"), length


def test_no_more_buffers_are_filled_than_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 100)
    stream = Text(b"one\n" * 1000)
    filled = fill_ahead(stream, b"", BufferPool(3))
    first = [next(filled) for _ in range(3)]
    time.sleep(0.05)
    assert stream.stored == 300
    first[1].release()
    assert next(filled).text is first[1].text
    filled.close()  # type: ignore[attr-defined]
    assert fillers() == []


def test_closing_ends_the_thread_wherever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 100)
    for count in (1, 2, 5, None):
        for read in range(3):
            filled = fill_ahead(Text(b"one\n" * 1000), b"", BufferPool(count))
            for _ in zip(range(read), filled, strict=False):
                if count == 1:
                    break
            filled.close()  # type: ignore[attr-defined]
            assert fillers() == []


class Failing(Text):
    def fill(self, room: memoryview) -> int:  # noqa: ARG002 - a stream's
        raise MemoryError("no memory")


def test_what_the_thread_cannot_do_is_raised_to_its_reader() -> None:
    with pytest.raises(MemoryError, match="no memory"):
        list(fill_ahead(Failing(b""), b"", BufferPool(2)))
    assert fillers() == []


def test_a_bomb_takes_a_bounded_amount_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 1 << 20)
    bomb = gzip.compress(b"\n" * (20 << 20)) + gzip.compress(bytes(100 << 20), 1) + gzip.compress(b"\nlast")
    for fill in FILLS:
        tracemalloc.start()
        stream = open_stream(io.BytesIO(bomb))
        head = read_head(stream)
        sizes = []
        for buffer in fill(stream, head, BufferPool(2), 4 << 20):
            sizes.append((buffer.size, buffer.skipped))
            buffer.release()
        assert tracemalloc.get_traced_memory()[1] < 24 << 20
        tracemalloc.stop()
        assert sizes[-2:] == [((4 << 20) + 1, (96 << 20)), (4, 0)]


# --- in a replay -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a file of 12 MB of text, a bad line in each megabyte."""
    path = tmp_path_factory.mktemp("large") / "views.ndjson.gz"
    path.write_bytes(gzip.compress((VIEW * 25_000 + b"bad\n") * 12, 1))
    return path


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
def test_who_stops_a_replay_stops_its_threads(  # noqa: PLR0913, PLR0917 - what may differ
    views: list[rp.MetricDefinition],
    large: Path,
    monkeypatch: pytest.MonkeyPatch,
    reader: str,
    workers: int,
    error: type[BaseException],
) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 100_000)
    monkeypatch.setattr("rumpattern.input.blocks.RANGE", 300_000)
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 100_000)
    before = threading.active_count()

    def stop(*_: object) -> None:
        raise error

    with pytest.raises(error):
        rp.replay(views, large, workers=workers, reader=reader, on_reject=stop)
    assert threading.active_count() == before


@needs_core
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_reading_ahead_changes_nothing(
    views: list[rp.MetricDefinition], large: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr("rumpattern.input.blocks.RANGE", 300_000)
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 100_000)
    places: list[tuple[int, int]] = []
    heard: list[int] = []
    result = rp.replay(
        views,
        large,
        workers=workers,
        reader="scan",
        on_reject=lambda _, reject: places.append((reject.line, reject.offset)),
        on_progress=lambda stored, *_: heard.append(stored),
    )
    assert result.accounting.evaluated == 300_000
    size = len(VIEW) * 25_000 + 4
    assert places == [(25_001 * (n + 1), size * (n + 1) - 4) for n in range(12)]
    assert sum(heard) == large.stat().st_size


def test_blocks_without_a_bound_keep_their_text(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffers, "BLOCK", 1 << 20)
    (source,) = find_sources([large])
    blocks = list(read_blocks(0, source))
    assert b"".join(block.lines().whole for block in blocks) == gzip.decompress(large.read_bytes())  # type: ignore[attr-defined]


INTERRUPTED = """
import os, signal, sys, threading, time
from tests.support.core import READERS, needs_core
import rumpattern as rp

signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs tests in the background ignores it

def interrupt():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGINT)

definitions = rp.load_definitions([{"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}])
threading.Thread(target=interrupt, daemon=True).start()
try:
    while True:
        rp.replay(definitions, sys.argv[1], workers=2, reader="orjson", on_progress=lambda *_: time.sleep(0.01))
except KeyboardInterrupt:
    print([thread.name for thread in threading.enumerate() if thread.name == "rumpattern-fill"])
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals are those of POSIX")
def test_ctrl_c_leaves_no_thread(large: Path) -> None:
    done = subprocess.run([sys.executable, "-c", INTERRUPTED, large], capture_output=True, check=False, text=True)
    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)
