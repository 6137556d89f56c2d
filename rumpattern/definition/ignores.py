"""Codes that a template suppresses: ``Metadata: {rumpattern: {ignore: [codes]}}``, of the template or of a resource."""

from __future__ import annotations

import re
from bisect import bisect_right
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.dataclass import dataclass
from rumpattern.definition.documents.sites import resources
from rumpattern.diagnostics.finding import Diagnostic, Place, Severity
from rumpattern.diagnostics.rulebook import code_prefix
from rumpattern.jsontext import JsonArray, JsonObject, JsonString
from rumpattern.pattern.findings import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rumpattern.definition.documents.document import Document
    from rumpattern.jsontext import JsonValue

_METADATA: Final = "Metadata"
_TABLE: Final = "rumpattern"
_KEY: Final = "ignore"

CodePrefixes: TypeAlias = tuple[str, ...]
"""Codes, or prefixes that several codes share."""


@dataclass(frozen=True, slots=True)
class Ignores:
    """The codes that the documents of a file suppress.

    Attributes:
        starts: line and column of the start of each document of the file.
        codes: for each document, a prefix of paths (the path of a resource, or "" for all) to the suppressed codes.
        problems: findings about entries without effect.
    """

    starts: tuple[tuple[int, int], ...]
    codes: tuple[Mapping[str, CodePrefixes], ...]
    problems: tuple[Diagnostic, ...]

    def hides(self, finding: Diagnostic) -> bool:
        """Tell whether a finding is suppressed."""
        where = finding.where
        if where is None:
            return False
        of_document = self.codes[max(0, bisect_right(self.starts, (where.line, where.column)) - 1)]
        return any(finding.code.startswith(of_document.get(prefix, ())) for prefix in _prefixes(where.path))


def find_ignores(document: Document) -> Ignores:
    """Return the codes that the templates of a document suppress."""
    reader = _IgnoreReader(document)
    codes = tuple(map(reader.template, document.roots))
    starts = tuple(document.position(root.span.start) for root in document.roots)
    return Ignores(starts, codes, tuple(reader.problems))


def _prefixes(path: str) -> Iterator[str]:
    """Yield the prefixes of a path: the empty one, and those that end with a dot."""
    yield ""
    yield from (path[: dot.end()] for dot in re.finditer(r"\.", path))


class _IgnoreReader:
    """Reads the entries of Metadata; an entry that several resources share by an alias of YAML is read once."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.problems: list[Diagnostic] = []
        self.known: dict[int, CodePrefixes] = {}

    def template(self, root: JsonValue) -> Mapping[str, CodePrefixes]:
        listed = _member(root, "Resources")
        if not isinstance(listed, JsonObject):
            return {}
        inside = [(f"{path}.", resource) for path, resource, _ in resources(listed)]
        return {prefix: codes for prefix, holder in [("", root), *inside] if (codes := self.codes(holder, prefix))}

    def codes(self, holder: JsonValue, prefix: str) -> CodePrefixes:
        table = _member(_member(holder, _METADATA), _TABLE)
        if table is None:
            return ()
        return self.once(table, f"{prefix}{_METADATA}.{_TABLE}", self.entries)

    def once(self, node: JsonValue, path: str, read: Callable[[JsonValue, str], Iterator[str]]) -> CodePrefixes:
        if id(node) not in self.known:
            self.known[id(node)] = tuple(read(node, path))
        return self.known[id(node)]

    def entries(self, table: JsonValue, path: str) -> Iterator[str]:
        if not isinstance(table, JsonObject):
            self.problem("RP349", f"{_TABLE} must be an object, not {describe(table)}", table, path)
            return
        for key, node in table.members:
            if key.value == _KEY:
                yield from self.once(node, f"{path}.{_KEY}", self.listed)
            else:
                message = f'{_TABLE} has no option "{key.value}", only "{_KEY}"'
                self.problem("RP349", message, key, f"{path}.{key.value}")

    def listed(self, node: JsonValue, path: str) -> Iterator[str]:
        if not isinstance(node, JsonArray):
            yield from self.entry(node, path)
            return
        for index, item in enumerate(node.items):
            yield from self.entry(item, f"{path}[{index}]")

    def entry(self, node: JsonValue, path: str) -> Iterator[str]:
        code = code_prefix(node.value) if isinstance(node, JsonString) else None
        if code is not None:
            yield code
            return
        message = f"{describe(node)} is neither a code nor a prefix of codes"
        self.problem("RP348", message, node, path, "write a code such as RP206")

    def problem(
        self, code: str, message: str, node: JsonValue, path: str, hint: str = "write {ignore: [RP206]}"
    ) -> None:
        where = Place(*self.document.locate(node.span.start), path)
        self.problems.append(Diagnostic(code, message, where, hint, Severity.WARNING))


def _member(node: JsonValue | None, name: str) -> JsonValue | None:
    members: Iterator[JsonValue] = iter(())
    if isinstance(node, JsonObject):
        members = (value for key, value in node.members if key.value == name)
    return next(members, None)
