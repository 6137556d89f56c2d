"""Samples, partials and exact sums as plain values to be compared."""

from fractions import Fraction
from typing import NamedTuple

import rumpattern as rp
from rumpattern.aggregate.histogram import ValueSketch
from rumpattern.aggregate.partial import Partial
from rumpattern.aggregate.series import dimension_values
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
    return [total * Fraction(2) ** sums.exponent for total in sums.integers()]


def statistics(partial: Partial) -> dict[tuple[int, int, tuple[str | None, ...]], Statistics]:
    """Return the statistics of each definition, period and set of dimension values."""
    statistics_by_key: dict[tuple[int, int, tuple[str | None, ...]], Statistics] = {}
    for groups in partial.merged():
        keys = zip(
            groups.definitions.tolist(), groups.starts.tolist(), dimension_values(groups, slice(None)), strict=True
        )
        sketches = (sketch.compress(partial.max_exact, 0) for sketch in groups.sketches(partial.max_exact))
        numbers = (groups.sizes.tolist(), exact(groups.sums), groups.minima.tolist(), groups.maxima.tolist(), sketches)
        new = dict(zip(keys, map(Statistics, *numbers), strict=True))
        assert not statistics_by_key.keys() & new.keys()
        statistics_by_key |= new
    return statistics_by_key


def sample_rows(samples: rp.Samples) -> list[tuple[float, tuple[str | None, ...], int]]:
    """Return (value, labels, start) of all samples of a definition, those of the exact path last."""
    labels = zip(*([part.texts[code] for code in part.codes.tolist()] for part in samples.dimensions), strict=True)
    regular = zip(samples.values.tolist(), labels, samples.starts.tolist(), strict=True)
    return [*regular, *((sample.value, sample.labels, sample.start) for sample in samples.odd)]
