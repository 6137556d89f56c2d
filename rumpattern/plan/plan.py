"""A plan as data: columns to build, predicates to test, and which predicates make up each definition."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.pattern.ast import Element


@dataclass(frozen=True, slots=True)
class Predicate:
    """One path and the elements of which one must match there: tested once, however many definitions ask for it."""

    path: str
    elements: tuple[Element, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One definition in the plan. ``branches`` are indices into ``Plan.predicates``: all of one branch must hold.

    ``event_types`` are the only types it can match, None when it does not say; ``paths`` are the fields it reads.
    """

    definition: MetricDefinition
    branches: tuple[tuple[int, ...], ...]
    event_types: frozenset[str] | None
    paths: frozenset[str]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to read from each event (``paths``, sorted) and what to test on it."""

    paths: tuple[str, ...]
    predicates: tuple[Predicate, ...]
    steps: tuple[Step, ...]

    def paths_by_type(self) -> dict[str, frozenset[str]] | None:
        """Return the paths to read from events of each type that can match; None if a definition can match any."""
        by_type: dict[str, frozenset[str]] = {}
        for step in self.steps:
            if step.event_types is None:
                return None
            for event_type in step.event_types:
                by_type[event_type] = by_type.get(event_type, frozenset()) | step.paths
        return by_type

    def steps_by_type(self) -> dict[str, tuple[int, ...]]:
        """Return the numbers of the steps that can match only some types, by those types; ascending."""
        by_type: dict[str, list[int]] = {}
        for number, step in enumerate(self.steps):
            for event_type in sorted(step.event_types or ()):
                by_type.setdefault(event_type, []).append(number)
        return {event_type: tuple(numbers) for event_type, numbers in by_type.items()}

    @property
    def untyped_steps(self) -> tuple[int, ...]:
        """The numbers of the steps that can match events of any type, or of none."""
        return tuple(number for number, step in enumerate(self.steps) if step.event_types is None)

    @property
    def definitions(self) -> tuple[MetricDefinition, ...]:
        """The definitions in the order given."""
        return tuple(step.definition for step in self.steps)
