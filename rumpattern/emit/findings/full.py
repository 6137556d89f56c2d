"""Findings for a person: each with the line it stands in, and a caret below the character."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics.finding import Severity
from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic

_WIDTH: Final = 100
_BEFORE: Final = 60
_CUT: Final = "…"


def write(reports: Sequence[Report], stream: TextIO) -> None:
    """Write the findings of some reports, and how many there are."""
    for report in reports:
        lines = report.text.split("\n")
        for finding in report.diagnostics:
            stream.writelines(f"{line}\n" for line in _finding(finding, lines))
            stream.write("\n")
    stream.write(f"{summary(reports)}\n")


def summary(reports: Iterable[Report]) -> str:
    """Return how many definitions were checked and what was found, in one sentence."""
    count, fixes, found = 0, 0, dict.fromkeys(Severity, 0)
    for report in reports:
        count += len(report.definitions)
        for finding in report.diagnostics:
            found[finding.severity] += 1
            fixes += bool(finding.fix)
    shown = [_counted(number, severity.value) for severity, number in found.items() if number]
    fixable = f" ({fixes:,} fixable with --fix)" if fixes else ""
    return f"{_counted(count, 'definition')} checked: {', '.join(shown) or 'nothing found'}{fixable}"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 or what == 'info' else 's'}"


def _finding(finding: Diagnostic, lines: Sequence[str]) -> Iterator[str]:
    yield printable(f"{finding.severity}[{finding.code}]: {finding.message}")
    where = finding.where
    if where is not None:
        number = str(where.line)
        margin = " " * len(number)
        yield printable(f"{margin}--> {where.source or '<text>'}:{where.line}:{where.column}")
        if where.line <= len(lines):
            text, column = _cut(lines[where.line - 1].rstrip("\r"), where.column - 1)
            yield f"{margin} |"
            yield f"{number} | {text}"
            yield f"{margin} | {' ' * column}^"
        if where.path not in ("", "$"):
            yield printable(f"{margin} = at {where.path}")
        if finding.hint:
            yield printable(f"{margin} = hint: {finding.hint}")
    elif finding.hint:
        yield printable(f"  = hint: {finding.hint}")


def _cut(line: str, column: int) -> tuple[str, int]:
    """Return a line with each character printed as one, cut to what stands around a column, and the column in it."""
    text = "".join(char if char.isprintable() else " " if char == "\t" else "?" for char in line)
    if len(text) <= _WIDTH:
        return text, column
    start = max(0, min(column - _BEFORE, len(text) - _WIDTH))
    end = start + _WIDTH
    before, after = _CUT if start else "", _CUT if end < len(text) else ""
    return f"{before}{text[start:end]}{after}", column - start + len(before)
