"""What a replay and its workers say to each other: framed JSON and bytes, nothing that could run as code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rumpattern.input.blocks import Block
from rumpattern.input.formats import Form
from rumpattern.input.sources import FileIdentity

if TYPE_CHECKING:
    from typing import BinaryIO

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
    """Return a block of text as header and bytes; a block that has a path goes by that path."""
    path = str(block.path) if block.path else None
    data = block.data or b"" if block.buffer is None else block.buffer.text.data[: block.length]
    return [block.source, block.form.value, block.offset, block.length, block.skipped, path, block.identity], data


def unpack_block(header: list[Any], data: bytes) -> Block:
    """Return the block that ``pack_block`` packed."""
    source, form, offset, length, skipped, path, identity = header
    if path is None:
        return Block(source, Form(form), offset, length, skipped, data)
    return Block(source, Form(form), offset, length, skipped, path=Path(path), identity=FileIdentity(*identity))
