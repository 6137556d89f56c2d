"""Findings: what is wrong, where, and what to try; and the errors that carry them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from rumpattern.dataclass import dataclass
from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Iterable


class Severity(StrEnum):
    """How serious a finding is.

    An ERROR is refused by RUM or cannot be used, a WARNING is probably not what was meant, an INFO is neither.
    """

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Place:
    """The position that a finding points to; ``str()`` is ``source:line:column path``.

    Attributes:
        source: the name of the file; None for text and Python values.
        line: the line, from 1. Python values are written as JSON text first, of which this is the line.
        column: the column in characters (code points), from 1.
        path: the path inside the document, such as ``MetricDefinitions[0].Name``; ``$`` is the document itself. A path
            inside a pattern follows an arrow: ``EventPattern → $.metadata.pageId[0]``.
    """

    source: str | None
    line: int
    column: int
    path: str

    def __str__(self) -> str:
        return f"{self.source or '<text>'}:{self.line}:{self.column} {self.path}"


@dataclass(frozen=True, slots=True)
class Edit:
    """A replacement in a text.

    Attributes:
        start: offset in characters of the first character to replace.
        end: offset behind the last one; equal to ``start`` for an insertion.
        text: what replaces them.
    """

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding; ``str()`` is one line: position, message, code and hint.

    Attributes:
        code: its code, one of the rulebook's, such as ``RP108``.
        message: what is wrong, and what was found, in one sentence without a full stop.
        where: the position it points to; None if it is about an input as a whole.
        hint: what to try; None if there is nothing to suggest.
        severity: how serious it is.
        service_message: the beginning of the message that event-ruler, the matcher of EventBridge, has for the same
            fault; None if it has none.
        fix: the edits of the text of ``where`` that remove the fault, in ascending order; empty if more than one
            repair is plausible.
    """

    code: str
    message: str
    where: Place | None = None
    hint: str | None = None
    severity: Severity = Severity.ERROR
    service_message: str | None = None
    fix: tuple[Edit, ...] = ()

    def __str__(self) -> str:
        position = f"{self.where}: " if self.where else ""
        hint = f"  hint: {self.hint}" if self.hint else ""
        return printable(f"{position}{self.message} [{self.code}]{hint}")


class DiagnosticsError(ValueError):
    """Invalid content: every finding is in ``diagnostics``; ``str()`` has one finding per line."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics: tuple[Diagnostic, ...] = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class PatternError(DiagnosticsError):
    """An event pattern that does not compile."""


class DefinitionError(DiagnosticsError):
    """Metric definitions that cannot be used."""


class InputError(DiagnosticsError):
    """Event files, or a checkpoint, that cannot be used at all."""
