"""The engine: definitions compiled once, then batch, match and derive over any number of events."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias, assert_never

from rumpattern.aggregate.groups import BatchAggregates
from rumpattern.columns.decode import Decoder
from rumpattern.columns.readers import Reader
from rumpattern.derive.samples import Deriver
from rumpattern.input.lines import EventList, TextLines
from rumpattern.jsontext import dump_exact
from rumpattern.match.kernel import build_kernel
from rumpattern.match.predicates import compile_plan
from rumpattern.pattern.pattern import from_python
from rumpattern.plan.build import build_plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rumpattern.aggregate.fold import Folder
    from rumpattern.columns.batch import EventBatch
    from rumpattern.columns.scan import Scanner
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive.samples import Samples
    from rumpattern.match.kernel import Matches

Event: TypeAlias = bytes | str | Mapping[str, object]
DEFAULT_PERIOD = 60
"""Seconds; RUM's metrics have a resolution of one minute unless asked for otherwise."""


class Engine:
    """Compiled definitions. ``matches = engine.match(engine.batch(lines))``.

    Args:
        definitions: what ``load_definitions`` returns.
        application_name: filled in where events lack it; it is a dimension of every metric.
        event_type_required: reject events that have no event_type string.
        reader: who decodes lines of text; not ``Reader.AUTO``.

    Raises:
        CoreError: the reader is ``Reader.SCAN``, and there is no compiled core.
    """

    def __init__(
        self,
        definitions: Iterable[MetricDefinition],
        *,
        application_name: str | None = None,
        event_type_required: bool = False,
        reader: Reader = Reader.ORJSON,
    ) -> None:
        self.plan = build_plan(definitions)
        self.kernel = build_kernel(self.plan, compile_plan(self.plan))
        self.deriver = Deriver(self.plan)
        self.paths_by_type = self.plan.paths_by_type()
        self.decoder = Decoder(
            self.plan.paths,
            by_type=self.paths_by_type,
            application_name=application_name,
            event_type_required=event_type_required,
        )
        self.scanner: Scanner | None = None
        self.folder: Folder | None = None
        if reader is Reader.SCAN:
            from rumpattern.aggregate.fold import Folder  # noqa: PLC0415 - only the core needs them
            from rumpattern.columns.scan import Scanner  # noqa: PLC0415 - as above

            self.scanner, self.folder = Scanner(self.decoder), Folder(self.deriver)

    def batch(self, lines: Event | Iterable[Event]) -> EventBatch:
        """Decode events: NDJSON as bytes or text, or an iterable of events as bytes, text or mappings.

        A line that is no event is in ``.rejects`` and takes no row.
        """
        if isinstance(lines, (bytes, bytearray, str)):
            return self.decode(TextLines(_to_bytes(lines)))
        if isinstance(lines, Mapping):
            lines = [lines]
        texts = [_to_bytes(line) for line in lines]
        return self.decode(EventList(texts, [(number, 0) for number in range(1, len(texts) + 1)]))

    def batches(self, texts: TextLines | EventList) -> Iterator[EventBatch]:
        """Decode event texts with their positions, in as many parts as keep the memory of each bounded."""
        match texts:
            case TextLines():
                return (self.scanner or self.decoder).batches(texts)
            case EventList():  # its maker bounds it
                return iter((self.decoder.decode(texts),))
            case _:
                assert_never(texts)

    def decode(self, texts: TextLines | EventList) -> EventBatch:
        """Decode event texts with their positions to one batch."""
        match texts:
            case TextLines():
                return (self.scanner or self.decoder).decode(texts)
            case EventList():
                return self.decoder.decode(texts)
            case _:
                assert_never(texts)

    def match(self, batch: EventBatch) -> Matches:
        """Match every definition against every row."""
        return self.kernel.match(batch)

    def derive(self, batch: EventBatch, matches: Matches, period: int = DEFAULT_PERIOD) -> list[Samples]:
        """Return what every definition publishes from a batch; ``period`` is in seconds."""
        tables = self.deriver.derive(batch, matches, period)
        return sorted((samples for table in tables for samples in table.split()), key=attrgetter("definition"))

    def grouped(self, batch: EventBatch, matches: Matches, period: int = DEFAULT_PERIOD) -> Iterator[BatchAggregates]:
        """Yield the same added up, for definitions with as many dimensions together."""
        if self.folder is not None:
            return self.folder.fold(batch, matches, period)
        return map(BatchAggregates.of, self.deriver.derive(batch, matches, period))

    def clear(self) -> None:
        """Give back the memory that is kept between batches to be used again."""
        if self.scanner is not None:
            self.scanner.clear()

    def explain(self) -> str:
        """Return the plan as text: columns, shared predicates, definitions, and how they are matched."""
        from rumpattern.match.explain import explain_kernel  # noqa: PLC0415 - matching needs none of it
        from rumpattern.plan.explain import explain_plan  # noqa: PLC0415 - as above

        return f"{explain_plan(self.plan)}\n{explain_kernel(self.kernel)}"


def compile(definitions: Iterable[MetricDefinition]) -> Engine:  # noqa: A001 - the public name, as in re.compile
    """Compile definitions to an engine."""
    return Engine(definitions)


def _to_bytes(line: Event) -> bytes:
    if isinstance(line, (bytes, bytearray)):
        return bytes(line)
    if isinstance(line, Mapping):
        return dump_exact(from_python(line))
    return line.encode("utf-8", "surrogatepass")
