"""``--fix``: apply the edits of findings to a document, and prove that they change nothing else in it."""

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
    """Apply the edits of a report's findings to its text.

    Edits are left out that overlap an earlier one, that touch a string outside of definitions, or that change more than
    the string they are meant for.

    Returns:
        The new text, and the findings that it fixes; further findings may become fixable once these are fixed.
    """
    # A finding knows only the string it edits. In YAML the same characters may be shared with another part of the file
    # through an alias, or change what is around them (an edit may turn a plain scalar into another type, or end a flow
    # collection), so every edit is checked by its effect: parse the edited text, and compare it with the document in
    # which exactly the meant strings have exactly the meant values.
    chosen = _not_overlapping(finding for finding in report.diagnostics if finding.fix)
    if not chosen:
        return report.text, []
    try:
        document = parse_document(report.text, report.name)
    except DefinitionError:  # the edits are of the syntax itself, before the first fault that has no fix
        return _edited(report.text, _edits(chosen)), chosen
    chosen = _without(chosen, _outside(document, _edits(chosen)))
    chosen = _harmless(document, chosen)
    return _edited(report.text, _edits(chosen)), chosen


def _harmless(document: Document, findings: list[Diagnostic]) -> list[Diagnostic]:
    """Return the findings whose edits change what they are meant for and nothing else.

    If the wrong strings do not tell which edits to leave out, the findings are halved until the edit is found.
    """
    while findings:
        wrong = _changed_otherwise(document, _edits(findings))
        if wrong == []:
            return findings
        remaining = _without(findings, wrong or [])
        if len(remaining) == len(findings):
            half = len(findings) // 2
            return [*_harmless(document, findings[:half]), *_harmless(document, findings[half:])] if half else []
        findings = remaining
    return []


def _without(findings: list[Diagnostic], spans: Iterable[Span]) -> list[Diagnostic]:
    """Return the findings without edits in any of the spans."""
    ordered = sorted({(span.start, span.end) for span in spans})
    return [finding for finding in findings if not any(_contains(ordered, edit.start) for edit in finding.fix)]


def _contains(spans: Sequence[tuple[int, int]], offset: int) -> bool:
    """Tell whether one of ascending, disjoint spans contains an offset."""
    index = bisect.bisect_right(spans, (offset, math.inf)) - 1
    return index >= 0 and offset <= spans[index][1]


def _outside(document: Document, edits: Sequence[Edit]) -> list[Span]:
    """Return the edited strings that are also part of something else than definitions, as aliases make possible."""
    starts = sorted(edit.start for edit in edits)
    seen = {id(site.node) for site in find_sites(document)}
    outside = []
    todo = list(document.roots)
    while todo:
        node = todo.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, JsonString):
            first = bisect.bisect_left(starts, node.span.start)
            outside += [node.span] if first < len(starts) and starts[first] <= node.span.end else []
        todo += _values(node)
    return outside


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


def _not_overlapping(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the findings whose edits begin behind those of the one before; an alias in YAML repeats its findings."""
    chosen: list[Diagnostic] = []
    end = -1
    for finding in sorted(findings, key=lambda finding: finding.fix[0].start):
        if finding.fix[0].start > end:
            chosen.append(finding)
            end = finding.fix[-1].end
    return chosen


def _edits(findings: Sequence[Diagnostic]) -> tuple[Edit, ...]:
    return tuple(edit for finding in findings for edit in finding.fix)


def _edited(text: str, edits: Iterable[Edit]) -> str:
    parts, end = [], 0
    for edit in sorted(edits, key=lambda edit: edit.start):
        parts += [text[end : edit.start], edit.text]
        end = edit.end
    return "".join([*parts, text[end:]])


def _changed_otherwise(document: Document, edits: Sequence[Edit]) -> list[Span] | None:
    """Return the strings that get another value by the edits than is meant; None if more than strings change."""
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
    """Return the pairs of members of two containers, none for equal scalars, None if the values differ."""
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
    """Return the value that a string should have after ascending edits of its document."""
    first = bisect.bisect_left(edits, node.span.start, key=lambda edit: edit.start)
    last = bisect.bisect_right(edits, node.span.end, key=lambda edit: edit.end)
    value = node.value
    for edit in reversed(edits[first:last]):
        value = value[: _index(document, node, edit.start)] + edit.text + value[_index(document, node, edit.end) :]
    return value


def _index(document: Document, node: JsonString, offset: int) -> int:
    """Return the index of the first character of a string's value whose offset is not below ``offset``."""
    return bisect.bisect_left(range(len(node.value)), offset, key=lambda index: document.offset_in_string(node, index))
