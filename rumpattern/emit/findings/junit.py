"""Findings as JUnit XML: a test suite for each document, a test case for each definition in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from rumpattern.diagnostics.finding import Severity
from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic

_UTF_8: Final = "utf-8"


def write(reports: Iterable[Report], stream: TextIO) -> None:
    """Write one ``testsuites`` element. Errors are failures; warnings stand in a case's output."""
    root = Element("testsuites", name="rumpattern")
    for report in reports:
        name = printable(report.name or "<text>")
        cases = [(checked.path or "definition", checked.diagnostics) for checked in report.definitions]
        if report.elsewhere or not cases:
            cases.insert(0, ("document", report.elsewhere))
        failed = sum(any(one.severity is Severity.ERROR for one in found) for _, found in cases)
        suite = SubElement(root, "testsuite", name=name, tests=str(len(cases)), failures=str(failed))
        for path, findings in cases:
            _write_case(SubElement(suite, "testcase", classname=name, name=printable(path)), findings)
    indent(root)
    text = tostring(root, encoding="unicode")
    if (stream.encoding or _UTF_8).lower() != _UTF_8:  # then the declaration holds for ASCII only
        text = text.encode("ascii", "xmlcharrefreplace").decode("ascii")
    stream.write(f'<?xml version="1.0" encoding="{_UTF_8}"?>\n{text}\n')


def _write_case(case: Element, findings: Sequence[Diagnostic]) -> None:
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    others = [finding for finding in findings if finding.severity is not Severity.ERROR]
    if errors:
        failure = SubElement(case, "failure", type=errors[0].code, message=printable(errors[0].message))
        failure.text = "\n".join(map(str, errors))
    if others:
        SubElement(case, "system-out").text = "\n".join(map(str, others))
