"""An index of branches by the strings that they ask for: a row finds the few that may hold, whose tests then decide.

A *key* is a string on each of some paths. A branch is filed under every key that it accepts, at most ``MAX_KEYS`` of
them; what the key does not say of it are its *tests*. The sets of ``by_class`` grow with the branches times the values
that these name, and each row goes through all of them; here a row costs a look-up for each combination of paths that
keys are made of, and the tests of what it finds, while memory grows with the branches alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.columns.fields import Kind
from rumpattern.match.row_lists import ranges
from rumpattern.native.structures import Test, record_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.arrays import Array, Flags, Integers, Numbers, Rows
    from rumpattern.match.partition import Branches
    from rumpattern.match.predicates import CompiledPredicate
    from rumpattern.match.strings import StringTest
    from rumpattern.plan.plan import Plan

MAX_KEYS: Final = 8
"""Keys that a branch is filed under: a path whose strings would make more is tested instead."""
MAX_LOOKUPS: Final = 16
"""Combinations of paths that keys are made of, besides single paths: each costs every row a look-up."""
MAX_GROUP: Final = 1024
"""Branches of one key. Where there are more, sets of branches cost less than to test one after the other."""
TEST: Final = np.dtype(record_of(Test))
_KEY_BITS: Final = 63
_CHUNK: Final = 1 << 13
"""Rows whose candidates numpy tests at once."""


class Lookup(NamedTuple):
    """One combination of paths, and the keys made of it.

    Attributes:
        columns: indices into ``KeyIndex.paths``.
        strides: the key is the sum of ``id * stride``, where ids are those of strings, from 1.
        keys: shape (groups,), ascending.
        first_group: the group of the first key; the others follow.
    """

    columns: tuple[int, ...]
    strides: tuple[int, ...]
    keys: Integers
    first_group: int


@dataclass(frozen=True, slots=True, eq=False)
class KeyIndex:
    """Branches by their keys. Definition i matches where one of the branches whose definition is i holds.

    Attributes:
        definitions: shape (k,), their indices in the plan, ascending.
        paths: what is read of a row: its columns.
        ids: by column, the id of each string that a predicate names by equality, from 1.
        string_tests: by column, what else strings are tested for.
        lookups: the combinations of paths.
        group_offsets: shape (groups + 1,): group i has ``entries[group_offsets[i]:group_offsets[i + 1]]``.
        entries: branches.
        definition_of_branch: shape (branches,), an index into ``definitions``.
        test_offsets: shape (branches + 1,): branch i has ``tests[test_offsets[i]:test_offsets[i + 1]]``.
        tests: records ``TEST``, of which all must hold.
        members: the ids of tests, ascending within each.
        lows: the lower ends of the intervals of tests that have more than one, ascending within each, ...
        highs: ... and their upper ends.
    """

    definitions: Rows
    paths: tuple[str, ...]
    ids: tuple[Mapping[str, int], ...]
    string_tests: tuple[tuple[StringTest, ...], ...]
    lookups: tuple[Lookup, ...]
    group_offsets: Integers
    entries: Integers
    definition_of_branch: Integers
    test_offsets: Integers
    tests: Array
    members: Integers
    lows: Numbers
    highs: Numbers

    @property
    def pass_bytes(self) -> int:
        """How many bytes have a bit for each string test of any column."""
        return -(-max(map(len, self.string_tests)) // 8)

    @property
    def has_several(self) -> bool:
        """Whether a definition has more than one branch, so that several may hold in a row."""
        return len(self.definition_of_branch) > len(self.definitions)


class RowValues(NamedTuple):
    """The values of n rows as an index reads them.

    Attributes:
        kinds: shape (columns, n).
        numbers: shape (columns, n).
        ids: shape (columns, n), int32: the id of a row's string, 0 if it has none.
        pass_rows: shape (columns, n), int32: which of ``passes`` speaks of a row's string, -1 if none does.
        passes: shape (strings, bytes), uint8: bit i of a string is whether it passes string test i of its column.
    """

    kinds: Array
    numbers: Array
    ids: Array
    pass_rows: Array
    passes: Array


# --- building -------------------------------------------------------------------------------------------------------


def build_key_index(
    plan: Plan, predicates: Sequence[CompiledPredicate], definitions: Sequence[tuple[int, Branches]]
) -> tuple[KeyIndex | None, list[tuple[int, Branches]]]:
    """Return the index of definitions with their branches, None if it has none, and the definitions not in it.

    Not in it are definitions with a branch that asks for no string by equality, and those of large groups.
    """
    branches = [branch for _, of_definition in definitions for branch in of_definition]
    lengths = np.fromiter(map(len, branches), np.int64, len(branches))
    flat = np.fromiter(chain.from_iterable(branches), np.int64, int(lengths.sum()))
    used, predicate = np.unique(flat, return_inverse=True)
    conditions = _conditions(plan, predicates, used.tolist())
    branch = np.repeat(np.arange(len(branches)), lengths)
    owner = np.repeat(np.arange(len(definitions)), [len(of_definition) for _, of_definition in definitions])

    column = conditions.tests["column"][predicate].astype(np.int64)
    in_key, shape = _choose_keys(branch, column, conditions.value_counts[predicate], conditions, len(branches))
    parts = _KeyParts(branch[in_key], column[in_key], predicate[in_key])
    is_kept = shape > 0
    filed = [
        _file(bits, np.flatnonzero(shape == bits), parts, conditions) for bits in np.unique(shape[is_kept]).tolist()
    ]
    for one in filed:
        _, group, sizes = np.unique(one.keys, return_inverse=True, return_counts=True)
        is_kept[one.branches[sizes[group] > MAX_GROUP]] = False
    is_kept &= ~np.bincount(owner, ~is_kept, len(definitions)).astype(np.bool_)[owner]
    kept = np.bincount(owner[is_kept], minlength=len(definitions)) > 0
    rest = [one for one, is_in in zip(definitions, kept.tolist(), strict=True) if not is_in and one[1]]
    if not kept.any():
        return None, rest

    lookups, group_offsets, entries = _lay_out(filed, is_kept)
    # Branches are numbered in the order of their keys, so that what one row finds lies side by side.
    found, first = np.unique(entries, return_index=True)
    order = found[first.argsort()]  # of the branches that are kept
    number = np.zeros(len(branches), np.int32)
    number[order] = np.arange(len(order), dtype=np.int32)
    position = np.cumsum(kept) - 1
    is_test = is_kept[branch] & ~in_key
    sorting = number[branch[is_test]].argsort(kind="stable")
    counts = np.bincount(number[branch[is_test]], minlength=len(order))
    index = KeyIndex(
        np.array([definition for definition, _ in definitions], np.intp)[kept],
        conditions.paths,
        conditions.ids,
        conditions.string_tests,
        tuple(lookups),
        group_offsets,
        number[entries],
        position[owner[order]].astype(np.min_scalar_type(int(kept.sum()) - 1)),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
        conditions.tests[predicate[is_test][sorting]],
        conditions.members,
        conditions.lows,
        conditions.highs,
    )
    return index, rest


class _Conditions(NamedTuple):
    """The predicates of an index.

    Attributes:
        paths: see ``KeyIndex``; so are ``ids``, ``string_tests``, ``members``, ``lows`` and ``highs``.
        tests: shape (predicates,), each as a record ``TEST``.
        value_counts: shape (predicates,), how many strings a predicate accepts that accepts nothing else, otherwise 0.
    """

    paths: tuple[str, ...]
    ids: tuple[Mapping[str, int], ...]
    string_tests: tuple[tuple[StringTest, ...], ...]
    tests: Array
    value_counts: Integers
    members: Integers
    lows: Numbers
    highs: Numbers


def _conditions(plan: Plan, predicates: Sequence[CompiledPredicate], used: Sequence[int]) -> _Conditions:
    paths: dict[str, int] = {}
    columns = [paths.setdefault(plan.predicates[index].path, len(paths)) for index in used]
    ids: list[dict[str, int]] = [{} for _ in paths]
    string_tests: list[list[StringTest]] = [[] for _ in paths]
    members: list[int] = []
    first_member, bits = [], []
    for index, column in zip(used, columns, strict=True):
        predicate = predicates[index]
        bit = -1
        first_member.append(len(members))
        if predicate.equal is not None and predicate.text is not None:
            of_column = ids[column]
            members += sorted(of_column.setdefault(text, len(of_column) + 1) for text in predicate.equal)
        elif predicate.text is not None:
            bit = len(string_tests[column])
            string_tests[column].append(predicate.text)
        bits.append(bit)

    lows, highs = ([getattr(predicates[index], end) for index in used] for end in ("lows", "highs"))
    counts = np.fromiter(map(len, lows), np.int64, len(used))
    begins = np.cumsum(counts) - counts
    all_lows, all_highs = (np.concatenate([np.zeros(0), *ends]) for ends in (lows, highs))
    kinds = np.array([predicates[index].kinds for index in used], np.bool_).reshape(len(used), len(Kind))
    tests = np.zeros(len(used), TEST)
    tests["column"] = columns
    tests["kinds"] = kinds @ (1 << np.arange(len(Kind)))
    tests["low"], tests["high"] = np.inf, -np.inf
    is_single = counts == 1
    tests["low"][is_single], tests["high"][is_single] = all_lows[begins[is_single]], all_highs[begins[is_single]]
    tests["first_member"] = first_member
    tests["members"] = np.diff([*first_member, len(members)])
    is_multiple = counts > 1
    tests["intervals"] = np.where(is_multiple, counts, 0)
    tests["first_interval"] = np.cumsum(tests["intervals"]) - tests["intervals"]
    tests["bit"] = bits
    in_lists = np.repeat(is_multiple, counts)
    is_equality = (tests["kinds"] == 0) & (counts == 0) & (tests["bit"] < 0)
    return _Conditions(
        tuple(paths),
        tuple(ids),
        tuple(map(tuple, string_tests)),
        tests,
        np.where(is_equality, tests["members"], 0),
        np.array(members, np.int32),
        all_lows[in_lists],
        all_highs[in_lists],
    )


def _choose_keys(
    branch: Integers, column: Integers, values: Integers, conditions: _Conditions, n: int
) -> tuple[Flags, Integers]:
    """Return which conditions are part of their branch's key, and for each of n branches the bits of its key's columns.

    The paths with the fewest strings are taken first, up to ``MAX_KEYS`` keys.
    """
    usable = np.flatnonzero((values > 0) & (values <= MAX_KEYS) & (column < _KEY_BITS))
    usable = usable[np.lexsort((values[usable], branch[usable]))]
    logs = np.log2(values[usable])
    totals = np.cumsum(logs)
    is_first = np.ones(len(usable), np.bool_)
    is_first[1:] = branch[usable][1:] != branch[usable][:-1]
    before = (totals - logs)[is_first][np.cumsum(is_first) - 1]
    in_key = np.zeros(len(branch), np.bool_)
    in_key[usable[totals - before <= np.log2(MAX_KEYS) + 1e-6]] = True
    wanted = np.zeros(n, np.int64)
    np.bitwise_or.at(wanted, branch[in_key], np.int64(1) << column[in_key])
    shapes, index, counts = np.unique(wanted, return_inverse=True, return_counts=True)
    shape = _allowed_shapes(shapes.tolist(), counts.tolist(), [len(texts) for texts in conditions.ids])[index]
    return in_key & ((shape[branch] >> column) & 1).astype(np.bool_), shape


def _allowed_shapes(shapes: Sequence[int], counts: Sequence[int], names: Sequence[int]) -> Integers:
    """Return for each combination of columns, as bits, the one of a few that is used in its place: a part of it.

    Args:
        shapes: the combinations.
        counts: how many branches would have each.
        names: how many strings are named on each column; where there are many, one says most.
    """
    allowed: dict[int, None] = {}
    result = np.zeros(len(shapes), np.int64)
    for index in sorted(range(len(shapes)), key=lambda index: (-counts[index], shapes[index])):
        columns = sorted(_columns_of(shapes[index]), key=lambda column: -names[column])
        bits, size = 0, 1
        for column in columns:
            if size * (names[column] + 1) < 1 << _KEY_BITS:
                bits, size = bits | 1 << column, size * (names[column] + 1)
        if len(allowed) >= MAX_LOOKUPS and bits not in allowed:
            parts = [one for one in allowed if one & bits == one]
            bits = max(parts, key=int.bit_count) if parts else 1 << columns[0]
        if bits:
            allowed[bits] = None
        result[index] = bits
    return result


def _columns_of(bits: int) -> list[int]:
    return [column for column in range(bits.bit_length()) if bits >> column & 1]


class _Filed(NamedTuple):
    """The keys of one combination of columns, and the branch that each is one of, in any order."""

    columns: list[int]
    strides: list[int]
    keys: Integers
    branches: Integers


class _KeyParts(NamedTuple):
    """The conditions that keys are made of: of which branch each is, on which column, and its predicate."""

    branch: Integers
    column: Integers
    predicate: Integers


def _file(bits: int, branches: Integers, parts: _KeyParts, conditions: _Conditions) -> _Filed:
    """Return the keys of branches whose keys are made of the columns of ``bits``."""
    columns, strides, stride = _columns_of(bits), [], 1
    keys = np.zeros(len(branches), np.int64)
    owners = branches
    predicate_of = np.zeros(int(parts.branch.max(initial=-1)) + 1, np.int64)
    for one in columns:
        is_here = parts.column == one
        predicate_of[parts.branch[is_here]] = parts.predicate[is_here]
        tests = conditions.tests[predicate_of[owners]]
        counts = tests["members"].astype(np.int64)
        positions = ranges(tests["first_member"], counts)
        keys = np.repeat(keys, counts) + conditions.members[positions] * np.int64(stride)
        owners = np.repeat(owners, counts)
        strides.append(stride)
        stride *= len(conditions.ids[one]) + 1
    return _Filed(columns, strides, keys, owners)


def _lay_out(filed: Sequence[_Filed], is_kept: Flags) -> tuple[list[Lookup], Integers, Integers]:
    """Return the look-ups, the offsets of all groups, and the branches of all groups."""
    lookups: list[Lookup] = []
    sizes: list[Integers] = []
    entries: list[Integers] = []
    first_group = 0
    for columns, strides, keys, branches in filed:
        stays = is_kept[branches]
        order = keys[stays].argsort(kind="stable")
        distinct, counts = np.unique(keys[stays], return_counts=True)
        if len(distinct):
            lookups.append(Lookup(tuple(columns), tuple(strides), distinct, first_group))
            first_group += len(distinct)
            sizes.append(counts)
            entries.append(branches[stays][order])
    offsets = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int32)
    return lookups, offsets, np.concatenate(entries)


# --- probing --------------------------------------------------------------------------------------------------------


def probe(index: KeyIndex, values: RowValues) -> tuple[Rows, Integers]:
    """Return the (row, branch) pairs of branches that hold, by row."""
    n = values.kinds.shape[1]
    parts = [
        part
        for start in range(0, n, _CHUNK)
        for part in [_probe_rows(index, values, np.arange(start, min(start + _CHUNK, n)))]
    ]
    empty = np.zeros(0, np.intp)
    rows, branches = (np.concatenate([empty, *some]) for some in zip(*parts, strict=True)) if parts else (empty, empty)
    return rows, branches


def _probe_rows(index: KeyIndex, values: RowValues, rows: Rows) -> tuple[Rows, Integers]:
    parts = [_candidates(index, lookup, values, rows) for lookup in index.lookups]
    candidate_rows, branches = (np.concatenate(some) for some in zip(*parts, strict=True))
    tests = index.test_offsets[branches].astype(np.int64)
    ends = index.test_offsets[branches + 1]
    while True:
        open_ = np.flatnonzero(tests < ends)
        if not len(open_):
            break
        fails = np.zeros(len(tests), np.bool_)
        fails[open_] = ~_holds(index, index.tests[tests[open_]], values, candidate_rows[open_])
        candidate_rows, branches, tests, ends = (some[~fails] for some in (candidate_rows, branches, tests + 1, ends))
    order = candidate_rows.argsort(kind="stable")
    return candidate_rows[order], branches[order]


def _candidates(index: KeyIndex, lookup: Lookup, values: RowValues, rows: Rows) -> tuple[Rows, Integers]:
    """Return the (row, branch) pairs of a look-up."""
    ids = values.ids[np.array(lookup.columns)[:, None], rows].astype(np.int64)
    keys = (ids * np.array(lookup.strides)[:, None]).sum(axis=0)
    found = np.minimum(np.searchsorted(lookup.keys, keys), len(lookup.keys) - 1)
    hits = np.flatnonzero((lookup.keys[found] == keys) & (ids > 0).all(axis=0))
    groups = found[hits] + lookup.first_group
    begins = index.group_offsets[groups].astype(np.int64)
    counts = index.group_offsets[groups + 1] - begins
    return np.repeat(rows[hits], counts), index.entries[ranges(begins, counts)]


def _holds(index: KeyIndex, tests: Array, values: RowValues, rows: Rows) -> Flags:
    """Return whether each test holds for the row beside it."""
    column = tests["column"]
    kinds = values.kinds[column, rows]
    result: Flags = (tests["kinds"] >> kinds & 1).astype(np.bool_)
    is_number = kinds == int(Kind.NUMBER)
    numbers = values.numbers[column, rows]
    result |= is_number & (tests["low"] <= numbers) & (numbers <= tests["high"])
    for nth in range(int(tests["intervals"].max(initial=0))):
        some = np.flatnonzero(is_number & (tests["intervals"] > nth))
        position = tests["first_interval"][some] + nth
        result[some] |= (index.lows[position] <= numbers[some]) & (numbers[some] <= index.highs[position])
    some = np.flatnonzero((tests["members"] > 0) & (values.ids[column, rows] > 0))
    result[some] |= _are_members(index, tests[some], values.ids[column[some], rows[some]])
    some = np.flatnonzero((tests["bit"] >= 0) & (kinds == int(Kind.STRING)))
    bits = tests["bit"][some]
    octets = values.passes[values.pass_rows[column[some], rows[some]], bits >> 3] if len(some) else bits
    result[some] |= (octets >> (bits & 7) & 1).astype(np.bool_)
    return result


def _are_members(index: KeyIndex, tests: Array, ids: Integers) -> Flags:
    """Return whether each id is among those of the test beside it: by bisection, all of them a step at a time."""
    lows = tests["first_member"].astype(np.int64)
    highs = lows + tests["members"]
    ends = highs.copy()
    for _ in range(int(tests["members"].max(initial=0)).bit_length()):
        middles = (lows + highs) >> 1
        is_less = (lows < highs) & (index.members[np.minimum(middles, ends - 1)] < ids)
        lows, highs = np.where(is_less, middles + 1, lows), np.where(is_less, highs, middles)
    result: Flags = (lows < ends) & (index.members[np.minimum(lows, ends - 1)] == ids)
    return result
