"""Findings: what is wrong, where, and what to try. Everything else reports through this module."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding stands: file (None for text), line and column from 1, and the path inside the document."""

    source: str | None
    line: int
    column: int
    path: str

    def __str__(self) -> str:
        return f"{self.source or '<text>'}:{self.line}:{self.column} {self.path}"


@dataclass(frozen=True, slots=True)
class Edit:
    """Characters ``start`` to ``end`` (exclusive) of a text, and what to write instead of them."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding.

    ``service_message`` is the head of the message that event-ruler gives for the same slip, if it has one. ``fix`` is
    how the text that ``where`` is about can be mended without a doubt, in the order of the text; empty if it cannot.
    """

    code: str
    message: str
    where: Place | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR
    service_message: str | None = None
    fix: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"  hint: {self.hint}" if self.hint else ""
        return printable(f"{place}{self.message} [{self.code}]{hint}")


class DiagnosticsError(ValueError):
    """Bad content, with every finding in ``diagnostics``; ``str()`` is one finding a line."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class PatternError(DiagnosticsError):
    """An event pattern that cannot be compiled."""


class DefinitionError(DiagnosticsError):
    """Metric definitions that cannot be compiled."""


class InputError(DiagnosticsError):
    """Event files that cannot be read at all."""
