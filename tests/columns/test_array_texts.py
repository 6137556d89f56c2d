"""Texts of arrays to columns, and the law that they become what the decoder makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rumpattern.columns.array_texts import arrays_from_texts
from rumpattern.columns.decode import Decoder
from rumpattern.columns.fields import Kind
from rumpattern.input.lines import EventList
from tests.support.strategies import SCALARS

ELEMENTS = st.sampled_from((*SCALARS, *SCALARS, "[]", "{}", "[1]", '{"a":1}'))
TEXTS = st.lists(ELEMENTS, max_size=4).map(lambda elements: f"[{','.join(elements)}]".encode())


def values(arrays, is_exact):
    return [arrays.values(index) if exact else None for index, exact in enumerate(is_exact.tolist())]


def check(texts):
    arrays, is_exact = arrays_from_texts(texts)
    events = EventList([b'{"a":%b}' % text for text in texts], [(number, 0) for number in range(len(texts))])
    batch = Decoder(["a"]).decode(events)
    column = batch.columns["a"]
    said = [
        column.arrays.values(code) if row not in batch.odd else None for row, code in enumerate(column.codes.tolist())
    ]
    assert repr(values(arrays, is_exact)) == repr(said)
    assert (column.kinds[is_exact] == int(Kind.ARRAY)).all()
    assert len(arrays) == len(texts)


@given(st.lists(TEXTS, min_size=1, max_size=8))
def test_texts_become_what_the_decoder_makes_of_them(texts):
    check(texts)


@pytest.mark.parametrize(
    "texts",
    [
        [b'["x","y"]', b"[]", b"[1,2]", b"[true,null]", b'["x","y"]'],
        [b"[1]", b"[1.0]", b"[ 1e0 ]", b"[true]", b"[[1]]", b"[9007199254740993]", b"[1e400]"],
        [b'["\\u0078"]', b'["\\ud800"]', b"[1,]"[:2] + b"]", b'[{"a":1,"a":2}]'],
        [b"[%b]" % b",".join([b"1"] * 5000)],
    ],
)
def test_spellings(texts):
    check(texts)


def test_none():
    arrays, is_exact = arrays_from_texts([])
    assert (len(arrays), len(is_exact)) == (0, 0)
