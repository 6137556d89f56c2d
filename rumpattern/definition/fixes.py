"""Safe edits of a document: what its findings mend without a doubt, and nothing else in it."""

from __future__ import annotations

import bisect
from typing import TYPE_CHECKING, TypeAlias

from rumpattern.definition.document import parse_document
from rumpattern.diagnostics import DefinitionError
from rumpattern.jsontext import JsonArray, JsonObject, JsonString, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.definition.document import Document
    from rumpattern.definition.validate import Report
    from rumpattern.diagnostics import Diagnostic, Edit
    from rumpattern.jsontext import JsonValue

    Pairs: TypeAlias = list[tuple[JsonValue, JsonValue]]


def fix(report: Report) -> tuple[str, list[Diagnostic]]:
    """Mend a document as the findings of its report say.

    What an edit of YAML means depends on what is around it, so the new text is read again: an edit that changes
    anything but the text it is meant for is left out.

    Returns:
        The new text, and the findings that it mends; there may be more to mend once these are.
    """
    chosen = _apart(finding for finding in report.diagnostics if finding.fix)
    try:
        document = parse_document(report.text, report.name)
    except DefinitionError:  # then the only finding is where it stops being JSON
        return _edited(report.text, _edits(chosen)), chosen
    if not _changes_nothing_else(document, _edits(chosen)):
        chosen = [finding for finding in chosen if _changes_nothing_else(document, finding.fix)]
    return _edited(report.text, _edits(chosen)), chosen


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


def _changes_nothing_else(document: Document, edits: Sequence[Edit]) -> bool:
    """Tell whether edits change the strings they stand in as they should, and no other value of a document."""
    try:
        after = parse_document(_edited(document.text, edits), document.name)
    except DefinitionError:
        return False
    ordered = sorted(edits, key=lambda edit: edit.start)
    todo: Pairs = [(document.root, after.root)]
    todo += zip(document.others, after.others, strict=False)
    seen = set()
    while todo:
        old, new = todo.pop()
        if (id(old), id(new)) in seen:
            continue
        seen.add((id(old), id(new)))
        if isinstance(old, JsonString) and isinstance(new, JsonString):
            inside: Pairs | None = [] if new.value == _meant(document, old, ordered) else None
        else:
            inside = _inside(old, new)
        if inside is None:
            return False
        todo += inside
    return len(document.others) == len(after.others)


def _inside(old: JsonValue, new: JsonValue) -> Pairs | None:
    """Return the pairs of values that are inside two values, None if these differ by themselves."""
    match old, new:
        case JsonArray(), JsonArray() if len(old.items) == len(new.items):
            return list(zip(old.items, new.items, strict=True))
        case JsonObject(), JsonObject() if len(old.members) == len(new.members):
            members = zip(old.members, new.members, strict=True)
            return [pair for before, after in members for pair in zip(before, after, strict=True)]
        case Unknown(), Unknown() if old.what == new.what:
            return [(old.argument, new.argument)]
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
