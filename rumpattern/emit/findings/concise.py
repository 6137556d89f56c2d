"""One line for each finding: place, severity, message, code, hint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from rumpattern.definition.validate import Report


def write(reports: Iterable[Report], stream: TextIO) -> None:
    """Write the findings of some reports."""
    for report in reports:
        for finding in report.diagnostics:
            place = f"{finding.where}: " if finding.where else ""
            hint = f"  hint: {finding.hint}" if finding.hint else ""
            stream.write(printable(f"{place}{finding.severity} {finding.code} {finding.message}{hint}") + "\n")
