"""Batches of two readers compared: the compiled one must give what the decoder gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from rumpattern.columns.fields import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.columns.batch import Column, EventBatch
    from rumpattern.columns.scan import Scanner
    from rumpattern.input.lines import EventList, TextLines


def cells(batch: EventBatch, path: str) -> tuple[list[int], list[float], list[str], list[str]]:
    """Return kind, number, string and array of every row; rows on the exact path have the kind AMBIGUOUS."""
    column = batch.columns[path]
    kinds = np.where(batch.regular(), column.kinds, Kind.AMBIGUOUS)
    texts = np.array([*column.strings, ""], object)
    strings = texts[np.where(kinds == Kind.STRING, column.codes, len(column.strings))]
    numbers = np.where(kinds == Kind.NUMBER, column.numbers, 0).tolist()
    return kinds.tolist(), numbers, strings.tolist(), list(arrays(column, kinds.tolist()))


def arrays(column: Column, kinds: Sequence[int]) -> Iterator[str]:
    """Yield the array of every row as text, in which 1 and true differ; nothing for rows of other kinds."""
    for kind, code in zip(kinds, column.codes.tolist(), strict=True):
        if kind == Kind.ARRAY:
            assert column.arrays is not None
        yield repr(column.arrays.values(code)) if kind == Kind.ARRAY and column.arrays else ""


def assert_same_batch(scanner: Scanner, scanned: TextLines, decoded: TextLines | EventList) -> EventBatch:
    """Read the same lines by a scanner and by its decoder, and return the scanner's batch if all is the same."""
    batch, same = scanner.decode(scanned), scanner.decoder.decode(decoded)
    assert batch.line_count == same.line_count == len(batch) + len(batch.rejects) + batch.blank
    assert list(batch.indices) == list(same.indices)
    assert batch.rejects == same.rejects
    assert batch.blank == same.blank
    assert batch.odd == same.odd
    assert {path: rows.tolist() for path, rows in batch.derived.items()} == {
        path: rows.tolist() for path, rows in same.derived.items()
    }
    assert {path: cells(batch, path) for path in batch.columns} == {path: cells(same, path) for path in same.columns}
    return batch
