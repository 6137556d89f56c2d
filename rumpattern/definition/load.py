"""``load_definitions``: definitions from files, text or Python values, or an error with all findings.

A definition must have the members, types and lengths of the API model, and a pattern that compiles. Whether RUM would
accept it is the question of ``rumpattern.definition.validate``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from rumpattern.definition.documents.document import read_document
from rumpattern.definition.documents.sites import find_sites
from rumpattern.definition.read import read_definition
from rumpattern.definition.rules import batch, names
from rumpattern.definition.subject import Subject
from rumpattern.diagnostics.finding import DefinitionError, Diagnostic, Severity
from rumpattern.pattern.findings import in_order

if TYPE_CHECKING:
    from rumpattern.definition.documents.document import Source
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.definition.read import ReadDefinition


def load_definitions(source: Source) -> list[MetricDefinition]:
    """Read the definitions of a document.

    Args:
        source: a path, text (it starts with ``{`` or ``[``, or has several lines), or the same as Python values: one
            definition, a list, a batch-create or update request, a CloudFormation template, a Terraform plan.

    Returns:
        The definitions, whose indices replays and reports refer to.

    Raises:
        DefinitionError: with all findings, in the order of the text.
    """
    document = read_document(source)
    sites = find_sites(document)
    reads = [read_definition(site, document) for site in sites]
    problems = [*batch.shape(document, sites), *(problem for read in reads for problem in read.problems)]
    for read in reads:
        for member in sorted(read.unknown) if not read.problems else ():
            message = f"the value of {member} is known only at deployment"
            problems.append(Diagnostic("RP315", message, read.places.get(member), "write a literal value"))
    if problems:
        raise DefinitionError(in_order(problems))
    return [_with_warnings(read) for read in reads]


def _with_warnings(read: ReadDefinition) -> MetricDefinition:
    """Return a definition with what CloudWatch would refuse of it, which does not keep it from being replayed."""
    subject = Subject.of(read)
    warnings = [replace(finding, severity=Severity.WARNING) for rule in names.RULES for finding in rule(subject)]
    return replace(read.definition, warnings=(*read.definition.warnings, *warnings))
