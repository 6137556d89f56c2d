"""Values to columns."""

import numpy as np
import pytest

from rumpattern.columns.batch import MISSING, build_arrays, build_column, constant_column, odd_rows
from rumpattern.columns.fields import Kind
from rumpattern.jsontext import NumberText, Pairs

K = Kind


def rows(column):
    """What a column says of each row."""
    return [
        (kind, value)
        if kind in (K.STRING, K.NUMBER)
        else (kind, column.arrays.values(code))
        if kind is K.ARRAY
        else kind
        for kind, code, value in zip(
            map(K, column.kinds.tolist()),
            column.codes.tolist(),
            map(column.value, range(len(column.kinds))),
            strict=True,
        )
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], []),
        ([MISSING, MISSING], [K.MISSING, K.MISSING]),
        ([None, MISSING], [K.NULL, K.MISSING]),
        (["x", "y", "x"], [(K.STRING, "x"), (K.STRING, "y"), (K.STRING, "x")]),
        (["x", MISSING, None, ""], [(K.STRING, "x"), K.MISSING, K.NULL, (K.STRING, "")]),
        ([1, 1.5, 10**300], [(K.NUMBER, 1.0), (K.NUMBER, 1.5), (K.NUMBER, 1e300)]),
        ([1, MISSING], [(K.NUMBER, 1.0), K.MISSING]),
        ([True, False, 1, 0], [K.TRUE, K.FALSE, (K.NUMBER, 1.0), (K.NUMBER, 0.0)]),
        ([{}, {"a": 1}, "x", 1], [K.OBJECT, K.OBJECT, (K.STRING, "x"), (K.NUMBER, 1.0)]),
        ([[], Pairs([("a", 1), ("a", 2)]), NumberText("1e400")], [(K.ARRAY, []), K.OBJECT, K.AMBIGUOUS]),
        (["1e400", NumberText("1e400")], [(K.STRING, "1e400"), K.AMBIGUOUS]),
        ([None, 1, "x", False, MISSING], [K.NULL, (K.NUMBER, 1.0), (K.STRING, "x"), K.FALSE, K.MISSING]),
    ],
)
def test_build_column(values, expected):
    column = build_column(values)
    assert rows(column) == expected
    assert (column.kinds.dtype, column.numbers.dtype, column.codes.dtype) == (np.uint8, np.float64, np.int32)
    assert len(column.kinds) == len(column.numbers) == len(column.codes) == len(values)


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        (["x", 1, None, True, {}, MISSING], []),
        ([[1], "x", Pairs([("a", 1), ("a", 1)]), NumberText("1e400")], [3]),
        ([2**53, 2**53 + 1, -(2**53) - 1, 2**53 + 2], [1, 2]),
        ([float(2**53 + 2), 1e300, 10**22], []),
        ([2**64 - 1, 10**19], [0]),
    ],
)
def test_odd_rows(values, odd):
    assert sorted(odd_rows(build_column(values), values)) == odd


ARRAYS = ([], ["x", "y"], [1, 2.5], [True, None], [1], ["x", "y"], [True], [1.0], ["1"], ["y", "x"])


def test_arrays_of_scalars():
    column = build_column([*ARRAYS, "x", MISSING, 5])
    assert rows(column)[:-3] == [(K.ARRAY, value) for value in ARRAYS]
    assert rows(column)[-3:] == [(K.STRING, "x"), K.MISSING, (K.NUMBER, 5.0)]
    assert odd_rows(column, [*ARRAYS, "x", MISSING, 5]) == []


@pytest.mark.parametrize("one", [["x"], [True, 1], [None], [], [1.5, 2]])
def test_each_array_is_kept_once(one):
    assert len(build_column([one, "x", [*one], [*one]]).arrays) == 1


@pytest.mark.parametrize(
    "array", [[{}], [[]], ["x", ["y"]], [NumberText("1e400")], [1, 2**53 + 1], ["x", {"a": 1}], [Pairs([("a", 1)])]]
)
def test_arrays_that_columns_cannot_say(array):
    values = [["x"], array, [True, 2], array, 1, []]
    column = build_column(values)
    assert odd_rows(column, values) == [1, 3]
    said = [(K.ARRAY, ["x"]), K.AMBIGUOUS, (K.ARRAY, [True, 2.0]), K.AMBIGUOUS, (K.NUMBER, 1.0), (K.ARRAY, [])]
    assert rows(column) == said


def test_no_arrays():
    arrays, codes, is_exact = build_arrays([])
    assert (len(arrays), codes.tolist(), is_exact.tolist()) == (0, [], [])
    assert build_column(["x"]).without_arrays().arrays is None


def test_columns_without_arrays():
    column = build_column(["x", [1], [], 2]).without_arrays()
    assert rows(column) == [(K.STRING, "x"), K.AMBIGUOUS, K.AMBIGUOUS, (K.NUMBER, 2.0)]


def test_some_arrays_are_taken():
    arrays = build_column([["x"], [], [1, None], [True]]).arrays
    taken = arrays.take(np.array([3, 1, 2, 2]))
    assert [taken.values(index) for index in range(len(taken))] == [[True], [], [1.0, None], [1.0, None]]


@pytest.mark.parametrize("own", [["x", 1], [["x"], 1], [[], ["x", True]]])
@pytest.mark.parametrize("other", [["y", None], [["x"], "y"], [[1, 2], ["z"]]])
def test_columns_with_arrays_joined(own, other):
    order = np.array([3, 0, 2, 1])
    column = build_column(own).concat(build_column(other), order)
    assert rows(column) == [rows(build_column([*own, *other]))[row] for row in order.tolist()]
    assert column.codes.dtype == np.int32


def test_keep():
    column = build_column([["x"], "x", 1, "y", ["y"]])
    kept = column.filter(np.array([False, False, True, True, True]))
    assert rows(kept) == [(K.NUMBER, 1.0), (K.STRING, "y"), (K.ARRAY, ["y"])]


def test_spread():
    column = build_column(["x", 1])
    assert rows(column.scatter(np.array([1, 3]), 4)) == [K.MISSING, (K.STRING, "x"), K.MISSING, (K.NUMBER, 1.0)]
    column = build_column([["x"]])
    assert rows(column.scatter(np.array([1]), 2)) == [K.MISSING, (K.ARRAY, ["x"])]


@pytest.mark.parametrize(
    ("own", "other", "expected", "taken"),
    [
        (["x", MISSING], ["y", "z"], [(K.STRING, "x"), (K.STRING, "z")], [1]),
        ([None, MISSING], ["y", None], [K.NULL, K.NULL], [1]),
        ([MISSING, MISSING], [{}, []], [K.MISSING, K.MISSING], []),
        ([MISSING, MISSING, "x"], [True, 5, 6], [K.TRUE, (K.NUMBER, 5.0), (K.STRING, "x")], [0, 1]),
        ([1, MISSING], [2, "x"], [(K.NUMBER, 1.0), (K.STRING, "x")], [1]),
        (["x", MISSING], [2, 3], [(K.STRING, "x"), (K.NUMBER, 3.0)], [1]),
        ([MISSING, ["x"]], ["y", "z"], [(K.STRING, "y"), (K.ARRAY, ["x"])], [0]),
        ([MISSING, MISSING], [["x"], "y"], [K.MISSING, (K.STRING, "y")], [1]),
    ],
)
def test_take_missing_from(own, other, expected, taken):
    everywhere = np.ones(len(own), np.bool_)
    column, filled = build_column(own).fill_missing(build_column(other), everywhere)
    assert (rows(column), np.flatnonzero(filled).tolist()) == (expected, taken)
    assert all(code < max(len(column.strings), 1) for code in column.codes.tolist()), "codes index strings in every row"


def test_take_missing_from_among_some_rows():
    column, filled = build_column([MISSING, MISSING]).fill_missing(build_column(["x", "y"]), np.array([False, True]))
    assert (rows(column), filled.tolist()) == ([K.MISSING, (K.STRING, "y")], [False, True])


def test_constant_column():
    assert rows(constant_column("x", 2)) == [(K.STRING, "x")] * 2
