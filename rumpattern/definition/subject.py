"""A metric definition under validation: what it says, what is not known yet, and where each part of it stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from rumpattern.definition.eventtypes import DETAILS
from rumpattern.definition.rumevents import EVENT_TYPE
from rumpattern.diagnostics import Diagnostic, Severity
from rumpattern.pattern.ast import StringEquals
from rumpattern.pattern.equivalence import Values, meaning, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.definition.read import Read
    from rumpattern.diagnostics import Edit, Place
    from rumpattern.pattern.ast import Field


class Profile(StrEnum):
    """How to read what the reference leaves open: by its meaning, by its letter, or without complaint."""

    DOCUMENTED = "documented"
    STRICT = "strict"
    LENIENT = "lenient"


@dataclass(frozen=True, eq=False)
class Subject:
    """One definition and its context.

    Attributes:
        definition: what it says, as far as it is known.
        unknown: members whose values are known at deployment only, such as those of ``!Sub``.
        place: from a member's name ("" for the definition) to its place.
        field_place: from a path in the pattern to the place of its array.
        edit: from a member and an edit of its value to the edits of the document.
        profile: how to read contested rules.
    """

    definition: MetricDefinition
    unknown: frozenset[str]
    place: Callable[[str], Place | None]
    field_place: Callable[[str], Place | None]
    edit: Callable[[str, Edit], tuple[Edit, ...]]
    profile: Profile = Profile.DOCUMENTED

    @classmethod
    def of(cls, read: Read, profile: Profile = Profile.DOCUMENTED) -> Subject:
        """Return the subject of what was read."""

        def place(member: str) -> Place | None:
            return read.places.get(member, read.places.get(""))

        return cls(read.definition, frozenset(read.unknown), place, read.field_places.get, read.edit, profile)

    def knows(self, *members: str) -> bool:
        """Tell whether the values of some members are known."""
        return self.unknown.isdisjoint(members)

    @cached_property
    def is_extended(self) -> bool:
        """Whether it is one of RUM's own metrics; it may be if the namespace is not known."""
        return self.knows("Namespace") and self.definition.is_extended

    @cached_property
    def is_custom(self) -> bool:
        """Whether it is a metric of its own namespace."""
        return self.knows("Namespace") and not self.definition.is_extended

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields of the pattern, those of every branch."""
        pattern = self.definition.pattern
        return () if pattern is None else tuple(field for branch in pattern.branches for field in branch)

    @cached_property
    def paths(self) -> frozenset[str]:
        """The paths that the pattern names."""
        return frozenset(field.path for field in self.fields)

    @cached_property
    def branches(self) -> list[dict[str, Values]]:
        """The values that the pattern accepts at each path; a list of one unless it has ``$or``."""
        pattern = self.definition.pattern
        return [] if pattern is None else [dict(branch) for branch in meaning(pattern.branches)]

    @cached_property
    def event_types(self) -> frozenset[str] | None:
        """The event types that can match, None if the pattern does not name them one by one."""
        if not self.branches:
            return None
        found: set[str] = set()
        for branch in self.branches:
            wanted = branch.get(EVENT_TYPE, Values())
            names = {text.value for text in wanted.texts or () if isinstance(text, StringEquals)}
            if not names or wanted != values([StringEquals(name) for name in names]):
                return None
            found |= names
        return frozenset(found)

    @cached_property
    def builtin_types(self) -> frozenset[str] | None:
        """The event types if all of them are built in, else None."""
        types = self.event_types
        return types if types and all(name in DETAILS for name in types) else None

    def error(self, code: str, message: str, member: str = "", hint: str | None = None) -> Diagnostic:
        """Return an error at a member."""
        return Diagnostic(code, message, self.place(member), hint)

    def warning(
        self, code: str, message: str, member: str = "", hint: str | None = None, edit: Edit | None = None
    ) -> Diagnostic:
        """Return a warning at a member, with the edit of its value that mends it."""
        fix = self.edit(member, edit) if edit else ()
        return Diagnostic(code, message, self.place(member), hint, Severity.WARNING, fix=fix)

    def at_field(
        self, code: str, message: str, path: str, hint: str | None = None, severity: Severity = Severity.ERROR
    ) -> Diagnostic:
        """Return a finding at a field of the pattern."""
        return Diagnostic(code, message, self.field_place(path) or self.place("EventPattern"), hint, severity)
