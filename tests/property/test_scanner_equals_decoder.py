"""Law: the compiled core reads every line as orjson does: the same rows, odd rows, rejects, blank lines and counts."""

import ctypes
import gzip
import itertools
import mmap
from contextlib import contextmanager

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.columns.decode import Decoder
from rumpattern.columns.scan import Scanner
from rumpattern.engine import Engine
from rumpattern.input.formats import Form
from rumpattern.input.lines import TextLines
from rumpattern.input.sources import BrokenSourceError, FileIdentity
from rumpattern.input.texts import FileText
from rumpattern.native import PADDING
from rumpattern.synth import events as synth
from tests.support.batches import assert_same_batch
from tests.support.core import needs_core
from tests.support.lines import EDGES, GOOD
from tests.support.paths import EVENTS, JSON_TEST_SUITE, ROOT
from tests.support.strategies import lines, worlds

pytestmark = needs_core

PATHS = ("a", "a.b", "c.d", "event_type", "event_details.value", "metadata.pageId")


def assert_same(decoder, block, *, offset=0, has_timestamp_prefix=False):
    form = Form.LOGS_EXPORT if has_timestamp_prefix else Form.NDJSON
    return assert_same_batch(Scanner(decoder), TextLines(block, offset, form), TextLines(block, offset, form))


TYPES = ('"t"', '"u"')


@given(worlds(event_types=TYPES), st.sampled_from((b"\n", b"\r\n", b"\n\n")), st.booleans())
def test_generated_events(world, end, required):
    patterns, texts = world
    definitions = [rp.MetricDefinition(source, pattern=rp.parse_pattern(source)) for source in patterns]
    engine = Engine(definitions, application_name="shop", event_type_required=required)
    for block in (end.join(texts), b"".join(text + end for text in texts)):
        assert_same(engine.decoder, block)


TIMES = st.sampled_from(
    (b"2026-01-05T00:00:00.000Z ", b"2026-01-05T00:00:00Z\t ", b"2026-01-05T00:00:00.Z ", b" ", b"")
)


@given(st.lists(st.tuples(TIMES, lines(st.just(GOOD.decode()))), max_size=8))
def test_lines_with_a_time(timed_lines):
    block = b"\n".join(time + text for time, text in timed_lines)
    assert_same(Decoder(PATHS), block, has_timestamp_prefix=True)


@pytest.mark.parametrize("line", EDGES)
def test_edges_alone_and_between_good_lines(line):
    for required in (False, True):
        decoder = Decoder(PATHS, event_type_required=required)
        for block in (line, line + b"\n", GOOD + b"\n" + line + b"\n" + GOOD, b"\xef\xbb\xbf" + line + b"\r\n" + GOOD):
            assert_same(decoder, block)
            assert_same(decoder, block, offset=7)


@pytest.mark.parametrize("letter", ["k", "é", "\\n"], ids=["plain", "beyond ASCII", "escape"])
@pytest.mark.parametrize("length", [*range(18), *range(44, 52), *range(58, 68), 127, 128, 300])
def test_every_length_of_keys_and_values(length, letter):
    key = "k" * (length - 1) + letter if length else ""
    quoted = f'"{key}"'
    path = f"a.{orjson.loads(quoted)}"
    decoder = Decoder([path, f"{path}.b"] if key else ["a"])
    sizes = (*range(8), *range(max(64 - length - 8, 0), 64 - length + 3), 63, 64, 65, 200)
    values = [f'"{text}"' for size in sizes for text in ("v" * size, "v" * size + letter)]
    members = [member for value in values for member in (f'"{key}":{value}', f'"{key}" : {value}', f'"{key}k":{value}')]
    lines = [f'{{"event_type":"t","a":{{{member}}},"{key}":1}}' for member in [*members, f'"{key}":{{"b":2}}']]
    assert_same(decoder, "\n".join(lines).encode())


def test_keys_whose_hashes_collide():
    keys = [f"metadata{number % 10}{number // 10}" for number in range(100)]
    lines = [orjson.dumps({"event_type": "t", key: number, f"{key}x": 1}) for number, key in enumerate(keys)]
    batch = assert_same(Decoder(keys), b"\n".join(lines))
    assert [batch.columns[key].numbers[number] for number, key in enumerate(keys)] == [*range(100)]


@pytest.mark.slow
def test_every_cut_of_a_text_into_blocks(realistic, decoder):
    lines = [*EDGES, *realistic[:60]]
    for cut in range(len(lines) + 1):
        before, after = b"".join(b"%b\n" % line for line in lines[:cut]), b"\n".join(lines[cut:])
        assert_same(decoder, before)
        assert_same(decoder, after, offset=len(before))


@pytest.mark.slow
def test_every_alignment_of_a_text():
    decoder, block = Decoder(PATHS), b"\n".join(EDGES)
    for shift in range(130):
        assert_same(decoder, b" " * shift + block)


def suite():
    """Return the files of JSONTestSuite, those that say nothing about lines left out."""
    found = sorted(JSON_TEST_SUITE.glob("*.json")) if JSON_TEST_SUITE.is_dir() else []
    return [pytest.param(path, id=path.stem) for path in found] or [
        pytest.param(None, marks=pytest.mark.skip(reason="JSONTestSuite is not at ../shared/data"))
    ]


@pytest.mark.slow
@pytest.mark.parametrize("path", suite())
def test_json_test_suite(path):
    text = path.read_bytes()
    places = (b"%b", b'{"event_type":"t","z":%b}', b'{"event_type":"t","a":%b}', b'{"event_type":"t","z":[%b,1],"a":2}')
    decoder = Decoder(PATHS)
    for place in places:
        line = place.replace(b"%b", text)
        for block in (line, GOOD + b"\n" + line + b"\n" + GOOD):
            assert_same(decoder, block)


@pytest.fixture(scope="module")
def realistic():
    return [line.rstrip(b"\n") for line in synth.lines(400, seed=5)]


@pytest.fixture(scope="module")
def decoder():
    definitions = rp.load_definitions(ROOT / "benchmarks" / "definitions.json")
    return Engine(definitions, application_name="shop", event_type_required=True).decoder


@pytest.mark.slow
def test_every_byte_of_realistic_events_corrupted(realistic, decoder):
    events = sorted(realistic, key=len)[:: len(realistic) // 50][:50]
    random = np.random.default_rng(3)
    for event in events:
        puts = random.integers(0, 256, len(event)).astype(np.uint8).tobytes()
        changed = [
            version
            for place in range(len(event))
            for version in (
                event[:place] + event[place + 1 :],
                event[:place] + bytes([event[place] ^ (1 << random.integers(8))]) + event[place + 1 :],
                event[:place] + puts[place : place + 1] + event[place:],
            )
        ]
        assert_same(decoder, b"\n".join([event, *changed]))


def test_the_fixtures(decoder):
    for path in sorted(EVENTS.glob("*.ndjson*")):
        data = path.read_bytes()
        assert_same(decoder, gzip.decompress(data) if path.suffix == ".gz" else data)


def test_a_part_of_a_file(realistic, decoder, tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"\n".join(realistic))
    offset = len(realistic[0]) + 1
    length = len(b"\n".join(realistic[1:30])) + 1
    lines = TextLines(FileText(path, stamp_of(path), length), offset)
    assert len(assert_same_batch(Scanner(decoder), lines, TextLines(b"\n".join(realistic[1:30]), offset))) == 29


def stamp_of(path):
    with path.open("rb") as file:
        return FileIdentity.of(file)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("piece", "longest"), list(itertools.product([1, 2, 7, 63, 64, 65, 1_000, 100_000], [150, 1_500, 100_000]))
)
def test_pieces_of_a_file(realistic, decoder, tmp_path, piece, longest):
    lines = [line for pair in zip(realistic, [*EDGES, b"", b" "] * 9, strict=False) for line in pair]
    path = tmp_path / "events.ndjson"
    for end in (b"", b"\n", b"\n\n", b"\n{"):
        block = b"\n".join(lines) + end
        path.write_bytes(block)
        in_file = TextLines(FileText(path, stamp_of(path), len(block)), max_line=longest)
        scanner = Scanner(decoder, piece, kept_bytes=3_000)
        assert_same_batch(scanner, in_file, TextLines(block, max_line=longest))


def test_a_file_that_becomes_shorter(realistic, decoder, tmp_path):
    path = tmp_path / "events.ndjson"
    path.write_bytes(b"\n".join(realistic))
    stamp = stamp_of(path)
    batches = Scanner(decoder, 100).batches(TextLines(FileText(path, stamp, 2 * stamp.size)))
    with pytest.raises(BrokenSourceError, match="it became shorter"):
        list(batches)


@pytest.mark.parametrize("room", [1, 2, 7, 100])
def test_more_lines_than_a_batch_takes(realistic, decoder, monkeypatch, room):
    monkeypatch.setattr("rumpattern.columns.scan._MIN_ROWS", room)
    monkeypatch.setattr("rumpattern.columns.scan._MAX_BYTES", 0)
    lines = [line for pair in zip(realistic, [*EDGES, b"", b" "] * 9, strict=False) for line in pair]
    for block in (b"{}\n" * 101, b"\n".join(lines), b"\n" * 9, b"\n" * 9 + GOOD):
        assert_same(decoder, block, offset=3)
    scanner = Scanner(decoder)
    sizes = [len(batch) + len(batch.rejects) for batch in scanner.batches(TextLines(b"\n".join(lines)))]
    assert max(sizes) == room
    assert sum(sizes) > 2 * room


def test_short_lines_change_nothing_for_long_ones(realistic, decoder):
    scanner = Scanner(decoder)
    short = b'{"event_type":"t"}\n' * 20_000
    long = b"\n".join(realistic)
    for block in (short, long, short):
        batches = list(scanner.batches(TextLines(block)))
        assert sum(map(len, batches)) == len(decoder.decode(TextLines(block)))


def text_at_page_end(size):
    """Return room for a text and its padding, behind which the next byte of memory may not be touched."""
    pages = -(-(size + PADDING) // mmap.PAGESIZE)
    memory = mmap.mmap(-1, (pages + 1) * mmap.PAGESIZE)
    whole = np.frombuffer(memory, np.uint8)
    end = pages * mmap.PAGESIZE
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.mprotect(ctypes.c_void_p(whole.ctypes.data + end), mmap.PAGESIZE, 0) == 0
    return whole[end - PADDING - size : end]


@contextmanager
def padded_at_page_end(content, _offset, _pool):
    text = text_at_page_end(len(content))
    text[: len(content)] = np.frombuffer(content, np.uint8)
    yield text, len(content)


on_posix = pytest.mark.skipif(not hasattr(mmap, "MAP_PRIVATE"), reason="memory is protected as on POSIX systems")


@on_posix
def test_nothing_is_written_beyond_the_room(realistic, decoder, tmp_path, monkeypatch):
    monkeypatch.setattr("rumpattern.columns.scan.empty_text", text_at_page_end)

    path = tmp_path / "events.ndjson"
    for longest, length in itertools.product([1, 200, 5_000], [0, 300, 20_000, 90_000]):
        block = b"\n".join([*realistic[:20], b"x" * length, *realistic[20:40], b"{" + b" " * length + b"}", *EDGES])
        path.write_bytes(block)
        for piece in (64, 10_000, 100_000):
            in_file = TextLines(FileText(path, stamp_of(path), len(block)), max_line=longest)
            scanner = Scanner(decoder, piece, kept_bytes=1)
            assert_same_batch(scanner, in_file, TextLines(block, max_line=longest))


@pytest.mark.slow
@on_posix
def test_nothing_is_read_beyond_the_padding(monkeypatch):
    monkeypatch.setattr("rumpattern.columns.scan.padded", padded_at_page_end)
    decoder = Decoder(PATHS)
    scanner = Scanner(decoder)
    for line in EDGES:
        for cut in range(len(line) + 1):
            batch, same = scanner.decode(TextLines(line[:cut])), decoder.decode(TextLines(line[:cut]))
            assert (len(batch), batch.rejects) == (len(same), same.rejects)
