"""Findings: what is wrong, where, and what to try. Everything else reports through this module."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

CODES: dict[str, str] = {
    # 0 input
    "RP001": "the input cannot be read",
    "RP002": "the input holds no events",
    "RP003": "the compressed data is damaged or ends early",
    "RP004": "the document is not valid JSON",
    "RP006": "the document is not valid YAML",
    "RP010": "the line is not valid JSON",
    "RP011": "the line is not a JSON object",
    "RP012": "the event has no event_type string",
    "RP013": "the record is OpenTelemetry, not a RUM web event",
    "RP014": "the line is not valid UTF-8",
    "RP015": "JSON or YAML is nested deeper than 1,000 levels",
    "RP016": "a number has more than 1,000 characters",
    "RP017": "the export line is not a time and JSON",
    "RP018": "the record does not have the members of its container",
    "RP019": "the line or record is too long",
    "RP020": "the container ends before it is complete",
    "RP021": "the state folder cannot be gone on with",
    "RP022": "a definition makes more series than the replay keeps",
    "RP023": "the text is UTF-16 or UTF-32",
    "RP024": "the text of a reject is not complete",
    # 1 pattern grammar
    "RP100": "the event pattern is not valid JSON",
    "RP101": "the event pattern is not a JSON object",
    "RP102": "an object in the pattern is empty",
    "RP103": "an array in the pattern is empty",
    "RP104": "a field's value is neither an array nor an object",
    "RP105": "an array element is not a string, number, true, false, null or an operator",
    "RP106": "an operator object has more than one key",
    "RP107": "an operator object is empty",
    "RP108": "the operator is unknown",
    "RP110": "numeric needs an array",
    "RP111": "numeric has a wrong operator",
    "RP112": "numeric has a wrong bound",
    "RP113": "numeric has too many terms",
    "RP114": "the numeric range is empty",
    "RP115": "the number cannot be compared exactly",
    "RP116": "exists needs true or false",
    "RP117": "the pattern has more than 256 paths",
    "RP118": "the operator needs a string",
    "RP119": "the operator inside prefix or suffix is not equals-ignore-case",
    "RP120": "a wildcard has two stars in a row",
    "RP121": "a backslash in a wildcard stands before neither a star nor a backslash",
    "RP122": "the wildcard is too complex for EventBridge",
    "RP123": "cidr is not an address, a slash and mask bits",
    "RP124": "the address of cidr is not an IP address",
    "RP125": "anything-but has a value of a wrong type",
    "RP126": "anything-but excludes nothing, or strings and numbers together",
    "RP127": "the operator inside anything-but is unknown",
    "RP128": "anything-but excludes an empty prefix or suffix, which every string has",
    "RP129": "a path is given again, which replaces what it had to match before",
    "RP130": "$or is not an array",
    "RP131": "an alternative of $or is not an object",
    "RP132": "$or has fewer than two alternatives",
    "RP133": "a field inside $or has the name of an operator",
    "RP134": "$or makes more than 1,000 combinations",
    "RP135": "two anything-but in one field exclude nothing",
    # 2 pattern meaning
    "RP200": "the pattern never matches",
    "RP201": "the pattern matches every event",
    "RP202": "a number is asked of a field that holds strings",
    "RP203": "a string is asked of a field that holds numbers",
    "RP204": "the field never has the value",
    "RP205": "a metadata field is nearly one of RUM's own",
    "RP206": "a star stands for itself",
    "RP208": "an event type is nearly a built-in one",
    "RP209": "a field stands below one that holds a value",
    "RP210": "the name of an operator stands as a field",
    "RP211": "the field never holds such a value",
    # 3 RUM rules
    "RP300": "the input does not have the shape of metric definitions",
    "RP301": "a required member is missing",
    "RP302": "a member has the wrong type",
    "RP303": "a member is unknown",
    "RP304": "a member's text has the wrong length",
    "RP305": "DimensionKeys is not a map of field paths to dimension names",
    "RP306": "two dimension keys give one dimension name",
    "RP307": "the first-level key is spelled application_Id",
    "RP308": "the namespace belongs to AWS",
    "RP309": "the metric name is not ASCII",
    "RP310": "a definition names a field that no event of the input has",
    "RP311": "the application_name dimension is unknown",
    "RP312": "a member occurs more than once",
    "RP313": "a member's text is not Unicode",
    "RP314": "CloudWatch does not have the unit",
    "RP315": "a value is known at deployment only",
    "RP320": "an extended metric has no EventPattern",
    "RP321": "there is no extended metric of the name",
    "RP322": "only CloudFormation documents the extended metric",
    "RP323": "the ValueKey of an extended metric is wrong",
    "RP324": "the event type of an extended metric is wrong",
    "RP325": "the condition of an extended metric is missing or wrong",
    "RP326": "the condition is the opposite of what the metric is named for",
    "RP327": "the pattern of an extended metric asks for a field that is none of its dimensions",
    "RP328": "a dimension of an extended metric is not one of the six, or has another name",
    "RP329": "the field of a dimension is not in the pattern",
    "RP331": "no event has the first-level key",
    "RP332": "event_details is asked for without an event type",
    "RP333": "a built-in event type does not have the field",
    "RP334": "an array in a custom metric's pattern has more than one value",
    "RP335": "a custom metric has no EventPattern",
    "RP336": "the name of an extended metric stands in a namespace of its own",
    "RP337": "the namespace holds the prefix that RUM adds",
    "RP338": "the events have no such ValueKey",
    "RP339": "the ValueKey does not hold a number",
    "RP340": "the namespace has a character that it may not have",
    "RP341": "the destination is unknown",
    "RP342": "Evidently is discontinued",
    "RP343": "the DestinationArn is missing, superfluous or no ARN",
    "RP344": "the app monitor's name is not valid",
    "RP345": "there are more definitions than one request takes",
    "RP346": "there are more definitions than one destination takes",
    "RP347": "a definition occurs more than once",
    "RP348": "what a template asks to ignore is no code",
    "RP349": "an entry of a template's Metadata for rumpattern has no effect",
    "RP350": "the field of a dimension holds an object or array",
    "RP351": "a dimension has the name of the one that RUM adds",
}
"""Every code with its one-line meaning. A code is never given a second meaning."""
UNUSED: tuple[str, ...] = ("RP109",)
"""Codes that had a meaning once."""


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


def code_prefix(text: str) -> str | None:
    """Return a code, or the beginning that several codes have, as codes are written; None if no code begins so."""
    code = text.strip().upper()
    return code if code and any(known.startswith(code) for known in CODES) else None


def printable(text: str) -> str:
    """Return text whose control characters are spelled out, so that no input can steer a terminal."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def did_you_mean(word: str, known: Sequence[str], cutoff: float = 0.6) -> str | None:
    """Return a hint that names the known word nearest to ``word``, or None when none is near."""
    return _nearest(word, tuple(known), cutoff)


@lru_cache(maxsize=1_000)
def _nearest(word: str, known: tuple[str, ...], cutoff: float) -> str | None:
    near = difflib.get_close_matches(word, known, n=1, cutoff=cutoff) or [k for k in known if k.lower() == word.lower()]
    return f'did you mean "{near[0]}"?' if near else None
