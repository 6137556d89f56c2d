"""Files, directories and standard input: found, opened, checked and cut into ranges. Only this module opens input."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from rumpattern.diagnostics.finding import Diagnostic, InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

STDIN: Final = "-"
EXPORT_PROBE: Final = "aws-logs-write-test"
"""A file that CloudWatch Logs export tasks leave beside their data, with no events in it."""
GZIP_MAGIC: Final = b"\x1f\x8b"
BLOCK: Final = 16 << 20
"""Bytes of line text in a buffer: the thread that inflates waits for the interpreter's lock once for each."""
RANGE: Final = 64 << 20
"""Bytes of line text, of a file or a segment, that make a block; each block costs some milliseconds besides reading."""
HEAD: Final = 1 << 16
"""Bytes from which the form of a file is detected."""
_SEARCHED: Final = 1 << 20
_STREAMS: Final = ("/dev/fd/", "/dev/std", "/proc/", "/sys/")
"""Prefixes of paths that stat calls regular files, but that are open elsewhere or have no known size."""
_ENCODINGS: Final = {
    b"\xff\xfe\0\0": "UTF-32",
    b"\0\0\xfe\xff": "UTF-32",
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
}
"""The byte order marks of other encodings; UTF-32 comes first, for one of its marks begins with one of UTF-16."""
_MARKS: Final = tuple(_ENCODINGS)


@dataclass(frozen=True, slots=True)
class Source:
    """One input: a file, or standard input (path None).

    ``error`` says why it cannot be read, if that is known; ``real`` is the path without links, None of standard input.
    """

    name: str
    path: Path | None
    error: str | None = None
    real: str | None = field(default=None, compare=False)

    @classmethod
    def of(cls, path: Path, error: str | None = None, real: str | None = None) -> Self:
        """Return a file; bytes of its name that are no UTF-8 are spelled out."""
        name = os.fspath(path)
        return cls(name if name.isascii() else _spelled_out(name), path, error, real)

    @property
    def is_regular(self) -> bool:
        """Whether it is a file that can be read from any offset, and again."""
        return self.path is not None and _regular_size(self.path) is not None

    @property
    def is_stream(self) -> bool:
        """Whether it can be read only once, as a pipe can."""
        return self.path is None or (not self.is_regular and self.path.exists() and not self.path.is_dir())

    @property
    def size(self) -> int:
        """Bytes on disk; 0 where that is not known, and if it is gone, which is reported when it is opened."""
        return (_regular_size(self.path) or 0) if self.path else 0


class FileIdentity(NamedTuple):
    """What tells a file from another, or from itself once it is changed; ``time`` is that of its change in ns."""

    device: int
    inode: int
    size: int
    time: int

    @classmethod
    def of(cls, file: BinaryIO | int) -> Self:
        """Return the identity of an open file, or of a descriptor of one."""
        status = os.fstat(file if isinstance(file, int) else file.fileno())
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


class Range(NamedTuple):
    """Whole lines of a file: ``length`` bytes from an offset; or of a line over the limit, its start.

    In the latter case, ``skipped`` more bytes of the line follow the range.
    """

    offset: int
    length: int
    skipped: int = 0


class BrokenSourceError(RuntimeError):
    """The source cannot be read on; what came before is good.

    ``code`` is RP001, RP003 or RP023; ``rest`` is the text that was read and belongs to no complete line, or the start
    of that.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.rest = b""


def find_sources(inputs: Iterable[str | os.PathLike[str]]) -> list[Source]:
    """Return the files that inputs name, sorted by name, each once, by the first of its names.

    Directories are searched, but not through symbolic links to other directories; hidden files in them and the probe
    file of export tasks are left out.

    Raises:
        InputError: naming every input that cannot be read and every directory without files.
    """
    problems: list[Diagnostic] = []
    found = sorted(
        (source for item in inputs for source in _sources(os.fspath(item), problems)),
        key=lambda source: (source.name, os.fsencode(source.path or "")),  # two names may be spelled alike
    )
    sources: dict[str | None, Source] = {}
    for source in found:
        sources.setdefault(source.real, source)
    if not problems and not sources:
        problems.append(Diagnostic("RP001", "no input was named", hint='name files or directories, or "-"'))
    if problems:
        raise InputError(problems)
    return list(sources.values())


def _spelled_out(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _sources(name: str, problems: list[Diagnostic]) -> list[Source]:
    if name == STDIN:
        return [Source("<stdin>", None)]
    path = Path(name)
    try:
        if not name:  # as a Path it would be the current directory
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if path.is_dir():
            return _files(path, problems)
        if (
            _regular_size(path) is not None or not path.exists()
        ):  # a pipe is not opened to try it: its writer would lose its only reader
            path.open("rb").close()
        return [Source.of(path, real=os.path.realpath(path))]
    except OSError as error:
        hint = "check the name" if isinstance(error, FileNotFoundError) else None
        shown = Source.of(path).name if name else repr(name)
        problems.append(Diagnostic("RP001", f"{shown}: {error.strerror or error}", hint=hint))
        return []


def _files(root: Path, problems: list[Diagnostic]) -> list[Source]:
    """Return the files of a directory; what is in it and cannot be looked at is a source that cannot be read."""
    files: list[Source] = []
    failed: list[OSError] = []
    folders = [os.fspath(root)]
    while folders:
        folder = folders.pop()
        real = os.path.realpath(folder)
        for entry in _visible_entries(folder, failed):
            if _is_folder(entry):
                folders.append(entry.path)
            elif entry.name != EXPORT_PROBE and _may_be_read(entry):
                files.append(_file(entry, real))
    for error in failed:
        if error.filename == os.fspath(root):
            raise error
        files.append(Source.of(Path(error.filename), error.strerror, os.path.realpath(error.filename)))
    if not files:
        message = f"{Source.of(root).name}: no files in the directory"
        problems.append(Diagnostic("RP002", message, hint="name exported events"))
    return files


def _visible_entries(folder: str, failed: list[OSError]) -> list[os.DirEntry[str]]:
    """Return what is in a folder and not hidden, none if it cannot be looked at."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        failed.append(error)
        return []


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, and no link to one."""
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _may_be_read(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a file, or cannot be looked at, which is reported when it is read."""
    try:  # what an entry says of itself takes no system call; of a link that leads nowhere it says too little
        return stat.S_ISREG(entry.stat().st_mode) if entry.is_symlink() else entry.is_file()
    except OSError:
        return True


def _file(entry: os.DirEntry[str], real_folder: str) -> Source:
    """Return the file that an entry of a folder is, or leads to."""
    is_link = entry.is_symlink()
    real = os.path.realpath(entry.path) if is_link else os.path.join(real_folder, entry.name)  # noqa: PTH118 - no Path
    return Source.of(Path(entry.path), real=real)


def _regular_size(path: Path) -> int | None:
    """Return the bytes of a file that can be read from any offset, and again; None if it is anything else."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) and not os.fspath(path).startswith(_STREAMS) else None


def open_source(source: Source) -> BinaryIO:
    """Open a source for reading.

    Raises:
        BrokenSourceError: it can no longer be read.
    """
    if source.error is not None:
        raise BrokenSourceError("RP001", f"cannot be read: {source.error}")
    if source.path is None:
        if sys.stdin is None:
            raise BrokenSourceError("RP001", "standard input is closed")
        return sys.stdin.buffer
    return _open(source.path)


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise BrokenSourceError("RP001", f"cannot be read: {error.strerror or error}") from None


def open_again(path: Path, identity: FileIdentity) -> BinaryIO:
    """Open a file that had an identity when it was first opened; what was appended since does not matter.

    Raises:
        BrokenSourceError: it can no longer be read, or is not what it was.
    """
    file = _open(path)
    if reason := _difference(identity, FileIdentity.of(file)):
        file.close()
        raise BrokenSourceError("RP001", reason)
    return file


def read_whole(source: Source, limit: int) -> bytes | None:
    """Return a file of no more than ``limit`` bytes; None for any other source, and if there is anything wrong with it.

    The file is opened once and read at once. What is appended meanwhile is left out; if it is changed in any other way,
    there is something wrong.
    """
    size = None if source.path is None or source.error is not None else _regular_size(source.path)
    if source.path is None or size is None or size > limit:
        return None
    try:
        with _opened(source.path) as file:
            identity = FileIdentity.of(file)
            if identity.size > limit:
                return None
            data = os.read(file, identity.size)
            is_same = _difference(identity, FileIdentity.of(file)) is None
    except OSError:
        return None
    return data if is_same and len(data) == identity.size else None


def is_gzip(source: Source) -> bool:
    """Tell whether a regular file is compressed; False if it cannot be read, which reading it reports."""
    if source.path is None:
        return False
    try:
        with _opened(source.path) as file:
            return os.read(file, len(GZIP_MAGIC)) == GZIP_MAGIC
    except OSError:
        return False


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    """Lend the descriptor of a file: to make a file object of it takes as long as to read a small file."""
    file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
    try:
        yield file
    finally:
        os.close(file)


def _difference(before: FileIdentity, now: FileIdentity) -> str | None:
    if (before.device, before.inode) != (now.device, now.inode):
        return "another file took its place while it was read"
    if now.size < before.size:
        return f"it became shorter while it was read: it had {before.size:,} bytes, and has {now.size:,}"
    if now.size == before.size and now.time != before.time:
        return "it was changed while it was read"
    return None


def check_encoding(head: bytes) -> None:
    """Check that a text does not begin with the byte order mark of another encoding than UTF-8.

    Raises:
        BrokenSourceError: it does.
    """
    if not head.startswith(_MARKS):
        return
    for mark, encoding in _ENCODINGS.items():
        if head.startswith(mark):
            message = f"the text is {encoding}, not UTF-8: convert it, as iconv -f {encoding} -t UTF-8 does"
            raise BrokenSourceError("RP023", message)


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


def cut_file(file: BinaryIO, max_line: int, start: int = 0) -> Iterator[Range]:
    """Yield ranges of about ``RANGE`` bytes that end at line ends and together are the file, as long as it is now.

    A line of more than ``max_line`` bytes that goes on beyond a range has a range of its own, its first
    ``max_line + 1`` bytes: by the one byte more, whoever reads the range sees that the line is over the limit.

    Raises:
        BrokenSourceError: the file cannot be read.
    """
    try:
        yield from _ranges(file, max_line, start)
    except OSError as error:
        raise BrokenSourceError("RP001", f"reading failed: {error.strerror or error}") from None


def _ranges(file: BinaryIO, max_line: int, start: int) -> Iterator[Range]:
    """Yield the ranges from a line start to the end of the file.

    Each ends at the first line end at or after ``start + RANGE``. That is searched for no further than a line within
    the limit can reach, so that no range has more than ``RANGE + max_line + 1`` bytes. If it is not there, a line over
    the limit goes on at ``start + RANGE``: the lines before it make one range, its start another, and the rest of it is
    searched through, a piece at a time, but held by nobody.
    """
    size = file.seek(0, os.SEEK_END)
    while start < size:
        middle = min(start + RANGE, size)
        near = min(middle + max_line + 1, size)
        end = _line_end(file, middle, near)
        if end is None and near < size:
            begin = _line_start(file, start, middle)
            if begin > start:
                yield Range(start, begin - start)
            end = _line_end(file, near, size) or size
            yield Range(begin, max_line + 1, end - begin - max_line - 1)
        else:
            end = end or size
            yield Range(start, end - start)
        start = end


def _line_end(file: BinaryIO, start: int, stop: int) -> int | None:
    """Return where the line that goes on at ``start`` ends, after its newline; None if that is not before ``stop``."""
    file.seek(start)
    while start < stop and (piece := file.read(min(HEAD, stop - start))):
        newline = piece.find(b"\n")
        if newline >= 0:
            return start + newline + 1
        start += len(piece)
    return None


def _line_start(file: BinaryIO, start: int, end: int) -> int:
    """Return where the line starts that goes on at ``end``, not before ``start``."""
    while end > start:
        begin = max(start, end - _SEARCHED)
        file.seek(begin)
        newline = file.read(end - begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return start
