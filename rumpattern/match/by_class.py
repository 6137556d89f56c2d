"""Matches many definitions at once by the classes of values: their cost hardly depends on how many they are.

Rows whose classes make few enough codes are looked up in a table of codes; else the sets of branches are intersected
row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final

from rumpattern.match.bitsets import stack_sets
from rumpattern.match.classes import PathClasses
from rumpattern.match.code_table import MAX_CODES, CodeTable, radices_for
from rumpattern.match.row_lists import lists_from_pairs
from rumpattern.match.selection import length, split_selection
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Classes
    from rumpattern.columns.batch import Column
    from rumpattern.match.bitsets import StackedSets
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.row_lists import RowLists
    from rumpattern.match.rowwise import RowwiseKernel
    from rumpattern.match.selection import Selection


_BLOCK: Final = 1 << 16
"""Rows that go through all steps at once."""
MAX_LEARNED_WORDS: Final = 1 << 20
"""Words of the sets of classes that strings have brought to a path, 8 MB; beyond, the group starts anew."""


@dataclass(frozen=True, slots=True, eq=False)
class _EncodedColumn:
    """A column whose strings have been sorted into classes."""

    path: PathClasses
    column: Column
    of_string: Classes | None


class _State:
    """What has been learned of some classes. It is replaced as a whole: the numbers of classes mean nothing outside."""

    def __init__(self, paths: Sequence[PathClasses], max_codes: int) -> None:
        self.paths = paths
        self.max_codes = max_codes
        self.table: CodeTable | None = None
        self.stacked: tuple[list[int], StackedSets] | None = None

    def counts(self) -> list[int]:
        """Return how many classes are known on each path."""
        return [len(path) for path in self.paths]

    def known(self) -> StackedSets:
        """Return the sets of all classes that are known."""
        counts, stacked = self.counts(), self.stacked  # read once: another thread may store that of older counts
        if stacked is None or stacked[0] != counts:
            tables = [path.bits[:count] for path, count in zip(self.paths, counts, strict=True)]
            stacked = self.stacked = counts, stack_sets(tables)
        return stacked[1]

    def table_of_all(self) -> CodeTable | None:
        """Return the table of codes of all classes that are known, None if it would be too large."""
        counts, table = self.counts(), self.table
        if table is None or not table.fits(counts):
            radices = radices_for(counts, [path.is_open for path in self.paths])
            table = self.table = CodeTable(radices) if prod(radices) <= self.max_codes else None
        return table


class ClassMatcher:
    """Matches the definitions of a group by classes. Several threads may use it at once.

    Args:
        group: the definitions.
        predicates: all predicates of the plan.
        rowwise: how to intersect row by row.
        max_codes: up to how many codes a table is made.
    """

    def __init__(
        self,
        group: Partition,
        predicates: Sequence[CompiledPredicate],
        rowwise: RowwiseKernel,
        max_codes: int = MAX_CODES,
    ) -> None:
        self.group = group
        self.names = group.paths or (EVENT_TYPE,)  # any column will do if nothing is asked
        self.predicates = predicates
        self.rowwise = rowwise
        self.max_codes = max_codes
        self.state = self._begin()

    def _begin(self) -> _State:
        return _State([PathClasses(self.group, name, self.predicates) for name in self.names], self.max_codes)

    def expected(self) -> Sequence[PathClasses]:
        """Return for each path the classes that the plan tells of: those of numbers and of the strings it names."""
        paths = self._begin().paths
        for path in paths:
            path.learn_named()
        return paths

    def match(self, columns: Mapping[str, Column], some: Selection) -> list[RowLists]:
        """Return which of some rows each definition matches, in parts of which each has later rows than the last."""
        state = self.state
        asked = [
            _EncodedColumn(path, columns[name], path.of_strings(columns[name], some))
            for name, path in zip(self.names, state.paths, strict=True)
        ]
        table, known = state.table_of_all(), state.known()
        if table is None:
            self.rowwise.charge(length(some) * len(asked) * known.sets.shape[1])
        found = [self._match_block(asked, block, table, known) for block in split_selection(some, _BLOCK)]
        if any(path.learned > MAX_LEARNED_WORDS for path in state.paths):
            self.state = self._begin()
        return found

    def _match_block(
        self, asked: Sequence[_EncodedColumn], some: Selection, table: CodeTable | None, known: StackedSets
    ) -> RowLists:
        locate = self.rowwise.locate
        classes = [one.path.encode(one.column, some, one.of_string, locate) for one in asked]
        if table is None:
            rows, matched = self.rowwise.match(known, classes, self.group.definition_of_branch)
        else:
            rows, matched = table.match(table.encode(classes), known, self.group.definition_of_branch)
        rows = rows + some.start if isinstance(some, slice) else some[rows]
        return lists_from_pairs(self.group.definitions, rows, matched)
