"""Findings as workflow commands of GitHub Actions, which shows them beside the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics.finding import Severity
from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(reports: Iterable[Report], stream: TextIO) -> None:
    """Write a command for each finding (GitHub Actions, workflow commands)."""
    for report in reports:
        stream.writelines(f"{_command(finding, report.name)}\n" for finding in report.diagnostics)


def _command(finding: Diagnostic, name: str | None) -> str:
    properties = {"title": finding.code}
    where = finding.where
    if name is not None:
        properties["file"] = name
    if where is not None and where.source is not None:
        properties |= {"line": str(where.line), "col": str(where.column)}
    shown = ",".join(f"{key}={_property(value)}" for key, value in sorted(properties.items()))
    path = f"{where.path}: " if where is not None and where.path not in ("", "$") else ""
    lines = [f"{path}{finding.message}", *([f"hint: {finding.hint}"] if finding.hint else [])]
    return f"::{_COMMANDS[finding.severity]} {shown}::{_data(chr(10).join(map(printable, lines)))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace(":", "%3A").replace(",", "%2C")
