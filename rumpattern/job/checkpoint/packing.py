"""Results to bytes and back: the length of a header, the header as JSON, and columns.

Integrity is for whoever keeps the bytes to see to; nothing in them can run as code.
"""

from __future__ import annotations

import math
from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

from rumpattern.aggregate.groups import PartialAggregates
from rumpattern.aggregate.histogram import Histogram
from rumpattern.aggregate.sums import ExactSums
from rumpattern.derive.policy import REASONS, Sample
from rumpattern.derive.samples import Labels
from rumpattern.input.formats import Form
from rumpattern.job.reject_columns import Rejects
from rumpattern.job.results import BlockResult
from rumpattern.job.source_results import SourceResult

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.arrays import Array, Integers


_LENGTH: Final = 8


def pack_result(result: BlockResult) -> bytes:
    """Return a block's result as bytes."""
    texts = _Texts()
    sources = [_pack_source(source) for source in result.sources]
    groups = [_pack_groups(groups, texts) for groups in result.groups]
    columns = [result.counts, *(column for _, some in chain(sources, groups) for column in some)]
    header = {
        "sources": [head for head, _ in sources],
        "end": result.end,
        "present": sorted(result.present),
        "absent": sorted(result.absent),
        "odd_samples": [(number, odd.value, odd.labels, odd.start) for number, odd in result.odd_samples],
        "texts": texts.all,
        "groups": [head for head, _ in groups],
        "columns": [(column.dtype.char, column.shape) for column in columns],
    }
    head = orjson.dumps(header)
    data = [np.ascontiguousarray(column).data for column in columns]
    return b"".join([len(head).to_bytes(_LENGTH, "big"), head, *data])


def unpack_result(data: bytes) -> BlockResult:
    """Return the result that ``pack_result`` packed."""
    start = _LENGTH + int.from_bytes(data[:_LENGTH], "big")
    header = orjson.loads(data[_LENGTH:start])
    columns = _columns(header.pop("columns"), data, start)
    texts = [tuple(some) for some in header["texts"]]
    return BlockResult(  # the columns come in the order of the arguments
        counts=next(columns).reshape(-1, len(REASONS)),
        sources=[_unpack_source(head, columns) for head in header["sources"]],
        end=header["end"] and tuple(header["end"]),
        groups=[_unpack_groups(head, columns, texts) for head in header["groups"]],
        odd_samples=[
            (number, Sample(value, tuple(labels), start)) for number, value, labels, start in header["odd_samples"]
        ],
        present=set(header["present"]),
        absent=set(header["absent"]),
    )


def _columns(forms: list[tuple[str, list[int]]], data: bytes, place: int) -> Iterator[Array]:
    for form, shape in forms:
        kind, count = np.dtype(form), math.prod(shape)
        yield np.frombuffer(data, kind, count, place).reshape(shape)
        place += count * kind.itemsize


class _Texts:
    """The texts of labels, once for all groups of a batch that share them."""

    def __init__(self) -> None:
        self.all: list[tuple[str | None, ...]] = []
        self._numbers: dict[int, int] = {}

    def add(self, labels: Labels) -> tuple[int, Integers]:
        """Return the number of the labels' texts, and codes that index them."""
        number = self._numbers.setdefault(id(labels.texts), len(self.all))  # of texts that stay in ``all``
        if number == len(self.all):
            self.all.append(labels.texts)
        return number, labels.codes


def _pack_source(source: SourceResult) -> tuple[dict[str, Any], list[Array]]:
    """Return what JSON can say of the lines of a source, and the columns of its rejects, if there are any."""
    head: dict[str, Any] = {
        "source": source.source,
        "form": source.form.value,
        "has_file_line_numbers": source.has_file_line_numbers,
        "lines": source.lines,
        "evaluated": source.evaluated,
        "blank": source.blank,
        "odd": source.odd,
        "synthesised": source.synthesised,
    }
    if not source.rejects:
        return head, []
    why, rows, texts = source.rejects.pack()
    return {**head, "why": why}, [rows, np.frombuffer(texts, np.uint8)]


def _unpack_source(head: dict[str, Any], columns: Iterator[Array]) -> SourceResult:
    why = head.pop("why", None)
    rejects = Rejects() if why is None else Rejects.unpack(why, next(columns), next(columns).tobytes())
    form, synthesised = Form(head.pop("form")), Counter(head.pop("synthesised"))
    return SourceResult(form=form, synthesised=synthesised, rejects=rejects, **head)


def _pack_groups(groups: PartialAggregates, texts: _Texts) -> tuple[tuple[object, ...], list[Array]]:
    dimensions = [texts.add(labels) for labels in groups.dimensions]
    columns = [groups.definitions, groups.starts, groups.sizes, groups.sums.limbs, groups.minima, groups.maxima]
    columns += [groups.raw_counts, groups.raw_values, *(codes for _, codes in dimensions)]
    columns += [column for histogram in groups.histograms.values() for column in histogram.unpack()]
    histograms = [(number, histogram.is_exact) for number, histogram in groups.histograms.items()]
    return (groups.sums.exponent, [number for number, _ in dimensions], histograms), columns


def _unpack_groups(head: list[Any], columns: Iterator[Array], texts: list[tuple[str | None, ...]]) -> PartialAggregates:
    exponent, dimensions, packed_histograms = head
    definitions, starts, sizes, limbs, minima, maxima, raw_counts, raw_values = islice(columns, 8)
    labels = tuple(Labels(next(columns), texts[number]) for number in dimensions)
    histograms = {
        number: Histogram(next(columns).tobytes(), next(columns).tobytes(), is_exact)
        for number, is_exact in packed_histograms
    }
    sums = ExactSums(limbs, exponent)
    return PartialAggregates(
        definitions, starts, labels, sizes, sums, minima, maxima, raw_counts, raw_values, histograms
    )
