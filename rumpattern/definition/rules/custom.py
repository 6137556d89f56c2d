"""The rules of custom metrics, and those that custom and extended metrics share."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

from rumpattern.definition.profile import Profile
from rumpattern.diagnostics.finding import Edit, Severity
from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.rum.eventtypes import DETAILS, FIRST_LEVEL, PREFIX, FieldType, has_field, info, scalar_above
from rumpattern.rum.extended import EXTENDED_METRICS
from rumpattern.rum.names import APPLICATION_DIMENSION, APPLICATION_NAME, CUSTOM_NAMESPACE_PREFIX, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.definition.subject import Subject
    from rumpattern.diagnostics.finding import Diagnostic

_NAMESPACE: Final = re.compile(r"[A-Za-z0-9._/#:-]+")
_DETAILS: Final = "event_details."


def namespace_characters(subject: Subject) -> Iterator[Diagnostic]:
    """A namespace ends with a letter, digit or -._/#: and in a template has nothing else (Namespace; resource schema).

    The pattern of the API reference, ``.*[a-zA-Z0-9-._/#:]+``, allows any character before the end.
    """
    namespace = subject.definition.namespace
    if not subject.is_custom or not namespace or _NAMESPACE.fullmatch(namespace):
        return
    wrong = next(char for char in reversed(namespace) if not _NAMESPACE.fullmatch(char))
    message = f'the namespace "{namespace}" contains {wrong!a}; it may have letters, digits and - . _ / # :'
    if subject.read.is_of_template or wrong == namespace[-1] or "\n" in namespace:
        yield subject.error("RP340", message, "Namespace")
    else:
        hint = "the API's pattern accepts it; that of CloudFormation and an earlier one of the API do not"
        yield subject.warning("RP340", message, "Namespace", hint)


def namespace_prefix(subject: Subject) -> Iterator[Diagnostic]:
    """The service adds RUM/CustomMetrics/ by itself (API reference, Namespace)."""
    namespace = subject.definition.namespace
    if not subject.is_custom or namespace is None:
        return
    if namespace.startswith(CUSTOM_NAMESPACE_PREFIX) or namespace == CUSTOM_NAMESPACE_PREFIX.rstrip("/"):
        rest = namespace.removeprefix(CUSTOM_NAMESPACE_PREFIX.rstrip("/")).lstrip("/")
        hint = f'write "{rest}"' if rest else "name your application, such as MyApp"
        is_name = _NAMESPACE.fullmatch(rest) and rest[0].isalnum() and not rest.upper().startswith("AWS/")
        edit = Edit(0, len(namespace) - len(rest), "") if is_name else None
        final = subject.definition.final_namespace
        message = f'RUM adds "{CUSTOM_NAMESPACE_PREFIX}" itself: the metric would be in "{final}"'
        yield subject.warning("RP337", message, "Namespace", hint, edit)


def extended_name(subject: Subject) -> Iterator[Diagnostic]:
    """A Name of an extended metric in a custom namespace is a custom metric, to which the custom rules apply."""
    if subject.is_custom and subject.knows("Name") and subject.definition.name in EXTENDED_METRICS:
        message = f'"{subject.definition.name}" in a custom namespace is a custom metric, not RUM\'s extended metric'
        yield subject.warning("RP336", message, "Name", "remove Namespace to define the extended metric")


def no_pattern(subject: Subject) -> Iterator[Diagnostic]:
    """A custom metric without EventPattern matches every event."""
    if subject.is_custom and subject.knows("EventPattern") and subject.definition.pattern is None:
        what = f"that has {subject.definition.value_key}" if subject.definition.value_key else "of every type"
        message = f"without an EventPattern every event {what} is counted"
        yield subject.warning("RP335", message, "", 'add one, such as {"event_type":["my_event"]}')


def first_level_keys(subject: Subject) -> Iterator[Diagnostic]:
    """Fields start with one of the keys that events have (API reference, EventPattern, for custom metrics)."""
    if not subject.is_custom:
        return
    value_key, dimensions = subject.definition.value_key, subject.definition.dimension_keys
    named = [(value_key, partial(subject.error, member="ValueKey"))] if value_key else []
    named += [(path, partial(subject.at_dimension, path=path)) for path, _ in dimensions]
    named += [(path, partial(subject.at_field, where=path)) for path in sorted(subject.paths)]
    for path, finding in named:
        first = path.partition(".")[0]
        if first not in FIRST_LEVEL:
            hint = did_you_mean(first, list(FIRST_LEVEL)) or f"first-level keys: {', '.join(sorted(FIRST_LEVEL))}"
            yield finding("RP331", f'"{path}": no event has the first-level key "{first}"', hint=hint)


def dimensions_in_pattern(subject: Subject) -> Iterator[Diagnostic]:
    """The field of every dimension is in the EventPattern too (API reference, DimensionKeys)."""
    if not subject.knows("EventPattern", "DimensionKeys") or not (subject.is_custom or subject.is_extended):
        return
    for path, name in subject.definition.dimension_keys:
        if path not in subject.paths:
            message = f"the field of the dimension {name}, {path}, is not in the EventPattern"
            hint = f'add {{"{path}": [{{"exists": true}}]}} to the pattern'
            yield subject.at_dimension("RP329", message, path, hint)


def dimension_values(subject: Subject) -> Iterator[Diagnostic]:
    """The value of a dimension is text, which an object or array does not have."""
    if not subject.is_custom:
        return
    for path, name in subject.definition.dimension_keys:
        kinds = _kinds(subject, path)
        if kinds and kinds <= {FieldType.OBJECT, FieldType.ARRAY}:
            message = f"{path} holds {_article(min(kinds))}, which cannot be the value of the dimension {name}"
            yield subject.at_dimension("RP350", message, path, None, Severity.WARNING)


def dimension_of_application(subject: Subject) -> Iterator[Diagnostic]:
    """RUM adds the dimension application_name to every metric."""
    for path, name in subject.definition.dimension_keys:
        if subject.is_custom and name == APPLICATION_DIMENSION:
            message = f'RUM adds the dimension "{name}" itself'
            hint = "leave it out" if path == APPLICATION_NAME else "give it another name"
            yield subject.at_dimension("RP351", message, path, hint, Severity.WARNING, at_name=True)


def details_need_a_type(subject: Subject) -> Iterator[Diagnostic]:
    """With event_details a pattern has an event_type that is not empty (API reference, EventPattern)."""
    details = sorted(path for path in subject.paths if f"{path}.".startswith(_DETAILS))
    if not subject.is_custom or not details:
        return
    if EVENT_TYPE not in subject.paths:
        yield subject.at_field("RP332", f"{details[0]} needs an event_type in the pattern", details[0])
    elif "" in (subject.event_types or ()):
        yield subject.at_field("RP332", f"{details[0]} needs an event_type that is not empty", EVENT_TYPE)


def fields_of_the_type(subject: Subject) -> Iterator[Diagnostic]:
    """A built-in event type has the details of its schema and no others (API reference, EventPattern)."""
    for path in sorted(subject.paths) if subject.builtin_types else ():
        if _is_unknown_field(subject, path):
            yield subject.at_field("RP333", f"{_names(subject)} has no {path}", path, _near_field(subject, path))


def value_key_of_the_type(subject: Subject) -> Iterator[Diagnostic]:
    """A ValueKey that its events do not have, or that holds no number, publishes nothing."""
    path = subject.definition.value_key
    if path is None or not subject.is_custom:
        return
    above = scalar_above(path, None)
    if _is_unknown_field(subject, path):
        message = f"{_names(subject)} has no {path}: nothing would be published"
        yield subject.warning("RP338", message, "ValueKey", _near_field(subject, path))
    elif above is not None:
        message = f"{above[0]} holds {_article(above[1])}, so there is no {path}: nothing would be published"
        yield subject.warning("RP338", message, "ValueKey")
    elif (kinds := _kinds(subject, path)) and kinds.isdisjoint((FieldType.NUMBER, FieldType.VALUE)):
        message = f"{path} holds {_article(min(kinds))}, not a number: nothing would be published"
        yield subject.warning("RP339", message, "ValueKey", "leave ValueKey out to count events")


def one_value(subject: Subject) -> Iterator[Diagnostic]:
    """In a custom metric's pattern an array has one value (API reference, EventPattern); deployed ones have more."""
    if not subject.is_custom:
        return
    severity = Severity.WARNING if subject.profile is Profile.LENIENT else Severity.ERROR
    for field in subject.fields:
        if len(field.elements) > 1:
            message = (
                f"{field.path} has {len(field.elements)} values; a custom metric's pattern may have one in each array"
            )
            hint = "write a definition for each value, or use one operator that covers them"
            yield subject.at_field("RP334", message, field, hint, severity)


def near_event_type(subject: Subject) -> Iterator[Diagnostic]:
    """An event type that resembles a built-in one is probably misspelled."""
    for name in sorted(subject.event_types or ()):
        if name in DETAILS:
            continue
        near = [known for known in DETAILS if known.lower() == name.lower() or known == f"{PREFIX}{name}"]
        hint = f'did you mean "{near[0]}"?' if near else did_you_mean(name, list(DETAILS), cutoff=0.9)
        if hint:
            message = f'"{name}" is not a built-in event type'
            yield subject.at_field("RP208", message, EVENT_TYPE, hint, Severity.WARNING)


def _is_unknown_field(subject: Subject, path: str) -> bool:
    """Tell whether a path is below event_details and none of the built-in event types has it."""
    types = subject.builtin_types
    return types is not None and path.startswith(_DETAILS) and not any(has_field(path, name) for name in types)


def _near_field(subject: Subject, path: str) -> str:
    known = sorted({field for name in subject.builtin_types or () for field in DETAILS[name]})
    return did_you_mean(path.removeprefix(_DETAILS), known) or f"fields: {', '.join(known[:8])}"


def _kinds(subject: Subject, path: str) -> set[FieldType]:
    """Return the types of a field in the events that can match, an empty set if they are not known."""
    types = subject.builtin_types or ((None,) if not path.startswith(_DETAILS) else ())
    return {known.type for name in types if (known := info(path, name)) is not None}


def _names(subject: Subject) -> str:
    return " or ".join(sorted(subject.builtin_types or ()))


def _article(kind: FieldType) -> str:
    return f"an {kind.value}" if kind.value[0] in "ao" else f"a {kind.value}"


RULES: Final = (
    namespace_characters,
    namespace_prefix,
    extended_name,
    no_pattern,
    first_level_keys,
    dimensions_in_pattern,
    dimension_values,
    dimension_of_application,
    details_need_a_type,
    fields_of_the_type,
    value_key_of_the_type,
    one_value,
    near_event_type,
)
