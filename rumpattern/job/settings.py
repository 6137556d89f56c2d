"""What a replay is asked for besides its definitions and its input."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from operator import index
from typing import TYPE_CHECKING, Any, Self

from rumpattern.aggregate.limits import MAX_EXACT_VALUES, MAX_SERIES
from rumpattern.columns.fields import Kind
from rumpattern.columns.readers import Reader
from rumpattern.derive.policy import PUBLISHED, dimension_reason
from rumpattern.engine import DEFAULT_PERIOD
from rumpattern.input.formats import MAX_LINE, Form
from rumpattern.rum.limits import HIGH_RESOLUTION_PERIODS, MAX_PERIOD, STANDARD_PERIOD

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of a replay. They check themselves; library, command line, workers and checkpoints pass them on.

    Attributes:
        period: seconds of one data point: 1, 5, 10, 20, 30 or a multiple of 60, up to a day.
        application_name: the app monitor's name, for events that lack it; None leaves it out there.
        input_format: the form of every input file; None detects it for each.
        reader: who decodes event lines.
        max_series: distinct dimension sets of one definition; the samples of a definition that makes more are counted
            and left out.
        exact_values: distinct values of one data point that are kept as they are; of more, counts of buckets are kept
            (see ``aggregate.histogram``).
        max_line: bytes of a line, its newline left out; a longer one is rejected and not held in memory.

    Raises:
        ValueError: a period that CloudWatch does not have, a name that it refuses as a dimension value, a limit below
            1, or a value of another type.
    """

    period: int = DEFAULT_PERIOD
    application_name: str | None = None
    input_format: Form | None = None
    reader: Reader = Reader.AUTO
    max_series: int = MAX_SERIES
    exact_values: int = MAX_EXACT_VALUES
    max_line: int = MAX_LINE

    def __post_init__(self) -> None:
        for name in ("period", "max_series", "exact_values", "max_line"):
            object.__setattr__(self, name, _integer(name, getattr(self, name)))  # the value is made, and then frozen
        check_period(self.period)
        check_application_name(self.application_name)
        for name in ("max_series", "exact_values", "max_line"):
            check_at_least_1(name, getattr(self, name))

    def identity(self) -> dict[str, object]:
        """Return the settings that a block's result depends on, as JSON values; keys are as messages name them."""
        return {
            "period": self.period,
            "number of exact values": self.exact_values,
            "longest line": self.max_line,
            "application name": self.application_name,
            "input format": self.input_format,
        }

    def to_json(self) -> dict[str, Any]:
        """Return the settings as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return the settings that ``to_json`` gave."""
        form = values["input_format"]
        return cls(**{**values, "input_format": form and Form(form), "reader": Reader(values["reader"])})


def _integer(name: str, value: object) -> int:
    """Return an integer of any type as Python's own, which JSON and numpy take alike; 60.0 is one too.

    Raises:
        ValueError: it is none.
    """
    try:
        return int(value) if isinstance(value, float) and value.is_integer() else index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} is a whole number, not {value!r}") from None


def check_period(period: int) -> None:
    """Check that CloudWatch has a period: 1, 5, 10, 20, 30 or a multiple of 60 seconds, up to a day.

    Source: GetMetricData, MetricStat, Period; PutMetricAlarm for the longest.

    Raises:
        ValueError: it has not.
    """
    if period not in HIGH_RESOLUTION_PERIODS and (not 0 < period <= MAX_PERIOD or period % STANDARD_PERIOD):
        raise ValueError(f"a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds up to a day, not {period}")


def check_application_name(name: str | None) -> None:
    """Check that a name can be the value of the application_name dimension.

    Raises:
        ValueError: it cannot.
    """
    if name is not None and not isinstance(name, str):
        raise ValueError(f"application_name is text, not {name!r}")
    reason = PUBLISHED if name is None else dimension_reason(Kind.STRING, name)
    if reason != PUBLISHED:
        raise ValueError(f"CloudWatch refuses {name!a} as a dimension value: {reason}")


def check_at_least_1(name: str, number: int | None) -> None:
    """Check a count that somebody may give.

    Raises:
        ValueError: it is 0 or less.
    """
    if number is not None and number < 1:
        raise ValueError(f"{name} is at least 1, not {number}")
