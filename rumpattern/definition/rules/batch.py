"""The rules of a document as a whole: its structure, its requests, and its definitions taken together."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.definition.documents.sites import Origin, repeated
from rumpattern.diagnostics.finding import Diagnostic, Place, Severity
from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.jsontext import JsonArray, JsonObject, JsonString, Unknown
from rumpattern.pattern.findings import describe
from rumpattern.rum.limits import (
    APP_MONITOR_NAME,
    MAX_ARN,
    MAX_DEFINITIONS_PER_DESTINATION,
    MAX_DEFINITIONS_PER_REQUEST,
    MEMBER_LENGTHS,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.definition.documents.document import Document
    from rumpattern.definition.documents.sites import Holder, Site
    from rumpattern.definition.read import ReadDefinition
    from rumpattern.jsontext import JsonValue

REQUEST_MEMBERS: Final = (
    "AppMonitorName",
    "Destination",
    "DestinationArn",
    "MetricDefinitions",
    "MetricDefinition",
    "MetricDefinitionId",
    "Errors",
    "NextToken",
    "ResponseMetadata",
)
"""The members of the batch-create and update requests, and of the answers to those and to list."""
_REQUESTS: Final = (Origin.CREATE_REQUEST, Origin.UPDATE_REQUEST)
DESTINATIONS: Final = ("CloudWatch", "Evidently")
_ARN: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.*", re.DOTALL)
_ID: Final = "MetricDefinitionId"
_EVIDENTLY: Final = "Evidently"
_ENDED: Final = "Evidently is discontinued"
_MAX_COMPARED: Final = 100
"""Mutually exclusive equal definitions that a further one is compared with."""
Destination: TypeAlias = "str | Unknown | None"
"""Where definitions go: a name, an unknown value, or None if the document does not say."""


def shape(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """A document has definitions, and a request has the members of a request (API reference)."""
    if not sites:
        what = "the document has no metric definitions"
        if not isinstance(document.root, (JsonObject, JsonArray)):
            what = f"definitions must be a JSON object or array, not {describe(document.root)}"
        yield _finding(document, "RP300", what, document.root, "")
    for holder in _holders(sites, *_REQUESTS):
        for key, _ in holder.node.members:
            if key.value not in REQUEST_MEMBERS:
                hint = did_you_mean(key.value, REQUEST_MEMBERS) or f"known members: {', '.join(REQUEST_MEMBERS)}"
                yield _finding(document, "RP303", f'unknown member "{key.value}"', key, key.value, hint)
        for key in repeated(holder.node):
            yield _finding(document, "RP312", f'"{key.value}" occurs more than once', key, key.value)


def destination_types(document: Document, holder: Holder, _: Destination) -> Iterator[Diagnostic]:
    """Destination and DestinationArn are strings (API reference)."""
    for name in ("Destination", "DestinationArn"):
        node = holder.members.get(name)
        if node is not None and not isinstance(node, (JsonString, Unknown)):
            message = f"{name} must be a string, not {describe(node)}"
            yield _finding(document, "RP302", message, node, _join(holder.path, name))


def destination_given(document: Document, holder: Holder, _: Destination) -> Iterator[Diagnostic]:
    """A template names the destination (resource schema AWS::RUM::AppMonitor, MetricDestination, required)."""
    if holder.origin not in _REQUESTS and "Destination" not in holder.members:
        message, hint = "a metric destination needs a Destination", 'write "CloudWatch"'
        yield _finding(document, "RP301", message, holder.node, holder.path, hint)


def destination(document: Document, holder: Holder, target: Destination) -> Iterator[Diagnostic]:
    """Definitions go to CloudWatch or to Evidently, which is discontinued (API reference, Destination)."""
    node, path = holder.members.get("Destination", holder.node), _join(holder.path, "Destination")
    if isinstance(target, str) and target not in DESTINATIONS:
        yield _finding(document, "RP341", f'unknown destination "{target}"', node, path, 'write "CloudWatch"')
    elif target == _EVIDENTLY:
        yield _finding(document, "RP342", _ENDED, node, path, None, Severity.WARNING)
        if "DestinationArn" not in holder.members:
            yield _finding(document, "RP343", "Evidently needs a DestinationArn", node, path)


def destination_arn(document: Document, holder: Holder, target: Destination) -> Iterator[Diagnostic]:
    """Evidently has an ARN and CloudWatch has none (API reference, DestinationArn)."""
    if not isinstance(arn := holder.arn, str):
        return
    node, path = holder.members["DestinationArn"], _join(holder.path, "DestinationArn")
    if target == "CloudWatch":
        yield _finding(document, "RP343", "CloudWatch takes no DestinationArn", node, path, "remove it")
    elif not _ARN.fullmatch(arn) or len(arn) > MAX_ARN:
        yield _finding(document, "RP343", f'"{arn[:60]}" is not an ARN', node, path)


def monitor_name(document: Document, holder: Holder, _: Destination) -> Iterator[Diagnostic]:
    """The app monitor of a request has a name of letters, digits and .-_# (API reference, AppMonitorName)."""
    node = holder.members.get("AppMonitorName") if holder.origin in _REQUESTS else None
    if node is None or isinstance(node, Unknown):
        return
    if not isinstance(node, JsonString):
        message = f"AppMonitorName must be a string, not {describe(node)}"
    elif not re.fullmatch(APP_MONITOR_NAME, node.value):
        message = f'"{node.value[:60]}" is not a valid app monitor name: use 1 to 255 letters, digits and . - _ #'
    else:
        return
    yield _finding(document, "RP344", message, node, "AppMonitorName")


def updated_definition(document: Document, holder: Holder, _: Destination) -> Iterator[Diagnostic]:
    """An update names its definition by id (API reference, UpdateRumMetricDefinition, MetricDefinitionId)."""
    if holder.origin is not Origin.UPDATE_REQUEST:
        return
    match holder.members.get(_ID):
        case None:
            message, hint = f"an update needs a {_ID}", "BatchGetRumMetricDefinitions returns it"
            yield _finding(document, "RP301", message, holder.node, "", hint)
        case JsonString(value=value) as node:
            shortest, longest = MEMBER_LENGTHS[_ID]
            if not shortest <= len(value) <= longest:
                message = f"{_ID} has {len(value)} characters; it must have {shortest} to {longest}"
                yield _finding(document, "RP304", message, node, _ID)
        case Unknown():
            return
        case node:
            yield _finding(document, "RP302", f"{_ID} must be a string, not {describe(node)}", node, _ID)


def numbers(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """A request accepts 200 definitions, a destination 2,000 (API reference, BatchCreateRumMetricDefinitions)."""
    held: defaultdict[int, list[Site]] = defaultdict(list)
    for site in sites:
        if site.holder is not None:
            held[id(site.holder)].append(site)
    for group in map(_deployed, held.values()):
        is_request = group[0].origin is Origin.CREATE_REQUEST
        code, most = (
            ("RP345", MAX_DEFINITIONS_PER_REQUEST) if is_request else ("RP346", MAX_DEFINITIONS_PER_DESTINATION)
        )
        if len(group) > most:
            what = "one request" if is_request else "one destination"
            message = f"there are {len(group):,} definitions; {what} takes {most:,}"
            yield _finding(document, code, message, group[most].node, group[most].path)


def _deployed(sites: Sequence[Site]) -> Sequence[Site]:
    """Return sites that can be deployed together: for each condition those of the branch with more sites."""
    counts = Counter(choice for site in sites for choice in site.if_branches)
    left_out = {
        (condition, branch) for condition, branch in counts if counts[condition, 3 - branch] > counts[condition, branch]
    }
    left_out |= {(condition, 2) for condition, branch in counts if counts[condition, 1] == counts[condition, 2]}
    return [site for site in sites if left_out.isdisjoint(site.if_branches)] or sites[:1]


def duplicates(document: Document, sites: Sequence[Site], reads: Sequence[ReadDefinition]) -> Iterator[Diagnostic]:
    """The same definition twice makes two of them, which publish twice: batch-create is not idempotent."""
    before: defaultdict[tuple[int, str], list[Site]] = defaultdict(list)
    for site, read in zip(sites, reads, strict=True):
        if read.unknown or read.problems:
            continue
        content = str(read.definition.to_request())
        same = before[id(site.holder), content]
        first = next((other for other in same if not site.excludes(other)), None)
        if first is not None:
            message = f"the same definition is at {first.path or '$'}: its events would be counted twice"
            yield _finding(document, "RP347", message, site.node, site.path, "remove one", Severity.WARNING)
        elif len(same) < _MAX_COMPARED:
            same.append(site)


def holders(document: Document, sites: Sequence[Site], default: str | None) -> Iterator[Diagnostic]:
    """Yield the findings about requests and metric destinations.

    Args:
        document: the document.
        sites: its definitions.
        default: where they go if a request does not say.
    """
    for holder in _holders(sites, *Origin):
        target = holder.destination
        if holder.origin in _REQUESTS and "Destination" not in holder.members and default in DESTINATIONS:
            target = default
        for rule in _HOLDER_RULES:
            yield from rule(document, holder, target)


def destination_argument(given: str | None, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """The destination that the caller names for definitions without one is CloudWatch or Evidently."""
    if given is not None and given not in DESTINATIONS:
        yield Diagnostic("RP341", f'unknown destination "{given}"', hint='write "CloudWatch"')
    if given == _EVIDENTLY and any(site.holder is None for site in sites):
        yield Diagnostic("RP342", _ENDED, severity=Severity.WARNING)


_HOLDER_RULES: Final = (
    destination_given,
    destination_types,
    destination,
    destination_arn,
    monitor_name,
    updated_definition,
)


def _holders(sites: Sequence[Site], *origins: Origin) -> list[Holder]:
    """Return the holders of some sites, each once."""
    by_id = {id(site.holder): site.holder for site in sites if site.holder is not None and site.origin in origins}
    return list(by_id.values())


def _join(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member


def _finding(  # noqa: PLR0913, PLR0917 - the parts of a finding
    document: Document,
    code: str,
    message: str,
    node: JsonValue,
    path: str,
    hint: str | None = None,
    severity: Severity = Severity.ERROR,
) -> Diagnostic:
    return Diagnostic(code, message, Place(*document.locate(node.span.start), path or "$"), hint, severity)
