"""``validate``: the rules of RUM applied to a document, all findings at once, and the response of a batch call."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from rumpattern.definition.documents.document import BOM, is_text, parse_document, read_text
from rumpattern.definition.documents.plain import plain
from rumpattern.definition.documents.sites import find_sites, is_template
from rumpattern.definition.ignores import find_ignores
from rumpattern.definition.profile import Profile
from rumpattern.definition.read import read_definition
from rumpattern.definition.rules import batch, custom, extended, meaning, names
from rumpattern.definition.subject import Subject
from rumpattern.diagnostics.finding import DefinitionError, Diagnostic, Severity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.definition.documents.document import Document, Source
    from rumpattern.definition.documents.sites import Site
    from rumpattern.definition.ignores import Ignores
    from rumpattern.definition.read import ReadDefinition
    from rumpattern.jsontext import JsonValue

_IDS: Final = "5c1c1f3e-6f1e-4d6b-9d5e-2f1b6a7c8d90"


@dataclass(frozen=True, slots=True)
class Checked:
    """One definition of a document with its findings.

    Attributes:
        path: its path in the document.
        members: its members as nodes, by their names in the API.
        diagnostics: its findings, in the order of the text.
    """

    path: str
    members: Mapping[str, JsonValue]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def request(self) -> dict[str, Any]:
        """Its members as Python values; an unknown value is represented by what computes it, such as ``<Fn::Sub>``."""
        return {name: plain(node) for name, node in self.members.items()}

    @property
    def ok(self) -> bool:
        """Whether it has no error: RUM would accept it, as far as the API reference says."""
        return _ok(self.diagnostics)


@dataclass(frozen=True)
class Report:
    """The findings of ``validate`` in one document. It never raises; ``ok`` and ``diagnostics`` sum it up.

    Attributes:
        name: the document's file name; None for text and Python values.
        text: its text without a byte order mark, which positions and edits of findings refer to.
        definitions: its definitions, each with its findings; ``batch_response`` keeps their order.
        elsewhere: findings about the document as a whole: its structure, its requests, definitions taken together.
        is_read: whether it could be read; if not, ``elsewhere`` says why and there are no definitions.
    """

    name: str | None
    text: str
    definitions: tuple[Checked, ...]
    elsewhere: tuple[Diagnostic, ...]
    is_read: bool = True

    @cached_property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All findings, in the order of the text."""
        findings = [*self.elsewhere, *(finding for checked in self.definitions for finding in checked.diagnostics)]
        return tuple(sorted(findings, key=_position))

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings do not count."""
        return _ok(self.diagnostics)

    def batch_response(self) -> dict[str, Any]:
        """Return the response of BatchCreateRumMetricDefinitions, as far as its behaviour is documented.

        Valid definitions are in ``MetricDefinitions`` with an id, which depends on their content only (and, among equal
        ones, on their order); invalid ones are in ``Errors``. The service's own error codes are not public:
        ``ErrorCode`` and ``ErrorMessage`` are the code and message of the first error.
        """
        from uuid import UUID, uuid5  # noqa: PLC0415 - only this needs them

        refused = [finding for finding in self.elsewhere if finding.severity is Severity.ERROR]
        created, errors = [], []
        repeats: Counter[str] = Counter()
        for checked in self.definitions:
            reasons = [*refused, *(finding for finding in checked.diagnostics if finding.severity is Severity.ERROR)]
            if reasons:
                error = {"ErrorCode": reasons[0].code, "ErrorMessage": reasons[0].message}
                errors.append({**error, "MetricDefinition": checked.request})
            else:
                request = checked.request
                content = repr(sorted(request.items(), key=str))
                seed = f"{content} {repeats[content]}" if repeats[content] else content
                repeats[content] += 1
                created.append({"MetricDefinitionId": str(uuid5(UUID(_IDS), seed)), **request})
        return {"Errors": errors, "MetricDefinitions": created}


def validate(source: Source, destination: str | None = None, profile: str = Profile.DOCUMENTED) -> Report:
    """Check the definitions of a document by the rules of RUM.

    Args:
        source: as for ``load_definitions``.
        destination: where the definitions go if the document does not say: "CloudWatch" or "Evidently".
        profile: the reading of rules that the API reference leaves open: "documented", "strict" (the letter of its
            table) or "lenient".

    Returns:
        Every finding. Invalid content never raises.

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
    """Check the definitions in the text of a document, as ``validate`` does; findings name it ``name``."""
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
    rules = (*names.RULES, *extended.RULES, *custom.RULES, *meaning.RULES)
    findings = [*read.problems, *read.warnings, *(finding for rule in rules for finding in rule(subject))]
    reported = (finding for finding in findings if not ignores.hides(finding))
    return Checked(site.path, site.members, tuple(sorted(reported, key=_position)))


def _ok(findings: tuple[Diagnostic, ...]) -> bool:
    return all(finding.severity is not Severity.ERROR for finding in findings)


def _position(finding: Diagnostic) -> tuple[int, int, str]:
    return (finding.where.line, finding.where.column, finding.code) if finding.where else (0, 0, finding.code)
