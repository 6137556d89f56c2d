"""A plan as data: columns to build, predicates to evaluate, and which predicates make up each definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.pattern.ast import Element


@dataclass(frozen=True, slots=True)
class Predicate:
    """A path and its elements, of which one must match: evaluated once, however many definitions share it."""

    path: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class PlannedDefinition:
    """A definition and what it asks of an event. It matches where all predicates of one branch hold.

    Attributes:
        definition: as it was loaded.
        branches: for each branch of the pattern, indices into ``Plan.predicates``; a definition without a pattern has
            one empty branch, which always holds.
        event_types: the only event types that it can match, None if it can match any.
        paths: the fields that it reads: those of its pattern, value and dimensions, and those that every event is
            read for.
    """

    definition: MetricDefinition
    branches: tuple[tuple[int, ...], ...]
    event_types: frozenset[str] | None
    paths: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read from each event, and what to evaluate on it: ``engine.plan``, which ``engine.explain()`` prints.

    A definition has the same index in ``planned``, in ``definitions`` and in everything that is computed from the
    plan: ``plan.planned[i].branches`` are the branches of definition i, ``matches.mask(i)`` its rows.

    Attributes:
        paths: the columns of a batch, sorted.
        predicates: the distinct predicates of all definitions.
        planned: the definitions in the order given.
    """

    paths: tuple[str, ...]
    predicates: tuple[Predicate, ...]
    planned: tuple[PlannedDefinition, ...]

    def paths_by_type(self) -> dict[str, frozenset[str]] | None:
        """Return the paths to read from events of each type that can match; None if a definition can match any."""
        by_type: dict[str, frozenset[str]] = {}
        for event_types, paths in {(planned.event_types, planned.paths) for planned in self.planned}:
            if event_types is None:
                return None
            for event_type in event_types:
                by_type[event_type] = by_type.get(event_type, frozenset()) | paths
        return by_type

    def definitions_by_type(self) -> dict[str, tuple[int, ...]]:
        """Return for each event type the indices of the definitions that can match it but not every type; ascending."""
        by_type: dict[str, list[int]] = {}
        for index, planned in enumerate(self.planned):
            for event_type in sorted(planned.event_types or ()):
                by_type.setdefault(event_type, []).append(index)
        return {event_type: tuple(indices) for event_type, indices in by_type.items()}

    @property
    def untyped_definitions(self) -> tuple[int, ...]:
        """The indices of the definitions that can match events of any type, or of none; ascending."""
        return tuple(index for index, planned in enumerate(self.planned) if planned.event_types is None)

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        """The definitions in the order given."""
        return tuple(planned.definition for planned in self.planned)
