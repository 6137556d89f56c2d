"""Law: lines that are decoded as one array are the events of each line, or are not decoded so."""

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rumpattern.columns.decode import load_joined
from rumpattern.input.exact import load
from rumpattern.input.lines import JoinedLines, TextLines

FRAGMENTS = (
    *("{", "}", "[", "]", ",", ":", '"', "\\", " ", "\r", "\ufeff", "\0", "\x7f", "\\u007f", "é"),
    *("0", "1.0", "1.50", "-0", "null", '"\\u007f"', '"\x7f"', '{},"\\u007f",{}', "{},{}"),
    *("{}", '{"a":1}', '{"a":[{}', "{}]}", '{"a":1,"a":2}', '{"a":"x', 'y"}', '{"a":"x\\', '{"a b":" "}'),
    *('{"a":"\\u007f"}', '{"a":"\\ud800"}', '{"a":{"b":[]}}', '{"a":123456789012345678901}'),
)
LINES = st.lists(st.lists(st.sampled_from(FRAGMENTS), max_size=4).map("".join), min_size=1, max_size=6)
EVENTS = st.lists(st.sampled_from(("{}", '{"a":1}', ' {"a" : "b c"}\r', '{"a":[{"b":null}]}')), min_size=1, max_size=6)


def joined(lines):
    content = "".join(f"{line}\n" for line in lines).encode()
    chunk = JoinedLines.join(TextLines(content), 0, content)
    return None if chunk is None else load_joined(chunk)


@given(LINES)
@example(["{},{}"])
@example(['{},"\\u007f",{}', "{}"])
@example(['{"a":[{}', "{}]}"])
@example(['{},"\\u007f"', "{}"])
@example(['{"a":"x', 'y"}'])
@example(['{"a":1,"a":2}', "{}"])
def test_any_lines(lines):
    events = joined(lines)
    if events is not None:
        assert [orjson.dumps(event) for event in events] == [orjson.dumps(load(line.encode())) for line in lines]
        assert {type(event) for event in events} == {dict}


@given(EVENTS)
def test_plain_events_are_decoded_so(lines):
    assert joined(lines) == [orjson.loads(line) for line in lines]


@pytest.mark.parametrize(
    "line", ["{} {}", "{},{}", "", "1", '{"a":1,"a":2}', '{"a":1.50}', '{"a":"\x7f"}', "\ufeff{}", "{}\0"]
)
def test_what_is_no_plain_event_is_not(line):
    assert joined(["{}", line, "{}"]) is None
