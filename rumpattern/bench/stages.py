"""How fast each stage is on this machine: the engine's own stages over blocks of events held in memory."""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from importlib.util import find_spec
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

from rumpattern.aggregate.partial import Partial
from rumpattern.columns.readers import Reader
from rumpattern.definition.load import load_definitions
from rumpattern.emit.console import add_row, console_on, new_table
from rumpattern.engine import DEFAULT_PERIOD, Engine
from rumpattern.input.blocks import Block, read_blocks
from rumpattern.input.documents import cut_lines
from rumpattern.input.formats import Form
from rumpattern.input.lines import RecordLines, TextLines
from rumpattern.input.sources import Source, find_sources
from rumpattern.job.collect import Collector
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings
from rumpattern.run import available_cores
from rumpattern.synth import events as synth
from rumpattern.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TextIO

    from rumpattern.columns.batch import EventBatch
    from rumpattern.definition.documents.document import Source as DefinitionSource
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.job.collect import ReplayResult
    from rumpattern.match.kernel import Matches

MEGABYTE: Final = 10**6
_COMPILING: Final = frozenset(("parse", "compile"))


# --- events in memory ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Workload:
    """Events to measure with. ``size`` is their bytes without compression; ``cut`` says that the input had more."""

    sources: list[Source]
    blocks: list[Block]
    size: int
    cut: bool = False


def synthetic(count: int, seed: int) -> Workload:
    """Generate seeded events, as NDJSON."""
    blocks = [
        Block(0, Form.NDJSON, length=len(data), data=data)
        for data in cut_lines(line + b"\n" for line in synth.lines(count, seed=seed))
    ]
    return Workload([Source("<synthetic>", None)], blocks, sum(map(_size, blocks)))


def read(inputs: Iterable[str], form: Form | None, limit: int) -> Workload:
    """Read files, directories or ``-`` into memory, at most ``limit`` bytes of event text.

    Raises:
        InputError: an input that cannot be read.
    """
    sources = find_sources(inputs)
    blocks: list[Block] = []
    room = limit
    for number, source in enumerate(sources):
        for read_block in read_blocks(number, source, form, lambda _: None):
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
    return replace(block, data=lines.whole(), buffer=None, path=None) if isinstance(lines, TextLines) else block


def _size(block: Block) -> int:
    return sum(map(len, block.records.texts)) if block.records else len(block.data or b"")


def _first_bytes(block: Block, limit: int) -> Block:
    """Return the block with the events that fit in ``limit`` bytes, all of them if they do."""
    if _size(block) <= limit:
        return block
    if block.records is None:
        data = block.data or b""
        return replace(block, data=data[: data.rfind(b"\n", 0, limit) + 1])
    fitting = int(np.searchsorted(np.cumsum([len(text) for text in block.records.texts]), limit, side="right"))
    return replace(block, records=RecordLines(block.records.texts[:fitting], block.records.places[:fitting]))


# --- stages ----------------------------------------------------------------------------------------------------------


class Stages:
    """The stages of a replay, each a function that does its whole work over the workload and can be repeated.

    What a stage needs from those before it is made once, here: match and derive start from decoded batches.

    Args:
        definitions: what ``load_definitions`` takes, one or more.
        workload: the events.
        period: seconds of one datum.
        reader: who decodes lines (see ``Reader``).

    Raises:
        DefinitionError: with every problem of the definitions.
        InputError: there is not a single line of input.
    """

    def __init__(
        self,
        definitions: Sequence[DefinitionSource],
        workload: Workload,
        period: int = DEFAULT_PERIOD,
        reader: str = "auto",
    ) -> None:
        self.files = definitions
        self.workload = workload
        self.period = period
        self.reader = Reader(reader).choose(workload.size)
        self.definitions = self.parse()
        self.engine = self.compile()
        self.result = self.pipeline()
        self.batches = list(self._decoded())
        self.matches = self.match()

    def parse(self) -> list[MetricDefinition]:
        """Definition files to definitions."""
        return [definition for file in self.files for definition in load_definitions(file)]

    def compile(self) -> Engine:
        """Definitions to an engine."""
        return Engine(self.definitions, event_type_required=True, reader=self.reader)

    def decode(self) -> int:
        """Bytes to columns, a block at a time; returns the number of events."""
        return sum(map(len, self._decoded()))

    def _decoded(self) -> Iterator[EventBatch]:
        return (self.engine.decode(block.lines()) for block in self.workload.blocks)

    def match(self) -> list[Matches]:
        """Columns to matches."""
        return [self.engine.match(batch) for batch in self.batches]

    def derive(self) -> list[Partial]:
        """Matches to samples, and those to a partial for each block."""
        return [self._derived(batch, matches) for batch, matches in zip(self.batches, self.matches, strict=True)]

    def _derived(self, batch: EventBatch, matches: Matches) -> Partial:
        partial = Partial()
        for part in self.engine.grouped(batch, matches, self.period):
            partial.add(part)
        return partial

    def pipeline(self) -> ReplayResult:
        """Bytes to series in one process: everything that a replay does but reading files."""
        settings = Settings(self.period)
        collector = Collector(self.definitions, self.workload.sources, settings)
        for block in self.workload.blocks:
            collector.add(process_block(self.engine, block, settings))
        return collector.finish(self.reader.value)

    def all(self) -> dict[str, Callable[[], object]]:
        """Return the stages by name, in the order of the flow."""
        return {
            "parse": self.parse,
            "compile": self.compile,
            "decode": self.decode,
            "match": self.match,
            "derive": self.derive,
            "pipeline": self.pipeline,
        }


# --- measurement -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Timing:
    """The median time of a stage, and rates for the stages that events go through."""

    stage: str
    seconds: float
    events_per_second: float | None
    megabytes_per_second: float | None
    definitions_events_per_second: float | None


@dataclass(frozen=True, slots=True)
class Report:
    """What was measured, with what, and on what. ``bytes`` are those of the event text; a megabyte is 10^6."""

    versions: dict[str, str]
    reader: str
    cpus: int
    events: int
    rejected: int
    bytes: int
    cut: bool
    definitions: int
    repeat: int
    stages: list[Timing]

    def to_json(self) -> str:
        """Return the report as one JSON object."""
        return orjson.dumps(asdict(self)).decode()


def measure(stages: Stages, repeat: int) -> Report:
    """Run all stages ``repeat`` times, in turn, so that a slow moment of the machine is shared by all."""
    times: dict[str, list[float]] = {name: [] for name in stages.all()}
    for _ in range(repeat):
        for name, run in stages.all().items():
            start = time.perf_counter()
            run()
            times[name].append(time.perf_counter() - start)
    accounting = stages.result.accounting
    events, definitions = accounting.evaluated, len(stages.definitions)
    return Report(
        versions(),
        stages.reader.value,
        available_cores(),
        events,
        accounting.rejected,
        stages.workload.size,
        stages.workload.cut,
        definitions,
        repeat,
        [_timing(name, median(runs), events, stages.workload.size, definitions) for name, runs in times.items()],
    )


def _timing(stage: str, seconds: float, events: int, size: int, definitions: int) -> Timing:
    if stage in _COMPILING:
        return Timing(stage, seconds, None, None, None)
    rate = events / seconds
    return Timing(stage, seconds, rate, size / MEGABYTE / seconds, definitions * rate)


def versions() -> dict[str, str]:
    """Return the versions of what does the work."""
    return {
        "rumpattern": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "orjson": orjson.__version__,
        **({"numba": metadata.version("numba")} if find_spec("numba") else {}),
    }


def write_table(report: Report, stream: TextIO) -> None:
    """Write what was measured for a person to read."""
    size = f"{report.bytes / MEGABYTE:,.1f} MB"
    title = f"{report.definitions:,} definitions, {report.events:,} events, {size}, median of {report.repeat}"
    table = new_table(title, "stage", "seconds>", "events/s>", "MB/s>", "definitions x events/s>")
    for timing in report.stages:
        rates = timing.events_per_second, timing.megabytes_per_second, timing.definitions_events_per_second
        add_row(
            table, timing.stage, f"{timing.seconds:.6f}", *("" if rate is None else f"{rate:,.0f}" for rate in rates)
        )
    with console_on(stream) as console:
        console.print(table)
        names = ", ".join(f"{name} {version}" for name, version in report.versions.items())
        console.print(f"{names}; reader {report.reader}, one process of {report.cpus} cores")
