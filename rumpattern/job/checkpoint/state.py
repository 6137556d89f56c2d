"""The progress of a run, kept in a folder, so that one that was ended goes on where it was.

The folder is the run's own: one with anything else in it is refused, and nothing but what a run writes is deleted.
The first part that is not whole, or not of this run and this place, ends the progress; what follows is done again.
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
from rumpattern.job.checkpoint.parts import Segment, SegmentWriter, segment_path, write_whole

fcntl: Any = None
with suppress(ImportError):  # Windows has none
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from rumpattern.input.sources import Source
    from rumpattern.job.checkpoint.parts import Position
    from rumpattern.job.results import BlockResult

_ENDS: Final = 1 << 16
"""Bytes at either end of a file that are compared, besides its size and the time of its last change."""
_RUN: Final = "run.json"
_LOCK: Final = "lock"
_OURS: Final = re.compile(r"lock|run\.json(\.partial)?|part-\d{6}(\.partial)?")
_KIND: Final = {"kind": "the progress of a rumpattern replay"}


def identify(sources: Sequence[Source]) -> list[dict[str, object]]:
    """Return what tells the sources of a run from others, or from themselves once they are changed.

    Raises:
        InputError: a source cannot be read twice.
    """
    for source in sources:
        if source.is_stream:
            message = f"{source.name} cannot be read again, as a run that goes on must be able to"
            raise InputError([Diagnostic("RP001", message, hint="save it in a file, or leave out --state")])
    return [_identify(source) for source in sources]


def _identify(source: Source) -> dict[str, object]:
    try:
        with open_source(source) as file:
            digest = hashlib.sha256(file.read(_ENDS))
            status = os.fstat(file.fileno())
            file.seek(max(0, status.st_size - _ENDS))
            digest.update(file.read(_ENDS))
    except (OSError, BrokenSourceError) as error:  # a reject of the run
        return {"name": source.name, "size": 0, "error": str(error)}
    return {"name": source.name, "size": status.st_size, "time": status.st_mtime_ns, "ends": digest.hexdigest()}


def check_folder(folder: Path, inputs: Iterable[str | os.PathLike[str]]) -> None:
    """Check that a folder for progress lies in no input, of which it would be taken for a part.

    Raises:
        InputError: it does.
    """
    place = Path(os.path.realpath(folder))
    for name in inputs:
        root = Path(os.path.realpath(name))
        if not root.is_dir() or not place.is_relative_to(root):
            continue
        if not any(part.startswith(".") for part in place.relative_to(root).parts):  # what is hidden is no input
            reason = f"lies in {printable(os.fspath(name))}, whose files are the events"
            raise _refusal(folder, reason, "name a folder that lies elsewhere")


class Checkpoint:
    """The folder in which one run keeps its progress; it belongs to that run until the run ends.

    Args:
        folder: made if it is not there.
        identity: what must be the same for a run to go on, as JSON values; ``sources`` are told one by one.

    Raises:
        InputError: the folder is of another run, in use, or holds something else.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, identity: Mapping[str, object]) -> None:
        self.folder = folder
        self.parts = 0
        self.position: Position = 0, 0
        self._identity = orjson.dumps({**_KIND, **identity}, option=orjson.OPT_INDENT_2)
        self._run = hashlib.sha256(self._identity).hexdigest()
        self._writer: SegmentWriter | None = None
        _claim(folder)
        self._lock = _lock(folder)
        try:
            self._check(_read_run(folder))
            self._find_parts()
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Let others use the folder; keep what is done so far if it is not all."""
        try:
            if self._writer:
                self._writer.close(write=error is not None)
        finally:
            self._lock.close()

    def _check(self, known: dict[str, Any] | None) -> None:
        if known is None:
            write_whole(self.folder / _RUN, [self._identity])
        elif difference := _difference(known, orjson.loads(self._identity)):
            raise _refusal(self.folder, f"keeps the progress of another run: {difference}", _ANOTHER)

    def _find_parts(self) -> None:
        """Find the parts that follow one another from the start on, and delete whatever else there is of parts."""
        for number in count(1):
            part = self._read(number)
            if part is None:
                break
            self.parts, self.position = number, part.end
        kept = {_RUN, _LOCK, *(segment_path(self.folder, number).name for number in range(1, self.parts + 1))}
        for name in _own_names(self.folder):
            if name not in kept:
                (self.folder / name).unlink()

    def _read(self, number: int) -> Segment | None:
        """Return the part that follows the position, None if there is none."""
        part = Segment.read(self.folder, number)
        is_next = part is not None and part[:3] == (self._run, number, self.position)
        return part if is_next else None

    def record(self, results: Iterable[BlockResult]) -> Iterator[BlockResult]:
        """Yield the results that are kept, and then those of the blocks from ``position`` on, which are kept too."""
        for number in range(1, self.parts + 1):
            part = Segment.read(self.folder, number)
            if part is None:
                raise OSError(f"{segment_path(self.folder, number)} was changed while it was read")
            yield from part.unpack()
        self._writer = SegmentWriter(self.folder, self._run, self.parts, self.position)
        for result in results:
            self._writer.put(result)
            yield result


def delete(folder: Path) -> None:
    """Delete the progress of a run whose result is complete."""
    for name in sorted(_own_names(folder)):  # the run itself last: parts without it are not taken for another's
        (folder / name).unlink(missing_ok=True)
    with suppress(OSError):  # there is something else in it
        folder.rmdir()


def _own_names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if _OURS.fullmatch(path.name)]


_ANOTHER: Final = "delete the folder, or name another one"
_FOREIGN: Final = "name a folder that is not there or is empty"


def _refusal(folder: Path, reason: str, hint: str) -> InputError:
    return InputError([Diagnostic("RP021", f"{folder} {reason}", hint=hint)])


def _claim(folder: Path) -> None:
    """Make a folder if it is not there, and check that nothing is in it but the progress of a run."""
    if folder.exists() and not folder.is_dir():
        raise _refusal(folder, "is not a folder", _FOREIGN)
    folder.mkdir(parents=True, exist_ok=True)
    if _read_run(folder) is not None:
        return
    lock = folder / _LOCK
    others = {path.name for path in folder.iterdir()} - {f"{_RUN}.partial", _LOCK}
    if others or (lock.exists() and lock.stat().st_size):
        found = f"holds {printable(min(others, default=_LOCK))}, and nothing that says that it is the progress of a run"
        raise _refusal(folder, found, _FOREIGN)


def _read_run(folder: Path) -> dict[str, Any] | None:
    """Return whose progress a folder keeps, None if that of nobody."""
    try:
        known = orjson.loads((folder / _RUN).read_bytes())
    except (FileNotFoundError, orjson.JSONDecodeError):
        return None
    return known if isinstance(known, dict) and known.items() >= _KIND.items() else None


def _lock(folder: Path) -> BinaryIO:
    file = (folder / _LOCK).open("ab")
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise _refusal(folder, "is in use by another run", "wait for it, or name another folder") from None
    return file


def _difference(known: dict[str, Any], identity: dict[str, Any]) -> str | None:
    """Return how a run differs from the one that is kept, None if it does not."""
    for key, value in identity.items():
        if key == "sources":
            if difference := _source_difference(known.get(key) or [], value):
                return difference
        elif known.get(key) != value:
            return f"its {key} was another"
    return None


def _source_difference(known: list[dict[str, Any]], sources: list[dict[str, Any]]) -> str | None:
    before, now = ({source["name"]: source for source in some} for some in (known, sources))
    for name in sorted(before.keys() ^ now.keys()):
        return f"{name} was {'' if name in before else 'not '}among its events"
    for name, source in now.items():
        if before[name]["size"] != source["size"]:
            return f"{name} had {before[name]['size']:,} bytes, and has {source['size']:,}"
        if before[name] != source:
            return f"{name} was changed since"
    return None
