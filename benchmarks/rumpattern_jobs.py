"""rumpattern's own jobs: a replay, and what its two readers decode."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

import rumpattern as rp
from benchmarks.columns import COLUMNS, NUMBERS, STRINGS, Tally
from benchmarks.peers import DEFINITIONS
from rumpattern.columns.fields import Kind
from rumpattern.columns.readers import Reader
from rumpattern.emit import json_lines as json
from rumpattern.input.blocks import read_blocks
from rumpattern.input.sources import find_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from benchmarks.run import Job
    from rumpattern.columns.batch import EventBatch
    from rumpattern.job.collect import ReplayResult


def metrics(cores: int) -> Job:
    """Return the replay of definitions.json, read by the compiled core where there is one."""
    definitions = rp.load_definitions(DEFINITIONS)
    reader = Reader.AUTO.choose()

    def job(events: Path) -> Callable[[Path], None]:
        return partial(_write, rp.replay(definitions, events, workers=cores, reader=reader))

    return job


def _write(replayed: ReplayResult, result: Path) -> None:
    with result.open("wb") as stream:
        json.write(replayed.series, stream)


def scanned_columns(_cores: int) -> Job:
    """Return the decoding of a file as a replay does it, a block after the other, by the compiled core."""
    return partial(_decode, _engine(Reader.SCAN))


def decoded_columns(_cores: int) -> Job:
    """Return the same by orjson, with the proof that it hid nothing."""
    return partial(_decode, _engine(Reader.ORJSON))


def _engine(reader: Reader) -> rp.Engine:
    """Return an engine that reads all columns from every event, since its definitions match events of any type."""
    return rp.Engine([rp.MetricDefinition(path, value_key=path) for path in COLUMNS], reader=reader)


def _decode(engine: rp.Engine, events: Path) -> Callable[[Path], None]:
    for _ in _batches(engine, events):
        pass
    return partial(_tally, engine, events)


def _batches(engine: rp.Engine, events: Path) -> Iterator[EventBatch]:
    for source in find_sources([events]):
        for block in read_blocks(0, source):
            yield from engine.batches(block.lines())


def _tally(engine: rp.Engine, events: Path, result: Path) -> None:
    tally = Tally()
    for batch in _batches(engine, events):
        assert not batch.odd, "the eight columns of these events are plain"
        for path in STRINGS:
            column = batch.columns[path]
            counts = np.bincount(column.codes[column.kinds == Kind.STRING], minlength=len(column.strings)).tolist()
            for value, count in zip(column.strings, counts, strict=True):
                tally.strings[path] += Counter({value: count})
        for path in NUMBERS:
            column = batch.columns[path]
            tally.numbers[path] += column.numbers[column.kinds == Kind.NUMBER].tolist()
    tally.write(result)
