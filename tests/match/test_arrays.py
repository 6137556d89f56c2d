"""Arrays of scalars on a path: every form of matching gives what the reference matcher says of each event."""

import json
from random import Random

import numpy as np
import pytest

import rumpattern as rp
from rumpattern.jsontext import load_exact
from rumpattern.match import bitsets, by_class
from rumpattern.match.bitsets import unite
from rumpattern.pattern.reference import leaves, matches
from tests.support.kernels import kernels

PATTERNS = [
    *({"event_type": ["t"], "tags": [f"v{i}"], "n": [{"numeric": [">", i]}]} for i in range(20)),
    *({"event_type": ["t", "u"], "tags": [{"prefix": f"v{i}"}, {"exists": False}]} for i in range(3)),
    *({"event_type": ["u"], "n": [{"numeric": [">=", i, "<", i + 2]}, None]} for i in range(10)),
    {"event_type": ["t"], "tags": [{"anything-but": ["v1", "v2"]}]},
    {"event_type": ["u"], "tags": [{"exists": False}], "n": [{"exists": True}]},
    {"tags": [True, 3, {"wildcard": "*9"}]},
]
DEFINITIONS = [rp.MetricDefinition(f"m{i}", pattern=rp.parse_pattern(one)) for i, one in enumerate(PATTERNS)]


def some_events(seed, count):
    draw = Random(seed)  # noqa: S311 - reproducible, not secret

    def value(scalars):
        size = draw.choice((None, None, 0, 1, 2, 2, 3, 30))
        return draw.choice(scalars) if size is None else [draw.choice(scalars) for _ in range(size)]

    texts, numbers = [*(f"v{i}" for i in range(25)), None, True, 3], [*range(22), 0.5, None, "1", False]
    return [{"event_type": draw.choice("tuw"), "tags": value(texts), "n": value(numbers), "i": i} for i in range(count)]


def check(events, steps):
    lines = [json.dumps(event).encode() for event in events]
    flat = [leaves(load_exact(line)) for line in lines]
    expected = [[row for row, event in enumerate(flat) if matches(d.pattern.branches, event)] for d in DEFINITIONS]
    engine = rp.compile(DEFINITIONS)
    for name, kernel in kernels(DEFINITIONS).items():
        for step in steps:
            batches = [engine.batch(lines[start : start + step]) for start in range(0, len(lines), step)]
            assert not any(batch.odd for batch in batches)
            found = [kernel.match(batch) for batch in batches]
            for i, rows in enumerate(expected):
                of_definition = [part.of(i) + number * step for number, part in enumerate(found)]
                assert np.concatenate(of_definition).tolist() == rows, (name, step)


def test_every_form_equals_the_reference():
    check(some_events(1, 300), [300, 7])


def test_sets_are_united_piece_by_piece(monkeypatch):
    monkeypatch.setattr(bitsets, "CHUNK_WORDS", 5)
    check(some_events(2, 100), [100])


def test_what_arrays_have_added_is_dropped(monkeypatch):
    monkeypatch.setattr(by_class, "MAX_LEARNED_WORDS", 10)
    check(some_events(3, 200), [20])


def test_classes_that_arrays_add_leave_room_for_more():
    patterns = [{"event_type": ["t"], "n": [2 * i]} for i in range(12)]
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern(pattern)) for pattern in patterns])
    (matcher,) = engine.kernel.of_type("t")
    tables = set()
    for i in range(40):
        batch = engine.batch({"event_type": "t", "n": [2 * (i % 12), 2 * (i // 12)]})
        counts = engine.match(batch).counts()
        assert counts == [int(one in (i % 12, i // 12)) for one in range(12)]
        tables.add(id(matcher.learned.code_table(1 << 20)))
    assert len(matcher.learned.paths[0]) > 30
    assert len(tables) < 10, "a larger table each time"


@pytest.mark.parametrize("most", [1, 2, 8, 1 << 20])
def test_unite(most, monkeypatch):
    monkeypatch.setattr(bitsets, "CHUNK_WORDS", most)
    sets = np.array([[1], [2], [4], [8]], np.uint64)
    classes = np.array([0, 1, 2, 2, 3, 0, 0, 1, 2, 3, 3], np.int32)
    offsets = np.array([0, 0, 2, 4, 5, 5, 7, 11])
    united = [int(bits[0]) for bits in unite(sets, classes, offsets, np.array([1, 2, 3, 6]))]
    assert united == [3, 4, 8, 14]
    assert [int(bits[0]) for bits in unite(sets, classes, offsets, np.array([2, 5]))] == [4, 1]
    assert list(unite(sets, classes, offsets, np.zeros(0, np.int64))) == []
