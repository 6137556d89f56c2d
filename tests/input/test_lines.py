"""Texts of a batch by index: every way to ask gives the same lines."""

import pytest

from rumpattern.input.lines import RecordLines, TextLines

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
        b"ab\n" * 40_000,
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
    reader = TextLines(block, has_timestamp_prefix=has_timestamp_prefix)
    found = [(index, text) for indices, texts in reader.chunks() for index, text in zip(indices, texts, strict=True)]
    wanted = [line.removesuffix(b"\r").removeprefix(time if has_timestamp_prefix else b"") for line in lines]
    if not lines[-1]:
        wanted.pop()
    assert found == [(index, text) for index, text in enumerate(wanted) if text or not has_timestamp_prefix]
    assert [reader.text(index) for index, _ in found] == [text for _, text in found]
    assert reader.count() == len(wanted)
    for index, text in found:
        number, offset = reader.place(index)
        assert number == index + 1
        assert (
            block[offset:]
            .removeprefix(b"\xef\xbb\xbf")
            .removeprefix(time if has_timestamp_prefix else b"")
            .startswith(text)
        )


def test_no_lines():
    reader = TextLines(b"")
    assert (list(reader.chunks()), reader.count()) == ([], 0)


def test_offsets_are_of_the_file():
    reader = TextLines(b"a\nb", offset=500)
    assert [reader.place(index) for index in (0, 1)] == [(1, 500), (2, 502)]


def test_a_bom_counts_only_at_the_start_of_the_file():
    reader = TextLines(b"\xef\xbb\xbfa", offset=7)
    assert [texts for _, texts in reader.chunks()] == [[b"\xef\xbb\xbfa"]]
    assert reader.text(0) == b"\xef\xbb\xbfa"


def test_record_lines():
    records = RecordLines([b"%d" % i for i in range(200)], [(i, 2 * i) for i in range(200)], blank=3)
    assert [text for _, texts in records.chunks() for text in texts] == records.texts
    assert (records.text(5), records.place(5), records.count()) == (b"5", (5, 10), 203)
