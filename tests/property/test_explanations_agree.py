"""Law: an explanation decides as the matcher does, and the reasons of a batch are those of its events added up."""

from collections import Counter

from hypothesis import given

import rumpattern as rp
from rumpattern.columns.decode import Decoder
from rumpattern.input.lines import EventList
from rumpattern.match.reasons import build_reasons
from rumpattern.pattern.misses import Miss
from tests.support.strategies import worlds

ABSENT = {Miss.OTHER_PATH: Miss.ABSENT, Miss.OBJECT: Miss.ABSENT}


def causes(explanation):
    nearest = explanation.nearest
    if nearest.reason:
        yield None, nearest.reason.kind
    for field in nearest.failing:
        yield field.path, ABSENT.get(field.reason.kind, field.reason.kind)


@given(worlds())
def test_reasons_of_a_batch(world):
    sources, texts = world
    records = EventList(texts, [(number, 0) for number in range(len(texts))])
    for pattern in map(rp.parse_pattern, sources):
        batch = Decoder(pattern.paths).decode(records)
        events = [texts[index] for index in batch.indices]
        explanations = [pattern.explain(event) for event in events]
        assert [explanation.matches for explanation in explanations] == [pattern.matches(event) for event in events]
        misses = [explanation for explanation in explanations if not explanation.matches]
        assert all(field.reason is not None for miss in misses for field in miss.nearest.failing)
        expected = Counter(cause for miss in misses for cause in causes(miss))
        reasons = build_reasons(pattern)
        found = reasons.add(batch)
        assert (found == 0).tolist() == [explanation.matches for explanation in explanations]
        together = Counter()
        for (path, kind), count in reasons.causes.items():
            together[path, ABSENT.get(kind, kind)] += count
        assert together == expected
        assert (reasons.events, reasons.matched) == (len(events), len(events) - len(misses))
