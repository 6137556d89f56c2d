"""Files that a command writes: complete or not at all, and never over its own input."""

from __future__ import annotations

import os
import re
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.input.rejects import dump_row
from rumpattern.job.checkpoint.folders import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    from rumpattern.input.rejects import Reject


_OPEN: Final = re.compile(r"/dev/std(?:out|err)|(?:/dev|/proc/self)/fd/(?P<number>\d+)")
_STANDARD: Final = {"/dev/stdout": 1, "/dev/stderr": 2}


def check_outputs(outputs: Mapping[str, str | None], inputs: Iterable[str], state: str | None = None) -> None:
    """Check, before any work, that files can be written and are neither read nor written twice.

    Args:
        outputs: option name to file name, None where it was not given.
        inputs: the files that are read, as paths without links.
        state: the folder of the checkpoint.

    Raises:
        click.BadParameter: naming the option.
    """
    if state == "":
        raise click.BadParameter("no folder is named", param_hint="--state")
    progress = None if state is None else _real(state)
    taken = dict.fromkeys(inputs, "an input")
    for option, name in outputs.items():
        if name is None or _open_file(name) is not None:
            continue
        if problem := _problem(name, taken, progress):
            raise click.BadParameter(problem, param_hint=option)
        taken[os.path.realpath(name)] = f"the file of {option}"


def _problem(name: str, taken: Mapping[str, str], progress: Path | None) -> str | None:
    """Return why a file cannot be written, None if nothing speaks against it."""
    path, real = Path(name), _real(name)
    if name in {"", "-"}:
        return "no file is named"
    if path.is_dir() or name.endswith(("/", os.sep)):
        return f"{name} is a directory"
    if progress and real.is_relative_to(progress):
        return f"{name} lies in the folder of --state, which is deleted when all is done"
    if not real.parent.is_dir():
        return f"there is no directory {path.parent}"
    if str(real) in taken and (path.is_file() or not path.exists()):
        return f"{name} is {taken[str(real)]} too"
    return None


def _real(name: str | Path) -> Path:
    return Path(os.path.realpath(name))


@contextmanager
def replacing(name: str) -> Iterator[BinaryIO]:
    """Yield a stream whose content replaces a file once it is complete and on the disk.

    A pipe or another special file is written directly.

    Raises:
        OSError: naming the file, which is unchanged.
    """
    if (number := _open_file(name)) is not None:
        with os.fdopen(os.dup(number), "wb") as stream:
            yield stream
        return
    path = _real(name)
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    partial = path.with_name(f".rumpattern-{os.urandom(8).hex()}.partial")
    try:
        stream = partial.open("xb")
    except OSError as error:
        raise OSError(error.errno, error.strerror, name) from None
    try:
        with stream:
            if path.exists():
                partial.chmod(stat.S_IMODE(path.stat().st_mode))
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        partial.replace(path)
        sync_folder(path.parent)
    finally:
        partial.unlink(missing_ok=True)


def _open_file(name: str) -> int | None:
    """Return the file descriptor that a name such as /dev/stdout stands for, None if it stands for none."""
    known = _OPEN.fullmatch(name)
    return None if known is None else _STANDARD.get(name) or int(known["number"])


@contextmanager
def reject_file(name: str) -> Iterator[Callable[[str, Reject], None]]:
    """Open a file of rejects, one JSON object a line, which a replay can read."""
    with replacing(name) as stream:
        yield lambda file, reject: _write_row(stream, file, reject)


def _write_row(stream: BinaryIO, file: str, reject: Reject) -> None:
    stream.write(dump_row(file, reject))
