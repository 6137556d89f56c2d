"""Matches single events, those that columns cannot say exactly, against all definitions at once.

A value of a path leaves a set of branches possible, as in ``classes``, whose tables answer here too: each value is
looked up, however many definitions there are. Sets are Python's integers, which take a tenth of the time of arrays
where there is one event and not a column.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from functools import cached_property, reduce
from operator import or_
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.jsontext import NumberText
from rumpattern.match.bitsets import expand, word_count
from rumpattern.match.row_lists import distinct_lists, lists_from_pairs
from rumpattern.match.scopes import consistent_branches, read_scopes, values_by_path
from rumpattern.pattern.ast import AnythingBut, Exists, NumberEquals
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Mapping, Sequence

    from rumpattern.arrays import Bits
    from rumpattern.jsontext import Exact
    from rumpattern.match.classes import ClassTables
    from rumpattern.match.partition import Partition
    from rumpattern.match.row_lists import RowLists
    from rumpattern.match.scopes import PathSets, Scope
    from rumpattern.plan.plan import Predicate

_MAX_TEXTS: Final = 1 << 12
"""Strings of a path whose sets are remembered; beyond, all are forgotten."""
_MAX_ABSENCES: Final = 1 << 10
"""Combinations of paths that events have for which it is remembered what the missing ones leave possible."""


class ValueSets:
    """The sets of branches that the values of a path leave possible; see ``scopes.PathSets``.

    Args:
        tables: the classes of the path.
        needing: the predicates of the path, each with the branches that need it.
    """

    def __init__(self, tables: ClassTables, needing: Sequence[tuple[Predicate, Sequence[int]]]) -> None:
        sets = list(map(_integer, tables.sets))
        of_kind = [sets[index] for index in tables.class_of_kind.tolist()]
        self.missing = of_kind[Kind.MISSING]
        self.unconstrained = _integer(tables.unconstrained)
        self.literals = {None: of_kind[Kind.NULL], False: of_kind[Kind.FALSE], True: of_kind[Kind.TRUE]}
        self.boundaries: list[float] = tables.boundaries.tolist()
        self.intervals = [sets[index] for index in tables.class_of_interval.tolist()]
        self.base = _integer(tables.string_base)
        self.tables = tables
        self.needing = needing
        self.texts: dict[str, int] = {}

    def of(self, value: object) -> int:
        """Return the branches that a value does not rule out."""
        if isinstance(value, str):
            return self._spelled(value) if isinstance(value, NumberText) else self._text(value)
        if value is None or isinstance(value, bool):
            return self.literals[value]
        assert isinstance(value, (int, float))
        return self.intervals[bisect_right(self.boundaries, value)]

    def _text(self, text: str) -> int:
        tables = self.tables
        named = tables.constraints_of_string.get(text)
        if named is None and not tables.tested_constraints:
            return self.base
        bits = self.texts.get(text)
        if bits is None:
            bits = self.base
            for index in named or ():
                bits |= _integer(tables.string_constraints[index].branches)
            for predicate, branches in tables.tested_constraints:
                if predicate.text is not None and predicate.text(text):
                    bits |= _integer(branches)
            if len(self.texts) >= _MAX_TEXTS:
                self.texts.clear()
            self.texts[text] = bits
        return bits

    def _spelled(self, number: NumberText) -> int:
        any_number, by_spelling = self._spellings
        return any_number | by_spelling.get(str(number), 0)

    @cached_property
    def _spellings(self) -> tuple[int, dict[str, int]]:
        """The branches that hold for every number that no double stands for, and those that name one by its spelling.

        Classes do not know such numbers. They satisfy no range, and no anything-but excludes them.
        """
        any_number, by_spelling = self.unconstrained, defaultdict[str, int](int)
        for predicate, members in self.needing:
            branches = reduce(or_, (1 << member for member in members))
            for element in predicate.elements:
                if isinstance(element, NumberEquals):
                    by_spelling[element.text] |= branches
                elif isinstance(element, AnythingBut) or element == Exists(wanted=True):
                    any_number |= branches
        return any_number, by_spelling


class _TypeSets:
    """The sets of the event type among definitions that are matched because an event has that type."""

    missing = unconstrained = 0

    def __init__(self, event_type: str, every: int) -> None:
        self.event_type = event_type
        self.every = every

    def of(self, value: object) -> int:
        """Return all branches for that event type, none for other values."""
        return self.every if type(value) is str and value == self.event_type else 0


class EventMatcher:
    """Matches the definitions of a partition against one event at a time. Several threads may use it at once.

    Args:
        partition: the definitions.
        tables: by path what the plan tells of its classes.
        predicates: all predicates of the plan.
        event_type: the event type that the definitions are matched for; None if it is any.
    """

    def __init__(
        self,
        partition: Partition,
        tables: Mapping[str, ClassTables],
        predicates: Sequence[Predicate],
        event_type: str | None,
    ) -> None:
        self.partition = partition
        self.tables = tables
        self.predicates = predicates
        self.every = (1 << len(partition.branches)) - 1
        missing = {path: of_path.sets[of_path.class_of_kind[Kind.MISSING]] for path, of_path in tables.items()}
        self.sets: dict[str, PathSets] = {}
        if event_type is not None:
            # Its branches have been freed of what they ask of the type, of which an event may have several.
            self.sets[EVENT_TYPE] = _TypeSets(event_type, self.every)
            missing[EVENT_TYPE] = np.zeros(word_count(len(partition.branches)), np.uint64)
        self.index_of_path = {path: index for index, path in enumerate(missing)}
        self.missing = np.array(list(missing.values()), np.uint64)
        self.absences: dict[frozenset[str], int] = {}

    def match(self, scopes: Sequence[Scope], by_path: Mapping[str, Sequence[object]]) -> int:
        """Return the branches that an event matches.

        Args:
            scopes: the event.
            by_path: the values of all of its leaves.
        """
        # Where at most one path of a branch leads into inner scopes, any choice agrees with itself: the branch holds if
        # each of its paths alone does. For the others choices are worked out, but only where each path alone accepts a
        # leaf or may be absent for some choice.
        inner = {path for scope in scopes[1:] for path in scope.values}
        own = frozenset(self.index_of_path.keys() & by_path.keys())
        candidates = alone = self._without(own)
        once = several = 0
        for path in own:
            of_path = self._sets_of(path)
            accepting = 0
            for value in by_path[path]:
                accepting |= of_path.of(value)
            alone &= accepting
            candidates &= accepting | of_path.missing if path in inner else accepting
            if not candidates:
                return 0
            if path in inner:
                several |= once & ~of_path.unconstrained
                once |= ~of_path.unconstrained
        holding, unsure = alone & ~several, candidates & several
        if unsure:
            holding |= consistent_branches(scopes, {path: self.sets[path] for path in own}, unsure)
        return holding

    def _sets_of(self, path: str) -> PathSets:
        sets = self.sets.get(path)
        if sets is None:
            needing = self.partition.needing.get(path, {}).items()
            by_predicate = [(self.predicates[index], members) for index, members in needing]
            sets = self.sets[path] = ValueSets(self.tables[path], by_predicate)
        return sets

    def _without(self, present: frozenset[str]) -> int:
        """Return the branches that hold on all paths that are missing, given those that are present."""
        bits = self.absences.get(present)
        if bits is None:
            is_absent = np.ones(len(self.missing), np.bool_)
            is_absent[[self.index_of_path[path] for path in present]] = False
            bits = _integer(np.bitwise_and.reduce(self.missing[is_absent])) & self.every
            if len(self.absences) >= _MAX_ABSENCES:
                self.absences.clear()
            self.absences[present] = bits
        return bits

    def row_lists(self, matched: Sequence[tuple[int, int]]) -> RowLists:
        """Return the row lists of rows, ascending, with the branches that each of them matches."""
        words = self.missing.shape[1]
        table = b"".join(branches.to_bytes(8 * words, "little") for _, branches in matched)
        sets = np.frombuffer(table, "<u8").reshape(-1, words).astype(np.uint64)
        items, definitions = expand(sets, self.partition.definition_of_branch)
        rows = np.array([row for row, _ in matched], np.intp)
        return lists_from_pairs(self.partition.definitions, rows[items], definitions)


def _integer(bits: Bits) -> int:
    """Return a set as an integer, bit i for branch i."""
    return int.from_bytes(bits.astype("<u8").tobytes(), "little")


def match_events(
    events: Mapping[int, Exact], wanted: Container[str], matchers_of: Callable[[Iterable[str]], Iterable[EventMatcher]]
) -> list[RowLists]:
    """Return what definitions match among some events, in parts.

    Args:
        events: row to event.
        wanted: the paths to read, and all those that lead to them.
        matchers_of: returns the matchers for an event of some event types, of which an event may have none or several.
    """
    matched: defaultdict[EventMatcher, list[tuple[int, int]]] = defaultdict(list)
    has_several = False
    for row, event in sorted(events.items()):
        scopes = read_scopes(event, wanted)
        by_path = scopes[0].values if len(scopes) == 1 else values_by_path(scopes)
        types = {value for value in by_path.get(EVENT_TYPE, ()) if type(value) is str}
        has_several |= len(types) > 1
        for matcher in matchers_of(types):
            branches = matcher.match(scopes, by_path)
            if branches:
                matched[matcher].append((row, branches))
    parts = [matcher.row_lists(rows) for matcher, rows in matched.items()]
    return [distinct_lists(parts)] if has_several else parts
