"""Matches to samples, a batch at a time: the policy of ``rumpattern.derive.policy`` applied to columns.

Definitions that read the same fields are derived together, so that the cost is that of the matched rows, however many
definitions there are.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from rumpattern.derive.policy import PUBLISHED, REASON_CODES, REASONS, Sample, dimension_names, sample_event
from rumpattern.derive.readings import Readings, Role
from rumpattern.rum.names import APPLICATION_NAME, EVENT_TIMESTAMP

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.arrays import Counts, Integers, Numbers
    from rumpattern.columns.batch import EventBatch
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.derive.readings import Field, RowCodes
    from rumpattern.match.kernel import Matches
    from rumpattern.plan.plan import Plan


_UNUSED_TEXTS: Final = 100
"""Unused texts that ``Labels.compact`` leaves: to find the used ones takes longer than to carry so many."""


@dataclass(frozen=True, slots=True, eq=False)
class Labels:
    """A dictionary-coded dimension of m samples or groups.

    Attributes:
        codes: shape (m,), indices into ``texts``.
        texts: dimension values; None leaves the dimension out. A value may occur twice, and some may not be used.
    """

    codes: Integers
    texts: tuple[str | None, ...]

    def take(self, indices: Integers | slice) -> Labels:
        """Return the labels at some indices."""
        return Labels(self.codes[indices], self.texts)

    def compact(self) -> Labels:
        """Return the same labels without unused texts, if these may be many: all strings of a batch, for few groups."""
        if len(self.texts) <= 2 * len(self.codes) + _UNUSED_TEXTS:
            return self
        used, codes = np.unique(self.codes, return_inverse=True)
        return Labels(codes, tuple(self.texts[code] for code in used.tolist()))

    def as_list(self) -> list[str | None]:
        """Return the m dimension values."""
        return [self.texts[code] for code in self.codes.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """What one definition publishes from one batch, and what became of its matched rows.

    ``matched == published + sum(dropped.values())``. The m samples of ``values``, ``starts`` and ``dimensions`` are in
    the order of their rows; those of rows that columns cannot say exactly are in ``odd``.

    Attributes:
        definition: the definition's index in the plan.
        matched: how many rows of the batch the definition matches.
        values: shape (m,), the number at the ValueKey, or 1; in the definition's unit.
        starts: shape (m,), the start of each sample's period in seconds since 1970 (UTC), from event_timestamp.
        dimensions: for each name of ``policy.dimension_names`` the samples' labels, from the paths of DimensionKeys.
        dropped: how many matched rows publish nothing, by reason (``policy.REASONS``).
        odd: samples of rows on the exact path, in addition to the m.
    """

    definition: int
    matched: int
    values: Numbers
    starts: Integers
    dimensions: tuple[Labels, ...]
    dropped: dict[str, int]
    odd: tuple[Sample, ...] = ()

    @property
    def published(self) -> int:
        """How many samples there are, those of the exact path included."""
        return len(self.values) + len(self.odd)


@dataclass(frozen=True, slots=True, eq=False)
class SampleTable:
    """What d definitions with one ``FieldSignature`` publish from one batch, m samples in all.

    Attributes:
        definitions: shape (d,), the definitions' indices in the plan.
        definition_of_sample: shape (m,), ascending, indices into ``definitions``.
        values: shape (m,); None if all are 1.
        starts: shape (m,), the start of each sample's period in seconds since 1970.
        dimensions: one ``Labels`` of m samples for each of ``policy.dimension_names``.
        counts: shape (d, reasons), how many matched rows came to each of ``REASONS``, those of the exact path included.
        odd: samples of rows on the exact path with their definitions' indices in the plan, in addition to the m.
    """

    definitions: Integers
    definition_of_sample: Integers
    values: Numbers | None
    starts: Integers
    dimensions: tuple[Labels, ...]
    counts: Counts
    odd: tuple[tuple[int, Sample], ...] = ()

    def split(self) -> Iterator[Samples]:
        """Yield the samples of each definition."""
        offsets = np.searchsorted(self.definition_of_sample, np.arange(len(self.definitions) + 1))
        values = np.ones(len(self.starts)) if self.values is None else self.values
        for index, definition in enumerate(self.definitions.tolist()):
            of_definition = slice(offsets[index], offsets[index + 1])
            reasons = dict(zip(REASONS, self.counts[index].tolist(), strict=True))
            yield Samples(
                definition,
                sum(reasons.values()),
                values[of_definition],
                self.starts[of_definition],
                tuple(labels.take(of_definition) for labels in self.dimensions),
                {reason: count for reason, count in reasons.items() if count and reason != PUBLISHED},
                tuple(sample for other, sample in self.odd if other == definition),
            )


class FieldSignature(NamedTuple):
    """Definitions that read the same fields.

    Attributes:
        definitions: shape (d,), their indices in the plan.
        value_key: the path of the value, None if each matched row counts 1.
        dimensions: the fields of the dimensions, in the order of ``policy.dimension_names``.
    """

    definitions: Integers
    value_key: str | None
    dimensions: tuple[Field, ...]


def _dimension_fields(definition: MetricDefinition) -> tuple[Field, ...]:
    fields = tuple((path, Role.DIMENSION) for path, _ in definition.dimension_keys)
    is_named = len(dimension_names(definition)) == len(fields)
    return fields if is_named else (*fields, (APPLICATION_NAME, Role.OPTIONAL_DIMENSION))


def signatures_of(definitions: Sequence[MetricDefinition]) -> tuple[FieldSignature, ...]:
    """Partition definitions by the fields that they read."""
    partitions: defaultdict[tuple[str | None, tuple[Field, ...]], list[int]] = defaultdict(list)
    fields_of: dict[tuple[tuple[str, str], ...], tuple[Field, ...]] = {}  # many definitions have the same dimensions
    for index, definition in enumerate(definitions):
        keys = definition.dimension_keys
        if keys not in fields_of:
            fields_of[keys] = _dimension_fields(definition)
        partitions[definition.value_key, fields_of[keys]].append(index)
    return tuple(FieldSignature(np.array(indices, np.int64), *fields) for fields, indices in partitions.items())


class Deriver:
    """Derives the samples of a plan's definitions; holds no state between batches."""

    def __init__(self, plan: Plan) -> None:
        self.definitions = plan.definitions
        self.signatures = signatures_of(plan.definitions)

    def derive(self, batch: EventBatch, matches: Matches, period: int) -> Iterator[SampleTable]:
        """Yield the samples of each signature's definitions; ``period`` is in seconds."""
        for derivation in self.derivations(Readings(batch, period), matches):
            yield derivation.table()

    def derivations(self, readings: Readings, matches: Matches) -> Iterator[Derivation]:
        """Yield what each signature's definitions derive from a batch, before it is worked out."""
        for signature in self.signatures:
            yield Derivation(self.definitions, signature, matches, readings)


@dataclass(frozen=True, slots=True, eq=False)
class Derivation:
    """The definitions of one signature over one batch.

    Attributes:
        plan_definitions: all definitions of the plan.
        signature: those that are derived here.
        matches: the rows of the batch that each definition of the plan matches.
        readings: the batch's fields.
    """

    plan_definitions: Sequence[MetricDefinition]
    signature: FieldSignature
    matches: Matches
    readings: Readings

    def table(self) -> SampleTable:
        """Return the samples."""
        definitions, value_key, fields = self.signature
        value = None if value_key is None else self.readings.rows(value_key, Role.VALUE)
        dimensions = [self.readings.rows(*field) for field in fields]
        time = self.readings.rows(EVENT_TIMESTAMP, Role.TIMESTAMP)
        rows, definition_of_row = _matched_rows(definitions, self.matches)
        if self.readings.batch.odd:
            regular = ~self.readings.is_odd[rows]
            rows, definition_of_row = rows[regular], definition_of_row[regular]
        reasons = _drop_reasons([*([] if value is None else [value]), *dimensions, time], rows)
        counts = _count_reasons(definition_of_row, reasons, len(definitions))
        if reasons is not None:
            rows, definition_of_row = rows[reasons == 0], definition_of_row[reasons == 0]
        return SampleTable(
            definitions,
            definition_of_row,
            None if value is None else value.numbers[rows],
            time.codes[rows],
            tuple(Labels(dimension.codes[rows], dimension.labels) for dimension in dimensions),
            counts,
            tuple(self.derive_odd_rows(counts)),
        )

    def derive_odd_rows(self, counts: Counts) -> Iterator[tuple[int, Sample]]:
        """Yield the samples of rows on the exact path with their definitions' indices in the plan.

        What becomes of each row is added to ``counts``, shape (definitions of the signature, reasons).
        """
        odd = self.readings.batch.odd
        if not odd:
            return
        rows, definition_of_row = _matched_rows(self.signature.definitions, self.matches)
        is_odd = self.readings.is_odd[rows]
        definitions: list[int] = self.signature.definitions.tolist()
        outcomes: dict[int, Sample | str] = {}  # by row: what definitions of one signature read is the same
        for row, index in zip(rows[is_odd].tolist(), definition_of_row[is_odd].tolist(), strict=True):
            definition = definitions[index]
            outcome = outcomes.get(row)
            if outcome is None:
                event = odd[row]
                outcome = outcomes[row] = sample_event(self.plan_definitions[definition], event, self.readings.period)
            counts[index, REASON_CODES[outcome if isinstance(outcome, str) else PUBLISHED]] += 1
            if isinstance(outcome, Sample):
                yield definition, outcome


def _matched_rows(definitions: Integers, matches: Matches) -> tuple[Integers, Integers]:
    """Return the row ids that definitions match, one definition after the other.

    Returns:
        The row ids, and for each the index into ``definitions``, both of shape (matches,).
    """
    if len(definitions) == 1:
        rows = matches.of(definitions[0])
        return rows, np.zeros(len(rows), np.int64)
    begins, lengths = matches.offsets[definitions], matches.offsets[definitions + 1] - matches.offsets[definitions]
    shifts = begins - np.cumsum(lengths) + lengths
    indices = np.arange(lengths.sum()) + np.repeat(shifts, lengths)
    return matches.rows[indices], np.repeat(np.arange(len(definitions)), lengths)


def _drop_reasons(fields: Sequence[RowCodes], rows: Integers) -> Integers | None:
    """Return shape (rows,): the reason code of the first field that drops the row, or 0; None if no row is dropped."""
    reasons: Integers | None = None
    for field in fields:
        if field.has_drops:
            of_field = -np.minimum(field.codes[rows], 0)
            reasons = of_field if reasons is None else np.where(reasons == 0, of_field, reasons)
    return reasons


def _count_reasons(definition_of_row: Integers, reasons: Integers | None, n_definitions: int) -> Counts:
    """Return shape (definitions, reasons): how many rows of each definition came to each reason."""
    if reasons is None:
        counts = np.zeros((n_definitions, len(REASONS)), np.int64)
        counts[:, 0] = np.bincount(definition_of_row, minlength=n_definitions)
        return counts
    cells = np.bincount(definition_of_row * len(REASONS) + reasons, minlength=n_definitions * len(REASONS))
    return cells.reshape(n_definitions, len(REASONS))
