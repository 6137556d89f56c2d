"""Event lines to batches: kinds, odd rows, rejects and their places."""

import pytest

import rumpattern as rp
from rumpattern.columns import decode as decode_module
from rumpattern.columns.decode import Decoder
from rumpattern.columns.fields import Kind
from rumpattern.columns.readers import Reader
from rumpattern.engine import Engine
from rumpattern.input.formats import Form
from rumpattern.input.lines import EventList, TextLines
from rumpattern.jsontext import NumberText, Pairs
from tests.support.core import READERS

PATHS = ("a", "a.b", "c.d", "event_type")


def decode(block, **options):
    return Decoder(PATHS, **options).decode(TextLines(block))


def kinds(batch, path):
    return [Kind(kind).name for kind in batch.columns[path].kinds.tolist()]


def rejects(batch):
    return [(reject.line, reject.offset, reject.code, reject.text) for reject in batch.rejects]


def test_kinds_of_every_value():
    lines = [
        b'{"a":null}',
        b'{"a":true}',
        b'{"a":false}',
        b'{"a":0}',
        b'{"a":""}',
        b'{"a":{}}',
        b"{}",
        b'{"a":{"b":1}}',
    ]
    batch = decode(b"\n".join(lines))
    assert kinds(batch, "a") == ["NULL", "TRUE", "FALSE", "NUMBER", "STRING", "OBJECT", "MISSING", "OBJECT"]
    assert kinds(batch, "a.b") == ["MISSING"] * 7 + ["NUMBER"]
    assert batch.odd == {}


@pytest.mark.parametrize(
    "line", [b'{"z":1,"z":2,"a":1}', b'{"a":1,"c":{"z":1,"z":2,"d":1}}', b'{"a":1,"z":{"y":1,"y":2}}']
)
def test_repeated_keys_that_nothing_asks_for_are_not_odd(line):
    batch = decode(line)
    assert (batch.odd, kinds(batch, "a")) == ({}, ["NUMBER"])


@pytest.mark.parametrize(
    ("line", "event"),
    [
        (b'{"a":[1]}', {"a": [1]}),
        (b'{"a":[]}', {"a": []}),
        (b'{"c":[{"d":1}]}', {"c": [{"d": 1}]}),
        (b'{"a":1,"a":2}', Pairs([("a", 1), ("a", 2)])),
        (b'{"c":{"d":1,"d":1}}', {"c": Pairs([("d", 1), ("d", 1)])}),
        (b'{"a.b":1}', {"a.b": 1}),
        (b'{"c.d":1}', {"c.d": 1}),
        (b'{"c\\u002ed":1}', {"c.d": 1}),
        (b'{"a":1e400}', {"a": NumberText("1e400")}),
        (b'{"a":9007199254740993}', {"a": NumberText("9007199254740993")}),
        (b'{"a":18446744073709551616}', {"a": NumberText("18446744073709551616")}),
        (b'{"event_type":["t"]}', {"event_type": ["t"]}),
    ],
)
def test_odd_rows_keep_their_event(line, event):
    batch = decode(b'{"a":1}\n' + line + b'\n{"a":2}')
    assert batch.odd == {1: event}
    assert type(batch.odd[1]) is type(event)
    assert batch.regular().tolist() == [True, False, True]


@pytest.mark.parametrize(
    "line",
    [
        b'{"z":[1]}',
        b'{"z":{"y":1,"y":2}}',
        b'{"z":1e400}',
        b'{"z":9007199254740993}',
        b'{"z.y":1}',
        b'{"z":"\\ud800"}',
        b'{"a":"\\ud800"}',
        b'{"a":9007199254740992}',
        b'{"c":{"z":[1]}}',
    ],
)
def test_what_nobody_asks_for_makes_no_row_odd(line):
    batch = decode(line)
    assert (len(batch), batch.odd, batch.rejects) == (1, {}, ())


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (b"1.50", 1.5),
        (b"15e-1", 1.5),
        (b"1.5", 1.5),
        (b"-0.0", 0.0),
        (b"0e5", 0.0),
        (b"9007199254740992", 2.0**53),
        (b"9007199254740994", 2.0**53 + 2),
        (b"1e300", 1e300),
        (b"1" + b"0" * 22, 1e22),
        (b"0.1000", 0.1),
        (b"5e-324", 5e-324),
    ],
)
def test_number_spellings(text, number):
    batch = decode(b'{"a":%s}' % text)
    assert (kinds(batch, "a"), batch.columns["a"].numbers.tolist(), batch.odd) == (["NUMBER"], [number], {})


@pytest.mark.parametrize(
    ("line", "value"),
    [
        (b'{ "a" : "x y" }', "x y"),
        (b'\t{"a":\r"x y"} ', "x y"),
        (b'{"a":"\\u0078 y"}', "x y"),
        (b'{"\\u0061":"x y"}', "x y"),
        (b'{"a":"x\\/y"}', "x/y"),
        (b'{"a":"\\ud83d\\ude00"}', "\U0001f600"),
        ('{"a":"\U0001f600"}'.encode(), "\U0001f600"),
        (b'{"a":"\\ud800"}', "\ud800"),
        (b'{"a":"\\u0000"}', "\0"),
        (b'{"a":"\x7f"}', "\x7f"),
    ],
)
def test_whitespace_and_escapes(line, value):
    column = decode(line).columns["a"]
    assert column.strings[column.codes[0]] == value


def test_white_space_in_a_string_does_not_hide_a_repeated_key():
    batch = decode(b'{ "a" : "x y", "a" : "xy" }')
    assert batch.odd == {0: Pairs([("a", "x y"), ("a", "xy")])}


BLOCK = b'{"a":1}\n\n  \t\n{"a":\n{"a":2}\n[1]\n\xff\n5\n{"a":3}'


def test_rejects_have_line_and_offset():
    batch = decode(BLOCK)
    assert rejects(batch) == [
        (4, 13, "RP010", b'{"a":'),
        (6, 27, "RP011", b"[1]"),
        (7, 31, "RP014", b"\xff"),
        (8, 33, "RP011", b"5"),
    ]
    assert [BLOCK[reject.offset :].startswith(reject.text) for reject in batch.rejects] == [True] * 4
    assert (len(batch), batch.blank, list(batch.indices)) == (3, 2, [0, 4, 8])
    assert batch.columns["a"].numbers.tolist() == [1, 2, 3]


def test_reasons_of_rejects():
    lines = [
        b"{",
        b"nul",
        b'"x"',
        b"1e400",
        b'{"a":"\xed\xa0\x80"}',
        b'{"a":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'{"a":' + b"1" * 1001 + b"}",
    ]
    assert [(reject.code, reject.reason) for reject in decode(b"\n".join(lines)).rejects] == [
        ("RP010", "expected a member name in double quotes, found the end of the text (character 2)"),
        ("RP010", 'expected a value, found "nul" (character 1)'),
        ("RP011", "an event is a JSON object"),
        ("RP011", "an event is a JSON object"),
        ("RP014", "byte 0xed at offset 6 is not UTF-8 (invalid continuation byte)"),
        ("RP015", "JSON is nested deeper than 1000 levels"),
        ("RP016", "a number has 1001 characters; the limit is 1000"),
    ]


def test_depth_of_1000_levels_is_a_row():
    assert len(decode(b'{"a":' + b"[" * 999 + b"]" * 999 + b"}")) == 1


@pytest.mark.parametrize("block", [b"", b"\n", b"\r\n", b" ", b"\n\n\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_nothing_at_all(block):
    batch = decode(block)
    assert (len(batch), batch.rejects) == (0, ())


def test_carriage_returns_and_bom():
    batch = decode(b'\xef\xbb\xbf{"a":1}\r\n{"a":}\r\n\r\n{"a":2}\r\n')
    assert (len(batch), batch.blank, rejects(batch)) == (2, 1, [(2, 12, "RP010", b'{"a":}')])
    assert list(batch.indices) == [0, 3]


def test_a_bom_is_no_part_of_an_event_elsewhere():
    assert rejects(decode(b'{"a":1}\n\xef\xbb\xbf{"a":2}')) == [(2, 8, "RP010", b'\xef\xbb\xbf{"a":2}')]


def test_a_bare_carriage_return_ends_no_line():
    assert len(decode(b'{"a":1}\r{"a":2}\n').rejects) == 1


def test_many_lines_of_one_kind_and_one_other():
    block = b'{"a":1}\n' * 200 + b'{"a":"x"}\n' + b'{"a":1.50}\n' + b"?\n" + b'{"a":1}\n' * 200
    batch = decode(block)
    assert (len(batch), rejects(batch)) == (402, [(203, 200 * 8 + 10 + 11, "RP010", b"?")])
    assert kinds(batch, "a") == ["NUMBER"] * 200 + ["STRING"] + ["NUMBER"] * 201


def test_a_line_longer_than_a_chunk():
    long = b'{"a":"' + b"x" * 200_000 + b'"}'
    batch = decode(b'{"a":1}\n' + long + b'\n{"a":2}\nx')
    assert (len(batch), batch.rejects[0].line, batch.rejects[0].offset) == (3, 4, 8 + len(long) + 1 + 8)


# --- events that no client sends, and derived fields ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b'{"event_type":"t"}', None),
        (b'{"event_type":""}', None),
        (b"{}", "RP012"),
        (b'{"event_type":1}', "RP012"),
        (b'{"event_type":null}', "RP012"),
        (b'{"event_type":{}}', "RP012"),
        (b'{"event_type":1e400}', "RP012"),
        (b'{"resource":{"attributes":{}},"attributes":{"session.id":"s"}}', "RP013"),
        (b'{"attributes":{"session.id":"s"}}', "RP013"),
        (b'{"resource":{"attributes":{"service.name":"x"}}}', "RP013"),
    ],
)
def test_untyped_events(line, code):
    block = b'{"event_type":"t","a":1}\n' + line + b'\n{"event_type":"t","a":2}'
    batch = decode(block, event_type_required=True)
    if code is None:
        assert (len(batch), batch.rejects) == (3, ())
    else:
        assert rejects(batch) == [(2, 25, code, line)]
        assert batch.columns["a"].numbers.tolist() == [1, 2]
        assert list(batch.indices) == [0, 2]
    assert len(decode(block)) == 3


def test_odd_rows_move_up_when_untyped_ones_go():
    batch = decode(
        b'{"a":[1]}\n{"event_type":"t","a":[2]}\n{"a":1}\n{"event_type":"t","a":3}', event_type_required=True
    )
    assert batch.odd == {0: {"event_type": "t", "a": [2]}}
    assert [reject.line for reject in batch.rejects] == [1, 3]


def test_rejects_of_both_kinds_are_in_order():
    batch = decode(b'{}\n?\n{"event_type":"t"}\n{}\n?', event_type_required=True)
    assert [(line, code) for line, _, code, _ in rejects(batch)] == [
        (1, "RP012"),
        (2, "RP010"),
        (4, "RP012"),
        (5, "RP010"),
    ]


def typed(*patterns):
    return rp.compile([rp.MetricDefinition(pattern, pattern=rp.parse_pattern(pattern)) for pattern in patterns])


def test_columns_are_read_for_asked_types_only():
    batch = typed('{"event_type":["t"],"a":[1]}').batch(b'{"event_type":"t","a":1}\n{"event_type":"u","a":[2]}')
    assert (kinds(batch, "a"), kinds(batch, "event_type"), batch.odd) == (["NUMBER", "MISSING"], ["STRING"] * 2, {})


def test_each_type_has_its_own_columns():
    engine = typed('{"event_type":["t"],"a":[1]}', '{"event_type":["u"],"b":[1]}', '{"event_type":["t","v"],"c":[1]}')
    lines = [b'{"event_type":"%s","a":1,"b":1,"c":1}' % event_type for event_type in (b"u", b"t", b"v", b"w")]
    batch = engine.batch(b"\n".join(lines * 100))
    matches = engine.match(batch)
    assert [matches.mask(i).tolist() for i in range(3)] == [
        [False, True, False, False] * 100,
        [True, False, False, False] * 100,
        [False, True, True, False] * 100,
    ]


@pytest.mark.parametrize("line", [b'"c.d":1', b'"c":[{"d":1}]', b'"c":{"d":1,"d":2}', b'"c":{"d":9007199254740993}'])
def test_odd_rows_among_asked_types(line):
    engine = typed('{"event_type":["t"],"c":{"d":[{"exists":true}]}}')
    lines = [b'{"event_type":"u",%s}' % line, b'{"event_type":"t"}', b'{"event_type":"t",%s}' % line]
    batch = engine.batch(b"\n".join(lines * 100))
    assert list(batch.odd) == list(range(2, 300, 3))
    assert engine.match(batch).mask(0).tolist() == [False, False, True] * 100


@pytest.mark.parametrize("event_type", [b"1", b'["t"]', b"null", b'"u","event_type":"t"'])
def test_odd_event_types_are_asked(event_type):
    block = b'{"event_type":%s,"a":1}\n{"event_type":"t","a":2}' % event_type
    engine = rp.compile(
        [rp.MetricDefinition("m", pattern=rp.parse_pattern('{"event_type":["t"],"a":[{"exists":true}]}'))]
    )
    assert engine.match(engine.batch(block)).mask(0).tolist() == [b't"' in event_type, True]


def test_derived_fields_are_counted():
    definitions = [rp.MetricDefinition("m", value_key="sessionId", dimension_keys=(("user_details.userId", "U"),))]
    engine = rp.Engine(definitions, application_name="shop")
    batch = engine.batch(
        [
            b'{"user_details":{"sessionId":"s","userId":"u"}}',
            b'{"sessionId":"s","application_name":"other"}',
            b'{"userId":"u","application_name":null}',
            b"{}",
        ]
    )
    assert batch.synthesised == {
        "sessionId": 1,
        "user_details.userId": 1,
        "user_details.sessionId": 1,
        "userId": 1,
        "application_name": 2,
    }
    column = batch.columns["application_name"]
    names = [column.strings[code] for code, kind in zip(column.codes, column.kinds, strict=True) if kind == Kind.STRING]
    assert names == ["shop", "other", "shop"]


@pytest.mark.parametrize("value", [b"1", b"true", b"null", b"1e400", b"[1]", b"{}"])
def test_any_value_of_a_derived_field(value):
    definitions = [rp.MetricDefinition("m", value_key="sessionId", dimension_keys=(("sessionId", "S"),))]
    engine = rp.Engine([*definitions, rp.MetricDefinition("n", pattern=rp.parse_pattern({"sessionId": ["s"]}))])
    batch = engine.batch([b'{"sessionId":"s","event_timestamp":0}', b'{"user_details":{"sessionId":%s}}' % value])
    matches = engine.match(batch)
    assert matches.counts() == [2, 1]
    assert [samples.matched for samples in engine.derive(batch, matches)] == [2, 1]


# --- the lines of a logs export -------------------------------------------------------------------------------------


def test_export_lines():
    block = (
        b'2026-01-05T00:00:00.000Z {"a":1}\n'
        b"\n"
        b'2026-01-05T00:00:00Z\t{"a":}\r\n'
        b'{"a":2}\n'
        b'2026-01-05T00:00:01 {"a":3}\n'
        b" \n"
        b"2026-01-05 x\n"
    )
    batch = Decoder(PATHS).decode(TextLines(block, 1000, Form.LOGS_EXPORT))
    assert batch.columns["a"].numbers.tolist() == [1, 3]
    assert list(batch.indices) == [0, 4]
    assert batch.blank == 2
    assert rejects(batch) == [
        (3, 1034, "RP010", b'2026-01-05T00:00:00Z\t{"a":}'),
        (4, 1063, "RP017", b'{"a":2}'),
        (7, 1101, "RP017", b"2026-01-05 x"),
    ]


@pytest.mark.parametrize("line", [b"2026-01-05T00:00:00.000Z", b"2026-01-05T00:00:00.000Z "])
def test_an_export_line_without_json(line):
    batch = Decoder(PATHS).decode(TextLines(line, form=Form.LOGS_EXPORT))
    assert (len(batch), [reject.code for reject in batch.rejects], batch.blank) == (0, ["RP017"], 0)


# --- the forms that Engine.batch takes ------------------------------------------------------------------------------


def test_forms_of_input():
    engine = rp.compile([rp.MetricDefinition("m", pattern=rp.parse_pattern({"a": [1]}))])
    listed = [b'{"a":1}', '{"a":1.0}', {"a": 1}, b"", b"x", b' {"a":2}\r\n']
    batch = engine.batch(listed)
    assert (len(batch), batch.blank) == (4, 1)
    assert engine.match(batch).mask(0).tolist() == [True, True, True, False]
    assert [(reject.line, reject.text) for reject in batch.rejects] == [(5, b"x")]
    assert len(engine.batch(iter(listed))) == 4
    assert len(engine.batch([])) == len(engine.batch(b"")) == 0


def test_record_lines_keep_their_places():
    batch = Decoder(PATHS).decode(EventList([b'{"a":1}', b"x", b"y"], [(3, 10), (7, 99), (7, 99)]))
    assert rejects(batch) == [(7, 99, "RP010", b"x"), (7, 99, "RP010", b"y")]


@pytest.mark.parametrize("reader", READERS)
def test_large_events_make_small_batches(reader):
    engine = Engine([rp.MetricDefinition("m", value_key="a.b")], reader=Reader(reader))
    line = b'{"event_type":"x","a":[1],"z":"%b"}\n' % (b"x" * (1 << 20))
    batches = list(engine.batches(TextLines(line * 15, max_line=2 << 20)))
    assert sum(map(len, batches)) == sum(len(batch.odd) for batch in batches) == 15
    assert max(map(len, batches)) <= 5
    assert [index for batch in batches for index in batch.indices] == list(range(15))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        (b'{"event_type":"t"}', ("MISSING", "MISSING")),
        (b'{"event_type":"t","a":null}', ("NULL", "MISSING")),
        (b'{"event_type":"t","a":"s"}', ("STRING", "MISSING")),
        (b'{"event_type":"t","a":1.5}', ("NUMBER", "MISSING")),
        (b'{"event_type":"t","a":true}', ("TRUE", "MISSING")),
        (b'{"event_type":"t","a":{}}', ("OBJECT", "MISSING")),
        (b'{"event_type":"t","a":{"b":1}}', ("OBJECT", "NUMBER")),
    ],
)
def test_what_has_no_members_is_read_as_fast(monkeypatch, line, found):
    monkeypatch.setattr(decode_module, "_read_members", None)
    batch = decode(line)
    assert (kinds(batch, "a"), kinds(batch, "a.b")) == ([found[0]], [found[1]])
    assert not batch.odd


@pytest.mark.parametrize("event_type", ['"t"', "1", "[]"])
def test_very_many_paths_are_read_without_a_function_of_their_own(event_type):
    paths = tuple(f"a.p{n}" for n in range(3_000))
    batch = Decoder((*paths, "event_type")).decode(TextLines(f'{{"event_type":{event_type},"a":{{"p7":7}}}}'.encode()))
    assert [path for path in paths if kinds(batch, path) != ["MISSING"]] == ["a.p7"]


def test_many_lines_make_several_batches(monkeypatch):
    monkeypatch.setattr("rumpattern.columns.decode._MAX_LINES", 100)
    lines = TextLines(b"".join(b'{"a":%d}\nbad\n\n' % n for n in range(40_000)))
    batches = list(Decoder(("a",)).batches(lines))
    assert len(batches) > 2
    assert [value for batch in batches for value in batch.columns["a"].numbers.tolist()] == list(range(40_000))
    assert sum(batch.blank for batch in batches) == 40_000
    assert [reject.line for batch in batches for reject in batch.rejects] == list(range(2, 120_000, 3))
    assert sum(batch.line_count for batch in batches) == 120_000
