"""Law: for every line the masks of the engine are those of the reference matcher, and it rejects the same lines."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.columns.fields import with_derived_fields
from rumpattern.pattern.reference import leaves, matches
from tests.support.exact_lines import read_exactly
from tests.support.examples import examples
from tests.support.strategies import ID_KEYS, ID_SCALARS, worlds


def check(sources, texts, application_name=None):
    patterns = [rp.parse_pattern(source) for source in sources]
    definitions = [rp.MetricDefinition(str(i), pattern=pattern) for i, pattern in enumerate(patterns)]
    engine = rp.Engine(definitions, application_name=application_name)
    batch = engine.batch(texts)
    want = read_exactly(texts)
    assert [index + 1 for index in batch.indices] == [number for number, _ in want.rows]
    assert [reject.line for reject in batch.rejects] == want.rejected
    assert [reject.text for reject in batch.rejects] == [texts[number - 1] for number in want.rejected]
    assert batch.blank == want.blank
    found = engine.match(batch)
    masks = [found.mask(i) for i in range(len(patterns))]
    for i, pattern in enumerate(patterns):
        answers = [
            matches(pattern.branches, leaves(with_derived_fields(event, application_name))) for _, event in want.rows
        ]
        assert np.array_equal(masks[i], np.array(answers, dtype=np.bool_)), sources[i]
    assert found.counts() == [int(np.count_nonzero(mask)) for mask in masks]
    return batch, masks


@settings(max_examples=examples(7))
@given(worlds())
def test_engine_equals_reference(world):
    batch, masks = check(*world)
    for row, index in enumerate(batch.indices):
        for source, mask in zip(world[0], masks, strict=True):
            assert rp.parse_pattern(source).matches(world[1][index]) is bool(mask[row])


@given(worlds(event_types=('"t"', '"u"')))
def test_columns_of_asked_event_types_equal_reference(world):
    check(*world)


@given(worlds(ID_KEYS, ID_SCALARS), st.sampled_from((None, "shop")))
@example((['{"sessionId":["x"]}'], [b'{"sessionId":"x"}', b'{"user_details":{"sessionId":1}}']), None)
def test_derived_fields_equal_reference(world, application_name):
    check(*world, application_name)
