"""The messages between a replay and its workers: framed JSON and bytes, nothing that could run as code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, assert_never

from rumpattern.input.blocks import Block, SourceSpan
from rumpattern.input.buffers import Buffer
from rumpattern.input.formats import Form
from rumpattern.input.lines import EventList
from rumpattern.input.segments import StreamSegment
from rumpattern.input.sources import FileIdentity
from rumpattern.input.texts import FileText

if TYPE_CHECKING:
    from typing import BinaryIO

    from rumpattern.input.texts import Text

_LENGTH: Final = 8


def send(stream: BinaryIO, header: object, body: bytes | memoryview = b"") -> None:
    """Write one message: a JSON header and some bytes."""
    head = json.dumps(header).encode()
    stream.write(len(head).to_bytes(_LENGTH, "big") + len(body).to_bytes(_LENGTH, "big") + head)
    stream.write(body)
    stream.flush()


def receive(stream: BinaryIO) -> tuple[Any, bytes]:
    """Read one message.

    Raises:
        EOFError: the other side is gone.
    """
    lengths = _read(stream, 2 * _LENGTH)
    head = _read(stream, int.from_bytes(lengths[:_LENGTH], "big"))
    return json.loads(head), _read(stream, int.from_bytes(lengths[_LENGTH:], "big"))


def _read(stream: BinaryIO, length: int) -> bytes:
    data = stream.read(length)
    if len(data) < length:
        raise EOFError("the other side is gone")
    return data


def pack_block(block: Block) -> tuple[list[Any], bytes | memoryview]:
    """Return a block of text as header and body.

    The text of a file goes by the name and identity of the file, and the worker reads it; all other text is the body.
    """
    file: list[Any] | None = None
    body: bytes | memoryview = b""
    match block.text:
        case FileText(path, identity, length):
            file = [str(path), identity, length]
        case bytes():
            body = block.text
        case Buffer():
            body = block.text.text.data[: block.text.size]
        case StreamSegment() | EventList():
            raise TypeError(f"{type(block.text).__name__} is processed where it was read")
        case _:
            assert_never(block.text)
    return [block.source, block.form.value, block.offset, block.skipped, block.spans, file], body


def unpack_block(header: list[Any], body: bytes) -> Block:
    """Return the block that ``pack_block`` packed."""
    source, form, offset, skipped, spans, file = header
    text: Text = body
    if file is not None:
        path, identity, length = file
        text = FileText(Path(path), FileIdentity(*identity), length)
    sources = (SourceSpan(index, Form(name), *place) for index, name, *place in spans)
    return Block(source, Form(form), offset, text, skipped, tuple(sources))
