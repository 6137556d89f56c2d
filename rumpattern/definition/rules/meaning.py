"""What a pattern means for real events: it can match none or all of them, or a condition can never hold."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics.finding import Severity
from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.jsontext import canonical_number, is_number
from rumpattern.pattern.ast import (
    AnythingBut,
    Exists,
    LiteralEquals,
    NumberEquals,
    NumericRange,
    StringEquals,
    Wildcard,
)
from rumpattern.pattern.equivalence import values
from rumpattern.pattern.format import format_element
from rumpattern.pattern.operators import OPERATORS
from rumpattern.rum.eventtypes import METADATA, FieldType, info, scalar_above
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rumpattern.definition.subject import Subject
    from rumpattern.diagnostics.finding import Diagnostic
    from rumpattern.pattern.ast import Element
    from rumpattern.pattern.equivalence import Values
    from rumpattern.rum.eventtypes import FieldInfo

_ALWAYS_THERE: Final = (EVENT_TYPE, "event_id", "event_timestamp")
_ABSENT: Final = values([Exists(wanted=False)])
_PRESENT: Final = values([Exists(wanted=True)])
_ANYTHING: Final = _ABSENT.union(_PRESENT)


def never(subject: Subject) -> Iterator[Diagnostic]:
    """A field must not be absent if every event has it, and a field has not both a value and fields below it."""
    for path in sorted(subject.paths.intersection(_ALWAYS_THERE)):
        failing = sum(branch.get(path) == _ABSENT for branch in subject.branches)
        if failing:
            yield _warning(subject, "RP200", f"every event has {path}, so {_never(subject, failing)}", path)
    for outer, inner in _nested(subject.paths):
        failing = sum(_needs(branch, outer) and _needs(branch, inner) for branch in subject.branches)
        if failing:
            message = f"{outer} cannot both be a value and contain {inner}, so {_never(subject, failing)}"
            yield _warning(subject, "RP200", message, inner)


def _nested(paths: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield the pairs of paths of which the first leads to the second."""
    for inner in sorted(paths):
        heads = (inner[: dot.start()] for dot in re.finditer(r"\.", inner))
        yield from ((outer, inner) for outer in heads if outer in paths)


def _needs(branch: dict[str, Values], path: str) -> bool:
    """Tell whether a branch matches only events with a value at a path."""
    return path in branch and not branch[path].absent


def _never(subject: Subject, failing: int) -> str:
    return f"{'the pattern' if failing == len(subject.branches) else 'an alternative of $or'} never matches"


def always(subject: Subject) -> Iterator[Diagnostic]:
    """A pattern has a condition that some event does not satisfy."""
    if subject.branches and any(all(_is_anything(branch, path) for path in branch) for branch in subject.branches):
        message, hint = "every event matches the pattern", "add a condition on event_type"
        yield subject.warning("RP201", message, "EventPattern", hint)


def literal_star(subject: Subject) -> Iterator[Diagnostic]:
    """``["*"]`` matches a literal star, not any value."""
    for field in subject.fields:
        for index, element in enumerate(field.elements):
            if isinstance(element, StringEquals) and element.value == "*":
                message = f'"*" matches a literal star only, which {field.path} never is'
                yield subject.at_element("RP206", message, field, index, 'to match any value write [{"exists": true}]')


def types(subject: Subject) -> Iterator[Diagnostic]:
    """A value of a type that the field does not hold never matches."""
    for field in subject.fields:
        known = _info(subject, field.path)
        for index, element in enumerate(field.elements if known else ()):
            assert known is not None
            code = _of_another_type(field.path, known.type, element)
            if code is not None:
                held = f"{'an' if known.type[0] in 'ao' else 'a'} {known.type}"
                message = f"{field.path} holds {held}, which {format_element(element)} never matches"
                yield subject.at_element(code, message, field, index, _HINTS[code](element))


def _of_another_type(path: str, held: FieldType, element: Element) -> str | None:
    """Return the code for an element that never matches values of a type, None if it may match."""
    match element:
        case Exists():
            return "RP211" if held is FieldType.OBJECT and element.wanted else None
        case LiteralEquals():
            is_held = held is FieldType.BOOLEAN and element.value is not None
            return None if is_held or held is FieldType.ARRAY or "." not in path else "RP211"
        case _ if held in (FieldType.BOOLEAN, FieldType.OBJECT) and not isinstance(element, AnythingBut):
            return "RP211"
        case NumberEquals() | NumericRange():
            return "RP202" if held is FieldType.STRING else None
        case AnythingBut():
            return "RP211" if held is FieldType.OBJECT else None
        case _:
            return "RP203" if held is FieldType.NUMBER else None


def _as_text(element: Element) -> str | None:
    return f'write "{element.text}"' if isinstance(element, NumberEquals) else None


def _as_number(element: Element) -> str | None:
    if isinstance(element, StringEquals) and is_number(element.value):
        return f"write {canonical_number(float(element.value))}"
    return "numbers have no wildcards: use numeric" if isinstance(element, Wildcard) else None


_HINTS: Final[dict[str, Callable[[Element], str | None]]] = {
    "RP202": _as_text,
    "RP203": _as_number,
    "RP211": lambda _: None,
}


def below_values(subject: Subject) -> Iterator[Diagnostic]:
    """A string, number or boolean has no fields, and an operator is not a field."""
    for path, field in sorted(subject.first_fields.items()):
        above = scalar_above(path, None)
        if above is not None:
            message = f"{above[0]} holds a {above[1]}, so there is no {path}"
            yield subject.at_field("RP209", message, field, None, Severity.WARNING)
        outer, _, name = path.rpartition(".")
        if "." in outer and name in OPERATORS:  # one level up it may well be an attribute
            elements = ",".join(map(format_element, field.elements))
            argument = f"[{elements}]" if len(field.elements) > 1 or name == "numeric" else elements
            message = f'"{name}" is the name of an operator, but is a field here'
            hint = f'put the operator in an array: [{{"{name}": {argument}}}]'
            yield subject.at_field("RP210", message, field, hint, Severity.WARNING)


def known_values(subject: Subject) -> Iterator[Diagnostic]:
    """A field with a closed set of values never has another value."""
    for field in subject.fields:
        known = _info(subject, field.path)
        if field.path == EVENT_TYPE or known is None or not known.values:
            continue
        for index, element in enumerate(field.elements):
            if isinstance(element, StringEquals) and element.value not in known.values:
                hint = did_you_mean(element.value, known.values) or f"values: {', '.join(known.values)}"
                message = f'{field.path} is never "{element.value}"'
                yield subject.at_element("RP204", message, field, index, hint)


def unknown_metadata(subject: Subject) -> Iterator[Diagnostic]:
    """A metadata field that resembles one of RUM's own is probably misspelled; others may be custom attributes."""
    own = list(METADATA)
    for path in sorted(subject.paths):
        first, _, rest = path.partition(".")
        if first == "metadata" and rest and rest not in METADATA:
            near = [name for name in own if name.lower() == rest.lower()]
            hint = f'did you mean "{near[0]}"?' if near else did_you_mean(rest, own, cutoff=0.85)
            if hint:
                yield _warning(subject, "RP205", f"{path} is not a field of RUM's own metadata", path, hint)


def _info(subject: Subject, path: str) -> FieldInfo | None:
    """Return what is known of a field in all events that can match, None if they differ."""
    names = subject.builtin_types or (frozenset(("",)) if not path.startswith("event_details.") else frozenset())
    known = [info(path, name) for name in sorted(names)]
    first = next(iter(known), None)
    return first if first is not None and all(other == first for other in known) else None


def _is_anything(branch: dict[str, Values], path: str) -> bool:
    return branch[path] == _ANYTHING or (path in _ALWAYS_THERE and branch[path] == _PRESENT)


def _warning(subject: Subject, code: str, message: str, path: str, hint: str | None = None) -> Diagnostic:
    return subject.at_field(code, message, path, hint, Severity.WARNING)


RULES: Final = (never, always, literal_star, types, below_values, known_values, unknown_metadata)
