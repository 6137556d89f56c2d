"""How fast each stage is on this machine: the engine's own stages over blocks of events held in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from rumpattern.aggregate.partial import Partial
from rumpattern.columns.readers import Reader
from rumpattern.definition.load import load_definitions
from rumpattern.engine import DEFAULT_PERIOD, Engine
from rumpattern.job.collect import Collector
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rumpattern.bench.workload import Workload
    from rumpattern.columns.batch import EventBatch
    from rumpattern.definition.documents.document import Source as DefinitionSource
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.job.collect import ReplayResult
    from rumpattern.match.kernel import Matches


@dataclass(frozen=True, slots=True, eq=False)
class Stages:
    """The stages of a replay, each a method that does its whole work over the workload and can be repeated.

    Match and derive start from ``batches`` and ``matches``, which are made beforehand (see ``prepare``).

    Attributes:
        files: definition files, as ``load_definitions`` takes them.
        workload: the events.
        reader: who decodes lines.
        reason: why it does.
        definitions: those of the files.
        engine: the definitions compiled.
        result: that of a first run of all stages.
        batches: the decoded events.
        matches: the matched rows of each batch.
        period: seconds of one data point.
    """

    files: Sequence[DefinitionSource]
    workload: Workload
    reader: Reader
    reason: str
    definitions: Sequence[MetricDefinition]
    engine: Engine
    result: ReplayResult
    batches: Sequence[EventBatch]
    matches: Sequence[Matches]
    period: int = DEFAULT_PERIOD

    @classmethod
    def prepare(cls, files: Sequence[DefinitionSource], workload: Workload, reader: str = "auto") -> Self:
        """Run every stage once.

        Args:
            files: what ``load_definitions`` takes, one or more.
            workload: the events.
            reader: who decodes lines (see ``Reader``).

        Raises:
            DefinitionError: with every problem of the definitions.
            InputError: there is not a single line of input.
        """
        chosen, reason = Reader(reader).choose(), Reader(reader).reason()
        definitions = load_all(files)
        engine = compile_engine(definitions, chosen)
        result = replay_workload(definitions, engine, workload, chosen)
        batches = [engine.decode(block.lines()) for block in workload.blocks]
        matches = [engine.match(batch) for batch in batches]
        return cls(files, workload, chosen, reason, definitions, engine, result, batches, matches)

    def parse(self) -> list[MetricDefinition]:
        """Definition files to definitions."""
        return load_all(self.files)

    def compile(self) -> Engine:
        """Definitions to an engine."""
        return compile_engine(self.definitions, self.reader)

    def decode(self) -> int:
        """Bytes to columns, a block at a time; returns the number of events."""
        return sum(len(self.engine.decode(block.lines())) for block in self.workload.blocks)

    def match(self) -> list[Matches]:
        """Columns to matches."""
        return [self.engine.match(batch) for batch in self.batches]

    def derive(self) -> list[Partial]:
        """Matches to samples, and those to a partial for each block."""
        return [self._derived(batch, matches) for batch, matches in zip(self.batches, self.matches, strict=True)]

    def _derived(self, batch: EventBatch, matches: Matches) -> Partial:
        partial = Partial()
        for aggregates in self.engine.grouped(batch, matches, self.period):
            partial.add(aggregates)
        return partial

    def pipeline(self) -> ReplayResult:
        """Bytes to series in one process: everything that a replay does but reading files."""
        return replay_workload(self.definitions, self.engine, self.workload, self.reader, self.period)

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


def load_all(files: Sequence[DefinitionSource]) -> list[MetricDefinition]:
    """Return the definitions of several files."""
    return [definition for file in files for definition in load_definitions(file)]


def compile_engine(definitions: Sequence[MetricDefinition], reader: Reader) -> Engine:
    """Return an engine as a replay has it."""
    return Engine(definitions, event_type_required=True, reader=reader)


def replay_workload(
    definitions: Sequence[MetricDefinition],
    engine: Engine,
    workload: Workload,
    reader: Reader,
    period: int = DEFAULT_PERIOD,
) -> ReplayResult:
    """Return what a replay of a workload in this process gives.

    Raises:
        InputError: there is not a single line of input.
    """
    settings = Settings(period)
    collector = Collector(definitions, workload.sources, settings)
    for block in workload.blocks:
        collector.add(process_block(engine, block, settings))
    return collector.finish(reader.value)
