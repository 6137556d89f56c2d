"""Matches many definitions at once by the classes of values: the cost hardly depends on how many there are.

Rows whose classes make few enough codes are looked up in a table of codes; otherwise sets of branches are intersected
row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Final, NamedTuple

from rumpattern.match.bitsets import StackedSets, stack_sets
from rumpattern.match.classes import PathClasses, build_class_tables
from rumpattern.match.code_table import CodeTable, radices_for
from rumpattern.match.row_lists import lists_from_pairs
from rumpattern.match.selection import split_selection
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.columns.batch import Column
    from rumpattern.match.classes import ClassTables, EntryClasses
    from rumpattern.match.partition import Partition
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.row_lists import RowLists
    from rumpattern.match.rowwise import RowwiseKernel
    from rumpattern.match.selection import Selection


_BLOCK: Final = 1 << 16
"""Rows that go through all steps at once, so that their classes and codes, 4 bytes each, stay in the cache."""
MAX_LEARNED_WORDS: Final = 1 << 20
"""Words of the sets of classes that values have added to a path, 8 MB; beyond, all that was learned is dropped."""


@dataclass(frozen=True, slots=True, eq=False)
class _EncodedColumn:
    """A column whose strings and arrays have classes."""

    classes: PathClasses
    column: Column
    entries: EntryClasses


class _CountedSets(NamedTuple):
    """The sets of so many classes of each path."""

    counts: list[int]
    stacked: StackedSets


class _Learned:
    """What has been learned of the values of all paths.

    It is replaced as a whole: an index of a class means nothing beside other classes than those it was given among. So
    a batch fetches it once and uses nothing else.
    """

    def __init__(self, paths: Sequence[PathClasses]) -> None:
        self.paths = paths
        self.table: CodeTable | None = None
        self.sets: _CountedSets | None = None

    def class_counts(self) -> list[int]:
        """Return how many classes each path has."""
        return [len(path) for path in self.paths]

    def stacked_sets(self) -> StackedSets:
        """Return the sets of all classes."""
        counts, sets = self.class_counts(), self.sets  # read once: another thread may store that of older counts
        if sets is None or sets.counts != counts:
            tables = [path.sets[:count] for path, count in zip(self.paths, counts, strict=True)]
            sets = self.sets = _CountedSets(counts, stack_sets(tables))
        return sets.stacked

    def code_table(self, max_codes: int) -> CodeTable | None:
        """Return a table of codes of all classes, None if it would have more than ``max_codes``."""
        counts, table = self.class_counts(), self.table
        if table is None or not table.fits(counts):
            radices = radices_for(counts, [path.is_open for path in self.paths])
            table = self.table = CodeTable(radices) if prod(radices) <= max_codes else None
        return table


class ClassMatcher:
    """Matches the definitions of a partition by classes. Several threads may use it at once.

    Args:
        partition: the definitions.
        tables: by path what the plan tells of its classes; at least one path.
        rowwise: how to match row by row.
        max_codes: the largest table of codes; with more, rows are matched row by row.
    """

    def __init__(
        self, partition: Partition, tables: Mapping[str, ClassTables], rowwise: RowwiseKernel, max_codes: int
    ) -> None:
        self.partition = partition
        self.tables = tables
        self.rowwise = rowwise
        self.max_codes = max_codes
        self.learned = _Learned(self.initial_classes())

    def initial_classes(self) -> list[PathClasses]:
        """Return for each path the classes that the plan tells of, to which no value has added any yet."""
        return [PathClasses(tables) for tables in self.tables.values()]

    def match(self, columns: Mapping[str, Column], selection: Selection) -> list[RowLists]:
        """Return which of the selected rows each definition matches, in parts: the rows of a part follow the last's."""
        learned, locate = self.learned, self.rowwise.locate
        encoded = [
            _EncodedColumn(classes, columns[path], classes.classify(columns[path], selection, locate))
            for path, classes in zip(self.tables, learned.paths, strict=True)
        ]
        # After the dictionaries have their classes, never before: the table and the sets must have all that rows refer
        # to.
        table, stacked = learned.code_table(self.max_codes), learned.stacked_sets()
        parts = [self._match_block(encoded, block, table, stacked) for block in split_selection(selection, _BLOCK)]
        if any(path.learned_words > MAX_LEARNED_WORDS for path in learned.paths):
            self.learned = _Learned(self.initial_classes())
        return parts

    def _match_block(
        self, encoded: Sequence[_EncodedColumn], block: Selection, table: CodeTable | None, stacked: StackedSets
    ) -> RowLists:
        locate = self.rowwise.locate
        classes = [path.classes.encode(path.column, block, path.entries, locate) for path in encoded]
        if table is None:
            rows, matched = self.rowwise.match(stacked, classes, self.partition.definition_of_branch)
        else:
            rows, matched = table.match(table.encode(classes), stacked, self.partition.definition_of_branch)
        rows = rows + block.start if isinstance(block, slice) else block[rows]
        return lists_from_pairs(self.partition.definitions, rows, matched)


def build_class_matcher(
    partition: Partition,
    predicates: Sequence[CompiledPredicate],
    rowwise: RowwiseKernel,
    max_codes: int,
) -> ClassMatcher:
    """Build the matcher of a partition; see ``ClassMatcher``. ``predicates`` are all those of the plan."""
    return ClassMatcher(partition, tables_by_path(partition, predicates), rowwise, max_codes)


def tables_by_path(partition: Partition, predicates: Sequence[CompiledPredicate]) -> dict[str, ClassTables]:
    """Return what the plan tells of the classes of each path of a partition, of at least one path."""
    paths = partition.paths or (EVENT_TYPE,)  # any column will do where nothing is asked of any
    return {path: build_class_tables(partition, path, predicates) for path in paths}
