"""Findings as workflow commands of GitHub Actions, which shows them beside the changed lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics import Diagnostic

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}


def write(reports: Iterable[Report], stream: TextIO) -> None:
    """Write a command for each finding (GitHub Actions, workflow commands)."""
    for report in reports:
        stream.writelines(f"{_command(finding)}\n" for finding in report.diagnostics)


def _command(finding: Diagnostic) -> str:
    properties = {"title": finding.code}
    where = finding.where
    if where is not None and where.source is not None:
        properties |= {"file": where.source, "line": str(where.line), "col": str(where.column)}
    shown = ",".join(f"{key}={_property(value)}" for key, value in sorted(properties.items()))
    path = f"{where.path}: " if where is not None and where.path not in ("", "$") else ""
    hint = f"\nhint: {finding.hint}" if finding.hint else ""
    return f"::{_COMMANDS[finding.severity]} {shown}::{_data(f'{path}{finding.message}{hint}')}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
