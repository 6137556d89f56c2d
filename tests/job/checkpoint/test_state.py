"""A run that is ended at any moment goes on where it was, and gives the same bytes as one that was not."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from rumpattern.emit import json_lines
from rumpattern.input import gather
from rumpattern.input.formats import Form
from rumpattern.job.checkpoint import segments, state
from rumpattern.job.checkpoint.state import Checkpoint, delete
from rumpattern.synth import events as synth
from tests.support.core import NOTICE, needs_core, without_notice
from tests.support.paths import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    Command = Callable[..., subprocess.CompletedProcess[bytes]]

EXTENDED = DEFINITIONS / "extended.json"
KILLS = int(os.environ.get("RUMPATTERN_KILLS", "4"))
FORMS = ("ndjson", "ndjson.gz", "logs-export.gz", "put-rum-events", "subscription.gz", "logs-insights")


class EndedError(BaseException):
    """What ends a run in the middle; nobody catches it."""


@pytest.fixture(scope="module")
def definitions() -> list[rp.MetricDefinition]:
    return rp.load_definitions(EXTENDED)


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """Give a folder of events in several forms, with some lines that are none."""
    folder = tmp_path / "events"
    folder.mkdir()
    for number, form in enumerate(FORMS):
        name, _, gz = form.partition(".")
        synth.write(folder / f"{number}-{form}", 160, form=Form(name), compress=bool(gz), seed=number)
    with (folder / "0-ndjson").open("ab") as file:
        file.write(b'{"event_type":\n\n[]\n')
    broken = folder / "1-ndjson.gz"
    broken.write_bytes(broken.read_bytes()[:-3_000])
    return folder


@pytest.fixture
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make several blocks of each file, and a part of each block."""
    monkeypatch.setattr(gather, "SMALL", 0)
    monkeypatch.setattr("rumpattern.input.sources.RANGE", 1 << 16)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", 1 << 16)
    monkeypatch.setattr("rumpattern.input.blocks.RANGE", 1 << 16)
    monkeypatch.setattr("rumpattern.input.blocks.SEGMENT_BUFFER", 1 << 14)
    monkeypatch.setattr(segments, "_WRITE_RATIO", 0)


def told(result: rp.ReplayResult, rejects: list[object]) -> tuple[bytes, object, object]:
    """Return all that a run says."""
    stream = io.BytesIO()
    json_lines.write(result.series, stream)
    return stream.getvalue(), (result.accounting, result.warnings, result.first_rejects), rejects


def run(definitions: list[rp.MetricDefinition], events: Path, after: int | None = None, **options: Any) -> Any:
    """Replay, and end it after so many blocks that were not done before; return what it says."""
    rejects: list[object] = []
    left = after

    def count(read: int, _evaluated: int, _rejected: int) -> None:
        nonlocal left
        if left is not None and not read:
            left -= 1
            if left < 0:
                raise EndedError

    result = rp.replay(
        definitions, events, on_reject=lambda *reject: rejects.append(reject), on_progress=count, **options
    )
    return told(result, rejects)


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("reader", ["orjson", pytest.param("scan", marks=needs_core)])
def test_a_run_that_is_ended_after_any_block_goes_on(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path, reader: str
) -> None:
    whole = run(definitions, events)
    blocks = 0
    while True:
        folder = tmp_path / f"state{blocks}"
        try:
            assert run(definitions, events, blocks, reader=reader, state=folder) == whole
            break
        except EndedError:
            assert not list(folder.glob("*.partial"))
            assert run(definitions, events, reader=reader, state=folder) == whole
            assert run(definitions, events, state=folder) == whole  # there is nothing left to do
        blocks += 1
    assert blocks > 2 * len(FORMS)


@pytest.mark.usefixtures("small_blocks")
def test_a_run_that_is_ended_again_and_again_goes_on(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    notices: list[str] = []
    ended = 0
    while True:
        try:
            last = run(definitions, events, ended % 3 + ended + 1, state=tmp_path / "state", on_notice=notices.append)
            break
        except EndedError:
            ended += 1
    assert last == run(definitions, events)
    assert ended > 3
    assert next(text for text in notices if text != NOTICE).startswith("resuming: 0 of 6 files done, ")


@pytest.fixture
def small_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a folder of small files, of which a block has some, and make a part of each block."""
    monkeypatch.setattr(gather, "GATHERED", 30_000)
    monkeypatch.setattr(segments, "_WRITE_RATIO", 0)
    folder = tmp_path / "events"
    folder.mkdir()
    for number in range(40):
        lines = [*synth.lines(number % 6, seed=number), b"[]", b"\n" * (number % 3)]
        (folder / f"{number:02}").write_bytes(b"\n".join(lines[: number % 9]))
    (folder / "20-large").write_bytes(b"\n".join(synth.lines(90, seed=5)))
    return folder


@pytest.mark.parametrize("reader", ["orjson", pytest.param("scan", marks=needs_core)])
@pytest.mark.parametrize("workers", [1, 2])
def test_a_run_over_small_files_goes_on(  # noqa: PLR0913, PLR0917 - what may differ
    definitions: list[rp.MetricDefinition],
    small_files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    reader: str,
    workers: int,
) -> None:
    with monkeypatch.context() as alone:
        alone.setattr(gather, "SMALL", 0)
        whole = run(definitions, small_files)
    notices: list[str] = []

    def hear(notice: str) -> None:
        notices.extend([notice] if notice.startswith("resuming: ") else [])

    options = {"reader": reader, "workers": workers, "state": tmp_path / "state", "on_notice": hear}
    for ended in range(100):
        monkeypatch.setattr(gather, "GATHERED", 30_000 + 7_000 * (ended % 2))  # a run may gather others than the last
        try:
            last = run(definitions, small_files, 2 * ended + 1, **options)
            break
        except EndedError:
            assert len(notices) == ended
    assert last == run(definitions, small_files, **options) == whole
    assert len(notices) > 2
    assert all(notice.endswith(" of 41 files done") for notice in notices)
    assert notices[-1] == "resuming: 41 of 41 files done"


@pytest.mark.usefixtures("small_blocks")
def test_parts_of_another_form_are_done_again(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    whole = run(definitions, events, state=folder)
    for path in folder.glob("part-*"):
        path.write_bytes(path.read_bytes().replace(b"rumpattern part 4\n", b"rumpattern part 3\n", 1))
    with Checkpoint(folder, {**json.loads((folder / "run.json").read_bytes())}) as kept:
        assert (kept.segments, list(folder.glob("part-*"))) == (0, [])
    assert run(definitions, events, state=folder) == whole


@pytest.mark.usefixtures("small_blocks")
def test_a_part_that_is_not_whole_is_done_again(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    whole = run(definitions, events, state=folder)
    written = sorted(folder.glob("part-*"))
    written[5].write_bytes(written[5].read_bytes()[:-1])
    (folder / "part-000003.partial").write_bytes(b"half of it")
    with Checkpoint(folder, {**json.loads((folder / "run.json").read_bytes())}) as kept:
        assert kept.segments == 5
        assert len(list(folder.glob("part-*"))) == 5
    assert run(definitions, events, state=folder) == whole
    delete(folder)
    assert not folder.exists()


def test_another_run_is_refused(definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    run(definitions, events, state=folder)

    def refused(*arguments: Any, **options: Any) -> str:
        with pytest.raises(rp.InputError) as caught:
            run(*arguments, state=folder, **options)
        (finding,) = caught.value.diagnostics
        assert finding.code == "RP021"
        return finding.message.removeprefix(f"{folder} ")

    other = "holds the checkpoint of another run: "
    assert refused(definitions[1:], events) == f"{other}different definitions"
    assert refused(definitions, events, period=300) == f"{other}different period"
    assert refused(definitions, events, exact_values=9) == f"{other}different number of exact values"
    ndjson = events / "0-ndjson"
    text = ndjson.read_bytes()
    ndjson.write_bytes(text + b"\n")
    assert refused(definitions, events) == f"{other}{ndjson} had {len(text):,} bytes and now has {len(text) + 1:,}"
    ndjson.write_bytes(text)
    assert refused(definitions, events) == f"{other}{ndjson} has changed since"
    ndjson.unlink()
    assert refused(definitions, events) == f"{other}its events include {ndjson}"
    (folder / "run.json").write_bytes(b"{")
    assert refused(definitions, events).startswith("holds run.json and is not the folder of a checkpoint")


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize(("one", "other"), [(5, 6), (2, 3), (1, 7)])
def test_parts_that_changed_places_are_done_again(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path, one: int, other: int
) -> None:
    folder = tmp_path / "state"
    whole = run(definitions, events, state=folder)
    first, second = segments.segment_path(folder, one), segments.segment_path(folder, other)
    for swapped in ((second, first), (first, first)):
        data = [path.read_bytes() for path in swapped]
        first.write_bytes(data[0])
        second.write_bytes(data[1])
        assert run(definitions, events, state=folder) == whole


@pytest.mark.usefixtures("small_blocks")
def test_parts_of_another_run_are_not_taken(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    run(definitions, events, state=tmp_path / "one")
    whole = run(definitions[1:], events, state=tmp_path / "other")
    for number in (1, 2):
        shutil.copy(segments.segment_path(tmp_path / "one", number), segments.segment_path(tmp_path / "other", number))
    assert run(definitions[1:], events, state=tmp_path / "other") == whole


FOREIGN: list[dict[str, bytes]] = [
    {"part-00000.json": b"events", "other.ndjson": b"more"},
    {"part-000001": b"mine", "part-two.txt": b"mine"},
    {"download.partial": b"mine"},
    {"lock": b"mine"},
    {"run.json": b"{}"},
    {"run.json": b"[]", "part-000001": b"mine"},
    {"part-000001": b"mine"},
]


@pytest.mark.parametrize("files", FOREIGN)
def test_a_folder_with_anything_else_is_refused_and_left_alone(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path, files: dict[str, bytes]
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    with pytest.raises(rp.InputError, match=f"holds {min(files)} and is not the folder of a checkpoint") as caught:
        run(definitions, events, state=folder)
    assert [one.code for one in caught.value.diagnostics] == ["RP021"]
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == files


@pytest.mark.usefixtures("small_blocks")
def test_what_is_put_beside_the_progress_stays(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "state"
    run(definitions, events, state=folder)
    names = ("part-1", "part-0000010", "x.partial", "notes")
    for name in names:
        (folder / name).write_bytes(b"mine")
    run(definitions, events, state=folder)
    delete(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == dict.fromkeys(names, b"mine")


def test_a_folder_that_lies_among_the_events_is_refused(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    for folder in (events, events / "state", events / "a" / "b"):
        with pytest.raises(rp.InputError, match="whose files are the events"):
            run(definitions, [events], state=folder)
    (tmp_path / "file").write_bytes(b"mine")
    with pytest.raises(rp.InputError, match="is not a folder"):
        run(definitions, events, state=tmp_path / "file")
    assert run(definitions, events, state=events / ".state") == run(definitions, events)


@pytest.mark.usefixtures("small_blocks")
def test_what_cannot_be_read_is_a_reject_with_progress_too(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    (events / "7-nowhere").symlink_to("nothing")
    whole = run(definitions, events)
    assert run(definitions, events, state=tmp_path / "state") == whole
    assert run(definitions, events, state=tmp_path / "state") == whole


class Interruption:
    """Raises KeyboardInterrupt at some line that the modules of progress run in this thread."""

    def __init__(self, line: int) -> None:
        self.left = line

    def __call__(self, frame: Any, event: str, _argument: object) -> Any:
        if frame.f_code.co_filename not in {state.__file__, segments.__file__} or frame.f_code.co_name == "__exit__":
            return None  # what interrupts the way out ends the process, and with it the thread that writes
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


@pytest.mark.slow
@pytest.mark.usefixtures("small_blocks")
def test_a_run_that_is_interrupted_at_any_line_goes_on(
    definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path
) -> None:
    for name in FORMS[2:]:
        (events / f"{FORMS.index(name)}-{name}").unlink()
    whole = run(definitions, events)
    line = 1
    ended = True
    while ended:
        folder = tmp_path / f"state{line}"
        interruption = Interruption(line)
        sys.settrace(interruption)
        try:
            run(definitions, events, state=folder)
        except KeyboardInterrupt:
            pass
        finally:
            sys.settrace(None)
        ended = interruption.left <= 0
        assert run(definitions, events, state=folder) == whole, line
        line += 7
    assert line > 100


def test_one_run_at_a_time(definitions: list[rp.MetricDefinition], events: Path, tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="files are locked as on POSIX systems")
    with Checkpoint(tmp_path / "state", {}), pytest.raises(rp.InputError, match="is in use by another run"):
        run(definitions, events, state=tmp_path / "state")


def test_standard_input_cannot_be_gone_on_with(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    command: Command = request.getfixturevalue("run")
    done = command("replay", "-d", EXTENDED, "-", "--state", tmp_path / "state", stdin=b"{}")
    assert done.returncode == 2
    assert done.stderr.decode() == (
        "error: <stdin> cannot be read twice, which resuming a run needs [RP001]  "
        "hint: save it to a file, or leave out --state\n"
    )


# --- the command -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def twenty_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("twenty")
    for number in range(20):
        synth.write(folder / f"{number:02}.ndjson", 1_500, seed=number)
    return folder


PARTS_AT_ONCE = """
from rumpattern.cli.main import main
from rumpattern.job.checkpoint import segments
segments._WRITE_RATIO = 0
main()
"""
SLOW_PARTS = """
import time
from rumpattern.cli.main import main
from rumpattern.job.checkpoint import segments
segments._WRITE_RATIO = 0
put = segments.SegmentWriter.put
def put_slowly(*arguments):
    put(*arguments)
    time.sleep(0.5)
segments.SegmentWriter.put = put_slowly
main()
"""


def start(twenty_files: Path, folder: Path, output: Path, program: str = PARTS_AT_ONCE) -> subprocess.Popen[bytes]:
    options = ["--format", "json", "-o", output, "--rejects", f"{output}.rejects", "--state", folder]
    arguments = ["replay", "-d", EXTENDED, twenty_files, *options]
    return subprocess.Popen([sys.executable, "-c", program, *map(str, arguments)], stderr=subprocess.PIPE)


@pytest.mark.slow
def test_a_run_that_is_killed_at_any_moment_goes_on(twenty_files: Path, tmp_path: Path) -> None:
    begun = time.monotonic()
    whole = start(twenty_files, tmp_path / "whole-state", tmp_path / "whole")
    whole.communicate()
    assert whole.returncode == 0
    seconds = time.monotonic() - begun
    moments = random.Random(8)  # noqa: S311 - reproducible, not secret
    for number in range(KILLS):
        folder, output = tmp_path / f"state{number}", tmp_path / f"output{number}"
        process = start(twenty_files, folder, output)
        with suppress(subprocess.TimeoutExpired):
            process.wait(moments.uniform(0, 1.2 * seconds))
        process.kill()
        process.communicate()
        assert not output.exists() or output.read_bytes() == (tmp_path / "whole").read_bytes()
        again = start(twenty_files, folder, output)
        _, said = again.communicate()
        assert again.returncode == 0, said
        assert output.read_bytes() == (tmp_path / "whole").read_bytes(), number
        assert Path(f"{output}.rejects").read_bytes() == (tmp_path / "whole.rejects").read_bytes()
        assert not folder.exists()


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C as on POSIX systems")
def test_ctrl_c_says_how_to_go_on(twenty_files: Path, tmp_path: Path) -> None:
    process = start(twenty_files, tmp_path / "state", tmp_path / "output", SLOW_PARTS)
    while not list((tmp_path / "state").glob("part-*")) and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGTERM)  # is taken as Ctrl-C is, which is ignored in the background
    _, said = process.communicate()
    assert process.returncode == 130
    assert without_notice(said.decode()).split("\n") == [
        f"run the same command again to resume; the progress is in {tmp_path}/state",
        "",
        "interrupted",
        "",
    ]
    assert not (tmp_path / "output").exists()
    again = start(twenty_files, tmp_path / "state", tmp_path / "output")
    again.communicate()
    assert again.returncode == 0
