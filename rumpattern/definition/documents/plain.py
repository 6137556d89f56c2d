"""Nodes as plain Python values, for what is shown or handed back and not checked: of any depth, and of any sharing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rumpattern.jsontext import JsonArray, JsonObject, Unknown, to_python

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonValue


def plain(node: JsonValue) -> Any:  # noqa: ANN401 - what JSON can hold
    """Return a value; what is not known is told by what computes it, such as ``<Fn::Sub>``.

    What several aliases of YAML name becomes one list or dict that is there several times.
    """
    made: dict[int, Any] = {}
    empty: list[JsonArray | JsonObject] = []

    def value_of(one: JsonValue) -> Any:  # noqa: ANN401 - as above
        if isinstance(one, Unknown):
            return f"<{one.what}>"
        if not isinstance(one, (JsonArray, JsonObject)):
            return to_python(one)
        if id(one) not in made:
            made[id(one)] = [] if isinstance(one, JsonArray) else {}
            empty.append(one)
        return made[id(one)]

    value = value_of(node)
    while empty:
        match empty.pop():
            case JsonArray(items=items) as container:
                made[id(container)] += map(value_of, items)
            case JsonObject(members=members) as container:
                made[id(container)].update((key.value, value_of(inside)) for key, inside in members)
    return value
