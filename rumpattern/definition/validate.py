"""Definitions checked as RUM would check them: every finding at once, and the answer that a batch call would get."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from rumpattern.definition.documents.document import BOM, is_text, parse_document, read_text
from rumpattern.definition.documents.plain import plain
from rumpattern.definition.documents.sites import find_sites, is_template
from rumpattern.definition.ignores import find_ignores
from rumpattern.definition.read import read_definition
from rumpattern.definition.rules import batch, custom, extended, meaning
from rumpattern.definition.rules import names as limits
from rumpattern.definition.subject import Profile, Subject
from rumpattern.diagnostics.finding import DefinitionError, Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.definition.documents.document import Document, Source
    from rumpattern.definition.documents.sites import Site
    from rumpattern.definition.ignores import Ignores
    from rumpattern.definition.read import ReadDefinition
    from rumpattern.jsontext import JsonValue

_IDS: Final = uuid.UUID("5c1c1f3e-6f1e-4d6b-9d5e-2f1b6a7c8d90")


@dataclass(frozen=True, slots=True)
class Checked:
    """One definition as it stands in a document, with what was found in it."""

    path: str
    members: Mapping[str, JsonValue]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def request(self) -> dict[str, Any]:
        """Its members as Python values, as a request would hold them; what is not known is told by what computes it."""
        return {name: plain(node) for name, node in self.members.items()}

    @property
    def ok(self) -> bool:
        """Tell whether RUM would take it, as far as the reference says: there is no error."""
        return _ok(self.diagnostics)


@dataclass(frozen=True)
class Report:
    """What was found in one document.

    Attributes:
        name: the document's name, None for text and Python objects.
        text: its text, which findings point into.
        definitions: its definitions, each with its findings.
        elsewhere: findings about the document as a whole, or its batch.
        is_read: whether it could be read at all; if not, ``elsewhere`` says why.
    """

    name: str | None
    text: str
    definitions: tuple[Checked, ...]
    elsewhere: tuple[Diagnostic, ...]
    is_read: bool = True

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings in the order of the text."""
        found = [*self.elsewhere, *(finding for checked in self.definitions for finding in checked.diagnostics)]
        return tuple(sorted(found, key=_by_place))

    @property
    def ok(self) -> bool:
        """Tell whether there is no error."""
        return _ok(self.diagnostics)

    def batch_response(self) -> dict[str, Any]:
        """Return what BatchCreateRumMetricDefinitions would answer, as far as its behaviour is documented.

        Valid definitions come back with an id (made from their content and, of several that are equal, their number),
        invalid ones in ``Errors``. The service's own error codes are not public: ``ErrorCode`` is the code of the first
        finding, ``ErrorMessage`` its message.
        """
        refused = [finding for finding in self.elsewhere if finding.severity is Severity.ERROR]
        created, errors = [], []
        number: Counter[str] = Counter()
        for checked in self.definitions:
            found = [*refused, *(one for one in checked.diagnostics if one.severity is Severity.ERROR)]
            if found:
                error = {"ErrorCode": found[0].code, "ErrorMessage": found[0].message}
                errors.append({**error, "MetricDefinition": checked.request})
            else:
                request = checked.request
                name = repr(sorted(request.items(), key=str))
                own = f"{name} {number[name]}" if number[name] else name
                number[name] += 1
                created.append({"MetricDefinitionId": str(uuid.uuid5(_IDS, own)), **request})
        return {"Errors": errors, "MetricDefinitions": created}


def validate(source: Source, destination: str | None = None, profile: str = Profile.DOCUMENTED) -> Report:
    """Check the definitions of a document as RUM would check them.

    Args:
        source: what ``load_definitions`` takes.
        destination: where the definitions would go if the document does not say: "CloudWatch" or "Evidently".
        profile: how to read contested rules: "documented", "strict" (the table's letter) or "lenient".

    Returns:
        Every finding. Bad content never raises.

    Raises:
        ValueError: an unknown profile.
    """
    reading = Profile(profile)
    name = str(source) if isinstance(source, os.PathLike) or _is_path(source) else None
    try:
        text, name = read_text(source)
    except DefinitionError as error:
        return Report(name, "", (), error.diagnostics, is_read=False)
    return validate_text(text, name, destination, reading)


def validate_text(
    text: str, name: str | None, destination: str | None = None, profile: Profile = Profile.DOCUMENTED
) -> Report:
    """Check the definitions of a document that is called ``name``, as ``validate`` does."""
    try:
        document = parse_document(text, name)
        sites = find_sites(document)
    except DefinitionError as error:
        return Report(name, text.removeprefix(BOM), (), error.diagnostics, is_read=False)
    return _report(document, sites, destination, profile)


def _is_path(source: object) -> bool:
    return isinstance(source, str) and not is_text(source)


def _report(document: Document, sites: Sequence[Site], destination: str | None, profile: Profile) -> Report:
    reads = [read_definition(site, document) for site in sites]
    shape = batch.shape(document, sites)
    if not sites and is_template(document):
        shape = (replace(finding, severity=Severity.INFO) for finding in shape)
    whole = [
        *shape,
        *batch.destination_argument(destination, sites),
        *batch.holders(document, sites, destination),
        *batch.numbers(document, sites),
        *batch.duplicates(document, sites, reads),
    ]
    ignores = find_ignores(document)
    checked = tuple(_checked(site, read, profile, ignores) for site, read in zip(sites, reads, strict=True))
    whole = [*ignores.problems, *(finding for finding in whole if not ignores.hides(finding))]
    return Report(document.name, document.text, checked, tuple(whole))


def _checked(site: Site, read: ReadDefinition, profile: Profile, ignores: Ignores) -> Checked:
    subject = Subject.of(read, profile)
    rules = (*limits.RULES, *extended.RULES, *custom.RULES, *meaning.RULES)
    found = [*read.problems, *read.warnings, *(finding for rule in rules for finding in rule(subject))]
    reported = (finding for finding in found if not ignores.hides(finding))
    return Checked(site.path, site.members, tuple(sorted(reported, key=_by_place)))


def _ok(findings: tuple[Diagnostic, ...]) -> bool:
    return all(finding.severity is not Severity.ERROR for finding in findings)


def _by_place(finding: Diagnostic) -> tuple[int, int, str]:
    return (finding.where.line, finding.where.column, finding.code) if finding.where else (0, 0, finding.code)
