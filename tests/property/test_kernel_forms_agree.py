"""Law: by whatever form definitions are matched, and whatever was matched before, the matches are the same."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.columns.batch import Column, EventBatch
from rumpattern.columns.fields import Kind
from rumpattern.jsontext import load_exact
from rumpattern.match import by_class as classwise
from rumpattern.match import classes
from rumpattern.match import code_table as codes
from rumpattern.match import partition as groups
from rumpattern.pattern.reference import leaves, matches
from rumpattern.rum.names import EVENT_TYPE
from tests.support.kernels import as_lists, kernels
from tests.support.strategies import lines, worlds

WORLDS = st.one_of(worlds(), worlds(event_types=('"t"', '"u"')))


@given(WORLDS, st.integers(1, 4))
def test_generated_worlds(world, step):
    sources, texts = world
    definitions = [rp.MetricDefinition(source, pattern=rp.parse_pattern(source)) for source in (*sources, *sources)]
    engine = rp.compile(definitions)
    batches = [engine.batch(texts[start : start + step]) for start in range(0, len(texts), step)]
    forms = kernels(definitions)
    for batch in (*batches, engine.batch(texts)):
        expected = as_lists(forms["masks"].match(batch))
        for name, kernel in forms.items():
            assert as_lists(kernel.match(batch)) == expected, name


# --- hundreds of definitions ----------------------------------------------------------------------------------------

VALUES = (
    0, -0.0, 5e-324, 1, 1.5, 2, 300, -1, 1e20, 1.7976931348623157e308, -1.7976931348623157e308, 2**53, True, False,
    None, "", "x", "xy", "XY", "10.0.0.1", "/cart", "/cart/2", {}, {"c": 1}, [], ["x"], [1, "x"], ["/cart", "y"],
    [True, 300, "xy"], [0, 2.5, -1],
)  # fmt: skip
ODD = ([[]], [1, {"x": 1}], [[1], "x"], [10**30 + 1], 10**30 + 1, 9007199254740993)
TYPES = ("t", "u", "v", "w")
PATHS = ("a", "b", "d.e", "d.f")


def some_element(draw):
    low = draw.choice((-1, 0, 1, 1.5, 2, 300))
    return draw.choice(
        (
            draw.choice([value for value in VALUES if not isinstance(value, (dict, list))]),
            {"numeric": [draw.choice((">", ">=", "<", "<=", "=")), low]},
            {"numeric": [">", low, "<=", low + draw.choice((1, 10))]},
            {"exists": draw.random() < 0.5},
            {"prefix": draw.choice(("", "x", "/ca"))},
            {"wildcard": draw.choice(("*", "x*", "/*/2"))},
            {"anything-but": draw.choice(("x", ["x", ""], 1, [0, 300], {"prefix": "x"}))},
        )
    )


def some_fields(draw, most):
    return {path: [some_element(draw) for _ in range(draw.randint(1, 2))] for path in draw.sample(PATHS, most)}


def some_pattern(draw):
    pattern = some_fields(draw, draw.randint(0, 2))
    if draw.random() < 0.3:
        pattern["$or"] = [some_fields(draw, 1), {**some_fields(draw, 1), "event_type": [draw.choice(TYPES)]}]
    if not pattern or draw.random() < 0.8:
        pattern["event_type"] = draw.sample(TYPES, draw.randint(1, 2))
    elif draw.random() < 0.3:
        pattern["event_type"] = [draw.choice(({"prefix": "t"}, {"anything-but": "t"}, {"exists": False}))]
    return rp.parse_pattern(json.dumps(pattern))


def some_event(draw):
    event = {path: draw.choice(VALUES) for path in draw.sample(PATHS, draw.randint(0, 4))}
    if draw.random() < 0.05:
        event["a"] = draw.choice(ODD)
    if draw.random() < 0.95:
        event["event_type"] = draw.choice((*TYPES, *TYPES, "other", 1, None, ["t", "u"]))
    return json.dumps(event).encode()


def some_world(seed, definitions, events):
    draw = Random(seed)  # noqa: S311 - reproducible, not secret
    some = [rp.MetricDefinition(f"m{i}", pattern=some_pattern(draw)) for i in range(definitions)]
    return [*some, rp.MetricDefinition("every")], [some_event(draw) for _ in range(events)]


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2, 3))])
def test_hundreds_of_definitions_equal_reference(seed, monkeypatch):
    definitions, texts = some_world(seed, 300, 200)
    if seed % 2:  # groups of every size
        monkeypatch.setattr(groups, "MAX_BRANCHES", 40)
        monkeypatch.setattr(groups, "MAX_INTERVALS", 25)
    engine = rp.compile(definitions)
    batch = engine.batch(texts)
    assert batch.odd
    flat = [leaves(load_exact(text)) for text in texts]
    rows = [
        [row for row, event in enumerate(flat) if one.pattern is None or matches(one.pattern.branches, event)]
        for one in definitions
    ]
    for name, kernel in kernels(definitions).items():
        found = kernel.match(batch)
        assert [found.of(i).tolist() for i in range(len(definitions))] == rows, name
        assert found.counts() == [len(some) for some in rows]


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 7, 64])
def test_what_was_matched_before_changes_nothing(step, monkeypatch):
    monkeypatch.setattr(classwise, "_BLOCK", 16)
    definitions, texts = some_world(9, 200, 150)
    engine = rp.compile(definitions)
    whole = as_lists(kernels(definitions)["masks"].match(engine.batch(texts)))
    for name, kernel in kernels(definitions).items():
        rows = [[] for _ in definitions]
        for start in range(0, len(texts), step):
            found = kernel.match(engine.batch(texts[start : start + step]))
            for i in range(len(definitions)):
                rows[i] += (found.of(i) + start).tolist()
        assert [row for some in rows for row in some] == whole[2], name
        assert as_lists(kernel.match(engine.batch(texts))) == whole, name


@pytest.mark.slow
@pytest.mark.parametrize("form", ["codes", "rows", "native"])
def test_threads_share_what_is_learned(form, monkeypatch):
    monkeypatch.setattr(classes, "MAX_STRINGS", 5)
    monkeypatch.setattr(classwise, "MAX_LEARNED_WORDS", 20)
    monkeypatch.setattr(codes, "MAX_CACHED_MATCHES", 500)
    definitions, texts = some_world(11, 150, 240)
    definitions += [
        rp.MetricDefinition(f"p{i}", pattern=rp.parse_pattern({"a": [{"suffix": str(i)}], "event_type": ["t"]}))
        for i in range(40)
    ]
    texts += [b'{"event_type":"t","a":"%d"}' % number for number in range(240)]
    Random(1).shuffle(texts)  # noqa: S311 - as above
    engine = rp.compile(definitions)
    batches = [engine.batch(texts[start : start + 20]) for start in range(0, len(texts), 20)] * 8
    forms = kernels(definitions)
    if form not in forms:
        pytest.skip("the extra fast is not installed")
    kernel = forms[form]
    expected = [as_lists(forms["masks"].match(batch)) for batch in batches]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(kernel.match, batches))
    finally:
        sys.setswitchinterval(before)
    assert [as_lists(one) for one in found] == expected


# --- columns that no decoder is needed for ---------------------------------------------------------------------------


def column(kinds, numbers=None, places=None, strings=()):
    n = len(kinds)
    return Column(
        np.array(kinds, np.uint8),
        np.zeros(n) if numbers is None else np.array(numbers, np.float64),
        np.zeros(n, np.int32) if places is None else np.array(places, np.int32),
        strings,
    )


def test_strings_that_occur_twice_in_a_dictionary():
    patterns = [{"event_type": ["t"], "a": [text]} for text in ("x", "y", {"prefix": "x"}, {"anything-but": "x"})]
    definitions = [rp.MetricDefinition(str(i), pattern=rp.parse_pattern(one)) for i, one in enumerate(patterns)]
    strings = column([Kind.STRING] * 6, None, [0, 1, 2, 3, 1, 0], ("x", "y", "x", "z"))
    types = column([Kind.STRING] * 6, None, [0, 1, 2, 0, 1, 2], ("t", "t", "u"))
    batch = EventBatch(6, {"a": strings, EVENT_TYPE: types}, {}, range(6))
    for kernel in kernels(definitions).values():
        found = kernel.match(batch)
        assert [found.of(i).tolist() for i in range(4)] == [[0], [1, 4], [0], [1, 3, 4]]


@pytest.mark.parametrize("count", [3, 30, 300])
def test_numbers_next_to_thresholds(count):
    draw = Random(count)  # noqa: S311 - as above
    thresholds = sorted({-0.0, 5e-324, 1e308, -1e308, *(draw.uniform(-2, 2) for _ in range(count))})
    definitions = [
        rp.MetricDefinition(f"{operator}{bound}", pattern=rp.parse_pattern({"a": [{"numeric": [operator, bound]}]}))
        for bound in thresholds
        for operator in (">", ">=", "<", "<=", "=")
    ]
    largest = 1.7976931348623157e308
    numbers = [0.0, largest, -largest, *thresholds]
    numbers += [float(np.nextafter(number, way)) for number in thresholds for way in (3, -3)]
    kinds = [Kind.NUMBER] * len(numbers)
    types = column([Kind.MISSING] * len(numbers))
    batch = EventBatch(len(numbers), {"a": column(kinds, numbers), EVENT_TYPE: types}, {}, range(len(numbers)))
    values = np.array(numbers)
    for name, kernel in kernels(definitions).items():
        found = kernel.match(batch)
        expected = [
            rows
            for bound in thresholds
            for rows in (values > bound, values >= bound, values < bound, values <= bound, values == bound)
        ]
        assert [found.mask(i).tolist() for i in range(len(definitions))] == [rows.tolist() for rows in expected], name


def test_many_event_types():
    definitions = [
        rp.MetricDefinition(f"m{i}", pattern=rp.parse_pattern({"event_type": [f"t{i % 50}", f"t{i % 7}"]}))
        for i in range(200)
    ]
    events = [{"event_type": f"t{number % 60}"} for number in range(300)]
    batch = rp.compile(definitions).batch(events)
    expected = [[row for row in range(300) if row % 60 in (i % 50, i % 7)] for i in range(200)]
    for kernel in kernels(definitions).values():
        found = kernel.match(batch)
        assert [found.of(i).tolist() for i in range(200)] == expected


def test_patterns_of_nothing_but_a_type():
    definitions = [rp.MetricDefinition(f"m{i}", pattern=rp.parse_pattern({"event_type": ["t"]})) for i in range(20)]
    batch = rp.compile(definitions).batch([{"event_type": "t"}, {"event_type": "u"}, {"event_type": "t"}])
    for kernel in kernels(definitions).values():
        assert kernel.match(batch).rows.tolist() == [0, 2] * 20


@given(st.lists(lines(st.just('{"event_type":"t","a":1}')), max_size=3))
def test_any_lines(texts):
    definitions = [rp.MetricDefinition(str(i), pattern=rp.parse_pattern({"event_type": ["t"]})) for i in range(20)]
    batch = rp.compile(definitions).batch(texts)
    forms = kernels(definitions)
    assert len({str(as_lists(kernel.match(batch))) for kernel in forms.values()}) == 1
