"""What partials and exact sums say, as plain values to be compared."""

from fractions import Fraction
from typing import NamedTuple

from rumpattern.aggregate.histogram import ValueSketch
from rumpattern.aggregate.partial import Partial
from rumpattern.aggregate.series import labels_of
from rumpattern.aggregate.sums import ExactSums


class Statistics(NamedTuple):
    """How many values, their exact sum, minimum, maximum and how they are spread, all of them counted."""

    samples: int
    sum: Fraction
    low: float
    high: float
    sketch: ValueSketch


def exact(sums: ExactSums) -> list[Fraction]:
    """Return exact sums."""
    return [total * Fraction(2) ** sums.exponent for total in sums.whole()]


def statistics(partial: Partial) -> dict[tuple[int, int, tuple[str | None, ...]], Statistics]:
    """Return the statistics of each definition, period and set of dimension values."""
    found = {}
    for groups in partial.merged():
        keys = zip(groups.definitions.tolist(), groups.starts.tolist(), labels_of(groups, slice(None)), strict=True)
        sketches = (sketch.compress(partial.max_exact, 0) for sketch in groups.sketches(partial.max_exact))
        numbers = (groups.sizes.tolist(), exact(groups.sums), groups.lows.tolist(), groups.highs.tolist(), sketches)
        new = dict(zip(keys, map(Statistics, *numbers), strict=True))
        assert not found.keys() & new.keys()
        found |= new
    return found
