"""Law: however lines are cut into batches, and in whatever form they come, the masks and the samples are the same."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.aggregate.partial import Partial
from tests.support.definition_strategies import definition_events, definition_lists
from tests.support.partials import sample_rows, statistics
from tests.support.strategies import lines, worlds


def parts(texts, cuts):
    ends = sorted({0, len(texts), *(cut % (len(texts) + 1) for cut in cuts)})
    return [texts[start:end] for start, end in pairwise(ends)]


def masks_of(engine, batch):
    matches = engine.match(batch)
    return [matches.mask(i).tolist() for i in range(len(engine.plan.planned))]


CUTS = st.lists(st.integers(0, 30), max_size=4)


@given(worlds(), CUTS)
def test_masks_and_rejects(world, cuts):
    sources, texts = world
    texts = [text.removeprefix(b"\xef\xbb\xbf").removesuffix(b"\r") for text in texts]
    engine = rp.compile([rp.MetricDefinition(source, pattern=rp.parse_pattern(source)) for source in sources])
    block = b"".join(text + (b"\r\n" if number % 2 else b"\n") for number, text in enumerate(texts))
    whole, listed = engine.batch(block), engine.batch(texts)
    assert list(whole.indices) == list(listed.indices)
    assert [replace(reject, offset=0) for reject in whole.rejects] == list(listed.rejects)
    assert all(block[reject.offset :].startswith(reject.text) for reject in whole.rejects)
    assert whole.blank == listed.blank
    masks = masks_of(engine, whole)
    assert masks_of(engine, listed) == masks
    batches = [engine.batch(part) for part in parts(texts, cuts)]
    split = [masks_of(engine, batch) for batch in batches]
    assert [[flag for some in split for flag in some[i]] for i in range(len(sources))] == masks
    assert [reject.text for batch in batches for reject in batch.rejects] == [reject.text for reject in whole.rejects]


@given(definition_lists(), st.lists(lines(definition_events()), min_size=1, max_size=8), CUTS)
def test_samples_and_partials(definitions, texts, cuts):
    engine = rp.compile(definitions)

    def run(some):
        batch = engine.batch(some)
        matches = engine.match(batch)
        return batch, engine.derive(batch, matches), list(engine.grouped(batch, matches))

    whole, samples, tables = run(texts)
    runs = [run(part) for part in parts(texts, cuts)]
    together = Partial()
    for _, _, some in reversed(runs):
        for table in some:
            together.add(table)
    alone = Partial()
    for table in tables:
        alone.add(table)
    for i, of_definition in enumerate(samples):
        same = [some[i] for _, some, _ in runs]
        assert of_definition.matched == sum(part.matched for part in same)
        assert Counter(sample_rows(of_definition)) == sum((Counter(sample_rows(part)) for part in same), Counter())
        assert Counter(of_definition.dropped) == sum((Counter(part.dropped) for part in same), Counter())
    assert statistics(together) == statistics(alone)
    synthesised = sum((Counter(batch.synthesised) for batch, _, _ in runs), Counter())
    assert Counter(whole.synthesised) == synthesised
