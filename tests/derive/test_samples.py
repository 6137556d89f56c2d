"""Matches to samples: every reason that drops a sample, through columns and on the exact path."""

import numpy as np
import pytest

import rumpattern as rp
from rumpattern.derive.policy import REASONS, Sample, dimension_names, sample_event
from rumpattern.jsontext import load_exact

GOOD = '"event_timestamp":60000,"v":1,"d":"x"'
LONG = "w" * 1025
DROPS = [
    ("value_missing", '"event_timestamp":60000,"d":"x"'),
    ("value_null", '"v":null,"event_timestamp":60000,"d":"x"'),
    ("value_boolean", '"v":true,"event_timestamp":60000,"d":"x"'),
    ("value_boolean", '"v":false,"event_timestamp":60000,"d":"x"'),
    ("value_numeric_string", '"v":"5","event_timestamp":60000,"d":"x"'),
    ("value_numeric_string", '"v":" 1e3","event_timestamp":60000,"d":"x"'),
    ("value_string", '"v":"five","event_timestamp":60000,"d":"x"'),
    ("value_string", '"v":"nan","event_timestamp":60000,"d":"x"'),
    ("value_string", '"v":"","event_timestamp":60000,"d":"x"'),
    ("value_object", '"v":{},"event_timestamp":60000,"d":"x"'),
    ("value_object", '"v":{"w":1},"event_timestamp":60000,"d":"x"'),
    ("value_array", '"v":[1],"event_timestamp":60000,"d":"x"'),
    ("value_array", '"v":[],"event_timestamp":60000,"d":"x"'),
    ("value_array", '"v":1,"v":1,"event_timestamp":60000,"d":"x"'),
    ("value_not_finite", '"v":1e400,"event_timestamp":60000,"d":"x"'),
    ("value_not_finite", '"v":-1e400,"event_timestamp":60000,"d":"x"'),
    ("value_out_of_range", '"v":1e109,"event_timestamp":60000,"d":"x"'),
    ("value_out_of_range", '"v":2.348542582773834e108,"event_timestamp":60000,"d":"x"'),
    ("value_out_of_range", '"v":-1e109,"event_timestamp":60000,"d":"x"'),
    ("dimension_missing", '"v":1,"event_timestamp":60000'),
    ("dimension_null", '"d":null,"v":1,"event_timestamp":60000'),
    ("dimension_object", '"d":{},"v":1,"event_timestamp":60000'),
    ("dimension_array", '"d":["x"],"v":1,"event_timestamp":60000'),
    ("dimension_empty", '"d":"","v":1,"event_timestamp":60000'),
    ("dimension_empty", '"d":" ","v":1,"event_timestamp":60000'),
    ("dimension_too_long", f'"d":"{LONG}","v":1,"event_timestamp":60000'),
    ("dimension_not_ascii", '"d":"é","v":1,"event_timestamp":60000'),
    ("dimension_not_ascii", '"d":"\\ud800","v":1,"event_timestamp":60000'),
    ("dimension_control_character", '"d":"a\\tb","v":1,"event_timestamp":60000'),
    ("dimension_control_character", '"d":"\x7f","v":1,"event_timestamp":60000'),
    ("timestamp_missing", '"d":"x","v":1'),
    ("timestamp_not_a_number", '"event_timestamp":"60000","d":"x","v":1'),
    ("timestamp_not_a_number", '"event_timestamp":null,"d":"x","v":1'),
    ("timestamp_not_a_number", '"event_timestamp":{},"d":"x","v":1'),
    ("timestamp_not_a_number", '"event_timestamp":[60000],"d":"x","v":1'),
    ("timestamp_not_a_number", '"event_timestamp":true,"d":"x","v":1'),
    ("timestamp_out_of_range", '"event_timestamp":-1,"d":"x","v":1'),
    ("timestamp_out_of_range", '"event_timestamp":253402300800000,"d":"x","v":1'),
    ("timestamp_out_of_range", '"event_timestamp":1e400,"d":"x","v":1'),
]
DEFINITION = rp.MetricDefinition(
    "m", value_key="v", dimension_keys=(("d", "D"),), pattern=rp.parse_pattern({"z": [{"exists": False}]})
)


def run(*lines, definition=DEFINITION, period=60, **options):
    engine = rp.Engine([definition], **options)
    batch = engine.batch(list(lines))
    (samples,) = engine.derive(batch, engine.match(batch), period)
    return batch, samples


@pytest.mark.parametrize("oddness", ["", ',"z":[]', ',"z":[[]]'], ids=["columns", "array", "odd"])
@pytest.mark.parametrize(("reason", "members"), DROPS, ids=[f"{reason}-{i}" for i, (reason, _) in enumerate(DROPS)])
def test_reason(reason, members, oddness):
    line = f"{{{members}{oddness}}}"
    batch, samples = run(line, f"{{{GOOD}}}")
    assert (0 in batch.odd) or oddness != ',"z":[[]]'
    assert (samples.matched, samples.published, samples.dropped) == (2, 1, {reason: 1})
    assert sample_event(DEFINITION, load_exact(line), 60) == reason


def test_every_reason_has_an_event():
    assert {reason for reason, _ in DROPS} == set(REASONS[1:])


def test_the_first_reason_counts():
    assert run('{"d":null}')[1].dropped == {"value_missing": 1}
    assert run('{"v":1,"d":null}')[1].dropped == {"dimension_null": 1}


@pytest.mark.parametrize(
    ("members", "value", "label", "start"),
    [
        ('"event_timestamp":60000,"v":1.50,"d":"x"', 1.5, "x", 60),
        ('"event_timestamp":59999.9,"v":-0.0,"d":"true"', 0.0, "true", 0),
        ('"event_timestamp":-0.0,"v":0,"d":true', 0.0, "true", 0),
        ('"event_timestamp":1700000000123,"v":-3,"d":false', -3.0, "false", 1699999980),
        ('"event_timestamp":6e4,"v":1e-400,"d":1.50', 0.0, "1.5", 60),
        ('"event_timestamp":60000,"v":9007199254740993,"d":300.0', 9007199254740992.0, "300", 60),
        ('"event_timestamp":60000,"v":2.3485425827738332e108,"d":-0.0', 2.0**360, "0", 60),
        ('"event_timestamp":60000,"v":5e-324,"d":9007199254740993', 5e-324, "9007199254740993", 60),
        ('"event_timestamp":60000,"v":1,"d":1e400', 1.0, "1e400", 60),
        ('"event_timestamp":253402300799999,"v":1,"d":1e22', 1.0, "1e+22", 253402300740),
        (f'"event_timestamp":60000,"v":1,"d":"{LONG[1:]}"', 1.0, LONG[1:], 60),
        ('"event_timestamp":60000,"v":1,"d":" x "', 1.0, " x ", 60),
    ],
)
@pytest.mark.parametrize("oddness", ["", ',"z":[]', ',"z":[[]]'], ids=["columns", "array", "odd"])
def test_published(members, value, label, start, oddness):
    line = f"{{{members}{oddness}}}"
    _, samples = run(line)
    assert (samples.matched, samples.published, samples.dropped) == (1, 1, {})
    if samples.odd:
        assert samples.odd == (Sample(value, (label, None), start),)
    else:
        assert (samples.values.tolist(), samples.starts.tolist()) == ([value], [start])
        assert [part.texts[part.codes[0]] for part in samples.dimensions] == [label, None]
    assert sample_event(DEFINITION, load_exact(line), 60) == Sample(value, (label, None), start)


@pytest.mark.parametrize(("period", "start"), [(1, 3661), (60, 3660), (3600, 3600), (86400, 0)])
def test_period(period, start):
    assert run('{"event_timestamp":3661999,"v":1,"d":"x"}', period=period)[1].starts.tolist() == [start]


def test_without_value_key_every_event_counts_one():
    _, samples = run('{"event_timestamp":0}', '{"event_timestamp":0,"v":7}', definition=rp.MetricDefinition("m"))
    assert samples.values.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("member", "label"),
    [
        ('"application_name":"shop",', "shop"),
        ('"application_name":7,', "7"),
        ('"application_name":null,', None),
        ('"application_name":"",', None),
        ('"application_name":["shop"],', None),
        ("", None),
    ],
)
def test_the_application_dimension_may_be_unknown(member, label):
    _, samples = run(f"{{{member}{GOOD}}}")
    if samples.odd:
        assert samples.odd[0].labels == ("x", label)
    else:
        assert [part.texts[part.codes[0]] for part in samples.dimensions] == ["x", label]


def test_the_application_dimension_can_be_filled_in_or_redefined():
    _, samples = run(f"{{{GOOD}}}", application_name="shop")
    assert [part.texts[part.codes[0]] for part in samples.dimensions] == ["x", "shop"]
    own = rp.MetricDefinition("m", dimension_keys=(("d", "application_name"), ("v", "V")))
    assert dimension_names(own) == ("application_name", "V")
    assert dimension_names(DEFINITION) == ("D", "application_name")
    _, samples = run(f"{{{GOOD}}}", definition=own, application_name="shop")
    assert [part.texts[part.codes[0]] for part in samples.dimensions] == ["x", "1"]


def test_many_labels_in_one_batch():
    values = ["x", "y", True, False, 1, 1.0, "1", "true", "x"]
    _, samples = run(*({"event_timestamp": 0, "v": i, "d": value} for i, value in enumerate(values)))
    labels = samples.dimensions[0]
    assert [labels.texts[code] for code in labels.codes] == ["x", "y", "true", "false", "1", "1", "1", "true", "x"]
    assert samples.values.tolist() == list(range(9))


def test_no_rows():
    _, samples = run()
    assert (samples.matched, samples.published, samples.dropped, samples.odd) == (0, 0, {}, ())
    assert (samples.values.dtype, samples.starts.dtype) == (np.float64, np.int64)
