"""Law: patterns that are called equivalent match the same events, and the order of what they say does not matter."""

from dataclasses import replace
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.jsontext import JsonError
from tests.support.examples import examples
from tests.support.strategies import worlds


def answers(pattern, texts):
    for text in texts:
        try:
            yield pattern.matches(text)
        except JsonError:
            yield None


@settings(max_examples=examples(1 / 3))
@given(worlds(), st.randoms(use_true_random=False))
def test_any_order(world, random):
    def shuffled(items):
        return tuple(random.sample(items, len(items)))

    for pattern in map(rp.parse_pattern, world[0]):
        branches = (
            shuffled([replace(f, elements=shuffled(f.elements)) for f in branch]) for branch in pattern.branches
        )
        assert pattern.equivalent(rp.Pattern(shuffled(list(branches))))


@settings(max_examples=examples(1 / 3))
@given(worlds())
def test_equivalent_patterns(world):
    sources, texts = world
    patterns = [rp.parse_pattern(source) for source in sources]
    patterns += [rp.parse_pattern(f'{{"$or":[{one},{other}]}}') for one in sources for other in sources]
    for one, other in combinations(patterns, 2):
        if one.equivalent(other):
            assert list(answers(one, texts)) == list(answers(other, texts))
