"""Law: what a batch derives is what sample_event says of each of its matched events."""

from collections import Counter

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.columns.fields import with_derived_fields
from rumpattern.derive.policy import REASONS, Sample, sample_event
from tests.support.definition_strategies import definition_events, definition_lists
from tests.support.exact_lines import read_exactly
from tests.support.partials import sample_rows
from tests.support.strategies import lines


@given(
    definition_lists(),
    st.lists(lines(definition_events()), min_size=1, max_size=8),
    st.sampled_from((None, "shop", "")),
    st.sampled_from((1, 60, 3600)),
)
@example([rp.MetricDefinition("m", value_key="sessionId")], [b'{"user_details":{"sessionId":0}}'], None, 60)
def test_samples_equal_sample_event(definitions, texts, application_name, period):
    engine = rp.Engine(definitions, application_name=application_name)
    batch = engine.batch(texts)
    matches = engine.match(batch)
    events = [with_derived_fields(event, application_name) for _, event in read_exactly(texts).rows]
    for i, samples in enumerate(engine.derive(batch, matches, period)):
        mask = matches.mask(i).tolist()
        answers = [sample_event(definitions[i], event, period) for event, hit in zip(events, mask, strict=True) if hit]
        published = [(a.value, a.labels, a.start) for a in answers if isinstance(a, Sample)]
        dropped = Counter(answer for answer in answers if isinstance(answer, str))
        assert samples.definition == i
        assert samples.matched == len(answers)
        assert samples.published == len(published)
        assert Counter(sample_rows(samples)) == Counter(published)
        assert samples.dropped == dict(dropped)
        assert dropped.keys() <= set(REASONS[1:])
        assert np.all(samples.starts % period == 0)
