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

SHOWN_REJECTS: Final = 5
"""How many rejects are told as they are; the rest is counted."""


@dataclass(eq=False)
class ReplayResult:
    """What a replay gives: sorted series, the account of every line, warnings, and some rejects with their file.

    ``reader`` is who decoded the lines (see ``Reader``).
    """

    _series: SeriesTable | list[Series] = field(repr=False)
    accounting: Accounting
    warnings: list[Diagnostic]
    first_rejects: list[tuple[str, Reject]]
    reader: str = ""

    @property
    def series(self) -> list[Series]:
        """The series, sorted; they are kept as columns until they are asked for."""
        known = self._series
        if not isinstance(known, list):
            known = self._series = known.rows()
        return known

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ReplayResult):
            return NotImplemented
        return self._said() == other._said()

    __hash__ = None  # type: ignore[assignment]  # the series are made when they are asked for

    def _said(self) -> tuple[object, ...]:
        return self.series, self.accounting, self.warnings, self.first_rejects, self.reader


def collect(
    definitions: Sequence[MetricDefinition],
    sources: Sequence[Source],
    results: Iterable[BlockResult],
    settings: Settings,
    on_reject: Callable[[str, Reject], None] | None = None,
) -> ReplayResult:
    """Add up block results, which come in the order of their blocks, to the result of the replay.

    Raises:
        InputError: there was not a single event or reject.
    """
    files = [FileAccount(source.name, bytes=source.size) for source in sources]
    counts = np.zeros((len(definitions), len(REASONS)), np.int64)
    limit = SeriesLimit(definitions, settings.max_series)
    total = Partial(settings.exact_values, limit)
    present: set[str] = set()
    absent: set[str] = set()
    first: list[tuple[str, Reject]] = []
    try:
        for result in results:
            file = files[result.source]
            if file.rejects[UNREADABLE]:
                continue  # where the file broke off, it ends: what is found behind that may be of another file
            files[result.source] = file.plus(result)
            base = 0 if result.has_file_line_numbers else file.lines
            shown = result.rejects.first(SHOWN_REJECTS - len(first))
            first += [(file.name, reject) for reject in _placed(shown, base)]
            if on_reject:
                for reject in _placed(result.rejects, base):
                    on_reject(file.name, reject)
            counts += result.counts
            for groups in result.groups:
                total.add_groups(groups)
            total.add_samples(result.odd_samples)
            present |= result.present
            absent |= result.absent
    finally:
        for file in files:
            file.check()
    cardinalities = limit.count(total.merged())
    accounts = [
        _definition_account(definition, row, cardinality, absent - present)
        for definition, row, cardinality in zip(definitions, counts.tolist(), cardinalities, strict=True)
    ]
    accounting = Accounting(files, accounts)
    accounting.check()
    if not accounting.evaluated and not accounting.rejected:
        names = ", ".join(source.name for source in sources)
        message = f"there are no events in {names}"
        raise InputError([Diagnostic("RP002", message, hint="are these exports of RUM events?")])
    warnings = [
        *_never_there(accounts),
        *_without_application(total),
        *_too_many_series(accounts, settings.max_series),
    ]
    return ReplayResult(tabulate(definitions, total, settings.period) or [], accounting, warnings, first)


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


def _placed(rejects: Iterable[Reject], base: int) -> Iterator[Reject]:
    """Yield rejects of a block with their line numbers in the file, ``base`` lines of which come before it."""
    for reject in rejects:
        yield replace(reject, line=base + reject.line)


def _absent_fields(definition: MetricDefinition, absent: set[str]) -> tuple[str, ...]:
    paths = {path for path, _ in definition.dimension_keys}
    paths.update(definition.pattern.paths if definition.pattern else ())
    paths.update([definition.value_key] if definition.value_key else [])
    return tuple(sorted(absent & paths))


def _never_there(accounts: Sequence[DefinitionAccount]) -> Iterator[Diagnostic]:
    for number, account in enumerate(accounts):
        for path in account.absent:
            shapes = [shape.value for shape, keys in ABSENT_FIELDS.items() if path.partition(".")[0] in keys]
            message = (
                f"definition {number} ({account.name}) names {path}, which no event of this input has: "
                f"events in the shape of {' or '.join(shapes)} never have it"
            )
            yield Diagnostic("RP310", message, severity=Severity.WARNING)


def _too_many_series(accounts: Sequence[DefinitionAccount], limit: int) -> Iterator[Diagnostic]:
    for number, account in enumerate(accounts):
        if left_out := account.dropped[SERIES_LIMIT]:
            message = (
                f"definition {number} ({account.name}) makes about {account.series:,} series, more than {limit:,}: "
                f"its {left_out:,} data are left out"
            )
            if account.values:
                name, count = account.values[0]
                message += f"; the dimension {name} has most values, about {count:,}"
            yield Diagnostic(
                "RP022", message, hint="drop that dimension, or raise --max-series", severity=Severity.WARNING
            )


def _without_application(total: Partial) -> Iterator[Diagnostic]:
    left_out = sum(int(groups.sizes[lacks_label(groups)].sum()) for groups in total.merged())
    if left_out:
        message = f"{left_out:,} data lack application_name, which RUM adds to every metric: no usable one is known"
        hint = "give the app monitor's name with --application-name"
        yield Diagnostic("RP311", message, hint=hint, severity=Severity.WARNING)
