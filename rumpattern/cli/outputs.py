"""Files that a command writes: complete or not at all, and never over what it reads."""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from rumpattern.events.rejected import dump_row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import BinaryIO

    from rumpattern.events.columns import Reject


def check_outputs(outputs: Mapping[str, str | None], inputs: Iterable[Path]) -> None:
    """Check, before any work, that files can be written and are neither read nor written twice.

    Args:
        outputs: option name to file name, None where it was not given.
        inputs: the files that are read.

    Raises:
        click.BadParameter: naming the option.
    """
    taken = {path.resolve(): "an input" for path in inputs}
    for option, name in outputs.items():
        if name is None:
            continue
        path = Path(name)
        if path.is_dir():
            raise click.BadParameter(f"{name} is a directory", param_hint=option)
        if not path.resolve().parent.is_dir():
            raise click.BadParameter(f"there is no directory {path.parent}", param_hint=option)
        if path.resolve() in taken and (path.is_file() or not path.exists()):
            raise click.BadParameter(f"{name} is {taken[path.resolve()]} too", param_hint=option)
        taken[path.resolve()] = f"the file of {option}"


@contextmanager
def replacing(name: str) -> Iterator[BinaryIO]:
    """Give a stream whose content takes the place of a file once it is complete.

    What is no regular file, such as a pipe, is written as it is.
    """
    path = Path(name).resolve()
    if path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield stream
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with beside.open("xb") as stream:
            yield stream
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def reject_file(name: str) -> Iterator[Callable[[str, Reject], None]]:
    """Open a file for rejects, one row of JSON each, which a replay reads again."""
    with replacing(name) as stream:
        yield lambda file, reject: _write_row(stream, file, reject)


def _write_row(stream: BinaryIO, file: str, reject: Reject) -> None:
    stream.write(dump_row(file, reject))
