"""Matching columns: kinds, numbers, strings, odd rows, and the shape of the answer."""

import numpy as np
import pytest

import rumpattern as rp

LINES = [
    b'{"a":null}', b'{"a":true}', b'{"a":false}', b'{"a":0}', b'{"a":1.0}', b'{"a":""}', b'{"a":"x"}', b'{"a":{}}',
    b"{}", b'{"a":[1,"x"]}', b'{"a":1e400}', b'{"a":[]}', b'{"a":0,"a":null}',
]  # fmt: skip


@pytest.mark.parametrize(
    ("elements", "rows"),
    [
        ("null", [0, 12]),
        ("true", [1]),
        ("false", [2]),
        ("0", [3, 12]),
        ("1", [4, 9]),
        ("1e400", [10]),
        ('""', [5]),
        ('"x"', [6, 9]),
        ('"x",1,null', [0, 4, 6, 9, 12]),
        ('{"exists":true}', [0, 1, 2, 3, 4, 5, 6, 9, 10, 12]),
        ('{"exists":false}', [7, 8, 11]),
        ('{"exists":false},"x"', [6, 7, 8, 9, 11]),
        ('{"numeric":[">=",0]}', [3, 4, 9, 12]),
        ('{"numeric":["<",0]}', []),
        ('{"numeric":["=",1]},{"numeric":["<=",0]}', [3, 4, 9, 12]),
        ('{"prefix":""}', [5, 6, 9]),
        ('{"suffix":"x"}', [6, 9]),
        ('{"wildcard":"*"}', [5, 6, 9]),
        ('{"equals-ignore-case":"X"}', [6, 9]),
        ('{"exactly":"x"}', [6, 9]),
        ('{"cidr":"10.0.0.0/8"}', []),
        ('{"anything-but":"x"}', [0, 1, 2, 3, 4, 5, 9, 10, 12]),
        ('{"anything-but":["","x"]}', [0, 1, 2, 3, 4, 9, 10, 12]),
        ('{"anything-but":1}', [0, 1, 2, 3, 5, 6, 9, 10, 12]),
        ('{"anything-but":[0,1]}', [0, 1, 2, 5, 6, 9, 10, 12]),
        ('{"anything-but":{"prefix":"x"}}', [0, 1, 2, 3, 4, 5, 9, 10, 12]),
        ('{"anything-but":{"wildcard":"*"}}', [0, 1, 2, 3, 4, 9, 10, 12]),
        ('{"anything-but":"x"},{"anything-but":""}', [0, 1, 2, 3, 4, 5, 6, 9, 10, 12]),
    ],
)
def test_elements(elements, rows):
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(f'{{"a":[{elements}]}}'))])
    matches = engine.match(engine.batch(LINES))
    assert np.flatnonzero(matches.mask(0)).tolist() == rows
    assert matches.mask(0).dtype == np.bool_
    assert matches.counts() == [len(rows)]


def test_no_rows_and_no_definitions():
    engine = rp.compile([rp.MetricDefinition("m"), rp.MetricDefinition("n", pattern=rp.parse_pattern({"a": [1]}))])
    assert engine.match(engine.batch(b"")).counts() == [0, 0]
    matches = rp.compile([]).match(rp.compile([]).batch(LINES))
    assert (matches.size, matches.offsets.tolist(), matches.rows.tolist()) == (len(LINES), [0], [])


def test_a_definition_without_pattern_matches_every_event():
    engine = rp.compile([rp.MetricDefinition("m")])
    assert engine.match(engine.batch(LINES)).counts() == [len(LINES)]


def test_masks_are_in_the_order_of_definitions():
    sources = ['{"a":[1]}', '{"a":["x"]}', '{"a":[1]}', '{"b":[1]}', '{"a":[1],"b":[1]}']
    engine = rp.compile([rp.MetricDefinition(source, pattern=rp.parse_pattern(source)) for source in sources])
    assert engine.match(engine.batch(LINES)).counts() == [2, 2, 2, 0, 0]


def test_alternatives():
    pattern = rp.parse_pattern('{"$or":[{"a":[1]},{"a":["x"]},{"b":[{"exists":true}]}]}')
    engine = rp.compile([rp.MetricDefinition("m", pattern=pattern)])
    assert np.flatnonzero(engine.match(engine.batch(LINES)).mask(0)).tolist() == [4, 6, 9]


def test_matching_does_not_change_the_batch():
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern({"a": [1]}))])
    batch = engine.batch(LINES)
    first, second = engine.match(batch), engine.match(batch)
    first.rows[:] = 0
    first.mask(0)[:] = False
    assert second.counts() == engine.match(batch).counts() == [2]
