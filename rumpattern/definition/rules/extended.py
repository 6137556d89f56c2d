"""The rules of extended metrics, whose table ``rum.extended`` has as data."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from rumpattern.definition.profile import Profile
from rumpattern.diagnostics.finding import Severity
from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.pattern.ast import NumericRange, StringEquals
from rumpattern.pattern.equivalence import Values, values
from rumpattern.pattern.format import format_element
from rumpattern.rum.extended import CLOUDFORMATION_NAMES, DIMENSIONS, EXTENDED_METRICS
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.definition.subject import Subject
    from rumpattern.diagnostics.finding import Diagnostic
    from rumpattern.pattern.intervals import Interval
    from rumpattern.rum.extended import ExtendedMetric

_CUSTOM_HINT: Final = "a custom metric needs a Namespace"


def name(subject: Subject) -> Iterator[Diagnostic]:
    """Without a Namespace, or in AWS/RUM, the Name is one of a list (API reference, Name)."""
    if not subject.is_extended or not subject.knows("Name"):
        return
    metric_name = subject.definition.name
    if metric_name in CLOUDFORMATION_NAMES:
        message = f'only CloudFormation documents the extended metric "{metric_name}", and its rules are not published'
        yield subject.warning("RP322", message, "Name")
    elif metric_name not in EXTENDED_METRICS:
        hint = did_you_mean(metric_name, list(EXTENDED_METRICS)) or _CUSTOM_HINT
        yield subject.error("RP321", f'there is no extended metric "{metric_name}"', "Name", hint)


def metric_of(subject: Subject) -> ExtendedMetric | None:
    """Return the entry of the table for an extended metric, None if there is none or it is not certain."""
    return EXTENDED_METRICS.get(subject.definition.name) if subject.is_extended and subject.knows("Name") else None


def event_pattern(subject: Subject) -> Iterator[Diagnostic]:
    """An extended metric is not valid without EventPattern (API reference, EventPattern)."""
    metric = metric_of(subject)
    if metric is None or not subject.knows("EventPattern") or subject.definition.pattern is not None:
        return
    hint = f'the minimum is {{"event_type":["{metric.event_type}"]}}'
    yield subject.error("RP320", f"{subject.definition.name} needs an EventPattern", "", hint)


def value_key(subject: Subject) -> Iterator[Diagnostic]:
    """The ValueKey is that of the table, or left out (API reference, EventPattern)."""
    metric = metric_of(subject)
    key = subject.definition.value_key
    if metric is None or not subject.knows("ValueKey") or key == metric.value_key:
        return
    metric_name = subject.definition.name
    if metric.value_key is None:
        yield subject.error(
            "RP323", f'{metric_name} counts events and takes no ValueKey, but has "{key}"', "ValueKey", "remove it"
        )
    elif key is None:
        hint = f'add "ValueKey": "{metric.value_key}"'
        yield subject.error("RP323", f'{metric_name} needs the ValueKey "{metric.value_key}"', "", hint)
    else:
        message = f'the ValueKey of {metric_name} is "{metric.value_key}", not "{key}"'
        yield subject.error("RP323", message, "ValueKey", f'write "{metric.value_key}"')


def event_type(subject: Subject) -> Iterator[Diagnostic]:
    """The pattern matches the one event type of the table (API reference, EventPattern)."""
    metric = metric_of(subject)
    if metric is None or not subject.branches:
        return
    wanted = values([StringEquals(metric.event_type)])
    if all(branch.get(EVENT_TYPE) == wanted for branch in subject.branches):
        return
    message = f'{subject.definition.name} must match event_type "{metric.event_type}" and no other'
    yield subject.at_field("RP324", message, EVENT_TYPE, f'write "event_type": ["{metric.event_type}"]')


def condition(subject: Subject) -> Iterator[Diagnostic]:
    """The pattern has the condition of the table (API reference, EventPattern)."""
    metric = metric_of(subject)
    if metric is None or metric.condition is None or not subject.branches:
        return
    path = metric.condition[0]
    accepted = _accepted(metric, subject.profile)
    if any(all(_same(branch.get(path), wanted, metric) for branch in subject.branches) for wanted in accepted):
        return
    terms = _suggested(metric, subject.profile)
    message = f"{subject.definition.name} needs {path} to be {format_element(_range(terms))}"
    yield subject.at_field("RP325", message, path, f"write {_spelled(path, terms)}")


def opposite(subject: Subject) -> Iterator[Diagnostic]:
    """The table prints "greater than 2000" for satisfied navigations, the same page's example "less than"."""
    metric = metric_of(subject)
    if (
        metric is None
        or metric.printed is None
        or metric.condition is None
        or subject.profile is not Profile.DOCUMENTED
    ):
        return
    path, terms = metric.condition
    printed = values([_range(metric.printed)])
    if subject.branches and all(branch.get(path) == printed for branch in subject.branches):
        message = (
            f"{subject.definition.name} with {format_element(_range(metric.printed))} counts the slow navigations; "
            "the API reference has this in its table and the opposite in its example"
        )
        yield subject.at_field("RP326", message, path, f"write {_spelled(path, terms)}", Severity.WARNING)


def extra_fields(subject: Subject) -> Iterator[Diagnostic]:
    """Besides its own fields the pattern has only those of its dimensions (API reference, EventPattern)."""
    metric = metric_of(subject)
    if metric is None or not subject.knows("DimensionKeys"):
        return
    allowed = {EVENT_TYPE, *(path for path, _ in subject.definition.dimension_keys)}
    if metric.condition:
        allowed.add(metric.condition[0])
    for path in sorted(subject.paths - allowed):
        hint = f'add "{path}": "{DIMENSIONS[path]}" to DimensionKeys' if path in DIMENSIONS else "remove it"
        message = f"{subject.definition.name} takes no condition on {path}, which is not one of its dimensions"
        yield subject.at_field("RP327", message, path, hint)
    if len(subject.branches) > 1:
        yield subject.error("RP327", f"{subject.definition.name} takes no alternatives ($or)", "EventPattern")


def dimension_pairs(subject: Subject) -> Iterator[Diagnostic]:
    """An extended metric has no dimensions but those six (API reference, DimensionKeys)."""
    if metric_of(subject) is None:
        return
    for path, dimension in subject.definition.dimension_keys:
        wanted = DIMENSIONS.get(path)
        if wanted == dimension:
            continue
        if wanted is None:
            hint = did_you_mean(path, list(DIMENSIONS)) or f"allowed: {', '.join(DIMENSIONS)}"
            message = f"{path} is not a dimension of extended metrics"
        else:
            hint, message = f'write "{wanted}"', f'the dimension of {path} must be named "{wanted}", not "{dimension}"'
        yield subject.at_dimension("RP328", message, path, hint, at_name=wanted is not None)


def _accepted(metric: ExtendedMetric, profile: Profile) -> Sequence[Values]:
    """Return the sets of values that the condition may accept."""
    assert metric.condition is not None
    spellings = [metric.condition[1]]
    if metric.printed is not None:
        spellings = [metric.printed] if profile is Profile.STRICT else [*spellings, metric.printed]
    return [values([_range(terms)]) for terms in spellings]


def _suggested(metric: ExtendedMetric, profile: Profile) -> tuple[str | int, ...]:
    """Return the terms to suggest."""
    assert metric.condition is not None
    return metric.printed if metric.printed is not None and profile is Profile.STRICT else metric.condition[1]


def _range(terms: Sequence[str | int]) -> NumericRange:
    bounds = NumericRange()
    for operator, number in zip(terms[::2], terms[1::2], strict=True):
        assert isinstance(operator, str)
        if operator[0] == ">":
            bounds = replace(bounds, low=float(number), low_closed=operator == ">=")
        else:
            bounds = replace(bounds, high=float(number), high_closed=operator == "<=")
    return bounds


def _same(accepted: Values | None, wanted: Values, metric: ExtendedMetric) -> bool:
    if accepted is None:
        return False
    if metric.is_integer:
        return replace(accepted, numbers=_whole(accepted.numbers)) == replace(wanted, numbers=_whole(wanted.numbers))
    return accepted == wanted


def _whole(intervals: Sequence[Interval]) -> tuple[Interval, ...]:
    """Return the whole numbers of ascending intervals as intervals, adjacent ones joined."""
    result: list[Interval] = []
    for low, high in intervals:
        first, last = math.ceil(low), math.floor(high)
        if first > last:
            continue
        if result and first <= result[-1][1] + 1:
            result[-1] = result[-1][0], last
        else:
            result.append((first, last))
    return tuple(result)


def _spelled(path: str, terms: Sequence[str | int]) -> str:
    inside = ", ".join(f'"{term}"' if isinstance(term, str) else str(term) for term in terms)
    text = f'[{{"numeric": [{inside}]}}]'
    for segment in reversed(path.split(".")):
        text = f'{{"{segment}": {text}}}'
    return text[1:-1]


RULES: Final = (name, event_pattern, value_key, event_type, condition, opposite, extra_fields, dimension_pairs)
