"""Texts of a batch by index: every way to ask gives the same lines."""

import pytest

from rumpattern.input.formats import Form
from rumpattern.input.lines import EventList, TextLines

LONG = b"x" * 70_000


@pytest.mark.parametrize("has_timestamp_prefix", [False, True])
@pytest.mark.parametrize(
    "block",
    [
        b"a",
        b"a\n",
        b"a\nb",
        b"a\r\nb\r\n",
        b"\n\na\n\n",
        b"\xef\xbb\xbfa\nb\n",
        b"a\n" + LONG + b"\nb\n" + LONG,
        LONG + b"\n" + LONG + b"\n",
        pytest.param(b"ab\n" * 40_000, marks=pytest.mark.slow),
        b"a\r\r\nb",
    ],
)
def test_texts_and_places(block, has_timestamp_prefix):
    time = b"2026-01-05T00:00:00.000Z "
    lines = block.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    if has_timestamp_prefix:
        bom = block[: len(block) - len(block.removeprefix(b"\xef\xbb\xbf"))]
        lines = [time + line if line else line for line in lines]
        block = bom + b"\n".join(lines)
    reader = TextLines(block, form=Form.LOGS_EXPORT if has_timestamp_prefix else Form.NDJSON)
    chunks = list(reader.chunks())
    found = [pair for chunk in chunks for pair in zip(chunk.indices, chunk.texts, strict=True)]
    wanted = [line.removesuffix(b"\r").removeprefix(time if has_timestamp_prefix else b"") for line in lines]
    if not lines[-1]:
        wanted.pop()
    assert found == [(index, text) for index, text in enumerate(wanted) if text or not has_timestamp_prefix]
    assert [reader.text(index) for index, _ in found] == [text for _, text in found]
    assert sum(chunk.line_count for chunk in chunks) == len(wanted)
    for chunk in chunks:
        assert chunk.line_count == len(chunk.texts) + len(chunk.rejects) + chunk.blank
    for index, text in found:
        number, offset = reader.position(index)
        assert number == index + 1
        assert (
            block[offset:]
            .removeprefix(b"\xef\xbb\xbf")
            .removeprefix(time if has_timestamp_prefix else b"")
            .startswith(text)
        )


def test_no_lines():
    assert list(TextLines(b"").chunks()) == []


def test_offsets_are_of_the_file():
    reader = TextLines(b"a\nb", offset=500)
    assert [reader.position(index) for index in (0, 1)] == [(1, 500), (2, 502)]


def test_a_bom_counts_only_at_the_start_of_the_file():
    reader = TextLines(b"\xef\xbb\xbfa", offset=7)
    assert [chunk.texts for chunk in reader.chunks()] == [[b"\xef\xbb\xbfa"]]
    assert reader.text(0) == b"\xef\xbb\xbfa"


def test_a_list_of_events():
    records = EventList([b"%d" % i for i in range(200)], [(i, 2 * i) for i in range(200)], blank=3)
    chunks = list(records.chunks())
    assert [text for chunk in chunks for text in chunk.texts] == records.texts
    assert [index for chunk in chunks for index in chunk.indices] == list(range(200))
    assert (sum(chunk.line_count for chunk in chunks), sum(chunk.blank for chunk in chunks)) == (203, 3)
    assert (records.text(5), records.position(5)) == (b"5", (5, 10))
