"""Read one definition of a document: check the types and lengths of its members, compile its pattern, keep positions.

A fault in one member does not keep the others from being read. Lengths and types are those of the API model
(CloudWatch RUM API 2018-05-10, MetricDefinitionRequest).
"""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Final

from rumpattern.dataclass import dataclass
from rumpattern.definition.documents.sites import MEMBERS, Origin, is_null, repeated, spelled, unknown_members
from rumpattern.definition.model import MetricDefinition
from rumpattern.diagnostics.finding import Diagnostic, PatternError, Place, Severity
from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.jsontext import JsonObject, JsonString, Unknown
from rumpattern.pattern.findings import describe
from rumpattern.pattern.parse import parse_located
from rumpattern.pattern.pattern import renamed
from rumpattern.rum.limits import (
    DIMENSION_KEY_LENGTH,
    DIMENSION_NAME_LENGTH,
    MAX_DIMENSION_KEYS,
    MEMBER_LENGTHS,
    TEMPLATE_MEMBER_LENGTHS,
)
from rumpattern.rum.names import FIELD_ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable

    from rumpattern.definition.documents.document import Document
    from rumpattern.definition.documents.sites import Site
    from rumpattern.diagnostics.finding import Edit
    from rumpattern.jsontext import JsonValue
    from rumpattern.pattern.pattern import Pattern

_PUBLISHED: Final = ("Name", "Namespace", "UnitLabel")


@dataclass(slots=True)
class ReadDefinition:
    """A definition, its findings, and the positions of its parts.

    Attributes:
        definition: its values; a member that could not be read is as if left out.
        problems: errors, which keep it from being used.
        warnings: findings that do not.
        unknown: the members that could not be read, or whose values are known only at deployment.
        places: member ("" for the definition itself) to its position.
        dimension_places: field path of a dimension to the positions of the path and of the dimension's name.
        place_in_pattern: from an offset in the pattern's text, and a path in the pattern, to the document's position.
        is_of_template: whether the resource schema of CloudFormation applies to it.
        edit: from a member that is a string, and an edit of its value, to the edits of the document.
    """

    definition: MetricDefinition
    problems: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)
    places: dict[str, Place] = field(default_factory=dict)
    dimension_places: dict[str, tuple[Place, Place]] = field(default_factory=dict)
    place_in_pattern: Callable[[int, str], Place | None] = lambda _offset, _path: None
    is_of_template: bool = False
    edit: Callable[[str, Edit], tuple[Edit, ...]] = lambda _member, _edit: ()


def read_definition(site: Site, document: Document) -> ReadDefinition:
    """Read the definition at a site."""
    reader = _DefinitionReader(site, document)
    reader.read.places[""] = reader.place(site.node, "")
    reader.read.edit = reader.edit
    if not isinstance(site.node, JsonObject):
        is_item = site.path.endswith("]") or not site.path
        what = "MetricDefinitions must be an array of definitions"
        if is_item:
            what = "a metric definition must be a JSON object"
        reader.report("RP302", f"{what}, not {describe(site.node)}", site.node, "")
        reader.read.unknown.update(MEMBERS)
        return reader.read
    reader.members()
    return reader.read


class _DefinitionReader:
    """Reads the members of one definition and collects its findings."""

    def __init__(self, site: Site, document: Document) -> None:
        self.site = site
        self.document = document
        self.read = ReadDefinition(MetricDefinition(""), is_of_template=site.is_of_template)

    def edit(self, member: str, edit: Edit) -> tuple[Edit, ...]:
        node = self.site.members.get(member)
        is_source = self.site.origin is not Origin.TERRAFORM  # a plan is generated: edits belong into its input
        return (self.document.edit_in_string(node, edit),) if isinstance(node, JsonString) and is_source else ()

    def place(self, node: JsonValue, member: str) -> Place:
        name, dot, rest = member.partition(".")
        name = f"{spelled(self.site.origin, name)}{dot}{rest}"
        path = f"{self.site.path}.{name}" if self.site.path and name else self.site.path or name
        return Place(*self.document.locate(node.span.start), path or "$")

    def report(self, code: str, message: str, node: JsonValue, member: str, hint: str | None = None) -> None:
        self.read.problems.append(Diagnostic(code, message, self.place(node, member), hint))
        self.read.unknown.add(member.partition(".")[0])

    def warn(self, code: str, message: str, node: JsonValue, member: str, hint: str) -> None:
        self.read.warnings.append(Diagnostic(code, message, self.place(node, member), hint, Severity.WARNING))

    def members(self) -> None:
        members = self.site.members
        self.repeated_and_unknown()
        for name, node in members.items():
            self.read.places[name] = self.place(node, name)
        metric = self.text("Name")
        if "Name" not in members or is_null(members["Name"]):
            self.report("RP301", "a metric definition needs a Name", self.site.node, "")
            self.read.unknown.add("Name")
        namespace = self.text("Namespace")
        value_key = self.text("ValueKey")
        if value_key is not None:
            value_key = self.field_path(value_key, members["ValueKey"], "ValueKey")
        unit = self.text("UnitLabel")
        self.text("MetricDefinitionId")
        dimensions = self.dimension_keys(members.get("DimensionKeys"))
        pattern = self.event_pattern()
        self.read.unknown.discard("")
        place, warnings = self.read.places[""], tuple(self.read.warnings)
        self.read.definition = MetricDefinition(
            metric or "", namespace, pattern, value_key, unit, dimensions, place, warnings
        )

    def repeated_and_unknown(self) -> None:
        assert isinstance(self.site.node, JsonObject)
        for key in repeated(self.site.node):
            self.report("RP312", f'"{key.value}" occurs more than once', key, key.value)
        for key in unknown_members(self.site):
            hint = did_you_mean(key.value, MEMBERS) or f"known members: {', '.join(MEMBERS)}"
            self.report("RP303", f'unknown member "{key.value}"', key, key.value, hint)

    def text(self, name: str) -> str | None:
        node = self.site.members.get(name)
        if node is None or is_null(node):
            return None
        if isinstance(node, Unknown):
            self.read.unknown.add(name)
            return None
        if not isinstance(node, JsonString):
            hint = None
            if name == "EventPattern" and isinstance(node, JsonObject):
                hint = "the API takes the pattern as a string of JSON: json.dumps(pattern)"
                if self.site.is_of_template:
                    hint = "the pattern must be a string: in YAML write | after EventPattern: and the JSON below it"
            self.report("RP302", f"{name} must be a string, not {describe(node)}", node, name, hint)
            return None
        if name in _PUBLISHED and not _is_unicode(node.value):
            self.report("RP313", f"{name} contains a lone surrogate", node, name)
            return None
        low, high = (TEMPLATE_MEMBER_LENGTHS if self.site.is_of_template else {}).get(name, MEMBER_LENGTHS[name])
        if not low <= len(node.value) <= high:
            message = f"{name} has {len(node.value)} characters; it must have {low} to {high}"
            self.report("RP304", message, node, name)
            return None
        return node.value

    def field_path(self, path: str, node: JsonValue, where: str) -> str:
        """Resolve the spelling application_Id, which only the reference uses, to the name that events have."""
        first, dot, rest = path.partition(".")
        if first not in FIELD_ALIASES:
            return path
        message = f'the API reference has "{first}", but events have "{FIELD_ALIASES[first]}"; it is read as the latter'
        self.warn("RP307", message, node, where, f'write "{FIELD_ALIASES[first]}"')
        return f"{FIELD_ALIASES[first]}{dot}{rest}"

    # --- dimensions -------------------------------------------------------------------------------------------------

    def dimension_keys(self, node: JsonValue | None) -> tuple[tuple[str, str], ...]:
        member = "DimensionKeys"
        if node is None or is_null(node):
            return ()
        if isinstance(node, Unknown):
            self.read.unknown.add(member)
            return ()
        if not isinstance(node, JsonObject):
            hint = 'write {"metadata.browserName": "BrowserName"}: field path to dimension name'
            self.report("RP305", f"DimensionKeys must be a JSON object, not {describe(node)}", node, member, hint)
            return ()
        pairs = [self.dimension(key, value, f"{member}.{key.value}") for key, value in node.members]
        if len(pairs) > MAX_DIMENSION_KEYS:
            message = f"DimensionKeys has {len(pairs)} entries; it must have 0 to {MAX_DIMENSION_KEYS}"
            self.report("RP305", message, node, member)
        dimensions = dict(pair for pair in pairs if pair is not None)
        if len(dimensions) < len(pairs) and None not in pairs:
            self.report("RP312", "a field path occurs more than once among the dimension keys", node, member)
        names = list(dimensions.values())
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.report("RP306", f'more than one dimension key has the dimension name "{name}"', node, member)
        return tuple(dimensions.items())

    def dimension(self, key: JsonString, value: JsonValue, member: str) -> tuple[str, str] | None:
        if not DIMENSION_KEY_LENGTH[0] <= len(key.value) <= DIMENSION_KEY_LENGTH[1]:
            shortest, longest = DIMENSION_KEY_LENGTH
            message = f"a dimension's field path has {len(key.value)} characters; it must have {shortest} to {longest}"
            self.report("RP304", message, key, member)
        if isinstance(value, Unknown):
            self.read.unknown.add("DimensionKeys")
            return None
        if not isinstance(value, JsonString):
            self.report("RP305", f"a dimension name must be a string, not {describe(value)}", value, member)
            return None
        if not DIMENSION_NAME_LENGTH[0] <= len(value.value) <= DIMENSION_NAME_LENGTH[1]:
            shortest, longest = DIMENSION_NAME_LENGTH
            message = f"a dimension name has {len(value.value)} characters; it must have {shortest} to {longest}"
            self.report("RP304", message, value, member)
        elif not _is_unicode(value.value):
            self.report("RP313", "a dimension name contains a lone surrogate", value, member)
        elif value.value.startswith(":") or not value.value.strip():
            self.report("RP305", "a dimension name must not start with a colon or be blank", value, member)
        path = self.field_path(key.value, key, member)
        self.read.dimension_places[path] = self.place(key, member), self.place(value, member)
        return path, value.value

    # --- the pattern ------------------------------------------------------------------------------------------------

    def event_pattern(self) -> Pattern | None:
        text = self.text("EventPattern")
        if not text:
            return None
        literal = self.site.members["EventPattern"]
        assert isinstance(literal, JsonString)
        root = f"{self.place(literal, 'EventPattern').path} → $"

        def locate(offset: int) -> tuple[str | None, int, int]:
            return self.document.locate(self.document.offset_in_string(literal, offset))

        try:
            pattern = parse_located(text, locate, root)
        except PatternError as error:
            self.read.problems += map(self.in_document, error.diagnostics)
            self.read.unknown.add("EventPattern")
            return None
        self.read.warnings += pattern.warnings
        names = {path: self.field_path(path, literal, f"EventPattern → $.{path}") for path in pattern.paths}
        self.read.place_in_pattern = lambda offset, path: Place(*locate(offset), f"{root}.{path}")
        return renamed(pattern, names)

    def in_document(self, finding: Diagnostic) -> Diagnostic:
        """Return a finding of the pattern with its edits translated to edits of the document."""
        return replace(finding, fix=tuple(edit for own in finding.fix for edit in self.edit("EventPattern", own)))


def _is_unicode(text: str) -> bool:
    return not any("\ud800" <= char <= "\udfff" for char in text)
