"""``--fix`` and ``--diff`` of ``rumpattern validate``: safe edits written to files, or shown."""

from __future__ import annotations

import difflib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rumpattern.cli.outputs import replacing
from rumpattern.definition.document import BOM
from rumpattern.definition.fixes import fix
from rumpattern.diagnostics import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics import Diagnostic

_ROUNDS: Final = 1_000
"""A fault may come to light when another one is mended; each round mends at least one."""


def mended(report: Report, check: Callable[[str, str | None], Report]) -> tuple[Report, list[Diagnostic]]:
    """Return the report of a document after all its safe edits, and the findings that they mended.

    Args:
        report: the findings that may be mended.
        check: from a text and its name to its report.
    """
    done: list[Diagnostic] = []
    for _ in range(_ROUNDS):
        text, mended_now = fix(report)
        if not mended_now:
            break
        done += mended_now
        report = check(text, report.name)
    return report, done


def write(name: str, text: str) -> None:
    """Write a document over its file, with the byte order mark and the permissions that the file has."""
    path = Path(name).resolve()
    mark = BOM if path.read_bytes().startswith(BOM.encode()) else ""
    with replacing(name) as stream:
        stream.write(f"{mark}{text}".encode())
        stream.flush()
        os.fchmod(stream.fileno(), path.stat().st_mode)


def difference(before: Report, after: Report) -> Iterator[str]:
    """Yield the lines of the unified difference between two texts of a document."""
    name = before.name or "<stdin>"
    is_shown = sys.stdout.isatty()
    old, new = (_lines(report.text) for report in (before, after))
    for line in difflib.unified_diff(old, new, name, name):
        shown = printable(line.removesuffix("\n")) if is_shown else line.removesuffix("\n")
        yield f"{shown}\n" if line.endswith("\n") else f"{shown}\n\\ No newline at end of file\n"


def _lines(text: str) -> list[str]:
    *lines, rest = text.split("\n")
    return [f"{line}\n" for line in lines] + ([rest] if rest else [])
