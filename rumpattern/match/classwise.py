"""Matches many definitions at once by the classes of values: their cost hardly depends on how many they are.

Rows whose classes make few enough codes are looked up in a table of codes; else the sets of branches are intersected
row by row.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from math import prod
from threading import Lock
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.definition.rumevents import EVENT_TYPE
from rumpattern.match.bitsets import row_owners, stack
from rumpattern.match.classes import PathClasses, reached
from rumpattern.match.codes import MOST_CODES, CodeTable, radices
from rumpattern.match.found import blocks, by_owner, length

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rumpattern.events.columns import Column
    from rumpattern.match.bitsets import Stack
    from rumpattern.match.classes import Classes, Search
    from rumpattern.match.compiled import Compiled
    from rumpattern.match.found import Found, Owners, Rows, Some
    from rumpattern.match.groups import Group

Intersect: TypeAlias = "Callable[[Stack, Sequence[Classes], Owners], tuple[Rows, Owners]]"
"""A function like ``row_owners``."""

_BLOCK: Final = 1 << 16
"""Rows that go through all steps at once."""
WORTH_COMPILING: Final = 1 << 28
"""Words intersected from which loading compiled code pays: they have taken about as long as loading it does."""
_MOST_LEARNED: Final = 1 << 20
"""Words of the sets of classes that strings have brought to a path, 8 MB; beyond, the group starts anew."""


class RowForm:
    """How sets are intersected row by row: by numpy, or once enough has been done by compiled code if it is there.

    Args:
        worth: words to intersect before compiled code is loaded; None never loads it.
    """

    def __init__(self, worth: int | None = WORTH_COMPILING) -> None:
        self.left = worth if find_spec("numba") is not None else None
        self.lock = Lock()
        self.search: Search = reached
        self.intersect: Intersect = row_owners

    def spend(self, words: int) -> None:
        """Take note of words that are to be intersected."""
        with self.lock:
            if self.left is None:
                return
            self.left -= words
            if self.left < 0:
                self.left = None
                self._load()

    def _load(self) -> None:
        try:
            from rumpattern.match import native  # noqa: PLC0415 - numba is optional, and takes time to load

            native.warm_up()
        except Exception:  # noqa: BLE001 - whatever keeps numba from working, numpy gives the same answers
            return
        self.search, self.intersect = native.reached, native.row_owners


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """A column whose strings have been sorted into classes."""

    path: PathClasses
    column: Column
    of_string: Classes | None


class _State:
    """What has been learned of some classes. It is replaced as a whole: the numbers of classes mean nothing outside."""

    def __init__(self, paths: Sequence[PathClasses], most_codes: int) -> None:
        self.paths = paths
        self.most_codes = most_codes
        self.table: CodeTable | None = None
        self.stacked: tuple[list[int], Stack] | None = None

    def counts(self) -> list[int]:
        """Return how many classes are known on each path."""
        return [len(path) for path in self.paths]

    def known(self) -> Stack:
        """Return the sets of all classes that are known."""
        counts = self.counts()
        if self.stacked is None or self.stacked[0] != counts:
            tables = [path.bits[:count] for path, count in zip(self.paths, counts, strict=True)]
            stacked = self.stacked = counts, stack(tables)
            return stacked[1]
        return self.stacked[1]

    def table_of_all(self) -> CodeTable | None:
        """Return the table of codes of all classes that are known, None if it would be too large."""
        counts, table = self.counts(), self.table
        if table is None or not table.fits(counts):
            limits = radices(counts, [path.is_open for path in self.paths])
            table = self.table = CodeTable(limits) if prod(limits) <= self.most_codes else None
        return table


class Classwise:
    """Matches the definitions of a group by classes. Several threads may use it at once.

    Args:
        group: the definitions.
        predicates: all predicates of the plan.
        row_form: how to intersect row by row.
        most_codes: up to how many codes a table is made.
    """

    def __init__(
        self, group: Group, predicates: Sequence[Compiled], row_form: RowForm, most_codes: int = MOST_CODES
    ) -> None:
        self.group = group
        self.names = group.paths or (EVENT_TYPE,)  # any column will do if nothing is asked
        self.predicates = predicates
        self.row_form = row_form
        self.most_codes = most_codes
        self.state = self._begin()

    def _begin(self) -> _State:
        return _State([PathClasses(self.group, name, self.predicates) for name in self.names], self.most_codes)

    def expected(self) -> Sequence[PathClasses]:
        """Return for each path the classes that the plan tells of: those of numbers and of the strings it names."""
        paths = self._begin().paths
        for path in paths:
            path.learn_named()
        return paths

    def match(self, columns: Mapping[str, Column], some: Some) -> list[Found]:
        """Return which of some rows each definition matches, in parts of which each has later rows than the last."""
        state = self.state
        asked = [
            _Asked(path, columns[name], path.of_strings(columns[name], some))
            for name, path in zip(self.names, state.paths, strict=True)
        ]
        table, known = state.table_of_all(), state.known()
        if table is None:
            self.row_form.spend(length(some) * len(asked) * known.sets.shape[1])
        found = [self._match_block(asked, block, table, known) for block in blocks(some, _BLOCK)]
        if any(path.learned > _MOST_LEARNED for path in state.paths):
            self.state = self._begin()
        return found

    def _match_block(self, asked: Sequence[_Asked], some: Some, table: CodeTable | None, known: Stack) -> Found:
        search = self.row_form.search
        classes = [one.path.encode(one.column, some, one.of_string, search) for one in asked]
        if table is None:
            rows, owners = self.row_form.intersect(known, classes, self.group.owners)
        else:
            rows, owners = table.owners(table.code(classes), known, self.group.owners)
        return by_owner(self.group.definitions, rows + some.start if isinstance(some, slice) else some[rows], owners)
