"""A plan as text: everything the engine has decided, for a reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rumpattern.diagnostics.wording import printable
from rumpattern.pattern.format import format_element
from rumpattern.rum.names import APPLICATION_DIMENSION

if TYPE_CHECKING:
    from rumpattern.plan.plan import Plan, Predicate, Step


def explain_plan(plan: Plan) -> str:
    """Return the columns, the shared predicates and the definitions of a plan as indented text."""
    users: dict[int, int] = {}
    for step in plan.steps:
        for index in set().union(*step.branches):
            users[index] = users.get(index, 0) + 1
    lines = [f"columns ({len(plan.paths)})", *(f"  {path}" for path in plan.paths)]
    lines += [f"predicates ({len(plan.predicates)})"]
    lines += [
        f"  p{index}  {_predicate(predicate)}  used by {users[index]}"
        for index, predicate in enumerate(plan.predicates)
    ]
    lines += [f"definitions ({len(plan.steps)})"]
    for number, step in enumerate(plan.steps):
        lines += _definition(number, step)
    return "\n".join(map(printable, lines))


def _predicate(predicate: Predicate) -> str:
    return f"{predicate.path} in [{', '.join(map(format_element, predicate.elements))}]"


def _definition(number: int, step: Step) -> list[str]:
    definition = step.definition
    dimensions = {name: path for path, name in definition.dimension_keys}
    dimensions.setdefault(APPLICATION_DIMENSION, "added by RUM")
    types = "any" if step.event_types is None else ", ".join(sorted(step.event_types))
    return [
        f"  d{number}  {definition.final_namespace} {definition.name}",
        f"      event types  {types}",
        f"      matches      {_either(step)}",
        f"      value        {definition.value_key or '1 for each event'}  unit {definition.unit}",
        f"      dimensions   {', '.join(f'{name} = {path}' for name, path in dimensions.items())}",
    ]


def _either(step: Step) -> str:
    branches = [" and ".join(f"p{index}" for index in branch) for branch in step.branches]
    return " or ".join(branches) or "every event"
