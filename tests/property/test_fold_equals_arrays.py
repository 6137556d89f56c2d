"""Law: the compiled core derives and adds up what array operations do, and both what single samples add up to."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.aggregate.fold import Folder
from rumpattern.aggregate.groups import BatchAggregates
from rumpattern.aggregate.partial import Partial
from rumpattern.derive.policy import REASONS, Sample
from tests.support.core import needs_core
from tests.support.definition_strategies import definition_events, definition_lists
from tests.support.partials import statistics
from tests.support.strategies import lines

pytestmark = needs_core

EXTREME = (5e-324, 1e-300, 2.0**-79, 2.0**-78, 1e-9, 0.1, 1.5, 2.0**49, 2.0**50, 1e30, 2.0**360, -0.0, 0.0)
VALUES = st.one_of(st.sampled_from(EXTREME), st.sampled_from(EXTREME).map(lambda value: -value), st.floats(-1e9, 1e9))


def added(parts, definitions):
    partial, counts = Partial(), np.zeros((definitions, len(REASONS)), np.int64)
    for part in parts:
        partial.add(part)
        counts[part.definitions] += part.counts
    return statistics(partial), counts.tolist()


def both(definitions, batch, period=60):
    engine = rp.compile(definitions)
    matches = engine.match(batch(engine))
    folded = Folder(engine.deriver).fold(batch(engine), matches, period)
    arrays = map(BatchAggregates.of, engine.deriver.derive(batch(engine), matches, period))
    return added(folded, len(definitions)), added(arrays, len(definitions))


@given(
    definition_lists(),
    st.lists(lines(definition_events()), min_size=1, max_size=12),
    st.sampled_from((1, 60, 3600)),
)
def test_any_events(definitions, texts, period):
    folded, arrays = both(definitions, lambda engine: engine.batch(texts), period)
    assert folded == arrays


@given(st.lists(st.tuples(st.sampled_from("ab"), VALUES), min_size=1, max_size=20))
def test_sums_are_exact(observations):
    definition = rp.MetricDefinition("m", value_key="v", dimension_keys=(("d", "D"),))
    events = [{"event_timestamp": 0, "d": label, "v": value} for label, value in observations]
    (folded, _), (arrays, _) = both([definition], lambda engine: engine.batch(events))
    expected = Partial()
    expected.add_samples((0, Sample(value, (label, None), 0)) for label, value in observations)
    assert folded == arrays == statistics(expected)


def test_many_groups():
    keys = tuple((f"k{i}", f"K{i}") for i in range(12))
    definitions = [rp.MetricDefinition(f"m{i}", dimension_keys=keys) for i in range(3)]
    events = [
        {"event_timestamp": n * 7_000_000} | {f"k{i}": f"{(n * (i + 3)) % 97}" for i in range(12)} for n in range(500)
    ]
    folded, arrays = both(definitions, lambda engine: engine.batch(events))
    assert folded == arrays
    assert len(folded[0]) == 1_500


@pytest.mark.parametrize("most", [1, 700, 10**6])
def test_definitions_are_added_up_in_runs(most, monkeypatch):
    monkeypatch.setattr("rumpattern.aggregate.fold._MAX_SAMPLES", most)
    definitions = [
        rp.MetricDefinition(f"m{i}", value_key=("v", "w", None)[i % 3], dimension_keys=(("d", f"D{i}"),)[: i % 2])
        for i in range(12)
    ]
    events = [
        {"event_timestamp": n * 9_000, "d": f"{n % 5}", "v": n / 8, "w": 1e300 if n == 77 else n} for n in range(200)
    ]
    folded, arrays = both(definitions, lambda engine: engine.batch(events))
    assert folded == arrays
    assert len(folded[0]) > 12
