"""Law: an engine of one field, asked about all scalars that events may hold, answers as the reference matcher.

The law for whole events (``test_engine_equals_reference``) draws any nesting, so that few of its rows reach the
predicates of columns with a value that matches. Here every row does: one plain field, and the values of the elements,
alone and in arrays. One definition is matched by masks, several by classes; then every event by itself.
"""

import json
from dataclasses import replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.jsontext import load_exact
from tests.support.examples import examples
from tests.support.strategies import SCALARS, STRINGS, elements, text_elements

TEXTS = [json.loads(text) for text in STRINGS if "\\ud" not in text]
VALUES = [scalar for scalar in SCALARS if "\\ud" not in scalar]
NEARBY = [json.dumps(f"{one}{other}") for one in TEXTS for other in ("x", "/", "*")]
PAIRS = [f"[{one},{other}]" for one, other in pairwise([*VALUES, *VALUES[::3], *VALUES[::7]])]
ARRAYS = ["[]", *(f"[{value}]" for value in VALUES), *PAIRS, f"[{','.join(VALUES[::5])}]"]
LINES = [f'{{"a":{value}}}' for value in dict.fromkeys([*VALUES, *NEARBY, *ARRAYS])]
EVENTS = [load_exact(line) for line in LINES]

N_EXAMPLES = max(50, examples(1))  # so many that each operator is among them


@settings(max_examples=N_EXAMPLES)
@given(st.lists(elements() | text_elements(TEXTS), min_size=1, max_size=3))
def test_every_scalar(some_elements):
    pattern = rp.parse_pattern(f'{{"a":[{",".join(some_elements)}]}}')
    expected = [pattern.matches(line) for line in LINES]
    other = rp.MetricDefinition("n", pattern=rp.parse_pattern('{"a":["other"]}'))
    for others in ([], [other] * 5):
        engine = rp.compile([rp.MetricDefinition("m", pattern=pattern), *others])
        batch = engine.batch("\n".join(LINES))
        assert len(batch) == len(LINES)
        assert engine.match(batch).mask(0).tolist() == expected
        one_by_one = replace(batch, odd=dict(enumerate(EVENTS)))
        assert engine.match(one_by_one).mask(0).tolist() == expected
    assert len(batch.odd) < len(LINES) // 5  # columns answer for most rows, or the law says little


@settings(max_examples=N_EXAMPLES)
@given(text_elements(TEXTS))
def test_many_of_one_operator(element):
    others = [f'"{number}"' for number in range(50)]
    pattern = rp.parse_pattern(f'{{"a":[{",".join([element, *others])}]}}')
    engine = rp.compile([rp.MetricDefinition("m", pattern=pattern)])
    expected = [pattern.matches(line) for line in LINES]
    assert engine.match(engine.batch("\n".join(LINES))).mask(0).tolist() == expected
