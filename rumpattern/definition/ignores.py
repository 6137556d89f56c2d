"""What a template asks not to be told: ``Metadata: {rumpattern: {ignore: [codes]}}``, its own or that of a resource."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from rumpattern.diagnostics import Diagnostic, Place, Severity, code_prefix
from rumpattern.jsontext import JsonArray, JsonObject, JsonString
from rumpattern.pattern.findings import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.definition.document import Document
    from rumpattern.jsontext import JsonValue

_KEYS: Final = ("Metadata", "rumpattern", "ignore")


@dataclass(frozen=True, slots=True)
class Ignores:
    """What is not reported.

    Attributes:
        codes: pairs of the beginning of a path and the beginning of a code.
        problems: entries that are no codes.
    """

    codes: tuple[tuple[str, str], ...]
    problems: tuple[Diagnostic, ...]

    def hides(self, finding: Diagnostic) -> bool:
        """Tell whether a finding is one of those that are not reported."""
        path = finding.where.path if finding.where else ""
        return any(path.startswith(place) and finding.code.startswith(code) for place, code in self.codes)


def find_ignores(document: Document) -> Ignores:
    """Return what the templates of a document ask not to be told."""
    codes, problems = [], []
    for root in (document.root, *document.others):
        resources = _member(root, "Resources")
        if not isinstance(resources, JsonObject):
            continue
        inside = [(f"Resources.{key.value}.", resource) for key, resource in resources.members]
        for place, holder in [("", root), *inside]:
            for node in _listed(holder):
                code = code_prefix(node.value) if isinstance(node, JsonString) else None
                if code is None:
                    problems.append(_no_code(document, node, place))
                else:
                    codes.append((place, code))
    return Ignores(tuple(codes), tuple(problems))


def _listed(holder: JsonValue) -> Sequence[JsonValue]:
    node: JsonValue | None = holder
    for key in _KEYS:
        node = _member(node, key)
    if isinstance(node, JsonArray):
        return node.items
    return () if node is None else (node,)


def _member(node: JsonValue | None, name: str) -> JsonValue | None:
    members: Iterator[JsonValue] = iter(())
    if isinstance(node, JsonObject):
        members = (value for key, value in node.members if key.value == name)
    return next(members, None)


def _no_code(document: Document, node: JsonValue, place: str) -> Diagnostic:
    message = f"{describe(node)} is neither a code nor the beginning of one"
    where = Place(*document.locate(node.span.start), f"{place}{'.'.join(_KEYS)}")
    return Diagnostic("RP348", message, where, "write a code such as RP206", Severity.WARNING)
