"""The rules of names and units, which CloudWatch has for custom and extended metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics.finding import Edit, Severity
from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.rum.names import EXTENDED_NAMESPACE, UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.definition.subject import Subject
    from rumpattern.diagnostics.finding import Diagnostic

_ASCII: Final = "CloudWatch accepts ASCII names only"


def namespace_is_free(subject: Subject) -> Iterator[Diagnostic]:
    """A custom metric's namespace does not start with AWS/ (API reference, Namespace)."""
    namespace = subject.definition.namespace
    if subject.is_custom and namespace is not None and namespace.upper().startswith("AWS/"):
        hint = f'leave Namespace out, or write exactly "{EXTENDED_NAMESPACE}", for an extended metric'
        yield subject.error("RP308", f'the namespace "{namespace}" is reserved by AWS', "Namespace", hint)


def ascii_names(subject: Subject) -> Iterator[Diagnostic]:
    """The names of metrics and dimensions are ASCII (PutMetricData, MetricName; Dimension, Name)."""
    if subject.knows("Name") and not subject.definition.name.isascii():
        yield subject.warning("RP309", f'the name "{subject.definition.name}" is not ASCII', "Name", _ASCII)
    for path, dimension in subject.definition.dimension_keys:
        if not dimension.isascii():
            message = f'the dimension name "{dimension}" is not ASCII'
            yield subject.at_dimension("RP309", message, path, _ASCII, Severity.WARNING, at_name=True)


def unit(subject: Subject) -> Iterator[Diagnostic]:
    """The unit is one of CloudWatch's (PutMetricData, MetricDatum, Unit)."""
    label = subject.definition.unit_label
    if label is not None and subject.knows("UnitLabel") and label not in UNITS:
        same = [known for known in UNITS if known.lower().rstrip("s") == label.lower().rstrip("s")]
        hint = f'did you mean "{same[0]}"?' if same else did_you_mean(label, UNITS) or f"units: {', '.join(UNITS)}"
        edit = Edit(0, len(label), same[0]) if same else None
        yield subject.warning("RP314", f'CloudWatch has no unit "{label}"', "UnitLabel", hint, edit)


RULES: Final = (namespace_is_free, ascii_names, unit)
