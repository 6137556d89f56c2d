"""Law: a pattern's text parses to an equal pattern, and so does a definition's request."""

import json

from hypothesis import given

import rumpattern as rp
from tests.support.definition_strategies import definition_lists
from tests.support.strategies import pattern_texts


@given(pattern_texts())
def test_pattern_text_parses_back(source):
    pattern = rp.parse_pattern(source)
    text = str(pattern)
    assert text.isascii()
    assert rp.parse_pattern(text) == pattern
    assert str(rp.parse_pattern(text)) == text
    assert rp.parse_pattern(text.encode()) == pattern


@given(definition_lists())
def test_definition_requests_load_back(definitions):
    requests = [definition.to_request() for definition in definitions]
    assert [rp.MetricDefinition.from_request(json.loads(json.dumps(request))) for request in requests] == definitions
    assert rp.load_definitions(requests) == definitions
    assert rp.load_definitions({"MetricDefinitions": requests}) == definitions
