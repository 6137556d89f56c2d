"""Findings as one JSON document."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rumpattern.diagnostics.rulebook import rulebook

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic


def write(reports: Iterable[Report], stream: TextIO) -> None:
    """Write one object with a member for each document: its definitions and findings."""
    documents = [
        {
            "source": report.name,
            "ok": report.ok,
            "definitions": len(report.definitions),
            "findings": [as_json(finding) for finding in report.diagnostics],
        }
        for report in reports
    ]
    json.dump({"version": 1, "documents": documents}, stream, indent=2)
    stream.write("\n")


def as_json(finding: Diagnostic) -> dict[str, object]:
    """Return a finding as JSON values.

    Lines and columns are from 1 and the offsets of a fix from 0; all count characters, no byte order mark.
    """
    where = finding.where
    return {
        "code": finding.code,
        "severity": finding.severity.value,
        "message": finding.message,
        "hint": finding.hint,
        "line": where.line if where else None,
        "column": where.column if where else None,
        "path": where.path if where else None,
        "fix": [{"start": edit.start, "end": edit.end, "text": edit.text} for edit in finding.fix],
        "service_message": finding.service_message,
        "source": rulebook()[finding.code].source,
        "confidence": rulebook()[finding.code].confidence,
    }
