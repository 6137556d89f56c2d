"""Find the metric definitions of a document: a definition, a list, an API request, a template, a Terraform plan.

Templates are those of CloudFormation (AWS::RUM::AppMonitor, its resource schema), which CDK writes too; plans and
states are what ``terraform show -json`` prints for the provider awscc, whose names are CloudFormation's in snake case.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.dataclass import dataclass
from rumpattern.definition.documents.intrinsics import is_no_value, resolve
from rumpattern.definition.documents.plans import unknown_values, with_unknown
from rumpattern.diagnostics.finding import DefinitionError, Diagnostic, Place
from rumpattern.jsontext import JsonArray, JsonLiteral, JsonObject, JsonString, Span, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rumpattern.definition.documents.document import Document
    from rumpattern.jsontext import JsonValue

_MAX_STEPS: Final = 1_000_000
_MAX_STEPS_PER_CHARACTER: Final = 10  # more than the nodes of any document without aliases

MEMBERS: Final = ("Name", "Namespace", "ValueKey", "UnitLabel", "EventPattern", "DimensionKeys", "MetricDefinitionId")
_STRUCTURE: Final = (
    "AppMonitorConfiguration",
    "MetricDestinations",
    "MetricDefinitions",
    "Destination",
    "DestinationArn",
)
_LIST: Final = "MetricDefinitions"
_SINGLE: Final = "MetricDefinition"
_RESOURCE_TYPE: Final = "AWS::RUM::AppMonitor"
_TERRAFORM_TYPE: Final = "awscc_rum_app_monitor"
_TERRAFORM_ROOTS: Final = ("planned_values", "values")
_LONG_PATH: Final = 64
_ABSENT: Final = JsonLiteral(None, Span(0, 0))

_LOOP: Final = "Fn::ForEach::"

IfBranches: TypeAlias = frozenset[tuple[str, int]]
"""The branches of Fn::If that a node is in: names of conditions, each with 1 for the branch if true, 2 if false."""


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    """A node that may be, or hold, a definition: its path, and the branches of Fn::If that it is in."""

    node: JsonValue
    path: str
    if_branches: IfBranches = frozenset()


class Origin(StrEnum):
    """The form of document that a definition is part of."""

    DEFINITION = "definition"
    CREATE_REQUEST = "BatchCreateRumMetricDefinitions"
    UPDATE_REQUEST = "UpdateRumMetricDefinition"
    CLOUDFORMATION = "CloudFormation"
    TERRAFORM = "Terraform"


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """The object that lists a definition: a request, or a metric destination of an app monitor.

    Attributes:
        node: the object.
        path: the path from the document's root to it.
        origin: the form of document.
        members: its members by their names in the API, as those of a ``Site``.
    """

    node: JsonObject
    path: str
    origin: Origin
    members: Mapping[str, JsonValue]

    @property
    def destination(self) -> str | Unknown | None:
        """The Destination if it is a string or unknown."""
        return _text(self.members.get("Destination"))

    @property
    def arn(self) -> str | Unknown | None:
        """The DestinationArn if it is a string or unknown."""
        return _text(self.members.get("DestinationArn"))


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A metric definition of a document, not read yet.

    Attributes:
        node: an object, or any other value where a definition is expected; a value where a list of definitions is
            expected counts as its only item.
        path: the path from the document's root to the node.
        origin: what it is part of.
        members: its members by their names in the API, the last of duplicates; without those that count as absent,
            which are null in Terraform and AWS::NoValue in a template.
        holder: the request or metric destination that lists it, None if nothing does.
        if_branches: the branches of Fn::If that it is in.
    """

    node: JsonValue
    path: str
    origin: Origin
    members: Mapping[str, JsonValue]
    holder: Holder | None = None
    if_branches: IfBranches = frozenset()

    @property
    def is_of_template(self) -> bool:
        """Whether the resource schema of CloudFormation applies to it, which Terraform's provider adopts."""
        return self.origin in (Origin.CLOUDFORMATION, Origin.TERRAFORM)

    def excludes(self, other: Site) -> bool:
        """Tell whether two sites are in different branches of a condition, so that only one of them can be deployed."""
        return any((condition, 3 - branch) in other.if_branches for condition, branch in self.if_branches)

    @property
    def destination(self) -> str | Unknown | None:
        """The Destination of the request or metric destination, if it is a string or unknown."""
        return self.holder.destination if self.holder else None

    @property
    def arn(self) -> str | Unknown | None:
        """The DestinationArn of the request or metric destination, if it is a string or unknown."""
        return self.holder.arn if self.holder else None


def find_sites(document: Document) -> list[Site]:
    """Return the metric definitions of a document; there may be none.

    Raises:
        DefinitionError: aliases expand to millions of nodes.
    """
    # What a document is follows from its members, not from its name: "Resources" makes a template, "planned_values" or
    # "values" a Terraform plan or state, "MetricDefinitions" a request, and members of a definition a definition. In a
    # template only the documented path to definitions is followed (Properties of AWS::RUM::AppMonitor,
    # AppMonitorConfiguration, MetricDestinations, MetricDefinitions): looking for objects that resemble definitions
    # would report on resources that have nothing to do with RUM. On this path every value may be Fn::If, whose branches
    # are all followed, or another function, behind which nothing is known.
    finder = _Finder(document)
    for root in document.roots:
        finder.look_at(root)
    return finder.sites


def is_template(document: Document) -> bool:
    """Tell whether a document is a template or plan, in which it is no error to have no metric definitions."""
    names = ("Resources", *_TERRAFORM_ROOTS)
    roots = [root for root in document.roots if isinstance(root, JsonObject)]
    return any(key.value in names and isinstance(value, JsonObject) for root in roots for key, value in root.members)


def resources(node: JsonValue | None) -> Iterator[tuple[str, JsonValue, tuple[str, ...]]]:
    """Yield the path of each resource of a template, the resource, and the variables of enclosing loops.

    Args:
        node: the template's member ``Resources``.
    """
    todo: list[tuple[JsonValue | None, str, tuple[str, ...]]] = [(node, "Resources", ())]
    while todo:
        node, path, variables = todo.pop()
        for key, resource in node.members if isinstance(node, JsonObject) else ():
            resource_path = f"{path}.{key.value}"
            match resource:
                case JsonArray(items=(JsonString(value=variable), _, inside)) if key.value.startswith(_LOOP):
                    todo.append((inside, f"{resource_path}[2]", (*variables, variable)))
                case _:
                    yield resource_path, resource, variables


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


_SPELLINGS: Final = {
    origin: {name: _snake_case(name) if origin is Origin.TERRAFORM else name for name in (*MEMBERS, *_STRUCTURE)}
    for origin in Origin
}


def spelled(origin: Origin, member: str) -> str:
    """Return the name of a member of the API in documents of a form."""
    return _SPELLINGS[origin].get(member, member)


def unknown_members(site: Site) -> list[JsonString]:
    """Return the members of a definition that the API, or the resource schema of a template, does not have."""
    names = MEMBERS[:-1] if site.is_of_template else MEMBERS
    known = {_SPELLINGS[site.origin][name] for name in names}
    return [key for key, _ in site.node.members if key.value not in known] if isinstance(site.node, JsonObject) else []


def repeated(node: JsonObject) -> list[JsonString]:
    """Return the keys of an object that repeat an earlier key."""
    seen: set[str] = set()
    again = []
    for key, _ in node.members:
        if key.value in seen:
            again.append(key)
        seen.add(key.value)
    return again


class _Finder:
    """Follows the paths that lead to definitions, and no others."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sites: list[Site] = []
        self.variables: tuple[str, ...] = ()
        self.unknown: Mapping[str, JsonValue] = {}
        self.steps_left = _MAX_STEPS + _MAX_STEPS_PER_CHARACTER * len(document.text)

    def look_at(self, root: JsonValue) -> None:
        match root:
            case JsonArray(items=items) if any(map(self.is_definition, items)):
                self.add_all(_Candidate(root, ""), Origin.DEFINITION)
            case JsonObject():
                self.look_at_object(root)
            case _:
                return

    def look_at_object(self, root: JsonObject) -> None:
        members = self.members(root)
        modules = {name: self.members(members.get(name)).get("root_module") for name in _TERRAFORM_ROOTS}
        if isinstance(members.get("Resources"), JsonObject):
            self.template(members["Resources"])
        elif any(modules.values()):
            self.unknown = unknown_values(root)
            for name, module in modules.items():
                self.modules(module, f"{name}.root_module")
        elif _LIST in members or _SINGLE in members:
            self.request(root, members)
        elif self.is_definition(root):
            self.add(_Candidate(root, ""), Origin.DEFINITION)

    def is_definition(self, node: JsonValue) -> bool:
        return not self.members(node).keys().isdisjoint(MEMBERS)

    # --- requests ---------------------------------------------------------------------------------------------------

    def request(self, root: JsonObject, members: dict[str, JsonValue]) -> None:
        name = _LIST if _LIST in members else _SINGLE
        if name == _SINGLE and isinstance(members[name], JsonObject):
            origin = Origin.UPDATE_REQUEST
            self.add(_Candidate(members[name], name), origin, self.holder(root, "", origin))
        else:
            origin = Origin.CREATE_REQUEST
            self.add_all(_Candidate(members[name], name), origin, self.holder(root, "", origin))

    # --- templates and plans ----------------------------------------------------------------------------------------

    def template(self, node: JsonValue) -> None:
        for path, resource, self.variables in resources(node):
            self.count_steps(path)
            members = self.members(resource)
            if _is_text(members.get("Type"), _RESOURCE_TYPE) and "Properties" in members:
                self.monitor(_Candidate(members["Properties"], f"{path}.Properties"), Origin.CLOUDFORMATION)
        self.variables = ()

    def modules(self, module: JsonValue | None, path: str) -> None:
        todo = [(module, path)]
        while todo:
            module, path = todo.pop()
            self.count_steps(path)
            members = self.members(module)
            for candidate in self.items(_Candidate(members.get("resources", _ABSENT), f"{path}.resources")):
                values = self.members(candidate.node)
                managed = values.get("mode") is None or _is_text(values["mode"], "managed")
                if _is_text(values.get("type"), _TERRAFORM_TYPE) and managed and "values" in values:
                    planned = self.planned(values)
                    self.monitor(_Candidate(planned, f"{candidate.path}.values"), Origin.TERRAFORM)
            inner = self.items(_Candidate(members.get("child_modules", _ABSENT), f"{path}.child_modules"))
            todo += reversed([(candidate.node, candidate.path) for candidate in inner])

    def planned(self, resource: Mapping[str, JsonValue]) -> JsonValue:
        address = resource.get("address")
        unknown = self.unknown.get(address.value) if isinstance(address, JsonString) else None
        return with_unknown(resource["values"], unknown, lambda: self.count_steps(""))

    def monitor(self, properties: _Candidate, origin: Origin) -> None:
        """Look for destinations in a monitor's configuration, and beside it, where some templates have them."""
        names = _SPELLINGS[origin]
        configurations = self.possible(self.inside(properties, names["AppMonitorConfiguration"]), origin)
        for holder in (properties, *configurations):
            for candidate in self.possible_items(self.inside(holder, names["MetricDestinations"]), origin):
                if isinstance(candidate.node, JsonObject):
                    definitions = self.inside(candidate, names[_LIST])
                    self.add_all(definitions, origin, self.holder(candidate.node, candidate.path, origin))

    def inside(self, candidate: _Candidate, name: str) -> _Candidate:
        return _Candidate(
            self.members(candidate.node).get(name, _ABSENT), f"{candidate.path}.{name}", candidate.if_branches
        )

    def possible_items(self, candidate: _Candidate, origin: Origin) -> Iterator[_Candidate]:
        for listed in self.possible(candidate, origin):
            for item in self.items(listed):
                yield from self.possible(item, origin)

    def possible(self, candidate: _Candidate, origin: Origin) -> Iterator[_Candidate]:
        """Yield a node; for Fn::If each of its branches; nothing if the value is unknown or absent."""
        todo = [] if candidate.node is _ABSENT else [candidate]
        while todo:
            current = todo.pop()
            self.count_steps(current.path)
            match resolve(current.node, self.document) if origin is Origin.CLOUDFORMATION else current.node:
                case Unknown(what="Fn::If", argument=JsonArray(items=(condition, *branches))):
                    name = condition.value if isinstance(condition, JsonString) else current.path
                    todo += reversed(
                        [
                            _Candidate(
                                branch, f"{current.path}.Fn::If[{number}]", current.if_branches | {(name, number)}
                            )
                            for number, branch in enumerate(branches, 1)
                        ]
                    )
                case Unknown():
                    continue
                case value:
                    yield replace(current, node=value)

    # --- sites ------------------------------------------------------------------------------------------------------

    def holder(self, node: JsonObject, path: str, origin: Origin) -> Holder:
        api = {spelling: name for name, spelling in _SPELLINGS[origin].items()}
        read = {api.get(key, key): self.member(value, key, origin) for key, value in self.members(node).items()}
        return Holder(node, path, origin, {name: value for name, value in read.items() if value is not None})

    def add_all(self, listed: _Candidate, origin: Origin, holder: Holder | None = None) -> None:
        for candidate in self.possible_items(listed, origin):
            self.add(candidate, origin, holder)

    def add(self, candidate: _Candidate, origin: Origin, holder: Holder | None = None) -> None:
        members, names = self.members(candidate.node), _SPELLINGS[origin]
        read = {name: self.member(members.get(names[name]), name, origin) for name in MEMBERS}
        known = {name: value for name, value in read.items() if value is not None}
        self.sites.append(Site(candidate.node, candidate.path, origin, known, holder, candidate.if_branches))

    def member(self, node: JsonValue | None, name: str, origin: Origin) -> JsonValue | None:
        if node is None or (origin is Origin.TERRAFORM and is_null(node)):
            return None
        if origin is not Origin.CLOUDFORMATION and not isinstance(node, Unknown):
            return node
        value = self.looped(resolve(node, self.document, is_map=name == "DimensionKeys"))
        if name == "DimensionKeys" and isinstance(value, JsonObject):
            if any(key.startswith(_LOOP) for key in self.members(value)):
                return Unknown(_LOOP[:-2], value, value.span)
            values = [(key, self.looped(resolve(inside, self.document))) for key, inside in value.members]
            return JsonObject(tuple(pair for pair in values if not is_no_value(pair[1])), value.span)
        return None if is_no_value(value) else value

    def looped(self, node: JsonValue) -> JsonValue:
        """Return a string as ``Unknown`` if it contains a variable of a loop."""
        marks = [mark for name in self.variables for mark in (f"${{{name}}}", f"&{{{name}}}")]
        is_open = isinstance(node, JsonString) and any(mark in node.value for mark in marks)
        return Unknown(_LOOP[:-2], node, node.span) if is_open else node

    # --- small steps ------------------------------------------------------------------------------------------------

    def members(self, node: JsonValue | None) -> dict[str, JsonValue]:
        if not isinstance(node, JsonObject):
            return {}
        self.count_steps("", len(node.members))
        return {key.value: value for key, value in node.members}

    def items(self, candidate: _Candidate) -> Iterable[_Candidate]:
        node = candidate.node
        if isinstance(node, JsonArray):
            self.count_steps("", len(node.items))
            return (replace(candidate, node=item, path=f"{candidate.path}[{i}]") for i, item in enumerate(node.items))
        return [] if is_null(node) else [candidate]

    def count_steps(self, path: str, steps: int = 1) -> None:
        """Count visited nodes; only aliases, which share nodes, can exceed the limit.

        A long path counts more, since building it takes as long.
        """
        self.steps_left -= steps + len(path) // _LONG_PATH
        if self.steps_left < 0:
            place = Place(*self.document.locate(0), "$")
            message = "its aliases expand to more nodes than the limit allows"
            raise DefinitionError([Diagnostic("RP006", message, place)])


def is_null(node: JsonValue) -> bool:
    """Tell whether a node is null, which means that a member is left out."""
    return isinstance(node, JsonLiteral) and node.value is None


def _text(node: JsonValue | None) -> str | Unknown | None:
    match node:
        case JsonString(value=value):
            return value
        case Unknown():
            return node
        case _:
            return None


def _is_text(node: JsonValue | None, text: str) -> bool:
    return isinstance(node, JsonString) and node.value == text
