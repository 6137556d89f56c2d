"""Small sources make one block together, unless there is anything about one that `read_blocks` has to see to."""

from __future__ import annotations

import gzip
import json
import os
from itertools import groupby
from typing import TYPE_CHECKING

import pytest

from rumpattern.input import gather, sources, streams
from rumpattern.input.blocks import ReadOptions, SourceSpan
from rumpattern.input.formats import Form
from rumpattern.input.sources import Source, find_sources, read_whole
from rumpattern.input.streams import inflate_whole
from rumpattern.input.texts import load_text
from tests.support.core import READERS
from tests.support.replays import TIME, VIEW, reject_rows, replay_views

if TYPE_CHECKING:
    from pathlib import Path

LINE = VIEW + b"\n"
DOCUMENT = json.dumps({"events": [{"message": VIEW.decode()}]}).encode()


def written(folder, **contents):
    """Write files, and return their sources in the order of their names."""
    for name, data in contents.items():
        (folder / name).write_bytes(data)
    return find_sources([folder])


def blocks_of(found):
    """Return the blocks of sources, each as the indices of its sources; those of one source alone count once."""
    blocks = gather.gather_blocks(found, lambda _: ReadOptions())
    return [
        list(some) for some, _ in groupby(tuple(s.source for s in block.spans) or (block.source,) for block in blocks)
    ]


def test_neighbours_are_gathered(tmp_path):
    found = written(tmp_path, a=LINE, b=b"", c=VIEW, d=gzip.compress(LINE * 2), e=b"\n\n")
    read = []
    options = [ReadOptions(report_read=read.append) for _ in found]
    (block,) = gather.gather_blocks(found, options.__getitem__)
    assert load_text(block.text, 0) == LINE + LINE + LINE * 2 + b"\n\n"
    size = len(LINE)
    assert block.spans == (
        SourceSpan(0, Form.NDJSON, 0, 0, 1),
        SourceSpan(2, Form.NDJSON, 1, size, 1),
        SourceSpan(3, Form.NDJSON, 2, 2 * size, 2),
        SourceSpan(4, Form.NDJSON, 4, 4 * size, 2),
    )
    assert (block.source, block.form, block.offset, block.end) == (0, Form.NDJSON, 0, (5, 0))
    assert read == [size, len(VIEW), (tmp_path / "d").stat().st_size, 2]


@pytest.mark.parametrize("empty", [b"", gzip.compress(b"", mtime=0), b" [\n] "])
def test_what_is_empty_parts_nothing(tmp_path, empty):
    read = []
    found = written(tmp_path, a=LINE, b=empty, c=LINE, d=empty)
    (block,) = gather.gather_blocks(
        found, lambda index: ReadOptions(report_read=lambda size: read.append((index, size)))
    )
    assert [span.source for span in block.spans] == [0, 2]
    assert [pair for pair in sorted(read) if pair[1]] == [
        (index, source.size) for index, source in enumerate(found) if source.size
    ]


def test_a_source_without_a_neighbour_is_read_as_ever(tmp_path):
    found = written(tmp_path, a=LINE, b=b"")
    (block,) = gather.gather_blocks(found, lambda _: ReadOptions())
    assert (block.spans, block.end) == ((), (0, len(LINE)))


def test_what_is_gathered_is_of_one_kind(tmp_path):
    exported = TIME + LINE
    documents = {"e": DOCUMENT, "f": gzip.compress(DOCUMENT), "g": b'{"RumEvents":[]}'}
    found = written(tmp_path, a=LINE, b=LINE, c=exported, d=exported, **documents, h=LINE, i=LINE)
    assert blocks_of(found) == [[0, 1], [2, 3], [4, 5, 6], [7, 8]]


def test_a_list_says_of_which_form_each_source_is(tmp_path):
    found = written(tmp_path, a=DOCUMENT + b"]", b=b'{"RumEvents":[]}', c=DOCUMENT)
    (block,) = gather.gather_blocks(found, lambda _: ReadOptions())
    offsets = [0, len(DOCUMENT) + 2, len(DOCUMENT) + 2 + 17]
    assert block.spans == (
        SourceSpan(0, Form.FILTER_LOG_EVENTS, 0, offsets[0], 2),
        SourceSpan(1, Form.PUT_EVENTS, 1, offsets[1], 1),
        SourceSpan(2, Form.FILTER_LOG_EVENTS, 1, offsets[2], 1),
    )


UTF_16 = "x".encode("utf-16")


@pytest.mark.parametrize(
    "other",
    [LINE * 40, UTF_16, gzip.compress(LINE * 40), gzip.compress(LINE)[:-1], gzip.compress(UTF_16), DOCUMENT * 40],
    ids=["large", "UTF-16", "much text", "cut", "UTF-16 in gzip", "a large document"],
)
def test_what_is_not_simple_is_read_as_ever(tmp_path, monkeypatch, other):
    monkeypatch.setattr(gather, "SMALL", 30 * len(LINE))
    assert blocks_of(written(tmp_path, a=LINE, b=LINE, c=other, d=LINE, e=LINE)) == [[0, 1], [2], [3, 4]]


def test_a_block_has_no_more_text_than_it_may(tmp_path, monkeypatch):
    monkeypatch.setattr(gather, "GATHERED", 3 * len(LINE))
    found = written(tmp_path, a=LINE, b=LINE, c=LINE, d=LINE * 2, e=VIEW, f=LINE * 2, g=LINE * 4)
    assert blocks_of(found) == [[0, 1, 2], [3, 4], [5], [6]]


def test_a_block_has_no_more_records_than_it_may(tmp_path, monkeypatch):
    monkeypatch.setattr(gather, "MAX_RECORDS", 3)
    found = written(tmp_path, a=DOCUMENT, b=DOCUMENT * 2, c=DOCUMENT, d=DOCUMENT)
    assert blocks_of(found) == [[0, 1], [2, 3]]


def test_documents_of_several_blocks_are_read_as_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("rumpattern.input.documents.MAX_RECORDS", 3)
    found = written(tmp_path, a=DOCUMENT, b=DOCUMENT, c=DOCUMENT * 4, d=DOCUMENT, e=DOCUMENT)
    assert blocks_of(found) == [[0, 1], [2], [3, 4]]


# --- places ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("compress", [False, True])
def test_places_and_accounts_are_those_of_each_file(views, tmp_path, reader, *, compress):
    odd = VIEW.replace(b"}", b',"event_type":"view"}')
    texts = {
        "a": LINE + b"\n" + b"bad",
        "b": b"\xef\xbb\xbf" + LINE + odd,
        "c": b"\xef\xbb\xbf5\r\n\r\n" + VIEW,
        "d": b"x" * 200 + b"\nbad\n",
    }
    written(tmp_path, **{name: gzip.compress(text) if compress else text for name, text in texts.items()})
    heard = []
    result, rejects = replay_views(views, tmp_path, reader, max_line=100, on_progress=lambda *some: heard.append(some))
    assert [(row.line, row.offset, row.code) for row in rejects] == [
        (3, len(LINE) + 1, "RP010"),
        (1, 0, "RP011"),
        (1, 0, "RP019"),
        (2, 201, "RP010"),
    ]
    files = [(file.lines, file.evaluated, file.rejected, file.blank, file.odd) for file in result.accounting.files]
    assert files == [(3, 1, 1, 1, 0), (2, 2, 0, 0, 1), (3, 1, 1, 1, 0), (2, 0, 2, 0, 0)]
    stored = [(file.bytes, 0, 0) for file in result.accounting.files]
    assert heard == [*stored, (0, 4, 4)]


def test_places_in_documents_are_those_of_each_file(views, tmp_path):
    fault = b'\n{"events":[5]}'
    written(tmp_path, a=DOCUMENT + b"\n[", b=fault, c=fault + DOCUMENT, d=b'{"RumEvents":[]}' + fault, e=DOCUMENT)
    result, rejects = replay_views(views, tmp_path)
    assert [(row.line, row.offset, row.code) for row in rejects] == [
        (2, len(DOCUMENT) + 2, "RP020"),
        (2, 12, "RP018"),
        (2, 12, "RP018"),
        (2, 17, "RP018"),
    ]
    files = [(file.lines, file.evaluated, file.rejected, file.blank) for file in result.accounting.files]
    assert files == [(2, 1, 1, 0), (1, 0, 1, 0), (2, 1, 1, 0), (2, 0, 1, 1), (1, 1, 0, 0)]


# --- files that are not what they were ------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
def test_a_file_that_has_been_read_may_change(views, tmp_path, reader):
    written(tmp_path, a=LINE * 3, b=LINE * 3)

    def heard(read, _evaluated, _rejected):
        if read:
            (tmp_path / "a").write_bytes(b"bad")
            (tmp_path / "b").unlink(missing_ok=True)

    result, rejects = replay_views(views, tmp_path, reader, on_progress=heard)
    assert ([file.evaluated for file in result.accounting.files], rejects) == ([3, 3], [])


CHANGES = {
    "shrinks": (lambda path: os.truncate(path, 5), None),
    "is rewritten": (lambda path: (path.write_bytes(b"x" * len(LINE)), os.utime(path, ns=(0, 0))), None),
    "grows": (lambda path: path.write_bytes(LINE + b"x"), LINE),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_file_that_changes_while_it_is_read(tmp_path, monkeypatch, change):
    happens, whole = CHANGES[change]
    path = tmp_path / "a"
    path.write_bytes(LINE)
    real = sources.FileIdentity.of
    identities = []

    def identity_of(file):
        identities.append(real(file))
        if len(identities) == 1:
            happens(path)
        return identities[-1]

    monkeypatch.setattr(sources.FileIdentity, "of", identity_of)
    assert read_whole(Source.of(path), 1000) == whole


def test_what_cannot_be_read_whole(tmp_path):
    def whole(path: Path | str, limit: int = 1000) -> bytes | None:
        return read_whole(Source.of(tmp_path / path), limit)

    written(tmp_path, a=LINE, empty=b"")
    assert (whole("a"), whole("a", len(LINE)), whole("a", len(LINE) - 1)) == (LINE, LINE, None)
    assert whole("empty") == b""
    assert [whole(name) for name in ("nowhere", ".", os.devnull, "/proc/self/status")] == [None] * 4
    assert read_whole(Source("<stdin>", None), 1000) is None
    assert read_whole(Source.of(tmp_path / "a", "Permission denied"), 1000) is None


@pytest.mark.parametrize("good", [0, 1, 2])
@pytest.mark.parametrize("reader", READERS)
def test_a_device_that_fails_is_one_reject(views, tmp_path, failing_device, reader, good):
    """To see whether it is compressed, a file is opened, and then to be read: a small one is not opened again."""
    written(tmp_path, a=LINE * 2, b=LINE * 2, c=LINE * 2, d=LINE * 2)
    failing_device(tmp_path / "b", good)
    result, rejects = replay_views(views, tmp_path, reader)
    reason = "cannot be read: Permission denied"
    assert reject_rows(rejects) == ([] if good == 2 else [(1, 0, "RP001", reason)])
    assert [file.evaluated for file in result.accounting.files] == [2, 2 if good == 2 else 0, 2, 2]


# --- gzip -----------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["isal", "zlib"])
def inflater(request, monkeypatch):
    if request.param == "zlib":
        monkeypatch.setattr(streams, "load_isal", lambda: None)


@pytest.mark.parametrize("text", [b"", b"x", LINE, LINE * 5_000])
@pytest.mark.parametrize("members", [1, 3])
def test_gzip_is_inflated(inflater, text, members):
    data = gzip.compress(text) * members
    size = len(text) * members
    assert inflate_whole(data, size) == inflate_whole(data, size + 100_000) == text * members
    assert inflate_whole(data, size - 1) is None


@pytest.mark.parametrize("fault", ["cut", "damaged", "followed by text"])
def test_gzip_that_is_not_whole(inflater, fault):
    data = gzip.compress(LINE, mtime=0)
    faults = {"cut": data[:-1], "damaged": data[:-6] + b"xx" + data[-4:], "followed by text": data + LINE}
    assert inflate_whole(faults[fault], 1000) is None
    assert inflate_whole(data + b"\0" * 9, 1000) == LINE
