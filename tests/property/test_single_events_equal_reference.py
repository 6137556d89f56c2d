"""Law: events that are matched one by one, against all definitions at once, match what the reference matcher says.

The events that are drawn hold arrays of objects beside and inside one another, and repeated keys, so that leaves must
be chosen that agree; each is held against hundreds of patterns, of which many ask for paths that are absent in one
element and present in another.
"""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.jsontext import load_exact
from rumpattern.pattern.reference import grouped, leaves, matches, matches_by_enumeration
from tests.support.examples import examples
from tests.support.strategies import worlds

PATHS = ("a.x", "a.y", "a.z", "a", "b.x", "b.y", "a.a.x", "a.a.y", "c")
ELEMENTS = ([1], [2], [1, {"exists": False}], [{"exists": False}], [{"anything-but": 1}], [{"exists": True}])


def some_patterns(count, draw):
    for _ in range(count):
        paths = draw.sample(PATHS, draw.choice((1, 2, 2, 3, 3, 4)))
        yield {path: draw.choice(ELEMENTS) for path in paths}
    for _ in range(count // 10):
        yield {"$or": [{draw.choice(PATHS): [1]}, {draw.choice(PATHS): [{"exists": False}]}], draw.choice(PATHS): [2]}


PATTERNS = [rp.parse_pattern(pattern) for pattern in some_patterns(300, Random(4))]  # noqa: S311 - reproducible
ENGINE = rp.compile([rp.MetricDefinition(str(pattern), pattern=pattern) for pattern in PATTERNS])

SCALARS = st.sampled_from(("1", "1", "2", '"x"', "null", "1e400"))
LEAVES = st.sampled_from(("1", "2", "1", "2", "[1,2]", "[]", "{}"))
ITEMS = st.dictionaries(st.sampled_from(("x", "y", "z")), LEAVES, max_size=3).map(
    lambda members: "{" + ",".join(f'"{key}":{value}' for key, value in members.items()) + "}"
)
ARRAYS = st.lists(
    st.one_of(ITEMS, ITEMS, LEAVES, st.lists(ITEMS, max_size=2).map(",".join).map("[{}]".format)), max_size=3
)


@st.composite
def events(draw):
    """Draw an event of the keys a, b and c, each of them perhaps twice, whose values are mostly arrays of objects."""

    def value(depth):
        items = list(draw(ARRAYS))
        if depth and draw(st.booleans()):
            rest = draw(ITEMS)[1:]
            items.append(f'{{"a":{value(depth - 1)}{"," * (len(rest) > 1)}{rest}')
        return f"[{','.join(items)}]"

    members = [f'"{key}":{value(2)}' for key in draw(st.lists(st.sampled_from("aaab"), max_size=3))]
    members += [f'"c":{draw(LEAVES)}'] * draw(st.integers(0, 1))
    return "{" + ",".join(members) + "}"


def matched(engine, texts):
    """Match events by way of the exact path, each as one of a batch of rows."""
    batch = engine.batch([text.encode() for text in texts])
    assert len(batch) == len(texts)
    return engine.match(replace(batch, odd={row: load_exact(text) for row, text in enumerate(texts)}))


@settings(max_examples=examples(4))
@given(events())
@example('{"a":[{"x":1},{"z":2}],"a":[{"x":1},{"z":2}]}')
@example('{"a":[[1,[2]],{"x":1},{"y":2}]}')
@example('{"a":[{"y":1},{"x":1,"z":1}],"a":{"x":2,"z":2}}')
def test_choices_between_elements(text):
    flat = leaves(load_exact(text))
    expected = [matches(pattern.branches, flat) for pattern in PATTERNS]
    assert [count > 0 for count in matched(ENGINE, [text]).counts()] == expected


@given(events(), st.integers(0, len(PATTERNS) - 10))
def test_choices_are_those_of_enumeration(text, first):
    by_path = grouped(leaves(load_exact(text)))
    counts = matched(ENGINE, [text]).counts()
    for i in range(first, first + 10):
        is_match = any(matches_by_enumeration(branch, by_path) for branch in PATTERNS[i].branches)
        assert is_match is (counts[i] > 0), str(PATTERNS[i])


def check(sources, texts):
    patterns = [rp.parse_pattern(source) for source in sources]
    engine = rp.compile([rp.MetricDefinition(source, pattern=rp.parse_pattern(source)) for source in sources])
    flat = [leaves(load_exact(text)) for text in texts]
    found = matched(engine, texts)
    for i, pattern in enumerate(patterns):
        assert found.mask(i).tolist() == [matches(pattern.branches, event) for event in flat], sources[i]


@settings(max_examples=examples(2))
@given(st.one_of(worlds(), worlds(event_types=('"t"', '"u"'))))
def test_any_event(world):
    sources, lines = world
    check(sources, [line.decode() for line in lines if list(rp.compile([]).batch([line]).indices)])


TYPED = ('{"event_type":["t"],"a":[1]}', '{"event_type":["u"],"a":[1]}', '{"event_type":["t","u"],"event_type.x":[1]}')


@pytest.mark.parametrize(
    "event_type",
    ['["t","u"]', '["t",{"x":1}]', '[["t"],{"x":1}]', '[[["t","u"]],["t"]]', '"t","event_type":"u"', "[]", "1e400"],
)
def test_event_types_that_are_several(event_type):
    check([*TYPED, '{"a":[1]}'], [f'{{"event_type":{event_type},"a":{a}}}' for a in ("1", "[1,{}]", "[[1],2]", "2")])


def test_a_number_by_its_spelling_is_no_event_type():
    check(['{"event_type":["1e400"]}', '{"event_type":[1e400]}'], ['{"event_type":1e400}', '{"event_type":"1e400"}'])


def test_a_definition_that_two_types_of_one_event_match_counts_once():
    definitions = [rp.MetricDefinition("m", pattern=rp.parse_pattern({"event_type": ["t", "u"]}))] * 2
    engine = rp.compile(definitions)
    events = [{"event_type": ["t", "u"]}, {"event_type": "t"}, {"event_type": ["u", "t", "t"]}, {"event_type": "u"}]
    assert engine.match(engine.batch([json.dumps(event).encode() for event in events])).counts() == [4, 4]
