"""The rules of custom metrics, and those that both kinds share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rumpattern.definition.eventtypes import DETAILS, FIRST_LEVEL, PREFIX, FieldType, info
from rumpattern.definition.extended import TABLE
from rumpattern.definition.model import CUSTOM_NAMESPACE_PREFIX
from rumpattern.definition.rumevents import EVENT_TYPE
from rumpattern.definition.subject import Profile
from rumpattern.diagnostics import Edit, Severity, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.definition.subject import Subject
    from rumpattern.diagnostics import Diagnostic

_NAMESPACE: Final = re.compile(r"[A-Za-z0-9._/#:-]+")
_DETAILS: Final = "event_details."


def namespace_characters(subject: Subject) -> Iterator[Diagnostic]:
    """A namespace has letters, digits and -._/#: only (API reference, Namespace)."""
    given = subject.definition.namespace
    if subject.is_custom and given is not None and not _NAMESPACE.fullmatch(given):
        wrong = next(char for char in given if not _NAMESPACE.fullmatch(char))
        message = f'the namespace "{given}" holds {wrong!a}; it takes letters, digits and - . _ / # :'
        yield subject.error("RP340", message, "Namespace")


def namespace_prefix(subject: Subject) -> Iterator[Diagnostic]:
    """The service adds RUM/CustomMetrics/ by itself (API reference, Namespace)."""
    given = subject.definition.namespace
    if not subject.is_custom or given is None:
        return
    if given.startswith(CUSTOM_NAMESPACE_PREFIX) or given == CUSTOM_NAMESPACE_PREFIX.rstrip("/"):
        rest = given.removeprefix(CUSTOM_NAMESPACE_PREFIX.rstrip("/")).lstrip("/")
        hint = f'write "{rest}"' if rest else "name your application, such as MyApp"
        edit = Edit(0, len(given) - len(rest), "") if rest and not rest.upper().startswith("AWS/") else None
        final = subject.definition.final_namespace
        message = f'RUM adds "{CUSTOM_NAMESPACE_PREFIX}" itself: the metric would be in "{final}"'
        yield subject.warning("RP337", message, "Namespace", hint, edit)


def extended_name(subject: Subject) -> Iterator[Diagnostic]:
    """A Name of RUM's own metrics in another namespace is a custom metric, to which the custom rules apply."""
    if subject.is_custom and subject.knows("Name") and subject.definition.name in TABLE:
        message = f'"{subject.definition.name}" in a namespace of its own is a custom metric, not RUM\'s extended one'
        yield subject.warning("RP336", message, "Name", "remove Namespace for the extended metric")


def no_pattern(subject: Subject) -> Iterator[Diagnostic]:
    """A custom metric without EventPattern takes every event."""
    if subject.is_custom and subject.knows("EventPattern") and subject.definition.pattern is None:
        what = f"that has {subject.definition.value_key}" if subject.definition.value_key else "of every type"
        message = f"without an EventPattern every event {what} counts"
        yield subject.warning("RP335", message, "", 'add one, such as {"event_type":["my_event"]}')


def first_level_keys(subject: Subject) -> Iterator[Diagnostic]:
    """Fields start with one of the keys that events have (API reference, EventPattern, for custom metrics)."""
    if not subject.is_custom:
        return
    places = [("ValueKey", subject.definition.value_key)] if subject.definition.value_key else []
    places += [("DimensionKeys", path) for path, _ in subject.definition.dimension_keys]
    for member, path in places:
        first = path.partition(".")[0]
        if first not in FIRST_LEVEL:
            yield subject.error(
                "RP331", f'"{path}": no event has the first-level key "{first}"', member, _first_level_hint(first)
            )
    for path in sorted(subject.paths):
        first = path.partition(".")[0]
        if first not in FIRST_LEVEL:
            yield subject.at_field(
                "RP331", f'no event has the first-level key "{first}"', path, _first_level_hint(first)
            )


def dimensions_in_pattern(subject: Subject) -> Iterator[Diagnostic]:
    """The field of every dimension is in the EventPattern too (API reference, DimensionKeys)."""
    if not subject.knows("EventPattern", "DimensionKeys") or not (subject.is_custom or subject.is_extended):
        return
    for path, name in subject.definition.dimension_keys:
        if path not in subject.paths:
            message = f"the field of the dimension {name}, {path}, is not in the EventPattern"
            yield subject.error(
                "RP329", message, "DimensionKeys", f'add {{"{path}": [{{"exists": true}}]}} to the pattern'
            )


def details_need_a_type(subject: Subject) -> Iterator[Diagnostic]:
    """A pattern that names event_details names an event_type too (API reference, EventPattern)."""
    details = sorted(path for path in subject.paths if path.startswith(_DETAILS))
    if subject.is_custom and details and EVENT_TYPE not in subject.paths:
        yield subject.at_field("RP332", f"{details[0]} needs an event_type in the pattern", details[0])


def fields_of_the_type(subject: Subject) -> Iterator[Diagnostic]:
    """A built-in event type has the details of its schema and no others (API reference, EventPattern)."""
    types = subject.builtin_types
    if types is None:
        return
    known = sorted({field for name in types for field in DETAILS[name]})
    for path in sorted(path for path in subject.paths if path.startswith(_DETAILS)):
        field = path.removeprefix(_DETAILS)
        if not _is_known(field, known):
            hint = did_you_mean(field, known) or f"fields: {', '.join(known[:8])}"
            yield subject.at_field("RP333", f"{_names(types)} has no {path}", path, hint)


def value_key_of_the_type(subject: Subject) -> Iterator[Diagnostic]:
    """A ValueKey that its events do not have, or that holds no number, publishes nothing."""
    types, path = subject.builtin_types, subject.definition.value_key
    if types is None or path is None or not subject.is_custom:
        return
    field = path.removeprefix(_DETAILS)
    known = sorted({field for name in types for field in DETAILS[name]})
    if path.startswith(_DETAILS) and not _is_known(field, known):
        hint = did_you_mean(field, known) or f"fields: {', '.join(known[:8])}"
        yield subject.warning("RP338", f"{_names(types)} has no {path}: nothing would be published", "ValueKey", hint)
        return
    kinds = {found.type for name in types if (found := info(path, name)) is not None}
    if kinds and kinds.isdisjoint((FieldType.NUMBER, FieldType.VALUE)):
        message = f"{path} holds {_article(min(kinds))}, not a number: nothing would be published"
        yield subject.warning("RP339", message, "ValueKey", "leave ValueKey out to count events")


def one_value(subject: Subject) -> Iterator[Diagnostic]:
    """In a custom metric's pattern an array has one value (API reference, EventPattern); real ones have more."""
    if not subject.is_custom:
        return
    severity = Severity.WARNING if subject.profile is Profile.LENIENT else Severity.ERROR
    for field in subject.fields:
        if len(field.elements) > 1:
            message = (
                f"{field.path} has {len(field.elements)} values; a custom metric's pattern takes one in each array"
            )
            hint = "make a definition for each value, or use one operator that covers them"
            yield subject.at_field("RP334", message, field.path, hint, severity)


def near_event_type(subject: Subject) -> Iterator[Diagnostic]:
    """An event type that is nearly a built-in one is probably a slip."""
    for name in sorted(subject.event_types or ()):
        if name in DETAILS:
            continue
        near = [known for known in DETAILS if known.lower() == name.lower() or known == f"{PREFIX}{name}"]
        hint = f'did you mean "{near[0]}"?' if near else did_you_mean(name, list(DETAILS), cutoff=0.9)
        if hint:
            message = f'"{name}" is no built-in event type'
            yield subject.at_field("RP208", message, EVENT_TYPE, hint, Severity.WARNING)


def _first_level_hint(first: str) -> str:
    return did_you_mean(first, list(FIRST_LEVEL)) or f"first-level keys: {', '.join(sorted(FIRST_LEVEL))}"


def _is_known(field: str, known: list[str]) -> bool:
    """Tell whether a field is known, or lies on the way to or below one that is."""
    return any(field == one or one.startswith(f"{field}.") or field.startswith(f"{one}.") for one in known)


def _names(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))


def _article(kind: FieldType) -> str:
    return f"an {kind.value}" if kind.value[0] in "ao" else f"a {kind.value}"


RULES: Final = (
    namespace_characters,
    namespace_prefix,
    extended_name,
    no_pattern,
    first_level_keys,
    dimensions_in_pattern,
    details_need_a_type,
    fields_of_the_type,
    value_key_of_the_type,
    one_value,
    near_event_type,
)
