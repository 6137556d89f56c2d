"""Faults of files and lines: each is one reject that says what is wrong, and everything else is counted."""

from __future__ import annotations

import errno
import gc
import gzip
import json
import os
import subprocess
import sys
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

import rumpattern as rp
from rumpattern.events import sources, streams
from rumpattern.events.buffers import Buffer
from rumpattern.events.sources import Range, cut_file
from rumpattern.job import collect
from rumpattern.job.accounts import FileAccount

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    from rumpattern.events.columns import Reject

    Run = Callable[..., CompletedProcess[bytes]]

READERS = ("orjson", "scan") if find_spec("numba") else ("orjson",)
EXTENDED = "fixtures/definitions/extended.json"
VIEW = b'{"event_type":"view","event_timestamp":0}'
TIME = b"2026-01-05T00:00:00.000Z "
LIMIT = 100


@pytest.fixture(scope="module")
def views() -> list[rp.MetricDefinition]:
    return rp.load_definitions([{"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}])


def replayed(
    views: list[rp.MetricDefinition], path: Path, reader: str = "orjson", **options: Any
) -> tuple[rp.ReplayResult, list[Reject]]:
    """Replay a file or directory, check that its lines add up, and return the rejects too."""
    rejects: list[Reject] = []
    options = {"workers": 1, "reader": reader, **options}
    result = rp.replay(views, path, on_reject=lambda _, reject: rejects.append(reject), **options)
    for file in result.accounting.files:
        assert file.lines == file.evaluated + file.rejected + file.blank
    assert sum(one.count for one in result.series) == result.accounting.evaluated
    assert result.accounting.rejected == len(rejects)
    return result, rejects


def told(rejects: list[Reject]) -> list[tuple[int, int, str, str]]:
    return [(reject.line, reject.offset, reject.code, reject.reason) for reject in rejects]


# --- lines that are too long -----------------------------------------------------------------------------------------


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
    monkeypatch.setattr("rumpattern.events.sources.RANGE", block)
    monkeypatch.setattr("rumpattern.events.buffers.BLOCK", block)
    monkeypatch.setattr("rumpattern.events.lines.SHOWN", 50)
    text = long_lines(form)
    lines = text.split(b"\n")
    path = tmp_path / "events"
    for end in (b"", b"\n"):
        path.write_bytes(gzip.compress(text + end) if compress else text + end)
        result, rejects = replayed(views, path, reader, max_line=LIMIT, input_format=form)
        long = [number for number, line in enumerate(lines) if len(line) > LIMIT]
        starts = [sum(len(line) + 1 for line in lines[:number]) for number in range(len(lines))]
        assert told([reject for reject in rejects if reject.code == "RP019"]) == [
            (number + 1, starts[number], "RP019", "the line has more than 100 bytes") for number in long
        ]
        cut = [reject.text for reject in rejects if reject.is_cut]
        assert cut == [lines[number][:50] for number in long]
        assert (result.accounting.lines, result.accounting.evaluated, result.accounting.blank) == (14, 5, 2)
        assert result.accounting.rejected == 7
        assert not any(file.broke_off for file in result.accounting.files)


def test_ranges_hold_no_line_that_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events"
    for text in (long_lines("ndjson"), b"x" * 5000, b"x" * 5000 + b"\n", b"\n" * 300, b"x" * 100 + b"\n"):
        path.write_bytes(text)
        for size in (1, 50, 100, 101, 400, 10_000):
            monkeypatch.setattr(sources, "RANGE", size)
            with path.open("rb") as file:
                ranges = list(cut_file(file, LIMIT))
                ends = [piece.offset + piece.length + piece.passed for piece in ranges]
                assert [piece.offset for piece in ranges] == [0, *ends[:-1]]
                assert ends[-1] == len(text)
                assert all(piece.length <= size + LIMIT + 1 for piece in ranges)
                assert all(text[end - 1 : end] == b"\n" for end in ends[:-1])
                for start in ends:  # where a run goes on
                    again = list(cut_file(file, LIMIT, start))
                    assert start + sum(piece.length + piece.passed for piece in again) == len(text)


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


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in KiB on Linux only")
@pytest.mark.parametrize("head", [b"", b'{"events":[{"message":"'], ids=["line", "document"])
def test_a_bomb_takes_little_memory(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(head) + bomb(50 << 20) if head else bomb(1000 << 20))
    done = subprocess.run([sys.executable, "-c", BOMB, path], capture_output=True, check=True, timeout=100)
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


@pytest.mark.skipif(sys.platform != "linux", reason="memory is told in KiB on Linux only")
def test_many_rejects_take_little_memory(tmp_path: Path) -> None:
    (tmp_path / "tiny.ndjson").write_bytes(b"{}\n" * 200_000)
    done = subprocess.run([sys.executable, "-c", TINY, tmp_path], capture_output=True, check=True, timeout=100)
    assert int(done.stdout) < 100 << 10


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


# --- files that are not what they were -------------------------------------------------------------------------------

NAMES = ("a.ndjson", "b.ndjson", "c.ndjson")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "events"
    path.mkdir()
    for name in NAMES:
        (path / name).write_bytes((VIEW + b"\n") * 100)
    return path


def replaced(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"bad\n" * 2000)
    other.replace(path)


def rewritten(path: Path) -> None:
    path.write_bytes(b"bad\n" * 1050)
    os.utime(path, ns=(0, 0))


SIZE = 100 * (len(VIEW) + 1)
CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "shrinks": (
        lambda path: os.truncate(path, 10),
        f"it became shorter while it was read: it had {SIZE:,} bytes, and has 10",
    ),
    "vanishes": (lambda path: path.unlink(), f"cannot be read: {os.strerror(errno.ENOENT)}"),
    "is replaced": (replaced, "another file took its place while it was read"),
    "is rewritten": (rewritten, "it was changed while it was read"),
    "is a directory": (
        lambda path: (path.unlink(), path.mkdir()),
        f"cannot be read: {os.strerror(errno.EISDIR)}",
    ),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read_is_one_reject(  # noqa: PLR0913, PLR0917 - what may differ
    views: list[rp.MetricDefinition],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: str,
    workers: int,
    reader: str,
) -> None:
    happens, reason = CHANGES[change]
    monkeypatch.setattr(sources, "RANGE", 1000)
    begun: list[int] = []

    def heard(read: int, evaluated: int, _rejected: int) -> None:
        if read and not begun:
            begun.append(read)
            happens(folder / "a.ndjson")

    result, rejects = replayed(views, folder, reader, workers=workers, on_progress=heard)
    assert told(rejects) == [(1, 0, "RP001", reason)]
    assert [(file.lines, file.evaluated, file.broke_off) for file in result.accounting.files] == [
        (1, 0, True),
        (100, 100, False),
        (100, 100, False),
    ]


@pytest.mark.parametrize("reader", READERS)
def test_what_was_read_before_a_file_shrank_counts(
    views: list[rp.MetricDefinition], folder: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.setattr(sources, "RANGE", 1000)
    ranges: list[int] = []

    def heard(read: int, _evaluated: int, _rejected: int) -> None:
        ranges.extend([read] if read else [])
        if len(ranges) == 3 and read:
            os.truncate(folder / "a.ndjson", 2500)

    result, rejects = replayed(views, folder, reader, on_progress=heard)
    lines = sum(ranges[:2]) // (len(VIEW) + 1)
    assert told(rejects) == [(lines + 1, sum(ranges[:2]), "RP001", CHANGES["shrinks"][1].replace("10", "2,500"))]
    assert result.accounting.files[0].evaluated == lines


@pytest.mark.parametrize("reader", READERS)
def test_what_is_appended_while_a_file_is_read_is_of_another_run(
    views: list[rp.MetricDefinition], folder: Path, monkeypatch: pytest.MonkeyPatch, reader: str
) -> None:
    monkeypatch.setattr(sources, "RANGE", 1000)

    def heard(read: int, _evaluated: int, _rejected: int) -> None:
        if read:
            with (folder / "a.ndjson").open("ab") as file:
                file.write(VIEW + b"\n")

    result, rejects = replayed(views, folder, reader, on_progress=heard)
    assert (result.accounting.files[0].evaluated, rejects) == (100, [])


DOCUMENT = json.dumps({"RumEvents": [{"type": "view", "timestamp": 0, "id": "x" * 1000}]}).encode()
STREAMS = {
    "gzip members": gzip.compress((VIEW + b"\n") * 50, mtime=0, compresslevel=0),
    "documents": DOCUMENT + b"\n",
}


@pytest.mark.parametrize("inflater", ["isal", "zlib"])
@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_that_shrinks_at_a_seam_does_not_look_complete(
    views: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, inflater: str
) -> None:
    if inflater == "zlib":
        monkeypatch.setattr(streams, "isal_zlib", None)
    monkeypatch.setattr(streams, "_READ", 2000)
    monkeypatch.setattr("rumpattern.events.buffers.BLOCK", 2000)
    monkeypatch.setattr("rumpattern.events.sources.HEAD", 2000)
    unit = STREAMS[kind]
    path = tmp_path / "events"
    path.write_bytes(unit * 400)
    real = streams.open_stream

    def opened(file: BinaryIO) -> streams.Stream:
        stream = real(file)
        os.truncate(path, 300 * len(unit))
        return stream

    monkeypatch.setattr("rumpattern.job.blocks.open_stream", opened)
    result, rejects = replayed(views, path)
    assert [(reject.code, reject.reason) for reject in rejects] == [
        ("RP001", f"it became shorter while it was read: after {300 * len(unit):,} bytes, not {400 * len(unit):,}")
    ]
    assert result.accounting.evaluated == 300 * (50 if kind == "gzip members" else 1)


@pytest.mark.parametrize("good", [0, 1, 2])
@pytest.mark.parametrize("reader", READERS)
def test_a_device_that_fails_is_one_reject(
    views: list[rp.MetricDefinition], folder: Path, monkeypatch: pytest.MonkeyPatch, reader: str, good: int
) -> None:
    opened: list[str] = []

    def fail(path: Path, *arguments: Any, **options: Any) -> BinaryIO:
        if path.name == "b.ndjson":
            opened.append(path.name)
            if len(opened) > good:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(path, *arguments, **options)

    real = Path.open
    monkeypatch.setattr(Path, "open", fail)
    result, rejects = replayed(views, folder, reader)
    assert told(rejects) == [(1, 0, "RP001", "cannot be read: Permission denied")]
    assert [file.evaluated for file in result.accounting.files] == [100, 0, 100]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="for root, no file is unreadable")
def test_an_unreadable_file_among_others(run: Run, folder: Path) -> None:
    (folder / "b.ndjson").chmod(0)
    done = run("replay", "-d", EXTENDED, folder, "--format", "csv")
    assert done.returncode == 3
    assert f"{folder}/b.ndjson:1: cannot be read: Permission denied [RP001]" in done.stderr.decode()


@pytest.mark.parametrize("root", [False, True])
def test_a_folder_that_cannot_be_looked_at(
    views: list[rp.MetricDefinition], folder: Path, monkeypatch: pytest.MonkeyPatch, *, root: bool
) -> None:
    (folder / "a.ndjson").write_bytes(VIEW)
    hidden = folder / "sub"
    hidden.mkdir()
    (hidden / "b.ndjson").write_bytes(VIEW)
    scan = os.scandir

    def scandir(path: str) -> Any:
        if os.fspath(path) == str(folder if root else hidden):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), os.fspath(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", scandir)
    if root:
        with pytest.raises(rp.InputError, match="Permission denied"):
            rp.replay(views, folder)
        return
    result = rp.replay(views, folder)
    assert [(Path(file.name).name, file.evaluated, file.rejects) for file in result.accounting.files] == [
        ("a.ndjson", 1, {}),
        ("b.ndjson", 100, {}),
        ("c.ndjson", 100, {}),
        ("sub", 0, {"RP001": 1}),
    ]
    assert result.first_rejects[0][1].reason == "cannot be read: Permission denied"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names, as on POSIX systems")
def test_a_pipe_with_a_name_is_opened_once(run: Run, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(VIEW + b"\n",), daemon=True)
    writer.start()
    done = run("replay", "-d", EXTENDED, pipe, "--accounts", tmp_path / "accounts")
    assert done.returncode == 0
    (file,) = json.loads((tmp_path / "accounts").read_bytes())["files"]
    assert (file["bytes"], file["lines"], file["evaluated"]) == (len(VIEW) + 1, 1, 1)


@pytest.mark.skipif(os.name != "posix", reason="symbolic links as on POSIX systems")
def test_links_in_directories(run: Run, views: list[rp.MetricDefinition], folder: Path) -> None:
    (folder / "again.ndjson").symlink_to("a.ndjson")
    (folder / "round").symlink_to(folder)
    (folder / "self").symlink_to("self")
    (folder / "gone").symlink_to("nowhere")
    result, rejects = replayed(views, folder)
    assert [reject.reason for reject in rejects] == [
        f"cannot be read: {os.strerror(errno.ENOENT)}",
        f"cannot be read: {os.strerror(errno.ELOOP)}",
    ]
    assert {Path(file.name).name: file.evaluated for file in result.accounting.files} == {
        "a.ndjson": 100,
        "b.ndjson": 100,
        "c.ndjson": 100,
        "gone": 0,
        "self": 0,
    }
    assert replayed(views, folder / "round")[0].accounting.evaluated == 300
    done = run("replay", "-d", EXTENDED, folder / "self", folder / "gone")
    assert (done.returncode, done.stderr.decode().splitlines()) == (
        2,
        [
            f"error: {folder}/self: {os.strerror(errno.ELOOP)} [RP001]",
            f"error: {folder}/gone: {os.strerror(errno.ENOENT)} [RP001]  hint: check the name",
        ],
    )


def test_forms_may_be_mixed_in_a_directory(views: list[rp.MetricDefinition], folder: Path) -> None:
    (folder / "d.txt.gz").write_bytes(gzip.compress(TIME + VIEW))
    (folder / "e.json").write_text(json.dumps({"events": [{"message": VIEW.decode()}]}), encoding="utf-8")
    (folder / "f").write_bytes(b"")
    (folder / "g.gz").write_bytes(gzip.compress(b""))
    (folder / "h").write_bytes(b"\n \n\r\n")
    result, rejects = replayed(views, folder)
    files = [(file.form, file.lines, file.evaluated, file.blank) for file in result.accounting.files[3:]]
    assert rejects == []
    assert files[:2] == [("logs-export", 1, 1, 0), ("filter-log-events", 1, 1, 0)]
    assert [row[1:] for row in files[2:]] == [(0, 0, 0), (0, 0, 0), (3, 0, 3)]


# --- gzip ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inflater", ["isal", "zlib"])
def test_a_damaged_member_among_others_is_one_reject(
    views: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inflater: str
) -> None:
    if inflater == "zlib":
        monkeypatch.setattr(streams, "isal_zlib", None)
    member = gzip.compress((VIEW + b"\n") * 50, mtime=0)
    damaged = member[:-8] + b"abcd" + member[-4:]
    path = tmp_path / "a.gz"
    path.write_bytes(member + gzip.compress(b"") + damaged + member)
    result, rejects = replayed(views, path)
    place = 2 * len(member) + len(gzip.compress(b"")) - 5
    reason = f"gzip data is damaged near byte {place} of the file: incorrect data check"
    assert told(rejects) == [(101, 100 * (len(VIEW) + 1), "RP003", reason)]
    assert result.accounting.evaluated == 100


# --- characters ------------------------------------------------------------------------------------------------------

EVENT = b'{"event_type":"view","event_timestamp":0,"a":%b}'
NOT_UTF8 = "the text is {0}, not UTF-8: convert it, as iconv -f {0} -t UTF-8 does"
TEXTS: dict[str, tuple[bytes, int, int, list[tuple[int, int, str, str]]]] = {
    "CRLF": (VIEW + b"\r\n\r\n" + VIEW + b"\r\n", 2, 1, []),
    "CR inside a line": (
        VIEW + b"\r" + VIEW + b"\n" + VIEW,
        1,
        0,
        [(1, 0, "RP010", "text follows the JSON value (character 43)")],
    ),
    "CR between members": (VIEW.replace(b",", b",\r"), 1, 0, []),
    "BOM": (b"\xef\xbb\xbf" + VIEW + b"\n" + VIEW, 2, 0, []),
    "BOM alone": (b"\xef\xbb\xbf\n" + VIEW, 1, 1, []),
    "UTF-16 little": (b"\xff\xfe" + (VIEW + b"\n").decode().encode("utf-16-le") * 9, 0, 0, [(1, 0, "RP023", "UTF-16")]),
    "UTF-16 big": (b"\xfe\xff" + (VIEW + b"\n").decode().encode("utf-16-be") * 9, 0, 0, [(1, 0, "RP023", "UTF-16")]),
    "UTF-32": ((VIEW + b"\n").decode().encode("utf-32") * 9, 0, 0, [(1, 0, "RP023", "UTF-32")]),
    "NUL in a string": (EVENT % b'"\0"', 0, 0, [(1, 0, "RP010", "")]),
    "NUL between lines": (VIEW + b"\n\0\n" + VIEW, 2, 0, [(2, 42, "RP010", "")]),
    "NUL behind a line": (VIEW + b"\0\n" + VIEW, 1, 0, [(1, 0, "RP010", "")]),
    "lone surrogate": (EVENT % b'"\\ud800"' + b"\n" + EVENT % b'"\\udc00\\ud800"', 2, 0, []),
    "encoded surrogate": (
        EVENT % b'"\xed\xa0\x80"',
        0,
        0,
        [(1, 0, "RP014", "byte 0xed at offset 46 is not UTF-8 (invalid continuation byte)")],
    ),
    "1e400": (EVENT % b"1e400", 1, 0, []),
    "NaN": (EVENT % b"NaN", 0, 0, [(1, 0, "RP010", "")]),
    "Infinity": (EVENT % b"Infinity" + b"\n" + EVENT % b"-Infinity", 0, 0, [(1, 0, "RP010", ""), (2, 55, "RP010", "")]),
    "repeated keys": (EVENT % b'1,"a":2,"b":{"c":1,"c":2}', 1, 0, []),
    "1,000 digits": (EVENT % (b"1" * 1000), 1, 0, []),
    "1,001 digits": (EVENT % (b"1" * 1001), 0, 0, [(1, 0, "RP016", "a number has 1001 characters, more than 1000")]),
    "1,001 digits below keys": (
        EVENT % (b'{"b":[{"c":0.%b}]}' % (b"1" * 999)),
        0,
        0,
        [(1, 0, "RP016", "a number has 1001 characters, more than 1000")],
    ),
    "1,000 levels": (EVENT % (b"[" * 999 + b"]" * 999), 1, 0, []),
    "1,001 levels": (
        EVENT % (b"[" * 1000 + b"]" * 1000),
        0,
        0,
        [(1, 0, "RP015", "JSON is nested deeper than 1000 levels")],
    ),
    "1,001 levels of objects": (
        EVENT % (b'{"a":' * 1000 + b"1" + b"}" * 1000),
        0,
        0,
        [(1, 0, "RP015", "JSON is nested deeper than 1000 levels")],
    ),
    "no newline at the end": (VIEW + b"\n" + VIEW, 2, 0, []),
    "half a line at the end": (VIEW + b"\n" + VIEW[:-1], 1, 0, [(2, 42, "RP010", "")]),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", TEXTS)
def test_texts(views: list[rp.MetricDefinition], tmp_path: Path, case: str, reader: str, *, compress: bool) -> None:
    text, evaluated, blank, expected = TEXTS[case]
    path = tmp_path / "events"
    path.write_bytes(gzip.compress(text) if compress else text)
    result, rejects = replayed(views, path, reader, input_format="ndjson")
    assert (result.accounting.evaluated, result.accounting.blank) == (evaluated, blank)
    reasons = [NOT_UTF8.format(one[3]) if one[2] == "RP023" else one[3] for one in expected]
    assert [row[:3] for row in told(rejects)] == [one[:3] for one in expected]
    assert all(reject.reason == reason for reject, reason in zip(rejects, reasons, strict=True) if reason)


def test_utf_16_is_told_of_in_every_form(run: Run, views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(json.dumps({"events": [{"message": VIEW.decode()}]}).encode("utf-16"))
    for form in (None, "filter-log-events", "logs-export"):
        assert [reject.code for reject in replayed(views, path, input_format=form)[1]] == ["RP023"]
    done = run("match", '{"event_type": ["view"]}', path)
    assert (done.returncode, done.stderr.decode().splitlines()) == (
        3,
        [f"{path}:1: {NOT_UTF8.format('UTF-16')} [RP023]", f"{path}: 1 lines were rejected"],
    )


# --- interruption ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("moment", range(1, 12))
def test_the_accounts_add_up_whenever_a_run_is_interrupted(
    views: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    monkeypatch.setattr(sources, "RANGE", 500)
    path = tmp_path / "a.ndjson"
    path.write_bytes((VIEW + b"\nbad\n\n") * 100)
    checked: list[FileAccount] = []
    check = FileAccount.check
    monkeypatch.setattr(FileAccount, "check", lambda self: (check(self), checked.append(self)))
    left = moment

    def interrupt(*_: object) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rp.replay(views, path, workers=1, on_reject=interrupt)
    assert len(checked) == 1
    assert checked[0].rejected >= moment
    assert checked[0].lines < 300


def test_accounts_that_do_not_add_up_are_told_of(
    views: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.ndjson"
    path.write_bytes(VIEW)
    monkeypatch.setattr(collect.FileAccount, "plus", lambda self, _: FileAccount(self.name, lines=2, evaluated=1))
    with pytest.raises(AssertionError, match="lines do not add up"):
        rp.replay(views, path, workers=1)
