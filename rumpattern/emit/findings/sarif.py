"""Findings as SARIF 2.1.0 (OASIS), which code scanning services read."""

from __future__ import annotations

import json
from functools import cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from rumpattern.diagnostics.finding import Severity
from rumpattern.diagnostics.rulebook import rulebook
from rumpattern.diagnostics.wording import printable
from rumpattern.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import TextIO

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic, Place
    from rumpattern.diagnostics.rulebook import Entry

_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}


def write(reports: Iterable[Report], stream: TextIO) -> None:
    """Write one log with one run."""
    findings = [finding for report in reports for finding in report.diagnostics]
    codes = {code: index for index, code in enumerate(sorted({finding.code for finding in findings}))}
    driver = {
        "name": "rumpattern",
        "version": __version__,
        "rules": [_rule(rulebook()[code]) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "results": [_result(finding, codes) for finding in findings],
    }
    log = {"$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run]}
    stream.write(f"{json.dumps(log)}\n")  # indented it takes half as long again


def _rule(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.code,
        "shortDescription": {"text": entry.meaning},
        "fullDescription": {"text": entry.why},
        "help": {"text": str(entry)},
        "properties": {"source": entry.source, "confidence": entry.confidence},
    }


def _result(finding: Diagnostic, codes: Mapping[str, int]) -> dict[str, object]:
    text = finding.message if finding.hint is None else f"{finding.message}. Hint: {finding.hint}"
    result: dict[str, object] = {
        "ruleId": finding.code,
        "ruleIndex": codes[finding.code],
        "level": _LEVELS[finding.severity],
        "message": {"text": printable(text).replace("{", "{{").replace("}", "}}")},  # SARIF 2.1.0, 3.11.5
    }
    if finding.where is not None:
        result["locations"] = [_location(finding.where)]
        if finding.fix and finding.where.source is not None:
            result["fixes"] = [_fix(finding, finding.where.source)]
    return result


def _fix(finding: Diagnostic, name: str) -> dict[str, object]:
    replacements = [
        {
            "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
            "insertedContent": {"text": edit.text},
        }
        for edit in finding.fix
    ]
    return {"artifactChanges": [{"artifactLocation": _artifact(name), "replacements": replacements}]}


@cache
def _artifact(name: str) -> dict[str, str]:
    return {"uri": quote(PurePath(name).as_posix())}


def _location(where: Place) -> dict[str, object]:
    location: dict[str, object] = {}
    if where.source is not None:
        location["physicalLocation"] = {
            "artifactLocation": _artifact(where.source),
            "region": {"startLine": where.line, "startColumn": where.column},
        }
    if where.path not in ("", "$"):
        location["logicalLocations"] = [{"fullyQualifiedName": printable(where.path)}]
    return location
