"""The rules of a document as a whole: its shape, the requests in it, and what its definitions are together."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from rumpattern.definition.sites import Origin, holder_members, repeated
from rumpattern.diagnostics import Diagnostic, Place, Severity, did_you_mean
from rumpattern.jsontext import JsonArray, JsonNumber, JsonObject, JsonString
from rumpattern.pattern.findings import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.definition.document import Document
    from rumpattern.definition.read import Read
    from rumpattern.definition.sites import Holder, Site
    from rumpattern.jsontext import JsonValue

REQUEST_MEMBERS: Final = (
    "AppMonitorName",
    "Destination",
    "DestinationArn",
    "MetricDefinitions",
    "MetricDefinition",
    "MetricDefinitionId",
    "NextToken",
    "ResponseMetadata",
)
"""The members of the batch-create and update requests, and of what the service answers to a list request."""
_REQUESTS: Final = (Origin.CREATE_REQUEST, Origin.UPDATE_REQUEST)
DESTINATIONS: Final = ("CloudWatch", "Evidently")
_ARN: Final = re.compile(r"arn:[^:]*:[^:]*:[^:]*:[^:]*:.*", re.DOTALL)
_MONITOR_NAME: Final = re.compile(r"(?!\.)[.\-_#A-Za-z0-9]{1,255}")
_LONGEST_ARN: Final = 2048
_MOST_IN_REQUEST: Final = 200
_MOST_ON_DESTINATION: Final = 2_000


def shape(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """A document holds definitions, and a request has the members of a request (API reference)."""
    if not sites:
        what = "there is no metric definition in it"
        if not isinstance(document.root, (JsonObject, JsonArray)):
            what = f"definitions are a JSON object or array, not {describe(document.root)}"
        yield _finding(document, "RP300", what, document.root, "")
    for holder in _holders(sites, *_REQUESTS):
        for key, _ in holder.node.members:
            if key.value not in REQUEST_MEMBERS:
                hint = did_you_mean(key.value, REQUEST_MEMBERS) or f"known members: {', '.join(REQUEST_MEMBERS)}"
                yield _finding(document, "RP303", f'unknown member "{key.value}"', key, key.value, hint)
        for key in repeated(holder.node):
            yield _finding(document, "RP312", f'"{key.value}" occurs more than once', key, key.value)


def destination_types(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """Destination and DestinationArn are strings (API reference)."""
    for holder in _holders(sites, *Origin):
        for name, node in holder_members(holder).items():
            if name in ("Destination", "DestinationArn") and isinstance(node, (JsonNumber, JsonArray)):
                message = f"{name} is a string, not {describe(node)}"
                yield _finding(document, "RP302", message, node, _join(holder.path, name))


def destination_given(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """A template names the destination (resource schema AWS::RUM::AppMonitor, MetricDestination, required)."""
    for holder in _holders(sites, Origin.CLOUDFORMATION, Origin.TERRAFORM):
        if "Destination" not in holder_members(holder):
            message, hint = "a metric destination needs a Destination", 'write "CloudWatch"'
            yield _finding(document, "RP301", message, holder.node, holder.path, hint)


def destination(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """Definitions go to CloudWatch or to Evidently, which AWS has ended (API reference, Destination)."""
    for holder in _holders(sites, *Origin):
        if not isinstance(given := holder.destination, str):
            continue
        node, path = holder_members(holder)["Destination"], _join(holder.path, "Destination")
        if given not in DESTINATIONS:
            yield _finding(document, "RP341", f'the destination "{given}" is unknown', node, path, 'write "CloudWatch"')
        elif given == "Evidently":
            yield _finding(document, "RP342", "Evidently is discontinued", node, path, None, Severity.WARNING)
            if holder.arn is None:
                yield _finding(document, "RP343", "Evidently needs a DestinationArn", node, path)


def destination_arn(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """Evidently has an ARN and CloudWatch has none (API reference, DestinationArn)."""
    for holder in _holders(sites, *Origin):
        if not isinstance(arn := holder.arn, str):
            continue
        node, path = holder_members(holder)["DestinationArn"], _join(holder.path, "DestinationArn")
        if holder.destination == "CloudWatch":
            yield _finding(document, "RP343", "CloudWatch takes no DestinationArn", node, path, "remove it")
        elif not _ARN.fullmatch(arn) or len(arn) > _LONGEST_ARN:
            yield _finding(document, "RP343", f'"{arn[:60]}" is no ARN', node, path)


def monitor_name(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """The app monitor of a request has a name of letters, digits and .-_# (API reference, AppMonitorName)."""
    for holder in _holders(sites, *_REQUESTS):
        node = holder_members(holder).get("AppMonitorName")
        if node is None:
            continue
        if not isinstance(node, JsonString):
            message = f"AppMonitorName is a string, not {describe(node)}"
        elif not _MONITOR_NAME.fullmatch(node.value):
            message = f'"{node.value[:60]}" is no name of an app monitor: 1 to 255 letters, digits and . - _ #'
        else:
            continue
        yield _finding(document, "RP344", message, node, "AppMonitorName")


def numbers(document: Document, sites: Sequence[Site]) -> Iterator[Diagnostic]:
    """A request takes 200 definitions, a destination 2,000 (API reference, BatchCreateRumMetricDefinitions)."""
    held: defaultdict[int, list[Site]] = defaultdict(list)
    for site in sites:
        if site.holder is not None:
            held[id(site.holder)].append(site)
    for group in held.values():
        is_request = group[0].origin is Origin.CREATE_REQUEST
        code, most = ("RP345", _MOST_IN_REQUEST) if is_request else ("RP346", _MOST_ON_DESTINATION)
        if len(group) > most:
            what = "one request" if is_request else "one destination"
            message = f"there are {len(group):,} definitions; {what} takes {most:,}"
            yield _finding(document, code, message, group[most].node, group[most].path)


def duplicates(document: Document, sites: Sequence[Site], reads: Sequence[Read]) -> Iterator[Diagnostic]:
    """The same definition twice makes two of them, which publish twice: batch-create is not idempotent."""
    first: dict[object, Site] = {}
    for site, read in zip(sites, reads, strict=True):
        if read.unknown or read.problems:
            continue
        one = read.definition
        said = one.name, one.namespace, one.value_key, one.unit_label, str(one.pattern), one.dimension_keys
        key = (id(site.holder), said)
        if key in first:
            message = f"the same definition stands at {first[key].path or '$'}: events would count twice"
            yield _finding(document, "RP347", message, site.node, site.path, "remove one", Severity.WARNING)
        first.setdefault(key, site)


RULES: Final = (shape, destination_given, destination_types, destination, destination_arn, monitor_name, numbers)


def _holders(sites: Sequence[Site], *origins: Origin) -> list[Holder]:
    """Return the holders of some sites, each once."""
    found = {id(site.holder): site.holder for site in sites if site.holder is not None and site.origin in origins}
    return list(found.values())


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
