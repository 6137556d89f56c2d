"""Values to columns."""

import numpy as np
import pytest

from rumpattern.columns.batch import MISSING, build_column, constant_column, odd_rows
from rumpattern.columns.fields import Kind
from rumpattern.jsontext import NumberText, Pairs

K = Kind


def rows(column):
    """What a column says of each row."""
    return [
        (kind, column.strings[code]) if kind is K.STRING else (kind, number) if kind is K.NUMBER else kind
        for kind, code, number in zip(
            map(K, column.kinds.tolist()), column.codes.tolist(), column.numbers.tolist(), strict=True
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
        ([[], Pairs([("a", 1), ("a", 2)]), NumberText("1e400")], [K.AMBIGUOUS, K.OBJECT, K.AMBIGUOUS]),
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
        ([[1], "x", Pairs([("a", 1), ("a", 1)]), NumberText("1e400")], [0, 3]),
        ([2**53, 2**53 + 1, -(2**53) - 1, 2**53 + 2], [1, 2]),
        ([float(2**53 + 2), 1e300, 10**22], []),
        ([2**64 - 1, 10**19], [0]),
    ],
)
def test_odd_rows(values, odd):
    assert sorted(odd_rows(build_column(values), values)) == odd


def test_keep():
    column = build_column(["x", 1, "y"])
    assert rows(column.filter(np.array([False, True, True]))) == [(K.NUMBER, 1.0), (K.STRING, "y")]


def test_spread():
    column = build_column(["x", 1])
    assert rows(column.scatter(np.array([1, 3]), 4)) == [K.MISSING, (K.STRING, "x"), K.MISSING, (K.NUMBER, 1.0)]


@pytest.mark.parametrize(
    ("own", "other", "expected", "taken"),
    [
        (["x", MISSING], ["y", "z"], [(K.STRING, "x"), (K.STRING, "z")], [1]),
        ([None, MISSING], ["y", None], [K.NULL, K.NULL], [1]),
        ([MISSING, MISSING], [{}, []], [K.MISSING, K.MISSING], []),
        ([MISSING, MISSING, "x"], [True, 5, 6], [K.TRUE, (K.NUMBER, 5.0), (K.STRING, "x")], [0, 1]),
        ([1, MISSING], [2, "x"], [(K.NUMBER, 1.0), (K.STRING, "x")], [1]),
        (["x", MISSING], [2, 3], [(K.STRING, "x"), (K.NUMBER, 3.0)], [1]),
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
