"""Law: a block's result comes out of its bytes as it went in."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.aggregate.partial import Partial
from rumpattern.columns.readers import Reader
from rumpattern.engine import Engine
from rumpattern.input.blocks import Block
from rumpattern.input.formats import Form
from rumpattern.job.checkpoint.packing import pack_result, unpack_result
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings
from tests.support.core import READERS
from tests.support.definition_strategies import definition_events, definition_lists
from tests.support.partials import statistics
from tests.support.strategies import lines


def said(result, most):
    partial = Partial(most)
    for groups in result.groups:
        partial.add_groups(groups)
    partial.add_samples(result.odd_samples)
    rest = {name: getattr(result, name) for name in result.__slots__ if name not in {"groups", "sources", "counts"}}
    sources = [
        {name: getattr(source, name) for name in source.__slots__}
        | {"rejects": list(source.rejects), "codes": source.rejects.codes()}
        for source in result.sources
    ]
    return statistics(partial), sources, result.counts.tolist(), rest


def round_trips(definitions, data, settings, reader=Reader.ORJSON):
    engine = Engine(definitions, event_type_required=True, reader=reader)
    result = process_block(engine, Block(0, Form.NDJSON, 0, data), settings)
    expected = said(result, settings.exact_values)
    assert said(unpack_result(pack_result(result)), settings.exact_values) == expected
    return result


@given(definition_lists(), st.lists(lines(definition_events()), max_size=12), st.sampled_from((1, 150)))
def test_any_events(definitions, texts, exact_values):
    round_trips(definitions, b"\n".join(texts), Settings(60, exact_values=exact_values))


DEFINITIONS = [
    rp.MetricDefinition("v", value_key="v", dimension_keys=(("d", "D"),)),
    rp.MetricDefinition("n", dimension_keys=(("d", "D"), ("e", "E"))),
    rp.MetricDefinition("w", value_key="w"),
]


@pytest.mark.parametrize("reader", [*map(Reader, READERS)])
@pytest.mark.parametrize("exact_values", [150, 5_000])
def test_large_groups_and_rejects(reader, exact_values):
    events = [
        orjson.dumps({"event_type": "t", "event_timestamp": 1, "d": f"d{n % 3}", "v": n / 7, "w": -n}).decode()
        for n in range(2_000)
    ]
    broken = ["{", "{", '{"d": "\\ud800"', '{"event_type": 1}'] * 100
    odd = ['{"event_type": "t", "event_timestamp": 1, "d": "x", "v": 1, "e": [[1]]}']
    text = "\n".join([*events[:1_000], *broken, *odd, *events[1_000:]]).encode()
    result = round_trips(DEFINITIONS, text, Settings(60, exact_values=exact_values), reader)
    (source,) = result.sources
    assert source.rejects.codes().total() == len(source.rejects) == result.rejected == len(broken)
    (groups,) = [groups for groups in result.groups if len(groups.histograms)]
    assert sorted(groups.histograms) == [0, 1, 2]
    assert {counted.is_exact for counted in groups.histograms.values()} == {exact_values == 5_000}
