"""One metric definition, checked and typed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rumpattern.rum.names import CUSTOM_NAMESPACE_PREFIX, EXTENDED_NAMESPACE

if TYPE_CHECKING:
    from rumpattern.diagnostics.finding import Diagnostic, Place
    from rumpattern.pattern.pattern import Pattern


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A definition of an extended or custom metric, in the terms of the API's MetricDefinitionRequest.

    ``pattern`` None matches every event; ``value_key`` None publishes 1; ``dimension_keys`` are (field path, dimension
    name) pairs in the order given; ``warnings`` are findings that do not keep it from working.
    """

    name: str
    namespace: str | None = None
    pattern: Pattern | None = None
    value_key: str | None = None
    unit_label: str | None = None
    dimension_keys: tuple[tuple[str, str], ...] = ()
    place: Place | None = field(default=None, compare=False, repr=False)
    warnings: tuple[Diagnostic, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_extended(self) -> bool:
        """Tell whether it is one of RUM's own metrics with extra dimensions: no namespace, or exactly AWS/RUM."""
        return self.namespace in (None, EXTENDED_NAMESPACE)

    @property
    def final_namespace(self) -> str:
        """The CloudWatch namespace that RUM publishes to (API reference, Namespace of MetricDefinitionRequest)."""
        if self.namespace is None or self.is_extended:
            return EXTENDED_NAMESPACE
        return f"{CUSTOM_NAMESPACE_PREFIX}{self.namespace}"

    @property
    def unit(self) -> str:
        """The CloudWatch unit: UnitLabel, or the literal ``None`` that CloudWatch uses."""
        return self.unit_label or "None"

    def to_request(self) -> dict[str, object]:
        """Return the definition as an API request holds it; ``load_definitions`` reads it back equal."""
        members: dict[str, object] = {
            "Name": self.name,
            "Namespace": self.namespace,
            "ValueKey": self.value_key,
            "UnitLabel": self.unit_label,
            "EventPattern": None if self.pattern is None else str(self.pattern),
            "DimensionKeys": dict(self.dimension_keys) or None,
        }
        return {key: value for key, value in members.items() if value is not None}
