"""A plan as text: everything the engine has decided, for a reader."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from rumpattern.diagnostics.wording import printable
from rumpattern.pattern.format import format_element
from rumpattern.rum.names import APPLICATION_DIMENSION

if TYPE_CHECKING:
    from rumpattern.plan.plan import Plan, PlannedDefinition, Predicate


def explain_plan(plan: Plan) -> str:
    """Return the columns, the shared predicates and the definitions of a plan as indented text."""
    use_counts = Counter(index for planned in plan.planned for index in set().union(*planned.branches))
    lines = [f"columns ({len(plan.paths)})", *(f"  {path}" for path in plan.paths)]
    lines += [f"predicates ({len(plan.predicates)})"]
    lines += [
        f"  p{index}  {_predicate(predicate)}  used by {use_counts[index]}"
        for index, predicate in enumerate(plan.predicates)
    ]
    lines += [f"definitions ({len(plan.planned)})"]
    for index, planned in enumerate(plan.planned):
        lines += _definition(index, planned)
    return "\n".join(map(printable, lines))


def _predicate(predicate: Predicate) -> str:
    return f"{predicate.path} in [{', '.join(map(format_element, predicate.elements))}]"


def _definition(index: int, planned: PlannedDefinition) -> list[str]:
    definition = planned.definition
    dimensions = {name: path for path, name in definition.dimension_keys}
    dimensions.setdefault(APPLICATION_DIMENSION, "added by RUM")
    types = "any" if planned.event_types is None else ", ".join(sorted(planned.event_types))
    return [
        f"  d{index}  {definition.final_namespace} {definition.name}",
        f"      event types  {types}",
        f"      matches      {_branches(planned)}",
        f"      value        {definition.value_key or '1 for each event'}  unit {definition.unit}",
        f"      dimensions   {', '.join(f'{name} = {path}' for name, path in dimensions.items())}",
    ]


def _branches(planned: PlannedDefinition) -> str:
    branches = [" and ".join(f"p{index}" for index in branch) for branch in planned.branches]
    return " or ".join(branches) or "every event"
