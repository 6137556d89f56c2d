"""Law: good text is read as the strict parser reads it; any text is a pattern or an error, never anything else."""

from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.jsontext import parse
from rumpattern.pattern.recover import parse_with_faults
from tests.support.strategies import json_text, pattern_texts


def check(text):
    try:
        pattern = rp.parse_pattern(text)
    except rp.PatternError:
        return
    assert rp.parse_pattern(str(pattern)) == pattern


@given(json_text())
def test_good_text_is_read_as_the_strict_parser_reads_it(text):
    assert parse_with_faults(text) == (parse(text), [])


@given(st.text("{}[]\",:'\ntrue01-. \n*$or", max_size=40) | st.text(max_size=20) | st.binary(max_size=40))
def test_any_text(text):
    check(text)


@given(pattern_texts(), st.integers(0, 1000), st.integers(0, 3), st.sampled_from(("", *"{}[]\",:\\ '1x")))
def test_a_pattern_with_a_slip(text, place, cut, put_in):
    start = place % (len(text) + 1)
    check(text[:start] + put_in + text[start + cut :])
