"""Events read by shapes: what is learned, and what does not fit."""

import json

import numpy as np
import pytest

from rumpattern.columns.decode import Decoder
from rumpattern.columns.scan import Scanner
from rumpattern.input.lines import TextLines
from rumpattern.native.library import load_core
from tests.support.batches import assert_same_batch
from tests.support.core import keep_scratch, needs_core

pytestmark = needs_core

PATHS = ("a", "b.c", "event_type", "z")


@pytest.fixture
def learned(monkeypatch):
    """Give a function that scans lines, compares with the decoder, and returns how many nodes were learned."""
    decoder = Decoder(PATHS)
    scanner = Scanner(decoder)
    made = keep_scratch(monkeypatch)
    offset = load_core().facts["shapes.node_count"]

    def scan(lines):
        block = "\n".join(lines).encode()
        assert_same_batch(scanner, TextLines(block), TextLines(block))
        return int(made[-1].shapes[offset : offset + 4].view(np.uint32)[0])

    return scan


def test_one_shape_is_learned_once(learned):
    lines = [json.dumps({"event_type": "t", "a": n, "b": {"c": str(n)}, "q": [n, None, "é"]}) for n in range(100)]
    assert learned(lines) == 7


def test_strings_and_scalars_in_one_place_are_two_ways(learned):
    values = ('"x"', "1", "null", "-0.5", "true", '""', '"\\n"', '"é"', "1e5", "[]", "{}", '{"c":1}')
    lines = [f'{{"event_type":"t","a":{value},"z":1}}' for value in values]
    assert learned(lines * 3) > 4


def test_wanted_objects_are_noted(learned):
    lines = ['{"event_type":"t","a":{"x":1,"y":"z"},"z":2}', '{"event_type":"t","a":{},"z":2}'] * 3
    assert learned(lines) == 8


@pytest.mark.parametrize("length", range(40, 52))
def test_strings_and_then_numbers_behind_texts_of_all_lengths(learned, length):
    key = "k" * length
    before = [f'{{"event_type":"t","a":1,"{key}":"s"}}']
    nodes = learned(before)
    assert learned([f'{{"event_type":"t","a":1,"{key}":{n}}}' for n in range(600)] + before) <= nodes + 4


@pytest.mark.parametrize("length", range(50, 120))
def test_texts_of_all_lengths_between_values(learned, length):
    key = "k" * length
    lines = [f'{{"event_type":"t","{key}":{n},"z":"{key}"}}' for n in (1, 2, 3)]
    lines += [f'{{"event_type":"t","{key[:-1]}j":1,"z":"{key[:-1]}"}}', f'{{"event_type":"t","{key}":1 }}']
    assert learned(lines * 2) > 5


def test_keys_that_never_repeat_do_not_fill_one_place(learned):
    assert learned([f'{{"k{n}":1,"event_type":"t"}}' for n in range(1_000)]) < 200


def test_more_shapes_than_there_is_room_for(learned):
    lines = [
        json.dumps({"event_type": "t", **{f"k{n >> i & 7}{i}": i for i in range(12)}, "a": n}) for n in range(4_000)
    ]
    assert learned([line for new in lines for line in (lines[0], new, lines[0])]) == 4_095


def test_shapes_are_given_up_where_they_do_not_repeat(learned):
    lines = [
        json.dumps({f"k{i}": 1 for i in (n % 7, n % 11, n % 13, n % 17)} | {"event_type": "t"}) for n in range(900)
    ]
    assert learned(lines) < learned([line for new in lines for line in (lines[0], new, lines[0])])


def test_more_values_than_are_followed(learned):
    assert learned([json.dumps({"event_type": "t", "q": list(range(600)), "a": 1})] * 3) == 0


def test_spaces_belong_to_a_shape(learned):
    lines = ['{"event_type" : "t", "a":1}', '{"event_type":"t","a": 1 }', ' {"event_type":"t","a":1}\t', '{"a":1}']
    assert learned(lines * 2) > 6


@pytest.mark.parametrize("escapes", ['\\"', '\\"\\"', '\\"' * 10, "\\\\", '\\\\\\"', '\\n\\"'])
@pytest.mark.parametrize("length", [1, 2, 30, 46, 47, 48, 49, 50, 51, 100])
def test_quotes_that_are_escaped_in_keys_nobody_wants(learned, escapes, length):
    key = "k" * length + escapes + "k"
    usual = [f'{{"event_type":"t","q":{{"{key}":{n}}},"a":{n},"z":"{n}"}}' for n in range(3)]
    others = [
        f'{{"event_type":"t","q":{{"{key}":"z"}},"b":{{"c":"d","kkk":7}},"a":3}}',
        f'{{"event_type":"t","q":{{"{key}":"zz",7}},"a":3}}',
        f'{{"event_type":"t","q":{{"{key}":1,"y":"{"x" * 200}"}},"a":"3"}}',
        f'{{"event_type":"t","q":{{"{escapes}{key}":1}},"b":{{"c":"d"}},"a":3}}',
    ]
    learned([line for other in others for line in (*usual, other, other)] * 2)


def test_a_line_after_a_longer_one_does_not_see_its_quotes(learned):
    line = '{"event_type":"t","q":{"a' + '\\"' * 10 + 'b":%s},"a":3,"z":"e"}'
    long = json.dumps({"event_type": "t", "y": ["x" * 9] * 9_000})
    learned([line % 1, line % 2, long, line % 3, line % '"s"', long, line % '"s"'])


def test_what_follows_a_known_shape_is_a_fault():
    lines = [
        '{"event_type":"t","a":1}',
        '{"event_type":"t","a":1}}',
        '{"event_type":"t","a":1} x',
        '{"event_type":"t"}',
    ]
    decoder = Decoder(PATHS)
    block = "\n".join(lines * 2).encode()
    found = [len(reader.decode(TextLines(block)).rejects) for reader in (Scanner(decoder), decoder)]
    assert found == [4, 4]


def test_texts_with_more_lines_than_the_last_one():
    decoder = Decoder(PATHS)
    scanner = Scanner(decoder)
    for padding in (1_000, 1, 300):
        lines = [json.dumps({"event_type": "t", "a": n, "q": "x" * padding}) for n in range(6_000)]
        block = "\n\n".join([*lines, "", "x"]).encode()
        batch = scanner.decode(TextLines(block))
        assert (len(batch), batch.blank, len(batch.rejects)) == (6_000, 6_002, 1)
        assert batch.columns["a"].numbers.tolist() == list(range(6_000))


def test_shapes_that_do_not_repeat_are_forgotten(learned):
    assert learned([f'{{"event_type":"t","a{n}":{n}}}{" " * 60}' for n in range(1_000)]) == 0
    lines = [f'{{"event_type":"t","a":{n}}}' for n in range(100)]
    assert learned(lines) == learned(lines) == 3


def test_shapes_of_a_plan_with_more_members_are_forgotten(monkeypatch):
    made = keep_scratch(monkeypatch)
    lines = TextLines(b'{"event_type":"t","a":1,"b":{"c":"x"},"z":2}\n' * 30)
    many = tuple(f"A{n:04d}" for n in range(500))
    Scanner(Decoder((*many, *PATHS))).decode(lines)
    used = made[-1].shapes
    scanner = Scanner(Decoder(PATHS))
    scanner.decode(lines)
    assert len(made) == 2
    made[-1].shapes[:] = used
    assert_same_batch(scanner, lines, lines)


@pytest.mark.parametrize(("first", "then"), [("0", "0.125"), ("1234", "1234.5")])
def test_whole_numbers_do_not_keep_fractions_from_their_shape(learned, first, then):
    lines = [f'{{"event_type":"t","a":{value},"z":1}}{" " * 60}' for value in [first, *[then] * 600]]
    assert learned(lines) == 4  # had most of them been walked, all would be forgotten


WIDE = "w" * 40
CHANGES = [
    f'"{WIDE}"',
    f'"{WIDE[1:]}"',
    f'"{WIDE}x"',
    f'"{WIDE[2:]}\\""',
    f'"{WIDE[2:]}\\n"',
    f'"{WIDE[2:]}\u00e9"',
    f'"{WIDE[1:]}\x01"',
    f'"{WIDE}',
    "12345",
    "1234",
    "123456",
    "01234",
    "-1234",
    "123.5",
    "12e34",
    "1234.",
    "12345e1",
    "12345.5",
    "12345E",
    "true",
    "[]",
    *(f'"{"x" * width}"' for width in range(59, 68)),
    *("9" * width for width in (1, 15, 16, 17, 18, 19, 24, 25, 62, 63, 64, 65)),
    "0",
    "7",
]


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("key", ["a", "q"])
def test_a_value_that_is_no_longer_as_long(learned, change, key):
    for usual in CHANGES:
        values = (usual, usual, change, usual, change, change, usual)
        learned([f'{{"event_type":"t","{key}":{value},"z":1}}' for value in values])
