"""Definitions from files, text or Python objects: everything that keeps one from working is reported with its place.

Whether RUM would accept a definition is another question; here it must have the members, types and lengths of the API
model (CloudWatch RUM API 2018-05-10, MetricDefinitionRequest) and a pattern that compiles.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.definition.model import UNITS, MetricDefinition
from rumpattern.definition.rumevents import FIELD_ALIASES
from rumpattern.diagnostics import DefinitionError, Diagnostic, PatternError, Place, Severity, did_you_mean
from rumpattern.jsontext import JsonArray, JsonError, JsonObject, JsonString, SourceText, decode_utf8, parse
from rumpattern.pattern.findings import describe, in_order
from rumpattern.pattern.parse import parse_located
from rumpattern.pattern.pattern import renamed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rumpattern.jsontext import JsonValue
    from rumpattern.pattern.pattern import Pattern

Source: TypeAlias = "str | os.PathLike[str] | Mapping[str, object] | Sequence[Mapping[str, object]]"

_LENGTHS: Final = {
    "Name": (1, 255),
    "Namespace": (1, 237),
    "ValueKey": (1, 280),
    "UnitLabel": (1, 256),
    "EventPattern": (0, 4000),
    "MetricDefinitionId": (1, 255),
}
_PUBLISHED: Final = ("Name", "Namespace", "UnitLabel")
_MEMBERS: Final = (*_LENGTHS, "DimensionKeys")
_REQUEST_MEMBERS: Final = (
    "AppMonitorName",
    "Destination",
    "DestinationArn",
    "MetricDefinitions",
    "MetricDefinitionId",
    "NextToken",
    "ResponseMetadata",
)
_LIST_MEMBER: Final = "MetricDefinitions"
_SINGLE_MEMBER: Final = "MetricDefinition"
_MAX_DIMENSIONS: Final = 29
_DIMENSION_PATH: Final = (1, 280)
_DIMENSION_NAME: Final = (1, 255)


def load_definitions(source: Source) -> list[MetricDefinition]:
    """Read one definition, a list of them, or a Batch-create or Update request.

    Args:
        source: a path, JSON text (it starts with ``{`` or ``[``), or the same as Python objects.

    Raises:
        DefinitionError: with every problem found, each with its place.
    """
    document = _read(source)
    reader = _Reader(document)
    try:
        root = parse(document.text)
    except JsonError as error:
        name, line, column = reader.locate(error.offset)
        place = Place(name, line, column, "$")
        raise DefinitionError([Diagnostic("RP004", f"not valid JSON: {error.message}", place)]) from None
    definitions = reader.document(root)
    if reader.problems:
        raise DefinitionError(in_order(reader.problems))
    return definitions


def _read(source: Source) -> SourceText:
    if isinstance(source, str) and source.lstrip(" \t\r\n\ufeff")[:1] in ("{", "["):
        return SourceText(source.removeprefix("\ufeff"))
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        try:
            return SourceText(decode_utf8(path.read_bytes()).removeprefix("\ufeff"), str(path))
        except OSError as error:
            problem = Diagnostic("RP001", f"{path}: {error.strerror or error}", hint="name a JSON file of definitions")
        except JsonError as error:
            problem = Diagnostic(error.code, f"{path}: {error.message}")
        raise DefinitionError([problem])
    try:
        return SourceText(json.dumps(source, ensure_ascii=False, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise DefinitionError([Diagnostic("RP300", f"the definitions are not JSON values: {error}")]) from None


class _Reader:
    """Turns a parsed document into definitions and collects what is wrong with it."""

    def __init__(self, document: SourceText) -> None:
        self.text = document
        self.problems: list[Diagnostic] = []
        self.warnings: list[Diagnostic] = []

    def locate(self, offset: int) -> tuple[str | None, int, int]:
        return (self.text.name, *self.text.position(offset))

    def place(self, node: JsonValue, path: str) -> Place:
        return Place(*self.locate(node.span.start), path or "$")

    def report(self, code: str, message: str, node: JsonValue, path: str, hint: str | None = None) -> None:
        self.problems.append(Diagnostic(code, message, self.place(node, path), hint))

    def warn(self, code: str, message: str, node: JsonValue, path: str, hint: str) -> None:
        self.warnings.append(Diagnostic(code, message, self.place(node, path), hint, Severity.WARNING))

    # --- the document -----------------------------------------------------------------------------------------------

    def document(self, root: JsonValue) -> list[MetricDefinition]:
        nodes = self.definition_nodes(root)
        if not nodes and not self.problems:
            self.report("RP300", "there is no metric definition in it", root, "")
        return [d for d in (self.definition(node, path) for node, path in nodes) if d is not None]

    def definition_nodes(self, root: JsonValue) -> list[tuple[JsonValue, str]]:
        if isinstance(root, JsonArray):
            return [(item, f"[{index}]") for index, item in enumerate(root.items)]
        if not isinstance(root, JsonObject):
            self.report("RP300", f"definitions are a JSON object or array, not {describe(root)}", root, "")
            return []
        members = _members(root)
        if _LIST_MEMBER not in members and _SINGLE_MEMBER not in members:
            return [(root, "")]
        self.unknown_members(root, "", (*_REQUEST_MEMBERS, _SINGLE_MEMBER))
        listed = members.get(_LIST_MEMBER, members.get(_SINGLE_MEMBER))
        assert listed is not None
        if isinstance(listed, JsonObject) and _LIST_MEMBER not in members:
            return [(listed, _SINGLE_MEMBER)]
        if not isinstance(listed, JsonArray):
            self.report("RP302", f"{_LIST_MEMBER} is an array of definitions, not {describe(listed)}", listed, "")
            return []
        name = _LIST_MEMBER if _LIST_MEMBER in members else _SINGLE_MEMBER
        return [(item, f"{name}[{index}]") for index, item in enumerate(listed.items)]

    # --- one definition ---------------------------------------------------------------------------------------------

    def definition(self, node: JsonValue, path: str) -> MetricDefinition | None:
        if not isinstance(node, JsonObject):
            self.report("RP302", f"a metric definition is a JSON object, not {describe(node)}", node, path)
            return None
        problems_before, self.warnings = len(self.problems), []
        members = _members(node)
        self.unknown_members(node, path, _MEMBERS)
        name = self.text_member(members, "Name", path)
        if members.get("Name") is None or _is_null(members["Name"]):
            self.report("RP301", "a metric definition needs a Name", node, path)
        namespace = self.text_member(members, "Namespace", path)
        value_key = self.value_key(members, path)
        unit = self.text_member(members, "UnitLabel", path)
        dimensions = self.dimension_keys(members.get("DimensionKeys"), _join(path, "DimensionKeys"))
        pattern = self.event_pattern(members, path)
        if len(self.problems) > problems_before or name is None:
            return None
        self.service_names(members, name, namespace, unit, [label for _, label in dimensions], path)
        place, warnings = self.place(node, path), tuple(self.warnings)
        return MetricDefinition(name, namespace, pattern, value_key, unit, dimensions, place, warnings)

    def unknown_members(self, node: JsonObject, path: str, known: Sequence[str]) -> None:
        seen: set[str] = set()
        for key, _ in node.members:
            if key.value in seen:
                self.report("RP312", f'"{key.value}" occurs more than once', key, _join(path, key.value))
            seen.add(key.value)
            if key.value not in known:
                hint = did_you_mean(key.value, known) or f"known members: {', '.join(known)}"
                self.report("RP303", f'unknown member "{key.value}"', key, _join(path, key.value), hint)

    def text_member(self, members: dict[str, JsonValue], name: str, path: str) -> str | None:
        node = members.get(name)
        if node is None or _is_null(node):
            return None
        if not isinstance(node, JsonString):
            hint = None
            if name == "EventPattern" and isinstance(node, JsonObject):
                hint = "the API takes the pattern as a string of JSON: json.dumps(pattern)"
            self.report("RP302", f"{name} is a string, not {describe(node)}", node, _join(path, name), hint)
            return None
        if name in _PUBLISHED and not _is_unicode(node.value):
            self.report("RP313", f"{name} holds half of a surrogate pair", node, _join(path, name))
            return None
        low, high = _LENGTHS[name]
        if not low <= len(node.value) <= high:
            message = f"{name} has {len(node.value)} characters; it takes {low} to {high}"
            self.report("RP304", message, node, _join(path, name))
            return None
        return node.value

    def value_key(self, members: dict[str, JsonValue], path: str) -> str | None:
        value_key = self.text_member(members, "ValueKey", path)
        return None if value_key is None else self.field_path(value_key, members["ValueKey"], _join(path, "ValueKey"))

    def field_path(self, path: str, node: JsonValue, where: str) -> str:
        """Resolve the spelling application_Id, which only the reference uses, to the name that events have."""
        first, dot, rest = path.partition(".")
        if first not in FIELD_ALIASES:
            return path
        message = f'the reference spells "{first}", every real event says "{FIELD_ALIASES[first]}"; read as the latter'
        self.warn("RP307", message, node, where, f'write "{FIELD_ALIASES[first]}"')
        return f"{FIELD_ALIASES[first]}{dot}{rest}"

    def dimension_keys(self, node: JsonValue | None, path: str) -> tuple[tuple[str, str], ...]:
        if node is None or _is_null(node):
            return ()
        if not isinstance(node, JsonObject):
            hint = 'write {"metadata.browserName": "BrowserName"}: field path to dimension name'
            self.report("RP305", f"DimensionKeys is a JSON object, not {describe(node)}", node, path, hint)
            return ()
        pairs = [self.dimension(key, value, _join(path, key.value)) for key, value in node.members]
        if len(pairs) > _MAX_DIMENSIONS:
            self.report("RP305", f"DimensionKeys has {len(pairs)} entries; it takes 0 to {_MAX_DIMENSIONS}", node, path)
        dimensions = dict(pair for pair in pairs if pair is not None)
        if len(dimensions) < len(pairs) and None not in pairs:
            self.report("RP312", "a field path occurs more than once among the dimension keys", node, path)
        names = list(dimensions.values())
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.report("RP306", f'more than one dimension key gives the dimension "{name}"', node, path)
        return tuple(dimensions.items())

    def dimension(self, key: JsonString, value: JsonValue, path: str) -> tuple[str, str] | None:
        if not _DIMENSION_PATH[0] <= len(key.value) <= _DIMENSION_PATH[1]:
            message = f"a dimension's field path has {len(key.value)} characters; it takes 1 to 280"
            self.report("RP304", message, key, path)
        if not isinstance(value, JsonString):
            self.report("RP305", f"a dimension name is a string, not {describe(value)}", value, path)
            return None
        if not _DIMENSION_NAME[0] <= len(value.value) <= _DIMENSION_NAME[1]:
            self.report("RP304", f"a dimension name has {len(value.value)} characters; it takes 1 to 255", value, path)
        elif not _is_unicode(value.value):
            self.report("RP313", "a dimension name holds half of a surrogate pair", value, path)
        elif value.value.startswith(":") or not value.value.strip():
            message = "a dimension name does not start with a colon and is not blank"
            self.report("RP305", message, value, path)
        return self.field_path(key.value, key, path), value.value

    def event_pattern(self, members: dict[str, JsonValue], path: str) -> Pattern | None:
        text = self.text_member(members, "EventPattern", path)
        if not text:
            return None
        literal = members["EventPattern"]
        root = f"{_join(path, 'EventPattern')} → $"
        document = self.text

        def locate(offset: int) -> tuple[str | None, int, int]:
            return self.locate(document.offset_in_string(literal.span, offset))

        try:
            pattern = parse_located(text, locate, root)
        except PatternError as error:
            self.problems += error.diagnostics
            return None
        self.warnings += pattern.warnings
        names = {path: self.field_path(path, literal, f"{root}.{path}") for path in pattern.paths}
        return renamed(pattern, names)

    def service_names(  # noqa: PLR0913, PLR0917 - everything of a definition that CloudWatch sees
        self,
        members: dict[str, JsonValue],
        name: str,
        namespace: str | None,
        unit: str | None,
        dimensions: list[str],
        path: str,
    ) -> None:
        """Warn of names that CloudWatch refuses: the definition computes, but its metric could not be put."""
        if namespace and namespace != "AWS/RUM" and namespace.upper().startswith("AWS/"):
            hint = 'leave Namespace out, or write exactly "AWS/RUM", for an extended metric'
            node = members["Namespace"]
            self.warn("RP308", f'the namespace "{namespace}" belongs to AWS', node, _join(path, "Namespace"), hint)
        hint = "CloudWatch takes ASCII names only"
        if not name.isascii():
            self.warn("RP309", f'the name "{name}" is not ASCII', members["Name"], _join(path, "Name"), hint)
        for dimension in dimensions:
            if not dimension.isascii():
                place = _join(path, "DimensionKeys")
                self.warn(
                    "RP309", f'the dimension name "{dimension}" is not ASCII', members["DimensionKeys"], place, hint
                )
        if unit is not None and unit not in UNITS:
            hint = did_you_mean(unit, UNITS) or f"units: {', '.join(UNITS)}"
            message = f'CloudWatch has no unit "{unit}"'
            self.warn("RP314", message, members["UnitLabel"], _join(path, "UnitLabel"), hint)


def _members(node: JsonObject) -> dict[str, JsonValue]:
    return {key.value: value for key, value in node.members}


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)


def _is_null(node: JsonValue) -> bool:
    return getattr(node, "value", "") is None


def _join(path: str, member: str) -> str:
    return f"{path}.{member}" if path else member
