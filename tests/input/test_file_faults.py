"""Faults of files: each is one reject that says what is wrong, and everything else is counted."""

from __future__ import annotations

import errno
import gzip
import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest

import rumpattern as rp
from rumpattern.input import gather, sources, streams
from rumpattern.job import collect
from rumpattern.job.accounts import FileAccount
from tests.support.core import READERS
from tests.support.replays import EXTENDED, TIME, VIEW, reject_rows, replay_views

if TYPE_CHECKING:
    from collections.abc import Callable
    from subprocess import CompletedProcess

    Run = Callable[..., CompletedProcess[bytes]]


# --- files that are not what they were -------------------------------------------------------------------------------

NAMES = ("a.ndjson", "b.ndjson", "c.ndjson")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of files that are read one by one, as large ones are."""
    monkeypatch.setattr(gather, "SMALL", 0)
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


@pytest.mark.slow
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

    result, rejects = replay_views(views, folder, reader, workers=workers, on_progress=heard)
    assert reject_rows(rejects) == [(1, 0, "RP001", reason)]
    assert [(file.lines, file.evaluated, file.truncated) for file in result.accounting.files] == [
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

    result, rejects = replay_views(views, folder, reader, on_progress=heard)
    lines = sum(ranges[:2]) // (len(VIEW) + 1)
    assert reject_rows(rejects) == [(lines + 1, sum(ranges[:2]), "RP001", CHANGES["shrinks"][1].replace("10", "2,500"))]
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

    result, rejects = replay_views(views, folder, reader, on_progress=heard)
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
        monkeypatch.setattr(streams, "load_isal", lambda: None)
    monkeypatch.setattr(streams, "_READ", 2000)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", 2000)
    monkeypatch.setattr("rumpattern.input.sources.HEAD", 2000)
    unit = STREAMS[kind]
    path = tmp_path / "events"
    path.write_bytes(unit * 400)
    real = streams.open_stream

    def opened(file: BinaryIO) -> streams.Stream:
        stream = real(file)
        os.truncate(path, 300 * len(unit))
        return stream

    monkeypatch.setattr("rumpattern.input.blocks.open_stream", opened)
    result, rejects = replay_views(views, path)
    assert [(reject.code, reject.reason) for reject in rejects] == [
        ("RP001", f"it became shorter while it was read: after {300 * len(unit):,} bytes, not {400 * len(unit):,}")
    ]
    assert result.accounting.evaluated == 300 * (50 if kind == "gzip members" else 1)


@pytest.mark.parametrize("good", [0, 1, 2])
@pytest.mark.parametrize("reader", READERS)
def test_a_device_that_fails_is_one_reject(
    views: list[rp.MetricDefinition],
    folder: Path,
    failing_device: Callable[[Path, int], None],
    reader: str,
    good: int,
) -> None:
    failing_device(folder / "b.ndjson", good)
    result, rejects = replay_views(views, folder, reader)
    assert reject_rows(rejects) == [(1, 0, "RP001", "cannot be read: Permission denied")]
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
    result, rejects = replay_views(views, folder)
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
    assert replay_views(views, folder / "round")[0].accounting.evaluated == 300
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
    result, rejects = replay_views(views, folder)
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
        monkeypatch.setattr(streams, "load_isal", lambda: None)
    member = gzip.compress((VIEW + b"\n") * 50, mtime=0)
    damaged = member[:-8] + b"abcd" + member[-4:]
    path = tmp_path / "a.gz"
    path.write_bytes(member + gzip.compress(b"") + damaged + member)
    result, rejects = replay_views(views, path)
    place = 2 * len(member) + len(gzip.compress(b"")) - 5
    reason = f"gzip data is damaged near byte {place} of the file: incorrect data check"
    assert reject_rows(rejects) == [(101, 100 * (len(VIEW) + 1), "RP003", reason)]
    assert result.accounting.evaluated == 100


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
