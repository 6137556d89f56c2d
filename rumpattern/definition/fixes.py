"""Safe edits of a document: what its findings mend without a doubt, and nothing else in it."""

from __future__ import annotations

import bisect
import math
from typing import TYPE_CHECKING, TypeAlias

from rumpattern.definition.documents.document import parse_document
from rumpattern.definition.documents.sites import find_sites
from rumpattern.diagnostics.finding import DefinitionError
from rumpattern.jsontext import JsonArray, JsonObject, JsonString, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.definition.documents.document import Document
    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics.finding import Diagnostic, Edit
    from rumpattern.jsontext import JsonValue, Span

    _NodePairs: TypeAlias = list[tuple[JsonValue, JsonValue]]


def fix(report: Report) -> tuple[str, list[Diagnostic]]:
    """Mend a document as the findings of its report say.

    What an edit of YAML means depends on what is around it, so the new text is read again: an edit that changes
    anything but the text it is meant for is left out, and one of a text that stands outside of definitions too.

    Returns:
        The new text, and the findings that it mends; there may be more to mend once these are.
    """
    chosen = _apart(finding for finding in report.diagnostics if finding.fix)
    if not chosen:
        return report.text, []
    try:
        document = parse_document(report.text, report.name)
    except DefinitionError:  # then the findings are where it stops being JSON
        return _edited(report.text, _edits(chosen)), chosen
    chosen = _without(chosen, _outside(document, _edits(chosen)))
    chosen = _harmless(document, chosen)
    return _edited(report.text, _edits(chosen)), chosen


def _harmless(document: Document, findings: list[Diagnostic]) -> list[Diagnostic]:
    """Return the findings whose edits change what they are meant for and nothing else."""
    while findings:
        wrong = _misread(document, _edits(findings))
        if wrong == []:
            return findings
        kept = _without(findings, wrong or [])
        if len(kept) == len(findings):  # there is no telling whose fault it is
            half = len(findings) // 2
            return [*_harmless(document, findings[:half]), *_harmless(document, findings[half:])] if half else []
        findings = kept
    return []


def _without(findings: list[Diagnostic], spans: Iterable[Span]) -> list[Diagnostic]:
    """Return the findings that edit nothing in some spans."""
    ordered = sorted({(span.start, span.end) for span in spans})
    return [one for one in findings if not any(_holds(ordered, edit.start) for edit in one.fix)]


def _holds(spans: Sequence[tuple[int, int]], offset: int) -> bool:
    """Tell whether one of some spans, which are in order and apart, holds an offset."""
    index = bisect.bisect_right(spans, (offset, math.inf)) - 1
    return index >= 0 and offset <= spans[index][1]


def _outside(document: Document, edits: Sequence[Edit]) -> list[Span]:
    """Return the strings with edits that stand elsewhere than in definitions, if only by an alias."""
    starts = sorted(edit.start for edit in edits)
    seen = {id(site.node) for site in find_sites(document)}
    found = []
    todo = list(document.roots)
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, JsonString):
            first = bisect.bisect_left(starts, node.span.start)
            found += [node.span] if first < len(starts) and starts[first] <= node.span.end else []
        todo += _values(node)
    return found


def _values(node: JsonValue) -> Sequence[JsonValue]:
    match node:
        case JsonArray(items=items):
            return items
        case JsonObject(members=members):
            return [value for _, value in members]
        case Unknown(argument=argument):
            return (argument,)
        case _:
            return ()


def _apart(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings whose edits do not touch those of one before; an alias in YAML has its text's twice."""
    kept: list[Diagnostic] = []
    end = -1
    for finding in sorted(findings, key=lambda finding: finding.fix[0].start):
        if finding.fix[0].start > end:
            kept.append(finding)
            end = finding.fix[-1].end
    return kept


def _edits(findings: Sequence[Diagnostic]) -> tuple[Edit, ...]:
    return tuple(edit for finding in findings for edit in finding.fix)


def _edited(text: str, edits: Iterable[Edit]) -> str:
    parts, at = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [text[at : edit.start], edit.text]
        at = edit.end
    return "".join([*parts, text[at:]])


def _misread(document: Document, edits: Sequence[Edit]) -> list[Span] | None:
    """Return the strings that edits change otherwise than they should; None if they change more than strings."""
    try:
        after = parse_document(_edited(document.text, edits), document.name)
    except DefinitionError:
        return None
    ordered = sorted(edits, key=lambda edit: edit.start)
    todo: _NodePairs = list(zip(document.roots, after.roots, strict=False))
    seen, wrong = set(), []
    while todo:
        old, new = todo.pop()
        if (id(old), id(new)) in seen:
            continue
        seen.add((id(old), id(new)))
        if isinstance(old, JsonString):
            is_meant = isinstance(new, JsonString) and new.value == _meant(document, old, ordered)
            wrong += [] if is_meant else [old.span]
            continue
        inside = _inside(old, new)
        if inside is None:
            return None
        todo += inside
    return wrong if len(document.roots) == len(after.roots) else None


def _inside(old: JsonValue, new: JsonValue) -> _NodePairs | None:
    """Return the pairs of values that are inside two values, None if these differ by themselves."""
    match old, new:
        case JsonArray(), JsonArray() if len(old.items) == len(new.items):
            return list(zip(old.items, new.items, strict=True))
        case JsonObject(), JsonObject() if len(old.members) == len(new.members):
            members = zip(old.members, new.members, strict=True)
            return [pair for before, after in members for pair in zip(before, after, strict=True)]
        case Unknown(), Unknown() if old.what == new.what:
            return [(old.argument, new.argument)]
        case (JsonArray() | JsonObject() | Unknown(), _) | (_, JsonArray() | JsonObject() | Unknown()):
            return None
        case _:
            return [] if old == new else None


def _meant(document: Document, node: JsonString, edits: Sequence[Edit]) -> str:
    """Return the value that a string should have after some edits of its document, which are in order."""
    first = bisect.bisect_left(edits, node.span.start, key=lambda edit: edit.start)
    last = bisect.bisect_right(edits, node.span.end, key=lambda edit: edit.end)
    value = node.value
    for edit in reversed(edits[first:last]):
        value = value[: _index(document, node, edit.start)] + edit.text + value[_index(document, node, edit.end) :]
    return value


def _index(document: Document, node: JsonString, offset: int) -> int:
    """Return the index of the first character of a string's value that stands at an offset or after it."""
    return bisect.bisect_left(range(len(node.value)), offset, key=lambda index: document.offset_in_string(node, index))
