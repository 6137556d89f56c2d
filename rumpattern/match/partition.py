"""Definitions that are evaluated over the same rows: those of one event type, and those of any.

Within the rows of one type everything that a pattern asks of the type is decided. So only branches that can hold are
left, and without what they ask of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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
    """Definitions that are evaluated over the same rows. A definition matches where one of its branches holds.

    Attributes:
        definitions: shape (k,), their indices in the plan, ascending.
        branches: for each branch the predicates that must all hold, as indices in the plan.
        definition_of_branch: shape (branches,), ascending: an index into ``definitions`` for each branch.
        path_of: the path of each predicate in the branches.
        needing: for each path its predicates, each with the branches that need it, ascending.
    """

    definitions: Rows
    branches: Branches
    definition_of_branch: DefinitionIndices
    path_of: dict[int, str]
    needing: Mapping[str, Mapping[int, Sequence[int]]]

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that predicates read, in the order in which branches name them first."""
        return tuple(self.needing)


def branches_of_type(
    plan: Plan, predicates: Sequence[CompiledPredicate], event_type: str, definitions: Iterable[int]
) -> list[tuple[int, Branches]]:
    """Return definitions with the branches that can hold in rows of a type, without their predicates on it.

    ``definitions`` are the indices of those that can match the type.
    """
    is_met: dict[int, bool | None] = {}  # by predicate: None if it is not on the type

    def ask(index: int) -> bool | None:
        if plan.predicates[index].path != EVENT_TYPE:
            return None
        test = predicates[index].text
        return bool(predicates[index].kinds[Kind.STRING]) or (test is not None and test(event_type))

    def live(branch: tuple[int, ...]) -> tuple[int, ...] | None:
        rest = []
        for index in branch:
            if index not in is_met:
                is_met[index] = ask(index)
            met = is_met[index]
            if met is None:
                rest.append(index)
            elif not met:
                return None
        return tuple(rest)

    return [
        (
            definition,
            tuple([rest for branch in plan.planned[definition].branches if (rest := live(branch)) is not None]),
        )
        for definition in definitions
    ]


def untyped_branches(plan: Plan) -> list[tuple[int, Branches]]:
    """Return the definitions that can match rows of any type, with their branches."""
    return [(index, plan.planned[index].branches) for index in plan.untyped_definitions]


def bounded_partitions(
    plan: Plan, predicates: Sequence[CompiledPredicate], definitions: Iterable[tuple[int, Branches]]
) -> Iterator[Partition]:
    """Yield definitions with their branches in partitions of bounded size, in their order."""
    pending: list[tuple[int, Branches]] = []
    branch_count = interval_count = 0
    for definition, branches in definitions:
        intervals = sum(len(predicates[index].lows) for index in {index for branch in branches for index in branch})
        is_full = branch_count + len(branches) > MAX_BRANCHES or interval_count + intervals > MAX_INTERVALS
        if pending and is_full:
            yield _build_partition(plan, pending)
            pending, branch_count, interval_count = [], 0, 0
        pending.append((definition, branches))
        branch_count += len(branches)
        interval_count += intervals
    if pending:
        yield _build_partition(plan, pending)


def _build_partition(plan: Plan, definitions: Sequence[tuple[int, Branches]]) -> Partition:
    branches = tuple(branch for _, of_definition in definitions for branch in of_definition)
    definition_of_branch = np.repeat(np.arange(len(definitions)), [len(branches) for _, branches in definitions])
    path_of = {index: plan.predicates[index].path for branch in branches for index in branch}
    needing: dict[str, dict[int, list[int]]] = {}
    for branch, of_branch in enumerate(branches):
        for index in of_branch:
            needing.setdefault(path_of[index], {}).setdefault(index, []).append(branch)
    indices = np.array([index for index, _ in definitions])
    return Partition(indices, branches, definition_of_branch.astype(np.uint16), path_of, needing)
