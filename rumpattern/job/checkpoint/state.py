"""A checkpoint: the folder that keeps the progress of one run, so that an interrupted run can be resumed.

The folder belongs to the run: one with anything else in it is refused, and nothing but what a run writes is deleted.
The first segment that is damaged, or not of this run and this position, ends the progress; what follows is done again.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import orjson

from rumpattern.diagnostics.finding import Diagnostic, InputError
from rumpattern.diagnostics.wording import printable
from rumpattern.input.sources import BrokenSourceError, open_source
from rumpattern.job.checkpoint.segments import Segment, SegmentWriter, segment_path, write_whole

fcntl: Any = None
with suppress(ImportError):  # Windows has none
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from rumpattern.input.blocks import Position
    from rumpattern.input.sources import Source
    from rumpattern.job.results import BlockResult

_COMPARED_BYTES: Final = 1 << 16
"""Bytes at either end of a file that are compared, besides its size and modification time."""
_RUN_FILE: Final = "run.json"
_LOCK_FILE: Final = "lock"
_OWN_FILE: Final = re.compile(r"lock|run\.json(\.partial)?|part-\d{6}(\.partial)?")
_KIND: Final = {"kind": "the progress of a rumpattern replay"}


def identify(sources: Sequence[Source]) -> list[dict[str, object]]:
    """Return the fingerprint of each source: name, size, modification time and a digest of both ends.

    Raises:
        InputError: a source cannot be read twice.
    """
    for source in sources:
        if source.is_stream:
            message = f"{source.name} cannot be read twice, which resuming a run needs"
            raise InputError([Diagnostic("RP001", message, hint="save it to a file, or leave out --state")])
    return [_identify(source) for source in sources]


def _identify(source: Source) -> dict[str, object]:
    try:
        with open_source(source) as file:
            digest = hashlib.sha256(file.read(_COMPARED_BYTES))
            status = os.fstat(file.fileno())
            file.seek(max(0, status.st_size - _COMPARED_BYTES))
            digest.update(file.read(_COMPARED_BYTES))
    except (OSError, BrokenSourceError) as error:  # a reject of the run
        return {"name": source.name, "size": 0, "error": str(error)}
    return {"name": source.name, "size": status.st_size, "time": status.st_mtime_ns, "ends": digest.hexdigest()}


def check_folder(folder: Path, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Check that the checkpoint folder lies in no input directory, where it would be read as events.

    Raises:
        InputError: it does.
    """
    path = Path(os.path.realpath(folder))
    for name in inputs:
        root = Path(os.path.realpath(name))
        if not root.is_dir() or not path.is_relative_to(root):
            continue
        is_hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not is_hidden:  # hidden folders are not searched for events
            reason = f"lies in {printable(os.fspath(name))}, whose files are the events"
            raise _refusal(folder, reason, "name a folder outside it")


class Checkpoint:
    """The folder in which one run keeps its progress, locked until the run ends.

    Args:
        folder: created if it does not exist.
        identity: what must be equal for a run to be resumed, as JSON values; messages name its keys, and ``sources``
            one by one.

    Attributes:
        segments: how many segments the folder holds.
        position: where they end; a resumed run reads on from there.

    Raises:
        InputError: the folder is of another run, in use, or holds something else.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, identity: Mapping[str, object]) -> None:
        self.folder = folder
        self.segments = 0
        self.position: Position = 0, 0
        self._identity = orjson.dumps({**_KIND, **identity}, option=orjson.OPT_INDENT_2)
        self._run = hashlib.sha256(self._identity).hexdigest()
        self._writer: SegmentWriter | None = None
        _claim(folder)
        self._lock = _lock(folder)
        try:
            self._check(_read_run(folder))
            self._find_segments()
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Unlock the folder; if the run was interrupted, write what it has done so far."""
        try:
            if self._writer:
                self._writer.close(write=error is not None)
        finally:
            self._lock.close()

    def _check(self, known: dict[str, Any] | None) -> None:
        if known is None:
            write_whole(self.folder / _RUN_FILE, [self._identity])
        elif difference := _difference(known, orjson.loads(self._identity)):
            raise _refusal(self.folder, f"holds the checkpoint of another run: {difference}", _ANOTHER)

    def _find_segments(self) -> None:
        """Find the segments that follow one another from the start, and delete any other."""
        for number in count(1):
            segment = self._read(number)
            if segment is None:
                break
            self.segments, self.position = number, segment.end
        segments = (segment_path(self.folder, number).name for number in range(1, self.segments + 1))
        kept = {_RUN_FILE, _LOCK_FILE, *segments}
        for name in _own_names(self.folder):
            if name not in kept:
                (self.folder / name).unlink()

    def _read(self, number: int) -> Segment | None:
        """Return the segment that begins at the position, None if there is none."""
        segment = Segment.read(self.folder, number)
        is_next = segment is not None and segment[:3] == (self._run, number, self.position)
        return segment if is_next else None

    def record(self, results: Iterable[BlockResult]) -> Iterator[BlockResult]:
        """Yield the recorded results, then the new ones, of the blocks from ``position`` on, which are recorded too."""
        for number in range(1, self.segments + 1):
            segment = Segment.read(self.folder, number)
            if segment is None:
                raise OSError(f"{segment_path(self.folder, number)} was changed while it was read")
            yield from segment.unpack()
        self._writer = SegmentWriter(self.folder, self._run, self.segments, self.position)
        for result in results:
            self._writer.put(result)
            yield result


def delete(folder: Path) -> None:
    """Delete the checkpoint of a run whose result is complete."""
    for name in sorted(_own_names(folder)):  # run.json last: until then the folder is known as a checkpoint
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # other files are in it
        folder.rmdir()


def _own_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if _OWN_FILE.fullmatch(path.name)]


_ANOTHER: Final = "delete the folder, or name another one"
_FOREIGN: Final = "name a folder that does not exist or is empty"


def _refusal(folder: Path, reason: str, hint: str) -> InputError:
    return InputError([Diagnostic("RP021", f"{folder} {reason}", hint=hint)])


def _claim(folder: Path) -> None:
    """Create the folder if it does not exist, and check that it holds nothing but a checkpoint."""
    if folder.exists() and not folder.is_dir():
        raise _refusal(folder, "is not a folder", _FOREIGN)
    folder.mkdir(parents=True, exist_ok=True)
    if _read_run(folder) is not None:
        return
    lock = folder / _LOCK_FILE
    others = {path.name for path in folder.iterdir()} - {f"{_RUN_FILE}.partial", _LOCK_FILE}
    if others or (lock.exists() and lock.stat().st_size):
        reason = f"holds {printable(min(others, default=_LOCK_FILE))} and is not the folder of a checkpoint"
        raise _refusal(folder, reason, _FOREIGN)


def _read_run(folder: Path) -> dict[str, Any] | None:
    """Return the identity of the run whose checkpoint a folder holds, None if it holds none."""
    try:
        known = orjson.loads((folder / _RUN_FILE).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return known if isinstance(known, dict) and known.items() >= _KIND.items() else None


def _lock(folder: Path) -> BinaryIO:
    file = (folder / _LOCK_FILE).open("ab")
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise _refusal(folder, "is in use by another run", "wait for it, or name another folder") from None
    return file


def _difference(known: dict[str, Any], identity: dict[str, Any]) -> str | None:
    """Return how a run differs from the one that left the checkpoint, None if it does not."""
    for key, value in identity.items():
        if key == "sources":
            if difference := _source_difference(known.get(key) or [], value):
                return difference
        elif known.get(key) != value:
            return f"different {key}"
    return None


def _source_difference(known: list[dict[str, Any]], sources: list[dict[str, Any]]) -> str | None:
    before, now = ({source["name"]: source for source in listed} for listed in (known, sources))
    for name in sorted(before.keys() ^ now.keys()):
        return f"its events {'include' if name in before else 'do not include'} {name}"
    for name, source in now.items():
        if before[name]["size"] != source["size"]:
            return f"{name} had {before[name]['size']:,} bytes and now has {source['size']:,}"
        if before[name] != source:
            return f"{name} has changed since"
    return None
