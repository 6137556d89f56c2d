"""The values of a Terraform plan that are known only after apply.

``planned_values`` lacks them; ``resource_changes[].change.after_unknown`` has true in their positions (Terraform, JSON
output format, plan and change representation).
"""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final

from rumpattern.jsontext import JsonArray, JsonLiteral, JsonObject, JsonString, Span, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable

    from rumpattern.jsontext import JsonValue

_AFTER_APPLY: Final = "after apply"
_MAX_DEPTH: Final = 8
"""The depth of a dimension name in the values of an app monitor."""
_NOTHING: Final = JsonLiteral(None, Span(0, 0))


def unknown_values(plan: JsonObject) -> dict[str, JsonValue]:
    """Return the ``after_unknown`` of each resource of a plan by its address."""
    by_address: dict[str, JsonValue] = {}
    changes = _members(plan).get("resource_changes")
    for change in changes.items if isinstance(changes, JsonArray) else ():
        address = _members(change).get("address")
        unknown = _members(_members(change).get("change")).get("after_unknown")
        if isinstance(address, JsonString) and unknown is not None:
            by_address[address.value] = unknown
    return by_address


def with_unknown(
    values: JsonValue, unknown: JsonValue | None, count_step: Callable[[], None], levels: int = _MAX_DEPTH
) -> JsonValue:
    """Return planned values with ``Unknown`` for those that are known only after apply.

    Args:
        values: a planned value.
        unknown: its ``after_unknown``: true, or the same structure; None if all is known.
        count_step: called for each value, since aliases of YAML can multiply them.
        levels: how deep to look.
    """
    count_step()
    if isinstance(unknown, JsonLiteral) and unknown.value is True:
        return Unknown(_AFTER_APPLY, unknown, unknown.span)
    if isinstance(values, JsonObject) and isinstance(unknown, JsonObject) and levels:
        left = {key.value: (key, value) for key, value in unknown.members}
        known = [
            (key, with_unknown(value, left.pop(key.value, (key, None))[1], count_step, levels - 1))
            for key, value in values.members
        ]
        added = [(key, with_unknown(_NOTHING, value, count_step, levels - 1)) for key, value in left.values()]
        return JsonObject((*known, *(pair for pair in added if pair[1] is not _NOTHING)), values.span)
    if isinstance(values, JsonArray) and isinstance(unknown, JsonArray) and levels:
        pairs = zip_longest(values.items, unknown.items)
        items = [
            with_unknown(_NOTHING if value is None else value, unknown_value, count_step, levels - 1)
            for value, unknown_value in pairs
        ]
        return JsonArray(tuple(item for item in items if item is not _NOTHING), values.span)
    return values


def _members(node: JsonValue | None) -> dict[str, JsonValue]:
    return {key.value: value for key, value in node.members} if isinstance(node, JsonObject) else {}
