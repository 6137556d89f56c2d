"""Nodes as plain Python values, for output: of any depth, with nodes shared by aliases converted once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rumpattern.jsontext import JsonArray, JsonObject, Unknown, to_python

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonValue


def plain(node: JsonValue) -> Any:  # noqa: ANN401 - what JSON can hold
    """Return a node as a Python value; an unknown value is represented by what computes it, such as ``<Fn::Sub>``.

    A node that several aliases of YAML refer to becomes one list or dict, referred to several times.
    """
    made: dict[int, Any] = {}
    empty: list[JsonArray | JsonObject] = []

    def value_of(current: JsonValue) -> Any:  # noqa: ANN401 - as above
        if isinstance(current, Unknown):
            return f"<{current.what}>"
        if not isinstance(current, (JsonArray, JsonObject)):
            return to_python(current)
        if id(current) not in made:
            made[id(current)] = [] if isinstance(current, JsonArray) else {}
            empty.append(current)
        return made[id(current)]

    value = value_of(node)
    while empty:
        match empty.pop():
            case JsonArray(items=items) as container:
                made[id(container)] += map(value_of, items)
            case JsonObject(members=members) as container:
                made[id(container)].update((key.value, value_of(inside)) for key, inside in members)
    return value
