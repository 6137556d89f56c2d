"""Definitions that are asked of the same rows: those of one event type, and those of any.

Within the rows of one type everything that a pattern asks of the type is decided, so that only branches that can hold
are left, without what they ask of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rumpattern.arrays import DefinitionIndices, Rows
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.plan.plan import Plan

    Branches = tuple[tuple[int, ...], ...]

MAX_BRANCHES: Final = 4096
"""Branches of one partition: a set of them is at most 64 words, and an index of a definition fits in 16 bits.

A pattern has at most 1,000 branches, so every definition fits in a partition.
"""
MAX_INTERVALS: Final = 1 << 15
"""Numeric intervals of one partition, unless it has one definition only: each makes a class on its path, or two."""


@dataclass(frozen=True, slots=True, eq=False)
class Partition:
    """Definitions, and the branches of which one must hold.

    Attributes:
        definitions: shape (k,), their numbers in the plan, ascending.
        branches: for each branch the predicates that must all hold, as numbers in the plan.
        definition_of_branch: shape (branches,), ascending: an index into ``definitions`` for each branch.
        path_of: the path of each predicate in the branches.
    """

    definitions: Rows
    branches: Branches
    definition_of_branch: DefinitionIndices
    path_of: dict[int, str]

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are looked at, in the order in which predicates name them first."""
        return tuple(dict.fromkeys(self.path_of.values()))


def partitions_of_type(
    plan: Plan, predicates: Sequence[CompiledPredicate], event_type: str, steps: Iterable[int]
) -> list[Partition]:
    """Return the groups of definitions, given by numbers of steps, for the rows of one event type."""
    live = ((number, _live(plan, predicates, event_type, number)) for number in steps)
    return list(_cut(plan, predicates, live))


def untyped_partitions(plan: Plan, predicates: Sequence[CompiledPredicate]) -> list[Partition]:
    """Return the groups of definitions that can match rows of any type."""
    return list(
        _cut(plan, predicates, ((number, plan.planned[number].branches) for number in plan.untyped_definitions))
    )


def _live(plan: Plan, predicates: Sequence[CompiledPredicate], event_type: str, number: int) -> Branches:
    """Return the branches of a step that can hold in rows of a type, without their predicates on it."""

    def is_decided(index: int) -> bool:
        return plan.predicates[index].path == EVENT_TYPE

    def holds(index: int) -> bool:
        check = predicates[index].text
        return bool(predicates[index].kinds[Kind.STRING]) or (check is not None and check(event_type))

    return tuple(
        tuple(index for index in branch if not is_decided(index))
        for branch in plan.planned[number].branches
        if all(holds(index) for index in branch if is_decided(index))
    )


def _cut(
    plan: Plan, predicates: Sequence[CompiledPredicate], steps: Iterable[tuple[int, Branches]]
) -> Iterator[Partition]:
    """Cut steps with their branches into groups of bounded size."""
    some: list[tuple[int, Branches]] = []
    branches = intervals = 0
    for number, of_step in steps:
        more = sum(len(predicates[index].lows) for index in {index for branch in of_step for index in branch})
        if some and (branches + len(of_step) > MAX_BRANCHES or intervals + more > MAX_INTERVALS):
            yield _partition(plan, some)
            some, branches, intervals = [], 0, 0
        some.append((number, of_step))
        branches += len(of_step)
        intervals += more
    if some:
        yield _partition(plan, some)


def _partition(plan: Plan, steps: Sequence[tuple[int, Branches]]) -> Partition:
    branches = tuple(branch for _, of_step in steps for branch in of_step)
    definition_of_branch = np.repeat(np.arange(len(steps)), [len(of_step) for _, of_step in steps])
    path_of = {index: plan.predicates[index].path for branch in branches for index in branch}
    return Partition(
        np.array([number for number, _ in steps]), branches, definition_of_branch.astype(np.uint16), path_of
    )
