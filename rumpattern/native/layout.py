"""Constants that compiled code shares with the rest of the package; a test compares each with its other home."""

from __future__ import annotations

from typing import Final

MISSING: Final = 0
NULL: Final = 1
FALSE: Final = 2
TRUE: Final = 3
NUMBER: Final = 4
STRING: Final = 5
OBJECT: Final = 6
ARRAY: Final = 7
KINDS: Final = 9
"""How many kinds there are: those above, and the one that compiled code never writes (``columns.fields.Kind``)."""
PADDING: Final = 128
"""How many zeros follow a text in a buffer: what compiled code may look at beyond its end, its widest load twice."""
MAX_VALUE: Final = 2.0**360
"""See ``rum.limits``."""
MAX_TIMESTAMP_MS: Final = 253_402_300_800_000
"""See ``rum.limits``."""
OUT_OF_RANGE: Final = 9
"""The index of ``value_out_of_range`` in ``derive.policy.REASONS``."""
TOO_LATE: Final = 20
"""The index of ``timestamp_out_of_range`` in ``derive.policy.REASONS``."""
