"""One metric definition as typed values, and as the JSON of an API request."""

from __future__ import annotations

from collections import Counter
from dataclasses import field
from typing import TYPE_CHECKING, Any, Self

from rumpattern.dataclass import dataclass
from rumpattern.pattern.parse import parse_pattern
from rumpattern.rum.names import CUSTOM_NAMESPACE_PREFIX, EXTENDED_NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rumpattern.diagnostics.finding import Diagnostic, Place
    from rumpattern.pattern.pattern import Pattern


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """A definition of an extended or custom metric, in the terms of the API's MetricDefinitionRequest.

    Only what the API's JSON could not hold is refused: ``load_definitions`` returns checked definitions, and
    ``validate`` says what RUM would refuse.

    Attributes:
        name: the metric's name (API: Name).
        namespace: the custom namespace without the prefix that RUM adds (Namespace); None, or exactly "AWS/RUM", makes
            it an extended metric.
        pattern: the events that it is about (EventPattern); None matches every event.
        value_key: the path of the field that holds the value of each event (ValueKey); None publishes 1 for each.
        unit_label: the CloudWatch unit (UnitLabel); None for no unit.
        dimension_keys: (field path, dimension name) pairs in the order given, each path once (DimensionKeys).
        place: its position in its document, None if it was not read from one; not compared.
        warnings: findings of the reader that do not keep it from working; not compared.

    Raises:
        ValueError: a field path occurs twice in ``dimension_keys``.
    """

    name: str
    namespace: str | None = None
    pattern: Pattern | None = None
    value_key: str | None = None
    unit_label: str | None = None
    dimension_keys: tuple[tuple[str, str], ...] = ()
    place: Place | None = field(default=None, compare=False, repr=False)
    warnings: tuple[Diagnostic, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        counts = Counter(path for path, _ in self.dimension_keys)
        repeated = [path for path, count in counts.items() if count > 1]
        if repeated:
            raise ValueError(f"{repeated[0]} occurs twice in dimension_keys, which the API's map cannot hold")

    @property
    def is_extended(self) -> bool:
        """Whether it is one of RUM's own metrics with extra dimensions: no namespace, or exactly AWS/RUM."""
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

    def to_request(self) -> dict[str, Any]:
        """Return the definition as an API request holds it; ``from_request`` returns an equal definition."""
        members = {
            "Name": self.name,
            "Namespace": self.namespace,
            "ValueKey": self.value_key,
            "UnitLabel": self.unit_label,
            "EventPattern": None if self.pattern is None else str(self.pattern),
            "DimensionKeys": dict(self.dimension_keys) or None,
        }
        return {key: value for key, value in members.items() if value is not None}

    @classmethod
    def from_request(cls, request: Mapping[str, Any]) -> Self:
        """Return the definition that ``to_request`` wrote.

        Unlike ``load_definitions`` it checks neither lengths nor types: a canonical pattern may be longer than the
        4,000 characters that the API takes, and a definition that was made in Python may break any other rule.

        Raises:
            KeyError: there is no Name.
            PatternError: the pattern does not compile.
        """
        pattern = request.get("EventPattern")
        return cls(
            request["Name"],
            request.get("Namespace"),
            None if pattern is None else parse_pattern(pattern),
            request.get("ValueKey"),
            request.get("UnitLabel"),
            tuple(request.get("DimensionKeys", {}).items()),
        )
