"""Ignoring case: against all texts that a pattern stands for, and the key that look-ups use."""

import itertools
import sys

from hypothesis import given
from hypothesis import strategies as st

from rumpattern.pattern.casing import ends, equals, folded, forms, starts

LETTERS = (
    "aAkK\u212asS\u00df\u1e9e\u0131\u0130i\u0307\u0149\u02bcnN"
    "\u0390\u0399\u0308\u0301\ufb01fF\u01c5\U00010400\U00010428"
)
PATTERNS = st.text(LETTERS, max_size=4)


def texts(pattern):
    return {"".join(chosen) for chosen in itertools.product(*map(forms, pattern))}


@given(PATTERNS, st.text(LETTERS, max_size=6))
def test_any_value(pattern, value):
    assert equals(pattern, value) is (value in texts(pattern))
    assert starts(pattern, value) is any(value.startswith(text) for text in texts(pattern))
    assert ends(pattern, value) is any(value.endswith(text) for text in texts(pattern))


@given(PATTERNS, st.text(LETTERS, max_size=2), st.data())
def test_a_text_of_the_pattern(pattern, more, data):
    text = data.draw(st.sampled_from(sorted(texts(pattern))))
    assert equals(pattern, text)
    assert starts(pattern, text + more)
    assert ends(pattern, more + text)
    assert folded(text) == folded(pattern)
    assert folded(text + more) == folded(text) + folded(more)


def test_all_forms_of_a_character_have_its_key():
    cased = (char for char in map(chr, range(sys.maxunicode + 1)) if char.lower() != char.upper())
    assert [char for char in cased if {folded(form) for form in forms(char)} != {folded(char)}] == []
