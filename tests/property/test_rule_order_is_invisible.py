"""Law: the order of definitions, and what other definitions there are, change no mask."""

from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from tests.support.strategies import worlds


@given(st.one_of(worlds(), worlds(event_types=('"t"', '"u"'))), st.randoms(use_true_random=False))
def test_masks_move_with_their_definitions(world, random):
    sources, texts = world
    patterns = [rp.parse_pattern(source) for source in sources]
    order = list(range(len(patterns)))
    random.shuffle(order)

    def masks(some):
        engine = rp.compile([rp.MetricDefinition(str(i), pattern=patterns[i]) for i in some])
        matches = engine.match(engine.batch(texts))
        return [matches.mask(i).tolist() for i in range(len(some))]

    in_order = masks(range(len(patterns)))
    assert masks(order) == [in_order[i] for i in order]
    assert [masks([i])[0] for i in order] == [in_order[i] for i in order]
