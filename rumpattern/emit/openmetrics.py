"""OpenMetrics 1.0 text: gauges, told at the start of their period as CloudWatch does.

``name`` has the quantiles, ``name_sum``, ``name_samples``, ``name_min`` and ``name_max`` the rest. They are no summary:
its count and sum are counters, which grow from sample to sample and never get negative, and these belong to one period
each. Add them up with ``sum_over_time``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias, TypeVar

from rumpattern.aggregate.distribution import PERCENTS, percentiles
from rumpattern.aggregate.histogram import ERROR_ABOVE, ERROR_BELOW
from rumpattern.derive.policy import dimension_names
from rumpattern.diagnostics.wording import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.distribution import Percentiles
    from rumpattern.aggregate.series import Series
    from rumpattern.definition.model import MetricDefinition

_UNNAMED: Final = frozenset({"None", "Count"})
"""Units that a name does not end in: no unit, and one that says nothing."""
_SAMPLES: Final = "samples"
_STATISTICS: Final[dict[str, Callable[[Series], float]]] = {
    "sum": lambda one: one.sum,
    _SAMPLES: lambda one: one.count,
    "min": lambda one: one.min,
    "max": lambda one: one.max,
}
_QUANTILES: Final = tuple(f"{percent / 100:g}" for percent in PERCENTS)
_DIGITS: Final = 8
"""Digits of a digest that are added to a name until it is its own."""
_Metric: TypeAlias = tuple[str, str, str]
"""Namespace, name and unit."""
_Key = TypeVar("_Key", str, _Metric)
_Name = TypeVar("_Name", str, "_Names")


class _Names(NamedTuple):
    """What a metric is called: the name before the unit, and the unit or nothing."""

    base: str
    unit: str

    def family(self, statistic: str = "") -> str:
        return "_".join(part for part in (self.base, statistic, self.unit_of(statistic)) if part)

    def unit_of(self, statistic: str) -> str:
        return "" if statistic == _SAMPLES else self.unit

    def families(self) -> list[str]:
        return [self.family(statistic) for statistic in ("", *_STATISTICS)]


def write(series: Sequence[Series], stream: BinaryIO, definitions: Sequence[MetricDefinition] = ()) -> None:
    """Write the series, sorted as ``aggregate.series`` gives them.

    A character that a name cannot have becomes ``_``. Metrics, or dimensions, of the series and the definitions that
    would get one name so all get some digits of a hash of what they are called, so that nothing is added up that does
    not belong together; with all definitions given, names do not depend on which of them have samples.
    """
    defined = {(one.final_namespace, one.name, one.unit) for one in definitions}
    names = _names(defined | {(one.namespace, one.name, one.unit) for one in series})
    dimensions = {name for definition in definitions for name in dimension_names(definition)}
    labels = _labels(dimensions | {name for one in series for name, _ in one.dimensions})
    for _, group in groupby(series, key=attrgetter("namespace", "name")):
        by_unit: dict[_Metric, list[Series]] = {}
        for one in group:
            by_unit.setdefault((one.namespace, one.name, one.unit), []).append(one)
        for metric in sorted(by_unit):
            lines = _families(names[metric], by_unit[metric], labels)
            stream.writelines(line.encode() + b"\n" for line in lines)
    stream.write(b"# EOF\n")


# --- names ----------------------------------------------------------------------------------------------------------


def _names(metrics: Iterable[_Metric]) -> dict[_Metric, _Names]:
    def named(metric: _Metric, digest: str) -> _Names:
        namespace, name, unit = metric
        unit = "" if unit in _UNNAMED else _plain(unit.replace("/", "_per_")).lower()
        return _Names("_".join(part for part in (_plain(namespace), _plain(name), digest) if part), unit)

    return _distinct(metrics, named, _Names.families)


def _labels(dimensions: Iterable[str]) -> dict[str, str]:
    def named(name: str, digest: str) -> str:
        plain = "_".join(part for part in (_plain(name), digest) if part)
        if plain.startswith("__"):  # these are kept for Prometheus itself
            return f"dimension{plain}"
        return f"{plain}_" if plain == "quantile" else plain

    return _distinct(dimensions, named, lambda name: [name])


def _plain(text: str) -> str:
    return re.sub(r"^(?=[0-9]|$)", "_", re.sub("[^a-zA-Z0-9_]", "_", text))


def _distinct(
    keys: Iterable[_Key], named: Callable[[_Key, str], _Name], taken: Callable[[_Name], list[str]]
) -> dict[_Key, _Name]:
    """Name each key by itself and some digits of its digest: none unless it would share a name with another."""
    digits = dict.fromkeys(sorted(keys), 0)
    while True:
        names = {key: named(key, _digest(key)[:length]) for key, length in digits.items()}
        counts = Counter(text for name in names.values() for text in taken(name))
        clashing = [key for key, name in names.items() if any(counts[text] > 1 for text in taken(name))]
        if not clashing:
            return names
        for key in clashing:
            digits[key] += _DIGITS


def _digest(key: str | _Metric) -> str:
    return hashlib.sha256(repr(key).encode()).hexdigest()


# --- lines ----------------------------------------------------------------------------------------------------------


class _Point(NamedTuple):
    """One series with its labels as text and its time."""

    labels: str
    time: int
    one: Series


def _families(names: _Names, series: Sequence[Series], labels: Mapping[str, str]) -> Iterator[str]:
    points = [_Point(_label_text(one, labels), int(one.start.timestamp()), one) for one in series]
    about = f"CloudWatch metric {series[0].name} of {series[0].namespace}, unit {series[0].unit}"
    found = list(percentiles([one.distribution for one in series]))
    if any(one.values for one in found):
        yield from _head(names, "", f"quantiles of {about}{_method(found)}")
        yield from _quantiles(names.family(), points, found)
    for statistic, value in _STATISTICS.items():
        yield from _head(names, statistic, f"{statistic} of {about}")
        family = names.family(statistic)
        yield from (f"{family}{{{labels}}} {value(one)!r} {time}" for labels, time, one in points)


def _head(names: _Names, statistic: str, about: str) -> Iterator[str]:
    family, unit = names.family(statistic), names.unit_of(statistic)
    yield f"# HELP {family} {_escape(printable(about))}"
    yield f"# TYPE {family} gauge"
    if unit:
        yield f"# UNIT {family} {unit}"


def _method(found: Sequence[Percentiles]) -> str:
    if all(one.is_exact for one in found):
        return ""
    return f"; those of many values are of SEH1 buckets, {ERROR_BELOW:.1%} to {ERROR_ABOVE:+.1%}"


def _quantiles(family: str, points: Sequence[_Point], found: Sequence[Percentiles]) -> Iterator[str]:
    """Give the samples of a gauge for each quantile, those of one and the same labels together, in order of time."""
    known = ((point, one.values) for point, one in zip(points, found, strict=True) if one.values is not None)
    for labels, group in groupby(known, key=lambda pair: pair[0].labels):
        samples = list(group)
        comma = "," if labels else ""
        for number, quantile in enumerate(_QUANTILES):
            name = f'{family}{{{labels}{comma}quantile="{quantile}"}}'
            yield from (f"{name} {values[number]!r} {point.time}" for point, values in samples)


def _label_text(one: Series, labels: Mapping[str, str]) -> str:
    return ",".join(f'{labels[name]}="{_escape(value)}"' for name, value in one.dimensions)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
