"""Results to series and accounts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from rumpattern.aggregate.cardinality import SeriesLimit
from rumpattern.aggregate.partial import Partial, lacks_label
from rumpattern.aggregate.series import tabulate
from rumpattern.derive.policy import REASONS
from rumpattern.diagnostics.finding import Diagnostic, InputError, Severity
from rumpattern.job.accounts import SERIES_LIMIT, UNREADABLE, Accounting, DefinitionAccount, FileAccount
from rumpattern.memory import trim
from rumpattern.rum.names import ABSENT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rumpattern.aggregate.cardinality import Cardinality
    from rumpattern.aggregate.series import Series, SeriesTable
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.input.rejects import Reject
    from rumpattern.input.sources import Source
    from rumpattern.job.results import BlockResult
    from rumpattern.job.settings import Settings
    from rumpattern.job.source_results import SourceResult

SHOWN_REJECTS: Final = 5
"""How many rejects are shown; the rest is counted."""


@dataclass(eq=False)
class ReplayResult:
    """The result of a replay.

    Attributes:
        accounting: what became of every line and of every matched event.
        warnings: findings about the definitions and the input, for a person.
        first_rejects: the first rejected lines, each with the name of its file.
        reader: the name of the reader that decoded the lines (see ``Reader``).
    """

    _series: SeriesTable | list[Series] = field(repr=False)
    accounting: Accounting
    warnings: list[Diagnostic]
    first_rejects: list[tuple[str, Reject]]
    reader: str = ""

    @property
    def series(self) -> list[Series]:
        """The data points, sorted by metric and time. They are kept as columns until this is first read."""
        known = self._series
        if not isinstance(known, list):
            known = self._series = known.rows()
        return known

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ReplayResult):
            return NotImplemented
        return self._compared() == other._compared()

    __hash__ = None  # type: ignore[assignment]  # the series are made when they are asked for

    def _compared(self) -> tuple[object, ...]:
        return self.series, self.accounting, self.warnings, self.first_rejects, self.reader


class Collector:
    """Adds up block results, which come in the order of their blocks, to the result of a replay.

    Args:
        definitions: what was replayed.
        sources: the input, one account each.
        settings: those of the replay.
        on_reject: called with file name and reject for every line that is no event, in order.
    """

    def __init__(
        self,
        definitions: Sequence[MetricDefinition],
        sources: Sequence[Source],
        settings: Settings,
        on_reject: Callable[[str, Reject], None] | None = None,
    ) -> None:
        self._definitions = definitions
        self._sources = sources
        self._settings = settings
        self._on_reject = on_reject
        self._files = [FileAccount(source.name, bytes=source.size) for source in sources]
        self._counts = np.zeros((len(definitions), len(REASONS)), np.int64)
        self._limit = SeriesLimit(definitions, settings.max_series)
        self._total = Partial(settings.exact_values, self._limit, trim)
        self._present: set[str] = set()
        self._absent: set[str] = set()
        self._first_rejects: list[tuple[str, Reject]] = []

    def add(self, result: BlockResult) -> None:
        """Add the result of the next block."""
        if self._files[result.sources[0].source].rejects[UNREADABLE]:
            return  # a file ends where it could not be read: text found behind that may belong to another file
        for part in result.sources:
            file = self._files[part.source]
            self._files[part.source] = file.plus(part)
            if part.rejects:
                self._report_rejects(file, part)
        self._counts += result.counts
        for groups in result.groups:
            self._total.add_groups(groups)
        self._total.add_samples(result.odd_samples)
        self._present |= result.present
        self._absent |= result.absent

    def _report_rejects(self, file: FileAccount, result: SourceResult) -> None:
        lines_before = 0 if result.has_file_line_numbers else file.lines
        shown = result.rejects.first(SHOWN_REJECTS - len(self._first_rejects))
        self._first_rejects += [(file.name, reject) for reject in _with_file_lines(shown, lines_before)]
        if self._on_reject:
            for reject in _with_file_lines(result.rejects, lines_before):
                self._on_reject(file.name, reject)

    def check(self) -> None:
        """Assert that no line was lost so far."""
        for file in self._files:
            file.check()

    def finish(self, reader: str, bytes_read: Sequence[int] | None = None) -> ReplayResult:
        """Return the result of the replay; nothing can be added afterwards.

        Args:
            reader: who decoded the lines.
            bytes_read: how many bytes were read of each source, for streams, which have no size.

        Raises:
            InputError: there was not a single event or reject.
        """
        accounting = self._accounting(bytes_read)
        if not accounting.evaluated and not accounting.rejected:
            names = ", ".join(source.name for source in self._sources)
            message = f"there are no events in {names}"
            raise InputError([Diagnostic("RP002", message, hint="are these exports of RUM events?")])
        warnings = [
            *_absent_field_warnings(accounting.definitions),
            *_application_name_warnings(self._total),
            *_series_limit_warnings(accounting.definitions, self._settings.max_series),
        ]
        series = tabulate(self._definitions, self._total, self._settings.period)
        return ReplayResult(series or [], accounting, warnings, self._first_rejects, reader)

    def _accounting(self, bytes_read: Sequence[int] | None) -> Accounting:
        cardinalities = self._limit.count(self._total.merged())
        absent = self._absent - self._present
        accounts = [
            _definition_account(definition, counts, cardinality, absent)
            for definition, counts, cardinality in zip(
                self._definitions, self._counts.tolist(), cardinalities, strict=True
            )
        ]
        for file, source, size in zip(self._files, self._sources, bytes_read or (), strict=False):
            if not file.bytes and not source.is_regular:
                file.bytes = size
        accounting = Accounting(self._files, accounts)
        accounting.check()
        return accounting


def _definition_account(
    definition: MetricDefinition, counts: Sequence[int], cardinality: Cardinality, absent: set[str]
) -> DefinitionAccount:
    dropped = _dropped(counts)
    if cardinality.beyond:
        dropped[SERIES_LIMIT] = cardinality.beyond
    published = counts[0] - cardinality.beyond
    return DefinitionAccount(
        definition.name,
        sum(counts),
        published,
        dropped,
        cardinality.sets,
        cardinality.values,
        _absent_fields(definition, absent),
    )


def _dropped(counts: Sequence[int]) -> Counter[str]:
    return Counter({reason: count for reason, count in zip(REASONS[1:], counts[1:], strict=True) if count})


def _with_file_lines(rejects: Iterable[Reject], lines_before: int) -> Iterator[Reject]:
    """Yield the rejects of a block with their line numbers in the file, ``lines_before`` of which precede the block."""
    for reject in rejects:
        yield replace(reject, line=lines_before + reject.line)


def _absent_fields(definition: MetricDefinition, absent: set[str]) -> tuple[str, ...]:
    paths = {path for path, _ in definition.dimension_keys}
    paths.update(definition.pattern.paths if definition.pattern else ())
    paths.update([definition.value_key] if definition.value_key else [])
    return tuple(sorted(absent & paths))


def _absent_field_warnings(accounts: Sequence[DefinitionAccount]) -> Iterator[Diagnostic]:
    for number, account in enumerate(accounts):
        for path in account.absent:
            shapes = [shape.value for shape, keys in ABSENT_FIELDS.items() if path.partition(".")[0] in keys]
            message = (
                f"definition {number} ({account.name}) names {path}, which no event of this input has: "
                f"events in the shape of {' or '.join(shapes)} never have it"
            )
            yield Diagnostic("RP310", message, severity=Severity.WARNING)


def _series_limit_warnings(accounts: Sequence[DefinitionAccount], limit: int) -> Iterator[Diagnostic]:
    for number, account in enumerate(accounts):
        if left_out := account.dropped[SERIES_LIMIT]:
            message = (
                f"definition {number} ({account.name}) makes about {account.series:,} series, more than {limit:,}: "
                f"its {left_out:,} samples are left out"
            )
            if account.values:
                name, count = account.values[0]
                message += f"; the dimension {name} has most values, about {count:,}"
            yield Diagnostic(
                "RP022", message, hint="drop that dimension, or raise --max-series", severity=Severity.WARNING
            )


def _application_name_warnings(total: Partial) -> Iterator[Diagnostic]:
    left_out = sum(int(groups.sizes[lacks_label(groups)].sum()) for groups in total.merged())
    if left_out:
        lack = "sample lacks" if left_out == 1 else "samples lack"
        message = f"{left_out:,} {lack} application_name, which RUM adds to every metric: no usable one is known"
        hint = "give the app monitor's name with --application-name"
        yield Diagnostic("RP311", message, hint=hint, severity=Severity.WARNING)
