"""``--fix`` and ``--diff`` of ``rumpattern validate``: safe edits written to files, or shown."""

from __future__ import annotations

import difflib
import os
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.cli.outputs import replacing
from rumpattern.definition.documents.document import BOM
from rumpattern.definition.fixes import fix
from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic

_ROUNDS: Final = 1_000
"""Fixing one fault may reveal another; each round fixes at least one."""


def apply_fixes(report: Report, check: Callable[[str, str | None], Report]) -> tuple[Report, list[Diagnostic]]:
    """Return the report of a document after all its safe edits, and the findings that they fixed.

    A document that has no definitions, even after the edits, is not changed.

    Args:
        report: the findings that may be fixed.
        check: from a text and its name to its report.
    """
    done: list[Diagnostic] = []
    after = report
    for _ in range(_ROUNDS):
        text, fixed = fix(after)
        if not fixed:
            break
        done += fixed
        after = check(text, report.name)
    return (after, done) if after.definitions else (report, [])


def without_fixes(report: Report) -> Report:
    """Return the report of a fixed document without its remaining edits, which would change more than intended."""

    def bare(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        return tuple(replace(one, fix=()) if one.fix else one for one in findings)

    definitions = tuple(replace(one, diagnostics=bare(one.diagnostics)) for one in report.definitions)
    return replace(report, definitions=definitions, elsewhere=bare(report.elsewhere))


def check_files(names: Iterable[str]) -> None:
    """Check, before anything is read, that every file can be replaced.

    Raises:
        click.UsageError: standard input, or a pipe.
    """
    for name in names:
        path = Path(name)
        if name == "-" or (path.exists() and not path.is_file() and not path.is_dir()):
            what = "standard input" if name == "-" else name
            raise click.UsageError(f"--fix needs a file to write to, and {what} is none: name one, or use --diff")


def check_writable(names: Iterable[str]) -> None:
    """Check, before anything is written, that files may be.

    Raises:
        click.UsageError: naming those that may not.
    """
    refused = [name for name in names if not os.access(name, os.W_OK)]
    if refused:
        raise click.UsageError(f"--fix may not write {', '.join(refused)}; nothing was changed")


def write(name: str, text: str) -> None:
    """Write a document over its file, with the byte order mark, permissions and, where allowed, owner of the file.

    Raises:
        OSError: it cannot be written; then it is as it was, unless it has other names (hard links).
    """
    path = Path(name).resolve()
    before = path.stat()
    mark = BOM if path.read_bytes().startswith(BOM.encode()) else ""
    data = f"{mark}{text}".encode()
    if before.st_nlink > 1:  # another file in its place would part it from its other names
        path.write_bytes(data)
        return
    with replacing(name) as stream:
        stream.write(data)
        stream.flush()
        with suppress(PermissionError):
            os.fchown(stream.fileno(), before.st_uid, before.st_gid)
        os.fchmod(stream.fileno(), before.st_mode)


def difference(before: Report, after: Report) -> Iterator[str]:
    """Yield the lines of the unified difference between two texts of a document."""
    name = printable(before.name or "<stdin>")
    is_shown = sys.stdout.isatty()
    old, new = (_lines(report.text) for report in (before, after))
    for line in difflib.unified_diff(old, new, name, name):
        shown = printable(line.removesuffix("\n")) if is_shown else line.removesuffix("\n")
        yield f"{shown}\n" if line.endswith("\n") else f"{shown}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    *lines, rest = text.split("\n")
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])
