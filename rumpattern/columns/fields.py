"""One event, field by field: what its value at a dotted path is, and which fields can be derived from others.

This is the slow and obvious reading. Columns say the same for whole batches, and leave what they cannot say to it.
"""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, TypeAlias

from rumpattern.jsontext import NumberText, Pairs
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.jsontext import Exact

Value: TypeAlias = "str | int | float | bool | None"


class Kind(IntEnum):
    """The kind of value at a path of an event.

    ARRAY is an array at the path or on the way to it, in columns one of scalars; AMBIGUOUS is not one value, for a key
    occurs more than once, or one that columns cannot say.
    """

    MISSING = 0
    NULL = 1
    FALSE = 2
    TRUE = 3
    NUMBER = 4
    STRING = 5
    OBJECT = 6
    ARRAY = 7
    AMBIGUOUS = 8


SCALARS = (Kind.NULL, Kind.FALSE, Kind.TRUE, Kind.NUMBER, Kind.STRING)


def find(event: Exact, path: str) -> tuple[Kind, Value]:
    """Return the kind of the value at a path, and the value if it is a number or a string.

    ``{"a.b": 1}`` and ``{"a": {"b": 1}}`` are the same event, so every way to split the path is followed.
    """
    values = list(_walk(event, path.split(".")))
    if not values:
        return Kind.MISSING, None
    if len(values) > 1:
        return Kind.AMBIGUOUS, None
    return classify(values[0])


def classify(value: Exact) -> tuple[Kind, Value]:
    """Return the kind of a value, and the value itself if it is a number or a string."""
    match value:
        case None:
            return Kind.NULL, None
        case bool():
            return (Kind.TRUE if value else Kind.FALSE), None
        case int() | float() | NumberText():
            return Kind.NUMBER, value
        case str():
            return Kind.STRING, value
        case dict():
            return Kind.OBJECT, None
        case _:
            return (Kind.OBJECT if isinstance(value, Pairs) else Kind.ARRAY), None


def _walk(value: Exact, segments: list[str]) -> Iterator[Exact]:
    if not segments:
        yield value
    elif isinstance(value, (dict, Pairs)):
        key = ""
        for used, segment in enumerate(segments, 1):
            key = f"{key}.{segment}" if used > 1 else segment
            if isinstance(value, Pairs):
                for name, member in value:
                    if name == key:
                        yield from _walk(member, segments[used:])
            elif key in value:
                yield from _walk(value[key], segments[used:])
    elif isinstance(value, list):
        yield value  # an array on the way: whatever is inside, it is not one value


def derived_fields(event: Exact, application_name: str | None) -> dict[str, Exact]:
    """Return what an event lacks and can be derived: ids from their other place, the application's name.

    Only scalars are derived, and only where the field is missing. Source: the shapes of an event that the README lists.
    """
    added: dict[str, Exact] = {}
    found = {path: find(event, path) for path in {*DERIVED_FIELDS, *DERIVED_FIELDS.values()}}
    for path, other in DERIVED_FIELDS.items():
        kind, value = found[other]
        if kind in SCALARS and found[path][0] is Kind.MISSING:
            added[path] = {Kind.NULL: None, Kind.FALSE: False, Kind.TRUE: True}.get(kind, value)
    if application_name is not None and find(event, APPLICATION_NAME)[0] is Kind.MISSING:
        added[APPLICATION_NAME] = application_name
    return added


def with_fields(event: Exact, added: dict[str, Exact]) -> Exact:
    """Return the event with first-level members added, which may be dotted paths."""
    if isinstance(event, Pairs):
        return Pairs([*event, *added.items()])
    return {**event, **added} if isinstance(event, dict) else event


def with_derived_fields(event: Exact, application_name: str | None) -> Exact:
    """Return the event with all fields that can be derived."""
    return with_fields(event, derived_fields(event, application_name))
