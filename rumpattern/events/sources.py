"""Files, directories and standard input, opened and cut into ranges. Only this module opens input."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics import Diagnostic, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

STDIN: Final = "-"
EXPORT_PROBE: Final = "aws-logs-write-test"
"""A file that CloudWatch Logs export tasks leave beside their data, with no events in it."""
GZIP_MAGIC: Final = b"\x1f\x8b"
BLOCK: Final = 16 << 20
"""Bytes of line text that make one batch: the thread that inflates waits for the interpreter once for each."""
RANGE: Final = 16 << 20
"""Bytes of a file of lines that make one batch; compiled code reads them at once, orjson a piece at a time."""
HEAD: Final = 1 << 16
"""Bytes from which the form of a file is detected."""


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file, or standard input (path None)."""

    name: str
    path: Path | None

    @property
    def is_regular(self) -> bool:
        """Tell whether it is a file that can be read at any place, and again."""
        return self.path is not None and self.path.is_file() and not self.name.startswith(("/dev/", "/proc/"))

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where that is not known."""
        return self.path.stat().st_size if self.path and self.is_regular else 0


class BrokenSourceError(Exception):
    """The input broke off: what came before it is good.

    ``code`` is RP001 or RP003; ``rest`` is the text that was read and belongs to no complete line.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.rest = b""


def find_sources(inputs: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """Return the files behind some names, sorted, each once.

    Directories are searched; hidden files in them and the probe file of export tasks are left out.

    Raises:
        InputError: naming every input that cannot be read and every directory without files.
    """
    problems: list[Diagnostic] = []
    found: dict[str, Source] = {}
    for name in (os.fspath(item) for item in inputs):
        for source in _sources(name, problems):
            key = str(source.path.resolve()) if source.path else STDIN
            found.setdefault(key, source)
    if not problems and not found:
        problems.append(Diagnostic("RP001", "no input was named", hint='name files or directories, or "-"'))
    if problems:
        raise InputError(problems)
    return sorted(found.values(), key=lambda source: source.name)


def _sources(name: str, problems: list[Diagnostic]) -> list[Source]:
    if name == STDIN:
        return [Source("<stdin>", None)]
    path = Path(name)
    if path.is_dir():
        files = [Source(str(file), file) for file in sorted(path.rglob("*")) if _is_visible(file, path)]
        if not files:
            problems.append(Diagnostic("RP002", f"{name}: no files in the directory", hint="name exported events"))
        return files
    try:
        with path.open("rb"):
            return [Source(name, path)]
    except OSError as error:
        hint = "check the name" if isinstance(error, FileNotFoundError) else None
        problems.append(Diagnostic("RP001", f"{name}: {error.strerror or error}", hint=hint))
        return []


def _is_visible(file: Path, root: Path) -> bool:
    is_hidden = any(part.startswith(".") for part in file.relative_to(root).parts)
    return file.is_file() and not is_hidden and file.name != EXPORT_PROBE


def open_source(source: Source) -> BinaryIO:
    """Open a source for reading.

    Raises:
        BrokenSourceError: it can no longer be read.
    """
    if source.path is None:
        if sys.stdin is None:
            raise BrokenSourceError("RP001", "standard input is closed")
        return sys.stdin.buffer
    try:
        return source.path.open("rb")
    except OSError as error:
        raise BrokenSourceError("RP001", f"cannot be read: {error.strerror or error}") from None


def peek(file: BinaryIO) -> bytes:
    """Return the first bytes of a file and go back to its start.

    Raises:
        BrokenSourceError: they cannot be read.
    """
    try:
        head = file.read(HEAD)
    except OSError as error:
        raise BrokenSourceError("RP001", f"reading failed: {error.strerror or error}") from None
    file.seek(0)
    return head


def cut_file(file: BinaryIO, start: int = 0) -> Iterator[tuple[int, int]]:
    """Yield byte ranges (offset, length) of about ``RANGE`` bytes that together are the file and end at line ends."""
    size = file.seek(0, os.SEEK_END)
    while start < size:
        end = file.seek(min(start + RANGE, size))
        while end < size:
            piece = file.read(HEAD)
            newline = piece.find(b"\n")
            end += len(piece) if newline < 0 else newline + 1
            if newline >= 0 or not piece:
                break
        yield start, end - start
        start = end
