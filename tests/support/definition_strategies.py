"""Definitions with value keys and dimensions, and events that have or lack what these name."""

from hypothesis import strategies as st

import rumpattern as rp
from tests.support.strategies import members_of_an_event

VALUES = (
    "0", "-0.0", "1", "1.50", "-2.5", "1e150", "-1e109", "2.3485425827738332e108", "5e-324", "1e400", "-1e400",
    "1e-400", "9007199254740993", "1700000000123456789", "true", "false", "null",
    '"5"', '"1e3"', '"x"', '""', '" "', '"nan"',
    '"é"', '"a\\u0000b"', '"\\ud800"', '"\x7f"', '"' + "w" * 1024 + '"', '"' + "w" * 1025 + '"', "[]", "[1]", "[[2],3]",
    '["x"]', '[1,"x",null]', '["x","x"]', "[1e400]", '[{"x":1}]', "{}", '{"x":1}', '{"x":1,"x":2}',
)  # fmt: skip
TIMES = (
    "0", "-0", "59999", "60000", "60000.5", "6e4", "1700000000123", "1700000000123.75", "253402300799999",
    "253402300800000", "-1", "1e400", "9007199254740993", "null", '"60000"', "[60000]", "{}", "true",
)  # fmt: skip
PATHS = ("v", "d.a", "d.b", "event_type", "sessionId", "user_details.userId")
MEMBERS = {
    '"v"': st.sampled_from(VALUES),
    '"d"': st.one_of(
        st.tuples(st.sampled_from(VALUES), st.sampled_from(VALUES)).map(lambda two: f'{{"a":{two[0]},"b":{two[1]}}}'),
        st.sampled_from(VALUES),
    ),
    '"d.a"': st.sampled_from(VALUES),
    '"event_type"': st.sampled_from(('"t"', '"t"', '"t"', '"u"', "1")),
    '"event_timestamp"': st.sampled_from(TIMES),
    '"sessionId"': st.sampled_from(VALUES),
    '"user_details"': st.sampled_from(VALUES).map(lambda value: f'{{"sessionId":{value},"userId":"z"}}'),
    '"application_name"': st.sampled_from(('"shop"', '"shop"', "null", "7", "[]", '"é"', '""')),
}  # fmt: skip
GOOD = ('"event_timestamp"', '"event_type"')
TYPED = (
    '{"event_type":["t"]}',
    '{"event_type":["u","t"]}',
    '{"event_type":["u"],"d.a":[{"exists":true}]}',
    '{"event_type":["t"],"v":[{"exists":true}]}',
    '{"event_type":["w"],"d":{"b":[{"exists":false}]}}',
)
UNTYPED = (None, '{"v":[{"numeric":[">=",0]}]}')


@st.composite
def definition_events(draw: st.DrawFn) -> str:
    """Draw an event's text that is likely to be publishable: most have a good time stamp."""
    if draw(st.integers(0, 5)) == 0:
        return draw(members_of_an_event(MEMBERS))
    rest = draw(members_of_an_event({key: MEMBERS[key] for key in MEMBERS if key not in GOOD}))
    time = draw(st.sampled_from(("60000", "61000.5", "120000")))
    good = f'"event_timestamp":{time},"event_type":"{draw(st.sampled_from("ttuuw"))}"'
    return "{" + good + ("," + rest[1:] if len(rest) > 2 else "}")


@st.composite
def definition_lists(draw: st.DrawFn) -> list[rp.MetricDefinition]:
    """Draw one to three definitions, half of the time of known event types only."""
    patterns = st.sampled_from(TYPED if draw(st.booleans()) else (*UNTYPED, *TYPED))
    return [
        rp.MetricDefinition(
            f"m{number}",
            pattern=None if pattern is None else rp.parse_pattern(pattern),
            value_key=draw(st.sampled_from((None, *PATHS))),
            dimension_keys=tuple(
                (path, draw(st.sampled_from((path, "application_name"))) if i == 0 else path)
                for i, path in enumerate(draw(st.lists(st.sampled_from(PATHS), unique=True, max_size=3)))
            ),
        )
        for number, pattern in enumerate(draw(st.lists(patterns, min_size=1, max_size=3)))
    ]
