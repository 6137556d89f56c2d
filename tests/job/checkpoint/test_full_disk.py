"""Every single write that a replay makes may fail: nothing half done stays, and no sample is lost or counted twice."""

from __future__ import annotations

import errno
import io
import os
import sys
from functools import partialmethod
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from rumpattern.cli.main import main
from rumpattern.job.checkpoint import segments
from rumpattern.synth import events as synth
from tests.support.paths import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

EXTENDED = str(DEFINITIONS / "extended.json")
PARQUET = pytest.param(
    "parquet",
    errno.ENOSPC,
    marks=pytest.mark.skipif(find_spec("pyarrow") is None, reason="the extra arrow is not installed"),
)
OLD = b"what was there before\n"


class FaultyDisk:
    """Counts all that is written, kept and renamed below a folder, and lets one of these steps fail."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.steps = 0
        self.fails_at = 0
        self.error = errno.ENOSPC
        self.open, self.replace, self.fsync = Path.open, Path.replace, os.fsync
        monkeypatch.setattr(Path, "open", partialmethod(_call, self._open))
        monkeypatch.setattr(Path, "replace", partialmethod(_call, self._replace))
        monkeypatch.setattr(os, "fsync", self._fsync)

    def fail_at(self, step: int, error: int) -> None:
        self.steps, self.fails_at, self.error = 0, step, error

    def step(self) -> None:
        self.steps += 1
        if self.steps == self.fails_at:
            raise OSError(self.error, os.strerror(self.error))

    def _open(self, path: Path, mode: str = "r", *options: Any, **more: Any) -> Any:
        if mode not in {"wb", "xb"} or self.folder not in path.parents:
            return self.open(path, mode, *options, **more)
        self.step()
        return io.BufferedWriter(_File(self.open(path, mode, buffering=0), self))

    def _replace(self, path: Path, target: Path) -> Path:
        self.step()
        return self.replace(path, target)

    def _fsync(self, file: Any) -> None:
        self.step()
        self.fsync(file)


def _call(path: Path, method: Callable[..., Any], *options: Any, **more: Any) -> Any:
    """Call what stands in for a method of paths."""
    return method(path, *options, **more)


class _File(io.RawIOBase):
    """A file whose write, if it is the one that fails, writes half."""

    def __init__(self, file: Any, disk: FaultyDisk) -> None:
        self.file = file
        self.disk = disk

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            self.disk.step()
        except OSError:
            self.file.write(bytes(data)[: len(data) // 2])
            raise
        return int(self.file.write(data))

    def fileno(self) -> int:
        return int(self.file.fileno())

    def close(self) -> None:
        self.file.close()
        super().close()


@pytest.fixture
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("events")
    for number in range(3):
        synth.write(folder / f"{number}.ndjson", 25, seed=number)
    with (folder / "1.ndjson").open("ab") as file:
        file.write(b"{\n[]\n")
    return folder


@pytest.fixture
def replay(
    events: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path, str], tuple[int, str]]:
    monkeypatch.setattr(segments, "_WRITE_RATIO", 0)

    def run(folder: Path, form: str) -> tuple[int, str]:
        named = {"--format": form, "-o": folder / "out", "--rejects": folder / "rejects", "--state": folder / "state"}
        options = [str(word) for pair in named.items() for word in pair]
        arguments = ["rumpattern", "replay", "-d", EXTENDED, str(events), *options, "--max-reject-rate", "1"]
        monkeypatch.setattr(sys, "argv", arguments)
        with pytest.raises(SystemExit) as ended:
            main()
        assert isinstance(ended.value.code, int)
        return ended.value.code, capsys.readouterr().err

    return run


@pytest.mark.slow
@pytest.mark.parametrize(
    ("form", "error"),
    [("json", errno.ENOSPC), ("json", errno.EIO), ("csv", errno.EIO), ("put-metric-data", errno.ENOSPC), PARQUET],
)
def test_every_write_may_fail(
    replay: Callable[[Path, str], tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    error: int,
) -> None:
    whole = tmp_path / "whole"
    whole.mkdir()
    assert replay(whole, form)[0] == 0
    disk = FaultyDisk(tmp_path, monkeypatch)
    step = 0
    while True:
        step += 1
        folder = tmp_path / str(step)
        folder.mkdir()
        (folder / "out").write_bytes(OLD)
        disk.fail_at(step, error)
        code, said = replay(folder, form)
        if code == 0 and disk.steps < step:
            break
        if code:
            assert code == 2
            assert os.strerror(error) in said.splitlines()[-1]
            assert (folder / "out").read_bytes() in {OLD, (whole / "out").read_bytes()}
            assert not [*folder.glob(".*"), *folder.glob("*.partial")]
        disk.fail_at(0, error)
        assert replay(folder, form)[0] == 0
        assert (folder / "out").read_bytes() == (whole / "out").read_bytes(), step
        assert (folder / "rejects").read_bytes() == (whole / "rejects").read_bytes()
    assert step > 20
