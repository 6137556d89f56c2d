"""The types of arrays, each stated once: what is in them, and their shape.

A name says what the numbers mean, the alias what numpy holds. Two aliases may have one dtype.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
"""An array of any shape and type: records, or one of several types."""
Flags: TypeAlias = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Shape (n,): a truth value for each item."""
Bytes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
"""Shape (bytes,): text."""
Kinds: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint8]]
"""Shape (rows,): a ``columns.fields.Kind`` for each row."""
Numbers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.float64]]
"""Shape (n,): doubles."""
Codes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int32]]
"""Shape (rows,): an index into a dictionary of strings for each row."""
Rows: TypeAlias = np.ndarray[tuple[int], np.dtype[np.intp]]
"""Shape (n,): row ids, numpy's own index type."""
Integers: TypeAlias = np.ndarray[tuple[int], np.dtype[np.integer[Any]]]
"""Shape (n,): whole numbers of any width."""
Counts: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.int64]]
"""Shape (definitions, reasons): matched rows by definition and by what became of them."""
DefinitionIndices: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint16]]
"""Shape (n,): indices into the definitions of one partition, not into those of the plan."""
Classes: TypeAlias = np.ndarray[tuple[int], np.dtype[np.int32]]
"""Shape (rows,): the class of each row's value on one path, or the code of its classes on all paths."""
Bits: TypeAlias = np.ndarray[tuple[int], np.dtype[np.uint64]]
"""Shape (words,): a set of branches, a bit for each."""
BitTable: TypeAlias = np.ndarray[tuple[int, int], np.dtype[np.uint64]]
"""Shape (n, words): such a set for each item."""
