"""Batches of two readers compared: the compiled one must give what the decoder gives."""

import numpy as np

from rumpattern.columns.fields import Kind


def cells(batch, path):
    """Return what a column says of every row; odd rows say nothing."""
    column = batch.columns[path]
    kinds = np.where(batch.regular(), column.kinds, Kind.AMBIGUOUS)
    texts = np.array([*column.strings, ""], object)
    strings = texts[np.where(kinds == Kind.STRING, column.codes, len(column.strings))]
    return kinds.tolist(), np.where(kinds == Kind.NUMBER, column.numbers, 0).tolist(), strings.tolist()


def assert_alike(scanner, block_lines, same_lines):
    """Read the same lines by a scanner and by its decoder, and return the scanner's batch if all is the same."""
    batch, same = scanner.decode(block_lines), scanner.decoder.decode(same_lines)
    assert block_lines.count() == same_lines.count()
    assert list(batch.indices) == list(same.indices)
    assert batch.rejects == same.rejects
    assert batch.blank == same.blank
    assert batch.odd == same.odd
    assert dict(batch.synthesised) == dict(same.synthesised)
    assert {path: cells(batch, path) for path in batch.columns} == {path: cells(same, path) for path in same.columns}
    return batch
