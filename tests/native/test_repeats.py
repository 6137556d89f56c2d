"""Objects that are the same as in the event before: recognised as a whole, and never where they differ."""

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

TRIAL, MIN_SPAN = 16, 128  # as in shapes.c
PATHS = ("event_type", "m", "m.a", "m.b.c", "m.z", "a", "u.v")
OTHERS = {f"k{n}": f"value {n}" for n in range(12)}
SESSION = {"a": 7, **OTHERS, "b": {"c": "é", "d": [1, 2, {}]}, "z": None}


@pytest.fixture
def read(monkeypatch):
    """Give a function that reads lines by both readers and returns how often what was remembered changed."""
    made = keep_scratch(monkeypatch)
    facts = load_core().facts

    def scan(lines):
        block = b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines)
        assert_same_batch(Scanner(Decoder(PATHS)), TextLines(block), TextLines(block))
        size = facts["span_cache"]
        caches = made[-1].shapes[facts["shapes.spans"] :][: (facts["MAX_SPANS"] + 1) * size].reshape(-1, size)
        offset = facts["span_cache.changes"]
        return caches[1:, offset : offset + 4].copy().view(np.int32).ravel().tolist()

    return scan


def dumped(**members):
    return json.dumps({"event_type": "t", **members}, separators=(",", ":"), ensure_ascii=False)


def event(session, **members):
    return dumped(m=session, **members)


def test_the_same_object_again_and_again(read):
    first, *others = read([event(SESSION, a=n) for n in range(50)])
    assert first == 1 - 48  # walked once, remembered once, then recalled
    assert not any(others)


def test_objects_that_take_turns(read):
    sessions = [SESSION | {"a": n // 3, "z": "x" * (n // 3)} for n in range(120)]
    assert read([event(session, u={"v": n}) for n, session in enumerate(sessions)])[0] < 0


def test_objects_that_never_come_again_are_given_up(read):
    lines = [event({key: f"{value} {n}" for key, value in OTHERS.items()}) for n in range(1_000)]
    assert read(lines)[0] == TRIAL + 1


def test_what_changes_is_left_out(read):
    lines = [dumped(x=str(n), y=n, m=SESSION | {"a": n}) for n in range(200)]
    first, *others = read(lines)
    assert first < 5 * (TRIAL + 2) - 200  # it began with the type, x, y and a in turn
    assert not any(others)


def test_an_object_that_begins_now_with_a_number_now_with_a_string(read):
    lines = [event(SESSION | {"a": value}) for n in range(40) for value in (7, 7, 7, "7", "7", "7")]
    assert read(lines)[0] < -20


def test_numbers_are_given_back(read):
    lines = [dumped(**{f"x{n}": {f"k{k}": f"value {i} {k}" for k in range(8)}}) for n in range(40) for i in range(200)]
    assert min(read([*lines, *[event(SESSION)] * 200])) < -40


def test_objects_too_long_or_with_too_many_members(read):
    assert read([event(SESSION | {"a": "x" * 2_000})] * 30)[0] > 0
    assert read([event(SESSION | {"b": {"c": "x" * 700}})] * 30)[0] < 0
    members = {f"k{n}": n for n in range(60)}
    block = "\n".join([event(members)] * 30).encode()
    scanner = Scanner(Decoder(("event_type", *(f"m.{name}" for name in members))))
    assert_same_batch(scanner, TextLines(block), TextLines(block))


def test_short_objects_are_not_remembered(read):
    assert not any(read([event({"a": 1, "z": 2})] * 30))


def test_more_objects_than_are_remembered(read):
    lines = [json.dumps({"event_type": "t", f"k{n}": SESSION, "m": SESSION}) for n in range(100)]
    assert all(changes < 0 for changes in read([line for line in lines for _ in range(4)]))


@pytest.mark.parametrize("changes", [0, 100])
def test_every_byte_changed_between_two_that_are_the_same(read, changes):
    text = dumped(x=str(changes), m=SESSION, a=1).encode()
    lines = [dumped(x=str(n), m=SESSION, a=1).encode() for n in range(changes)]
    for place in range(len(text)):
        changed = {
            text[:place] + text[place + 1 :],
            text[:place] + b'"' + text[place:],
            text[:place] + b"}" + text[place:],
            text[:place] + b"0" + text[place + 1 :],
            text[:place] + bytes([text[place] ^ 1]) + text[place + 1 :],
            text[: place + 1],
        }
        lines += [line for broken in sorted(changed) for line in (text, text, broken)]
    read(lines)


def test_what_follows_the_object_changes(read):
    ends = (',"a":1}', ',"a":"x"}', "}", ',"u":{"v":1}}', " }", "}}", '0,"a":1}', ',"m":{"a":1}}', '"}', "]")
    for last in (SESSION, SESSION | {"z": 12}, SESSION | {"z": "s"}, list(SESSION.values())):
        text = event(last)
        read([text[:-1] + end for end in ends for _ in range(3)] * 2)


@pytest.mark.parametrize("length", range(MIN_SPAN - 2, MIN_SPAN + 70))
def test_objects_of_all_lengths(read, length):
    session = {"a": 1, "b": {"c": "x"}, "q": "y" * (length - 32), "z": "end"}
    read([event(session), event(session), event(session | {"z": "enD"}), event(session), event(session)] * 2)


def test_what_was_remembered_is_forgotten_with_the_shapes(monkeypatch):
    monkeypatch.setattr("rumpattern.columns.scan._MIN_ROWS", 5_000)  # so that all texts use the same room
    scanner = Scanner(Decoder(("event_type", "m.a", "m.z", "u.a", "a")))  # no nodes but those of values
    known = [event(SESSION, a=n) for n in range(20)]
    strange = [dumped(**{f"x{n}": 1, "y": [n]}) for n in range(600)]
    moved = [dumped(u=SESSION, a=n) for n in range(20)]
    for lines in ([*known, *strange], moved) * 2:
        block = "\n".join(lines).encode()
        assert_same_batch(scanner, TextLines(block), TextLines(block))
