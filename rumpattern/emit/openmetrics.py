"""OpenMetrics 1.0 text: gauges with the start of their period as timestamp, as in CloudWatch.

``name`` has the quantiles, ``name_sum``, ``name_samples``, ``name_min`` and ``name_max`` the rest. They are not a
summary, whose count and sum are counters that only grow: these belong to one period each. Aggregate them with
``sum_over_time``.
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
"""Units that are not appended to a name: no unit, and one that says nothing."""
_SAMPLES: Final = "samples"
_STATISTICS: Final[dict[str, Callable[[Series], float]]] = {
    "sum": lambda point: point.sum,
    _SAMPLES: lambda point: point.count,
    "min": lambda point: point.min,
    "max": lambda point: point.max,
}
_QUANTILES: Final = tuple(f"{percent / 100:g}" for percent in PERCENTS)
_DIGITS: Final = 8
"""Digits of a digest that are appended to a name at a time, until it is unique."""
_Metric: TypeAlias = tuple[str, str, str]
"""Namespace, name and unit."""
_Key = TypeVar("_Key", str, _Metric)
_Name = TypeVar("_Name", str, "_Names")


class _Names(NamedTuple):
    """The name of a metric before its unit, and the unit or an empty string."""

    base: str
    unit: str

    def family(self, statistic: str = "") -> str:
        return "_".join(part for part in (self.base, statistic, self.unit_of(statistic)) if part)

    def unit_of(self, statistic: str) -> str:
        return "" if statistic == _SAMPLES else self.unit

    def families(self) -> list[str]:
        return [self.family(statistic) for statistic in ("", *_STATISTICS)]


def write(points: Sequence[Series], stream: BinaryIO, definitions: Sequence[MetricDefinition] = ()) -> None:
    """Write data points, sorted as ``aggregate.series`` gives them.

    A character that a name cannot have becomes ``_``. Where two metrics or dimensions would get the same name, digits
    of a hash of the original name are appended to each, so that nothing is aggregated that does not belong together.
    With all definitions given, names do not depend on which of them have samples.
    """
    defined = {(point.final_namespace, point.name, point.unit) for point in definitions}
    names = _names(defined | {(point.namespace, point.name, point.unit) for point in points})
    dimensions = {name for definition in definitions for name in dimension_names(definition)}
    labels = _labels(dimensions | {name for point in points for name, _ in point.dimensions})
    for _, group in groupby(points, key=attrgetter("namespace", "name")):
        by_unit: dict[_Metric, list[Series]] = {}
        for point in group:
            by_unit.setdefault((point.namespace, point.name, point.unit), []).append(point)
        for metric in sorted(by_unit):
            texts = _families(names[metric], by_unit[metric], labels)
            stream.writelines(text.encode() + b"\n" for text in texts)
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
        if plain.startswith("__"):  # reserved by Prometheus
            return f"dimension{plain}"
        return f"{plain}_" if plain == "quantile" else plain

    return _distinct(dimensions, named, lambda name: [name])


def _plain(text: str) -> str:
    return re.sub(r"^(?=[0-9]|$)", "_", re.sub("[^a-zA-Z0-9_]", "_", text))


def _distinct(
    keys: Iterable[_Key], named: Callable[[_Key, str], _Name], taken: Callable[[_Name], list[str]]
) -> dict[_Key, _Name]:
    """Name each key; digits of its digest are appended where it would share a name with another."""
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


class _Line(NamedTuple):
    """One data point with its labels as text and its timestamp."""

    labels: str
    time: int
    point: Series


def _families(names: _Names, points: Sequence[Series], labels: Mapping[str, str]) -> Iterator[str]:
    lines = [_Line(_label_text(point, labels), int(point.start.timestamp()), point) for point in points]
    about = f"CloudWatch metric {points[0].name} of {points[0].namespace}, unit {points[0].unit}"
    found = list(percentiles([point.distribution for point in points]))
    if any(point.values for point in found):
        yield from _head(names, "", f"quantiles of {about}{_method(found)}")
        yield from _quantiles(names.family(), lines, found)
    for statistic, value in _STATISTICS.items():
        yield from _head(names, statistic, f"{statistic} of {about}")
        family = names.family(statistic)
        yield from (f"{family}{{{labels}}} {value(point)!r} {time}" for labels, time, point in lines)


def _head(names: _Names, statistic: str, about: str) -> Iterator[str]:
    family, unit = names.family(statistic), names.unit_of(statistic)
    yield f"# HELP {family} {_escape(printable(about))}"
    yield f"# TYPE {family} gauge"
    if unit:
        yield f"# UNIT {family} {unit}"


def _method(found: Sequence[Percentiles]) -> str:
    if all(point.is_exact for point in found):
        return ""
    return f"; those of many values are of SEH1 buckets, {ERROR_BELOW:.1%} to {ERROR_ABOVE:+.1%}"


def _quantiles(family: str, lines: Sequence[_Line], found: Sequence[Percentiles]) -> Iterator[str]:
    """Yield the samples of a gauge by labels, then quantile, then time."""
    known = ((line, point.values) for line, point in zip(lines, found, strict=True) if point.values is not None)
    for labels, group in groupby(known, key=lambda pair: pair[0].labels):
        samples = list(group)
        comma = "," if labels else ""
        for number, quantile in enumerate(_QUANTILES):
            name = f'{family}{{{labels}{comma}quantile="{quantile}"}}'
            yield from (f"{name} {values[number]!r} {line.time}" for line, values in samples)


def _label_text(point: Series, labels: Mapping[str, str]) -> str:
    return ",".join(f'{labels[name]}="{_escape(value)}"' for name, value in point.dimensions)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
