"""What a pattern means for the events there are: it can match none of them, or asks for something it cannot find."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.definition.eventtypes import METADATA, FieldType, info
from rumpattern.definition.rumevents import EVENT_TYPE
from rumpattern.diagnostics import Severity, did_you_mean
from rumpattern.jsontext import canonical_number, is_number
from rumpattern.pattern.ast import Exists, NumberEquals, NumericRange, StringEquals, TextElement, Wildcard
from rumpattern.pattern.equivalence import values
from rumpattern.pattern.format import format_element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.definition.eventtypes import FieldInfo
    from rumpattern.definition.subject import Subject
    from rumpattern.diagnostics import Diagnostic
    from rumpattern.pattern.equivalence import Values

_ALWAYS_THERE: Final = (EVENT_TYPE, "event_id", "event_timestamp")
_ABSENT: Final = values([Exists(wanted=False)])
_PRESENT: Final = values([Exists(wanted=True)])
_ANYTHING: Final = _ABSENT.union(_PRESENT)


def never(subject: Subject) -> Iterator[Diagnostic]:
    """A field that must be absent though every event has it, or a value both at a field and below it."""
    for field in subject.fields:
        if field.path in _ALWAYS_THERE and values(field.elements) == _ABSENT:
            message = f"every event has {field.path}, so the pattern never matches"
            yield _warning(subject, "RP200", message, field.path)
    for branch in subject.branches:
        present = sorted(path for path, accepted in branch.items() if not accepted.absent)
        for path in present:
            inner = next((other for other in present if other.startswith(f"{path}.")), None)
            if inner is not None:
                message = f"{path} cannot be a value and hold {inner} at once, so the pattern never matches"
                yield _warning(subject, "RP200", message, inner)


def always(subject: Subject) -> Iterator[Diagnostic]:
    """A pattern that no event fails."""
    if subject.branches and any(all(_is_anything(branch, path) for path in branch) for branch in subject.branches):
        yield subject.warning("RP201", "every event matches the pattern", "EventPattern", "ask for an event_type")


def literal_star(subject: Subject) -> Iterator[Diagnostic]:
    """``["*"]`` is the string of one star, not any value."""
    for field in subject.fields:
        if any(isinstance(element, StringEquals) and element.value == "*" for element in field.elements):
            message = f'"*" is the text of one star, which {field.path} never is'
            yield _warning(subject, "RP206", message, field.path, 'any value is [{"exists": true}]')


def types(subject: Subject) -> Iterator[Diagnostic]:
    """Numbers where the field holds strings, and strings where it holds numbers, never match."""
    for field in subject.fields:
        found = _info(subject, field.path)
        if found is None:
            continue
        numbers = [element for element in field.elements if isinstance(element, (NumberEquals, NumericRange))]
        texts = [element for element in field.elements if isinstance(element, TextElement)]
        if numbers and found.type is FieldType.STRING:
            message = f"{field.path} holds a string, which {format_element(numbers[0])} never matches"
            hint = f'write "{numbers[0].text}"' if isinstance(numbers[0], NumberEquals) else None
            yield _warning(subject, "RP202", message, field.path, hint)
        if texts and found.type is FieldType.NUMBER:
            message = f"{field.path} holds a number, which {format_element(texts[0])} never matches"
            yield _warning(subject, "RP203", message, field.path, _as_number(texts[0]))


def known_values(subject: Subject) -> Iterator[Diagnostic]:
    """A field with few possible values has none of the others."""
    for field in subject.fields:
        found = _info(subject, field.path)
        if field.path == EVENT_TYPE or found is None or not found.values:
            continue
        for element in field.elements:
            if isinstance(element, StringEquals) and element.value not in found.values:
                hint = did_you_mean(element.value, found.values) or f"values: {', '.join(found.values)}"
                yield _warning(subject, "RP204", f'{field.path} is never "{element.value}"', field.path, hint)


def unknown_metadata(subject: Subject) -> Iterator[Diagnostic]:
    """A metadata field that is nearly one of RUM's own is probably a slip; others may be custom attributes."""
    own = list(METADATA)
    for path in sorted(subject.paths):
        first, _, rest = path.partition(".")
        if first == "metadata" and rest and rest not in METADATA:
            near = [name for name in own if name.lower() == rest.lower()]
            hint = f'did you mean "{near[0]}"?' if near else did_you_mean(rest, own, cutoff=0.85)
            if hint:
                yield _warning(subject, "RP205", f"{path} is no field of RUM's own metadata", path, hint)


def _info(subject: Subject, path: str) -> FieldInfo | None:
    """Return what is known of a field in all events that can match, None if that is not one thing."""
    names = subject.builtin_types or (frozenset(("",)) if not path.startswith("event_details") else frozenset())
    found = [info(path, name) for name in sorted(names)]
    first = next(iter(found), None)
    return first if first is not None and all(one == first for one in found) else None


def _is_anything(branch: dict[str, Values], path: str) -> bool:
    return branch[path] == _ANYTHING or (path in _ALWAYS_THERE and branch[path] == _PRESENT)


def _as_number(element: TextElement) -> str | None:
    if isinstance(element, StringEquals) and is_number(element.value):
        return f"write {canonical_number(float(element.value))}"
    if isinstance(element, Wildcard):
        return "numbers have no wildcards: use numeric"
    return None


def _warning(subject: Subject, code: str, message: str, path: str, hint: str | None = None) -> Diagnostic:
    return subject.at_field(code, message, path, hint, Severity.WARNING)


RULES: Final = (never, always, literal_star, types, known_values, unknown_metadata)
