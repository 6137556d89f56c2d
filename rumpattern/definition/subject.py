"""A metric definition under validation: its values, those not known yet, and the position of each part."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from rumpattern.definition.profile import Profile
from rumpattern.diagnostics.finding import Diagnostic, Severity
from rumpattern.pattern.ast import StringEquals
from rumpattern.pattern.equivalence import Values, joined, values
from rumpattern.rum.eventtypes import DETAILS
from rumpattern.rum.names import EVENT_TYPE

if TYPE_CHECKING:
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.definition.read import ReadDefinition
    from rumpattern.diagnostics.finding import Edit, Place
    from rumpattern.pattern.ast import Field

_NONE: Final = Values()


@dataclass(frozen=True, eq=False)
class Subject:
    """One definition and its context, which rules get.

    Attributes:
        definition: its values, as far as they are known.
        unknown: members whose values are known only at deployment, such as those of ``!Sub``, or could not be read.
        read: the positions of its parts.
        profile: the reading of contested rules.
    """

    definition: MetricDefinition
    unknown: frozenset[str]
    read: ReadDefinition
    profile: Profile = Profile.DOCUMENTED

    @classmethod
    def of(cls, read: ReadDefinition, profile: Profile = Profile.DOCUMENTED) -> Subject:
        """Return the subject for a definition that was read."""
        return cls(read.definition, frozenset(read.unknown), read, profile)

    def knows(self, *members: str) -> bool:
        """Tell whether the values of all these members are known."""
        return self.unknown.isdisjoint(members)

    @cached_property
    def is_extended(self) -> bool:
        """Whether it is certainly one of RUM's own metrics: the namespace is known, and says so."""
        return self.knows("Namespace") and self.definition.is_extended

    @cached_property
    def is_custom(self) -> bool:
        """Whether it is certainly a metric of a custom namespace."""
        return self.knows("Namespace") and not self.definition.is_extended

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields of the pattern, in the order of its text; a field that several branches share is there once."""
        pattern = self.definition.pattern
        fields = {id(field): field for branch in (pattern.branches if pattern else ()) for field in branch}
        return tuple(sorted(fields.values(), key=lambda field: field.span.start))

    @cached_property
    def first_fields(self) -> dict[str, Field]:
        """The first field of each path."""
        return {field.path: field for field in reversed(self.fields)}

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths that the pattern names."""
        return frozenset(self.first_fields)

    @cached_property
    def branches(self) -> list[dict[str, Values]]:
        """For each branch of the pattern the values that it accepts, by path; one branch unless there is ``$or``."""
        pattern = self.definition.pattern
        return [] if pattern is None else joined(pattern.branches)

    @cached_property
    def event_types(self) -> frozenset[str] | None:
        """The event types that can match; None unless the pattern lists them as plain strings."""
        if not self.branches:
            return None
        listed: set[str] = set()
        accepted = (branch.get(EVENT_TYPE, _NONE) for branch in self.branches)
        for wanted in {id(types): types for types in accepted}.values():  # branches share most values
            names = {text.value for text in wanted.texts or () if isinstance(text, StringEquals)}
            if not names or wanted != values([StringEquals(name) for name in names]):
                return None
            listed |= names
        return frozenset(listed)

    @cached_property
    def builtin_types(self) -> frozenset[str] | None:
        """The event types if all of them are built in, otherwise None."""
        types = self.event_types
        return types if types and all(name in DETAILS for name in types) else None

    def place(self, member: str) -> Place | None:
        """Return the position of a member, or that of the definition if the member is absent."""
        return self.read.places.get(member, self.read.places.get(""))

    def error(self, code: str, message: str, member: str = "", hint: str | None = None) -> Diagnostic:
        """Return an error at a member."""
        return Diagnostic(code, message, self.place(member), hint)

    def warning(
        self, code: str, message: str, member: str = "", hint: str | None = None, edit: Edit | None = None
    ) -> Diagnostic:
        """Return a warning at a member, with the edit of its value that fixes it."""
        fix = self.read.edit(member, edit) if edit else ()
        return Diagnostic(code, message, self.place(member), hint, Severity.WARNING, fix=fix)

    def at_field(
        self, code: str, message: str, where: str | Field, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """Return a finding at a field of the pattern, or at the first field of a path."""
        field = self.first_fields.get(where) if isinstance(where, str) else where
        place = self.read.place_in_pattern(field.span.start, field.path) if field else None
        return Diagnostic(code, message, place or self.place("EventPattern"), hint, severity)

    def at_element(self, code: str, message: str, field: Field, index: int, hint: str | None = None) -> Diagnostic:
        """Return a warning at an element of a field's array."""
        place = self.read.place_in_pattern(field.spans[index].start, f"{field.path}[{index}]")
        return Diagnostic(code, message, place, hint, Severity.WARNING)

    def at_dimension(  # noqa: PLR0913 - the parts of a finding
        self,
        code: str,
        message: str,
        path: str,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
        *,
        at_name: bool = False,
    ) -> Diagnostic:
        """Return a finding at the field path of a dimension, or at its name."""
        return Diagnostic(code, message, self.read.dimension_places[path][at_name], hint, severity)
