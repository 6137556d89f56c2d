"""Collect the findings of the pattern parser, with their positions, and describe values in their messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from rumpattern.diagnostics.finding import Diagnostic, Place, Severity
from rumpattern.jsontext import JsonArray, JsonFault, JsonLiteral, JsonNumber, JsonObject, JsonString, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rumpattern.diagnostics.finding import Edit
    from rumpattern.jsontext import JsonValue, Locate


class Findings:
    """Collects the findings of one pattern.

    Args:
        locate: from an offset in the pattern's text to file, line and column.
        root: the path of the pattern in its document, in front of the path inside the pattern.
    """

    def __init__(self, locate: Locate, root: str) -> None:
        self.locate = locate
        self.root = root
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    def report(  # noqa: PLR0913, PLR0917 - the parts of a finding
        self,
        code: str,
        message: str,
        offset: int,
        path: str,
        service: str | None = None,
        hint: str | None = None,
        fix: tuple[Edit, ...] = (),
    ) -> None:
        """Add an error; ``service`` is the head of event-ruler's message for it, ``fix`` edits of the pattern."""
        place = self._place(offset, path)
        self.problems.append(Diagnostic(code, message, place, hint, service_message=service, fix=fix))

    def warn(  # noqa: PLR0913, PLR0917 - as above
        self, code: str, message: str, offset: int, path: str, service: str | None = None, hint: str | None = None
    ) -> None:
        """Add a warning."""
        place = self._place(offset, path)
        self.warnings.append(Diagnostic(code, message, place, hint, Severity.WARNING, service))

    def _place(self, offset: int, path: str) -> Place:
        return Place(*self.locate(offset), f"{self.root}{path}")


def in_order(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return findings in the order of the text."""
    return sorted(findings, key=lambda f: (f.where.line, f.where.column) if f.where else (0, 0))


def describe(node: JsonValue) -> str:  # noqa: PLR0911 - one for each kind of value
    """Describe a value for a message."""
    match node:
        case JsonString(value=value):
            return f"the string {json.dumps(value[:40])}"
        case JsonNumber(text=text):
            return f"the number {text[:40]}"
        case JsonLiteral(value=value):
            return json.dumps(value)
        case JsonArray():
            return "an array"
        case JsonObject():
            return "an object"
        case JsonFault():
            return "text that is not JSON"
        case Unknown(what=what):
            return f"a value of {what}"
