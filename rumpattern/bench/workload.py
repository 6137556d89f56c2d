"""Events held in memory, to measure with: generated, or read from files."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.dataclass import dataclass
from rumpattern.input.blocks import Block, ReadOptions, read_blocks
from rumpattern.input.documents import cut_lines
from rumpattern.input.formats import Form
from rumpattern.input.lines import EventList, TextLines
from rumpattern.input.sources import Source, find_sources
from rumpattern.synth import events as synth

if TYPE_CHECKING:
    from collections.abc import Iterable


MEGABYTE: Final = 10**6


@dataclass(frozen=True, slots=True)
class Workload:
    """Events to measure with. ``size`` is their bytes without compression; ``cut`` says that the input had more."""

    sources: list[Source]
    blocks: list[Block]
    size: int
    cut: bool = False


def synthetic_workload(count: int, seed: int) -> Workload:
    """Generate seeded events, as NDJSON."""
    blocks = [
        Block(0, Form.NDJSON, 0, data) for data in cut_lines(line + b"\n" for line in synth.lines(count, seed=seed))
    ]
    return Workload([Source("<synthetic>", None)], blocks, sum(map(_size, blocks)))


def read_workload(inputs: Iterable[str], form: Form | None, limit: int) -> Workload:
    """Read files, directories or ``-`` into memory, at most ``limit`` bytes of event text.

    Raises:
        InputError: an input that cannot be read.
    """
    sources = find_sources(inputs)
    blocks: list[Block] = []
    room = limit
    for number, source in enumerate(sources):
        for read_block in read_blocks(number, source, ReadOptions(form)):
            whole = _held(read_block)
            block = _first_bytes(whole, room)
            blocks.append(block)
            room -= _size(block)
            if _size(block) < _size(whole):
                return Workload(sources, blocks, limit - room, cut=True)
    return Workload(sources, blocks, limit - room)


def _held(block: Block) -> Block:
    """Return the block with its text in memory."""
    lines = block.lines()
    return replace(block, text=lines.whole) if isinstance(lines, TextLines) else block


def _size(block: Block) -> int:
    match block.text:
        case bytes():
            return len(block.text)
        case EventList():
            return sum(map(len, block.text.texts))
        case _:
            raise TypeError("the text is not in memory")


def _first_bytes(block: Block, limit: int) -> Block:
    """Return the block with the events that fit in ``limit`` bytes, all of them if they do."""
    if _size(block) <= limit:
        return block
    match block.text:
        case bytes() as text:
            return replace(block, text=text[: text.rfind(b"\n", 0, limit) + 1])
        case EventList(texts, positions):
            fitting = int(np.searchsorted(np.cumsum([len(text) for text in texts]), limit, side="right"))
            return replace(block, text=EventList(texts[:fitting], positions[:fitting]))
        case _:
            raise TypeError("the text is not in memory")
