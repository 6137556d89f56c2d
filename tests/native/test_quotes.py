"""Where the quotes of a line are, and whether what stands in its strings is sound."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rumpattern.columns.decode import Decoder
from rumpattern.columns.scan import Scanner
from rumpattern.input.lines import TextLines
from rumpattern.native import PADDING
from rumpattern.native.library import load_core
from rumpattern.native.structures import Scan, Scratch, Span
from tests.support.batches import assert_same_batch
from tests.support.core import needs_core

pytestmark = needs_core

ROOM = 10_000


def found(text):
    """Return the places of the quotes that begin or end strings, None if they are not sound; and whether any escape."""
    core = load_core()
    padded = np.frombuffer(text + bytes(PADDING), np.uint8)
    places = np.full(ROOM + core.facts["QUOTES_MARGIN"], -1, np.int32)
    scan = Scan(scratch=Scratch(quotes=Span.of(places)), text=Span.of(padded), size=len(text))
    core.call("find_line_quotes", scan)
    count = scan.row_count
    return None if count > len(places) else places[:count].tolist(), bool(scan.walked_count)


def expected(text):
    """Return the same for a line of JSON tokens, from the strings that the library json finds."""
    places, place, scan = [], 0, json.decoder.scanstring
    while (begin := text.find('"', place)) >= 0:
        place = scan(text, begin + 1)[1]
        places += [begin, place - 1]
    return [len(text[:at].encode()) for at in places]


PIECES = ['"', '""', '"a"', '"\\""', '"\\\\"', '"é"', '"\\u00e9"', '"\U0001f600"', "{", "}", ":1,", "x" * 30, " ", "\t"]


@pytest.mark.parametrize("unit", ['\\"', "\\\\", "\\n", "\\u00e9", "é", "€", "\U0001f600", "a"])
@pytest.mark.parametrize("end", ["", "\n"])
def test_characters_at_every_place_of_a_block(unit, end):
    for length in range(140):
        line = f'{{"{"k" * length}{unit}":"{unit}{unit}"}}'
        assert found((line + end).encode()) == (expected(line), "\\" in unit)


@given(st.lists(st.sampled_from(PIECES[1:]), max_size=60), st.sampled_from(["", "\n", '\n"', "\n\\"]))
def test_sound_lines(pieces, end):
    line = "".join(pieces)
    assert found((line + end).encode()) == (expected(line), "\\" in line)


FAULTS = [b'"', b'"\n"', b'"\t"', b'"\x00"', b'"\x1f"', b'"\\x"', b'"\\u12"', b"\xc3\xa9", b"\\", b"\x01"]
NO_UTF_8 = [b'"\xc3"', b'"\xff"', b'"\xe2\x82"', b'"\xed\xa0\x80"', b'"\xf4\x90\x80\x80"', b'"\xc0\xaf"']


@pytest.mark.parametrize("fault", [*FAULTS, *NO_UTF_8])
def test_faults_at_every_place_of_a_block(fault):
    for length in range(140):
        assert found(b"x" * length + fault + b":1}")[0] is None
        assert found(b"x" * length + fault + b":1}\n")[0] is None


def test_lines_with_many_quotes():
    assert found(b'"' * (ROOM - 64))[0] == list(range(ROOM - 64))
    assert found(b'"' * (ROOM + 64))[0] is None
    assert found(b'"x",' * 2_000)[0] == [place for begin in range(0, 8_000, 4) for place in (begin, begin + 2)]


def test_lines_with_about_as_many_quotes_as_there_is_room_for(monkeypatch):
    monkeypatch.setattr("rumpattern.columns.scan._MAX_QUOTES", ROOM)
    most = ROOM // 4
    for members in (most - 40, most - 20, most - 1, most, most + 1, most + 20):
        line = json.dumps({"event_type": "t", **{f"k{n}": "" for n in range(members)}, "a": 1}).encode()
        block = b"\n".join([line, b'{"event_type":"t","a":2}', line])
        assert_same_batch(Scanner(Decoder(("event_type", "a"))), TextLines(block), TextLines(block))


def test_a_lone_surrogate_is_kept():
    assert found(b'{"a":"\\ud800"}') == ([1, 3, 5, 12], True)
