"""What a replay is asked for besides its definitions and its input."""

from __future__ import annotations

from typing import NamedTuple

from rumpattern.aggregate.cardinality import MAX_SERIES
from rumpattern.aggregate.histogram import MAX_EXACT_VALUES
from rumpattern.engine import DEFAULT_PERIOD
from rumpattern.input.lines import MAX_LINE


class Settings(NamedTuple):
    """The settings of a replay.

    Attributes:
        period: seconds of one datum.
        exact_values: distinct values of one datum that are kept as they are; of more, counts of buckets are kept (see
            ``distribution``).
        max_series: sets of dimension values of one definition; if it makes more, its data are counted and left out.
        max_line: bytes of a line, its newline left out; a longer one is rejected and not held in memory.
    """

    period: int = DEFAULT_PERIOD
    exact_values: int = MAX_EXACT_VALUES
    max_series: int = MAX_SERIES
    max_line: int = MAX_LINE
