"""The progress of a run, kept in a folder, so that one that was ended goes on where it was.

A part holds the results of consecutive blocks, and where in the input they end. Parts are written beside their place,
checked by a checksum and never changed; the first that is not whole ends the progress, and what it held is done again.
"""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any, Final, Self, TypeAlias

import orjson

from rumpattern.diagnostics import Diagnostic, InputError
from rumpattern.job.packing import pack_result, unpack_result

fcntl: Any = None
with suppress(ImportError):  # Windows has none
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from rumpattern.events.sources import Source
    from rumpattern.job.results import BlockResult

_MAGIC: Final = b"rumpattern part 3\n"
_LENGTH: Final = 8
_DIGEST: Final = hashlib.sha256().digest_size
_SHARE: Final = 50
"""Parts are written so seldom that writing takes a fiftieth of the time."""
_FIRST_COST: Final = 0.05
"""Seconds that the first part is taken to need."""
_MOST_HELD: Final = 64 << 20
"""Bytes of results that wait to be written, at most."""
_ENDS: Final = 1 << 16
"""Bytes at either end of a file that are compared, besides its size and the time of its last change."""

_Packed: TypeAlias = tuple[dict[str, Any], bytes]


def identify(sources: Sequence[Source]) -> list[dict[str, object]]:
    """Return what tells the sources of a run from others, or from themselves once they are changed.

    Raises:
        InputError: a source cannot be read twice.
    """
    for source in sources:
        if not source.is_regular:
            message = f"{source.name} cannot be read again, as a run that goes on must be able to"
            raise InputError([Diagnostic("RP001", message, hint="save it in a file, or leave out --state")])
    return [_identify(source) for source in sources]


def _identify(source: Source) -> dict[str, object]:
    assert source.path is not None
    with source.path.open("rb") as file:
        digest = hashlib.sha256(file.read(_ENDS))
        status = os.fstat(file.fileno())
        file.seek(max(0, status.st_size - _ENDS))
        digest.update(file.read(_ENDS))
    return {"name": source.name, "size": status.st_size, "time": status.st_mtime_ns, "ends": digest.hexdigest()}


class State:
    """The folder in which one run keeps its progress; it belongs to that run until the run ends.

    Args:
        folder: made if it is not there.
        identity: what must be the same for a run to go on, as JSON values; ``sources`` are told one by one.

    Raises:
        InputError: the folder is of another run, or in use.
        OSError: it cannot be written.
    """

    def __init__(self, folder: Path, identity: Mapping[str, object]) -> None:
        self.folder = folder
        self.position = 0, 0
        self.parts = 0
        self._ready: list[_Packed] = []
        self._waiting: list[_Packed] = []
        self._held = 0
        self._source = 0
        self._cost = _FIRST_COST
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(folder)
        try:
            self._check(orjson.loads(orjson.dumps(identity)))
            for rest in folder.glob("*.partial"):
                rest.unlink()
            self._find_parts()
        except BaseException:
            self._lock.close()
            raise
        self._written = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Let others use the folder; keep what is done so far if it is not all."""
        try:
            if error is not None:
                self._write()
        finally:
            self._lock.close()

    def _check(self, identity: dict[str, Any]) -> None:
        path = self.folder / "run.json"
        if not path.exists():
            _write_whole(path, orjson.dumps(identity, option=orjson.OPT_INDENT_2))
            return
        try:
            known = orjson.loads(path.read_bytes())
        except orjson.JSONDecodeError:
            known = {}
        if difference := _difference(known, identity):
            message = f"{self.folder} keeps the progress of another run: {difference}"
            raise InputError([Diagnostic("RP021", message, hint="delete the folder, or name another one")])

    def _find_parts(self) -> None:
        """Find the parts that are whole, and delete whatever comes after them."""
        for number in count(1):
            header = _read_part(self._part(number))
            if header is None:
                break
            self.parts, self.position = number, (header[0]["source"], header[0]["offset"])
        for path in self.folder.glob("part-*"):
            if path not in {self._part(number) for number in range(1, self.parts + 1)}:
                path.unlink()
        self._source = self.position[0]

    def _part(self, number: int) -> Path:
        return self.folder / f"part-{number:06}"

    def _kept(self) -> Iterator[BlockResult]:
        for number in range(1, self.parts + 1):
            part = _read_part(self._part(number))
            if part is None:
                raise OSError(f"{self._part(number)} was changed while it was read")
            header, body = part
            start = 0
            for fields, size in header["results"]:
                yield unpack_result(fields, body[start : start + size])
                start += size

    def keep(self, results: Iterable[BlockResult], sources: int) -> Iterator[BlockResult]:
        """Yield the results that are kept, and then those of the blocks from ``position`` on, which are kept too.

        Args:
            results: the results of the blocks from ``position`` on.
            sources: how many sources there are.
        """
        yield from self._kept()
        for result in results:
            self._add(result)
            yield result
        self._pass_to(sources)

    def _add(self, result: BlockResult) -> None:
        """Take a result, and write it when it is time to: a run can go on where a block or a source is known to end."""
        if result.source != self._source:
            self._pass_to(result.source)
        packed = pack_result(result)
        self._waiting.append(packed)
        self._held += len(packed[1])
        if result.end is not None:
            self._ready += self._waiting
            self._waiting.clear()
            self.position = result.source, result.end
        if time.monotonic() - self._written >= _SHARE * self._cost or self._held > _MOST_HELD:
            self._write()

    def _pass_to(self, source: int) -> None:
        self._ready += self._waiting
        self._waiting.clear()
        self._source = source
        self.position = source, 0

    def _write(self) -> None:
        if not self._ready:
            return
        begun = time.monotonic()
        header = {
            "source": self.position[0],
            "offset": self.position[1],
            "results": [(fields, len(data)) for fields, data in self._ready],
        }
        head = orjson.dumps(header)
        body = b"".join([len(head).to_bytes(_LENGTH, "big"), head, *(data for _, data in self._ready)])
        _write_whole(self._part(self.parts + 1), _MAGIC + hashlib.sha256(body).digest() + body)
        self.parts += 1
        self._ready.clear()
        self._held = sum(len(data) for _, data in self._waiting)
        self._written = time.monotonic()
        self._cost = self._written - begun


def clear(folder: Path) -> None:
    """Delete the progress of a run whose result is complete."""
    for path in (*folder.glob("part-*"), folder / "run.json", folder / "lock"):
        path.unlink(missing_ok=True)
    with suppress(OSError):  # there is something else in it
        folder.rmdir()


def _lock(folder: Path) -> BinaryIO:
    file = (folder / "lock").open("wb")
    try:
        if fcntl is not None:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        message = f"{folder} is in use by another run"
        raise InputError([Diagnostic("RP021", message, hint="wait for it, or name another folder")]) from None
    return file


def _difference(known: dict[str, Any], identity: dict[str, Any]) -> str | None:
    """Return how a run differs from the one that is kept, None if it does not."""
    for key, value in identity.items():
        if key == "sources":
            if difference := _source_difference(known.get(key, []), value):
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


def _read_part(path: Path) -> tuple[dict[str, Any], bytes] | None:
    """Return header and body of a part, None if there is no whole one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return None
    start = len(_MAGIC) + _DIGEST
    body = data[start:]
    if not data.startswith(_MAGIC) or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
        return None
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
    return orjson.loads(body[_LENGTH:end]), body[end:]


def _write_whole(path: Path, data: bytes) -> None:
    """Write a file that is either whole or not there, whatever happens."""
    beside = path.with_name(f"{path.name}.partial")
    with beside.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    if hasattr(os, "O_DIRECTORY"):
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
