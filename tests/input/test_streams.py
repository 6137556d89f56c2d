"""Streams: isal and zlib give the same text and the same faults, wherever the room for it ends."""

from __future__ import annotations

import errno
import gzip
import io
import os
import struct
import zlib
from random import Random
from typing import TYPE_CHECKING, BinaryIO

import pytest

from rumpattern.input import streams
from rumpattern.input.blocks import read_blocks
from rumpattern.input.lines import EventList
from rumpattern.input.sources import HEAD, find_sources
from rumpattern.input.streams import open_stream, read_chunks, read_head

if TYPE_CHECKING:
    from pathlib import Path

ROOMS = [1, 7, 1000, 1 << 20]
SHORT = b"".join(b'{"event_type":"view","event_id":"%x"}\n' % (number * 7919) for number in range(9))
LONG = b"".join(b'{"event_type":"view","event_id":"%x"}\n' % (number * 7919) for number in range(60_000))


def header(flags: int, fields: bytes = b"", *, crc: int | None = None) -> bytes:
    """Return a member with a header of one's own; ``crc`` is added to the header's checksum."""
    start = b"\x1f\x8b\x08" + bytes([flags | (2 if crc is not None else 0)]) + bytes(6) + fields
    if crc is not None:
        start += struct.pack("<H", (zlib.crc32(start) + crc) & 0xFFFF)
    return start + gzip.compress(SHORT, mtime=0)[10:]


def read(file: BinaryIO, room: int) -> tuple[bytes, tuple[str, str] | None]:
    """Return the text of a file, taken in pieces, and code and message of the fault in it."""
    stream = open_stream(file)
    text = bytearray()
    piece = memoryview(bytearray(room))
    while size := stream.fill(piece):
        assert size <= room
        text += piece[:size]
    assert stream.fill(piece) == 0
    return bytes(text), stream.fault and (stream.fault.code, stream.fault.message)


def read_both(
    data: bytes, monkeypatch: pytest.MonkeyPatch, room: int = 1 << 20
) -> tuple[bytes, tuple[str, str] | None]:
    """Return what isal and zlib both make of the bytes of a file."""
    by_isal = read(io.BytesIO(data), room)
    with monkeypatch.context() as patch:
        patch.setattr(streams, "load_isal", lambda: None)
        by_zlib = read(io.BytesIO(data), room)
    assert by_isal == by_zlib
    return by_zlib


def truth(data: bytes) -> tuple[bytes, int | None]:
    """Return the text of gzip data up to a fault in it, and the index of the byte that shows it; None for too few."""
    text = b""
    member = zlib.decompressobj(31)
    for index in range(len(data)):
        if member.eof:
            if not data[index]:
                continue
            member = zlib.decompressobj(31)
        try:
            text += member.decompress(data[index : index + 1])
        except zlib.error:
            return text, index
    return text, None


MEMBER = gzip.compress(SHORT, mtime=0)
GOOD = {
    "one member": (MEMBER, 1),
    "two members": (MEMBER * 2, 2),
    "an empty member": (gzip.compress(b""), 0),
    "empty members around": (gzip.compress(b"") + MEMBER + gzip.compress(b""), 1),
    "zeros behind": (MEMBER + bytes(700), 1),
    "zeros between": (MEMBER + bytes(700) + MEMBER, 2),
    "name": (header(8, b"events.ndjson\0"), 1),
    "comment": (header(16, b"exported\0"), 1),
    "extra": (header(4, b"\x06\0BC\x02\0\0\0"), 1),
    "header checksum": (header(0, crc=0), 1),
    "all fields": (header(4 + 8 + 16 + 1, b"\x02\0ab" + b"name\0" + b"comment\0", crc=0), 1),
    "reserved flag": (header(0x80), 1),
    "reserved flag later": (MEMBER + header(0x20), 2),
    "a name longer than what is read at once": (header(8, b"n" * (3 << 20) + b"\0"), 1),
}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("case", GOOD)
def test_good_gzip_is_inflated(monkeypatch: pytest.MonkeyPatch, case: str, room: int) -> None:
    data, count = GOOD[case]
    assert read_both(data, monkeypatch, room) == (SHORT * count, None)


BAD = {
    "wrong checksum": (MEMBER[:-8] + b"abcd" + MEMBER[-4:], "incorrect data check"),
    "wrong length": (MEMBER[:-4] + b"abcd", "incorrect length check"),
    "wrong header checksum": (header(0, crc=1), "header crc mismatch"),
    "unknown method": (MEMBER[:2] + b"\x07" + MEMBER[3:], "unknown compression method"),
    "text behind": (MEMBER + b"and so on", "incorrect header check"),
    "text behind zeros": (MEMBER + bytes(9) + b"x1234567890", "incorrect header check"),
}


@pytest.mark.parametrize("room", ROOMS)
@pytest.mark.parametrize("case", BAD)
def test_bad_gzip_is_told_alike(monkeypatch: pytest.MonkeyPatch, case: str, room: int) -> None:
    data, reason = BAD[case]
    text, place = truth(data)
    message = f"gzip data is damaged near byte {place} of the file: {reason}"
    assert read_both(data, monkeypatch, room) == (text, ("RP003", message))


@pytest.mark.parametrize("members", [1, 2])
def test_gzip_cut_anywhere_is_all_text_that_is_there(monkeypatch: pytest.MonkeyPatch, members: int) -> None:
    data = MEMBER * members
    for cut in range(2, len(data)):
        text, _ = truth(data[:cut])
        whole = cut == len(MEMBER)
        fault = None if whole else ("RP003", f"gzip data ends early, after byte {cut} of the file")
        assert read_both(data[:cut], monkeypatch) == (text, fault), cut


def test_gzip_damaged_anywhere_is_all_text_before(monkeypatch: pytest.MonkeyPatch) -> None:
    data = MEMBER * 2
    for place in range(4, len(data)):
        for bit in (1, 16, 128):
            damaged = bytearray(data)
            damaged[place] ^= bit
            text, fault = read_both(bytes(damaged), monkeypatch)
            expected, at = truth(bytes(damaged))
            if place != len(MEMBER) + 3:  # reserved flags are ignored
                assert text == expected, (place, bit)
                assert at is None or (fault and fault[1].startswith(f"gzip data is damaged near byte {at} of"))


def test_faults_in_large_files_are_the_same_at_any_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_READ", 5000)
    monkeypatch.setattr(streams, "_PIECE", 20_000)
    draw = Random(5)  # noqa: S311 - any damage will do
    whole = gzip.compress(LONG)
    for _ in range(12):
        data = bytearray(whole[: draw.choice([len(whole), draw.randrange(20, len(whole))])])
        if draw.random() < 0.7:
            data[draw.randrange(20, len(data))] ^= 1 << draw.randrange(8)
        whole_at_once, in_pieces = (read_both(bytes(data), monkeypatch, room) for room in (1 << 22, 50_000))
        assert whole_at_once == in_pieces


@pytest.mark.parametrize("data", [SHORT, b"", b"\x1f", b"\n"])
@pytest.mark.parametrize("room", ROOMS)
def test_what_is_not_gzip_is_copied(monkeypatch: pytest.MonkeyPatch, data: bytes, room: int) -> None:
    assert read_both(data, monkeypatch, room) == (data, None)


class FailingFile(io.BytesIO):
    """A file that cannot be read beyond some byte."""

    def __init__(self, data: bytes, good: int) -> None:
        super().__init__(data)
        self.good = good

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(min(size or 0, self.good - self.tell()))
        if not data:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return data

    def readinto(self, room: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self.read(len(room))
        room[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("data", [gzip.compress(LONG), LONG], ids=["gzip", "plain"])
@pytest.mark.parametrize("good", [0, 2, 12, pytest.param(150_000, marks=pytest.mark.slow)])
def test_an_error_of_the_device_comes_after_what_was_read(
    monkeypatch: pytest.MonkeyPatch, data: bytes, good: int
) -> None:
    expected = truth(data[:good])[0] if data.startswith(b"\x1f") else data[:good]
    fault = ("RP001", f"reading failed: {os.strerror(errno.EIO)}")
    assert read(FailingFile(data, good), 1 << 20) == (expected, fault)
    monkeypatch.setattr(streams, "load_isal", lambda: None)
    assert read(FailingFile(data, good), 1 << 20) == (expected, fault)


def test_a_file_may_shrink_while_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "events.gz"
    noise = Random(3).randbytes(4 << 20)  # noqa: S311 - what cannot be compressed
    path.write_bytes(gzip.compress(noise, 1))
    with path.open("rb") as file:
        stream = open_stream(file)
        room = memoryview(bytearray(1000))
        text = room[: stream.fill(room)].tobytes()
        os.truncate(path, 1 << 20)
        while size := stream.fill(room):
            text += room[:size]
    assert noise.startswith(text)
    assert stream.fault is not None
    assert stream.fault.code == "RP001"


def test_a_file_is_read_from_where_it_stands() -> None:
    for data in (MEMBER, MEMBER[:-9]):
        file = io.BytesIO(b"something" + data)
        file.seek(9)
        assert read(file, 100) == read(io.BytesIO(data), 100)


def test_isal_is_used_for_files_only(tmp_path: Path) -> None:
    pytest.importorskip("isal", reason="isal is not installed")
    path = tmp_path / "events.gz"
    path.write_bytes(MEMBER)
    with path.open("rb") as file:
        assert isinstance(open_stream(file), streams._ByIsal)
    out, into = os.pipe()
    os.write(into, MEMBER)
    os.close(into)
    with os.fdopen(out, "rb") as pipe:
        assert read(pipe, 100) == (SHORT, None)


def test_the_head_is_not_lost() -> None:
    heard: list[int] = []
    data = gzip.compress(LONG)
    stream = open_stream(io.BytesIO(data))
    head = read_head(stream)
    assert head == LONG[:HEAD]
    assert b"".join(read_chunks(stream, head, heard.append)) == LONG
    assert sum(heard) == len(data)


@pytest.mark.parametrize("good", [0, 9, 100])
def test_a_device_that_fails_is_one_reject(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: int) -> None:
    path = tmp_path / "events.gz"
    path.write_bytes(MEMBER)
    monkeypatch.setattr("rumpattern.input.blocks.open_source", lambda _: FailingFile(MEMBER, good))
    (source,) = find_sources([path])
    blocks = list(read_blocks(0, source))
    assert isinstance(blocks[-1].text, EventList)
    (reject,) = blocks[-1].text.rejects
    text, _ = truth(MEMBER[:good])
    assert (reject.code, reject.offset) == ("RP001", text.rfind(b"\n") + 1)
    assert b"".join(block.lines().whole for block in blocks[:-1]) + reject.text == text  # type: ignore[attr-defined]
