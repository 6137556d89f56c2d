"""Where metric definitions stand in a document: a definition, a list, an API request, a template, a Terraform plan.

Templates are those of CloudFormation (AWS::RUM::AppMonitor, its resource schema), which CDK writes too; plans and
states are what ``terraform show -json`` prints for the provider awscc, whose names are CloudFormation's in snake case.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.definition.intrinsics import is_no_value, settled
from rumpattern.diagnostics import DefinitionError, Diagnostic, Place
from rumpattern.jsontext import JsonArray, JsonLiteral, JsonObject, JsonString, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rumpattern.definition.document import Document
    from rumpattern.jsontext import JsonValue

_STEPS: Final = 1_000_000
_STEPS_FOR_A_CHARACTER: Final = 10  # more than any document without aliases has nodes to look at

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

_Found: TypeAlias = "Iterator[tuple[JsonValue, str]]"
"""Nodes with their paths."""


class Origin(StrEnum):
    """What a definition is part of."""

    DEFINITION = "definition"
    CREATE_REQUEST = "BatchCreateRumMetricDefinitions"
    UPDATE_REQUEST = "UpdateRumMetricDefinition"
    CLOUDFORMATION = "CloudFormation"
    TERRAFORM = "Terraform"


@dataclass(frozen=True, slots=True, eq=False)
class Holder:
    """The object whose list a definition is in: a request, or a metric destination of an app monitor.

    ``destination`` and ``arn`` are its Destination and DestinationArn if they are strings, or unknown.
    """

    node: JsonObject
    path: str
    destination: str | Unknown | None
    arn: str | Unknown | None


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """A place where a metric definition stands.

    ``node`` is what stands there, an object or something wrong; what is no array in the place of the list counts as
    its only item. ``path`` leads to it from the document's root. ``members`` are its members by their names in the API
    (the last of duplicates) without those that are absent: null in Terraform, AWS::NoValue in a template.
    """

    node: JsonValue
    path: str
    origin: Origin
    members: Mapping[str, JsonValue]
    holder: Holder | None = None

    @property
    def destination(self) -> str | Unknown | None:
        """The Destination of the request or metric destination, if it is a string or unknown."""
        return self.holder.destination if self.holder else None

    @property
    def arn(self) -> str | Unknown | None:
        """The DestinationArn of the request or metric destination, if it is a string or unknown."""
        return self.holder.arn if self.holder else None


def find_sites(document: Document) -> list[Site]:
    """Return every place of the document where a metric definition stands; there may be none.

    Raises:
        DefinitionError: aliases repeat so much that there would be millions of nodes to look at.
    """
    finder = _Finder(document)
    for root in (document.root, *document.others):
        finder.look_at(root)
    return finder.sites


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", name).lower()


_SPELLINGS: Final = {
    origin: {name: _snake_case(name) if origin is Origin.TERRAFORM else name for name in (*MEMBERS, *_STRUCTURE)}
    for origin in Origin
}


def spelled(origin: Origin, member: str) -> str:
    """Return how a member of the API is named where a definition stands."""
    return _SPELLINGS[origin].get(member, member)


def strangers(site: Site) -> list[JsonString]:
    """Return the members of a definition that the API, or the resource schema of a template, does not have."""
    is_template = site.origin in (Origin.CLOUDFORMATION, Origin.TERRAFORM)
    names = MEMBERS[:-1] if is_template else MEMBERS
    known = {_SPELLINGS[site.origin][name] for name in names}
    return [key for key, _ in site.node.members if key.value not in known] if isinstance(site.node, JsonObject) else []


def repeated(node: JsonObject) -> list[JsonString]:
    """Return the keys of an object that have occurred in it before."""
    seen: set[str] = set()
    again = []
    for key, _ in node.members:
        if key.value in seen:
            again.append(key)
        seen.add(key.value)
    return again


def holder_members(holder: Holder) -> dict[str, JsonValue]:
    """Return the members of a request or metric destination by their names in the API."""
    api = {_snake_case(name): name for name in _STRUCTURE}
    return {api.get(key.value, key.value): value for key, value in holder.node.members}


class _Finder:
    """Looks where definitions can stand, and nowhere else."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.sites: list[Site] = []
        self.steps_left = _STEPS + _STEPS_FOR_A_CHARACTER * len(document.text)

    def look_at(self, root: JsonValue) -> None:
        match root:
            case JsonArray(items=items) if any(map(self.is_definition, items)):
                self.add_all(root, "", Origin.DEFINITION)
            case JsonObject():
                self.look_at_object(root)
            case _:
                return

    def look_at_object(self, root: JsonObject) -> None:
        members = self.members(root)
        resources = members.get("Resources")
        modules = {name: self.members(members.get(name)).get("root_module") for name in _TERRAFORM_ROOTS}
        if isinstance(resources, JsonObject):
            self.template(resources)
        elif any(modules.values()):
            for name, module in modules.items():
                self.modules(module, f"{name}.root_module")
        elif _LIST in members or _SINGLE in members:
            self.request(root, members)
        elif self.is_definition(root):
            self.add(root, "", Origin.DEFINITION)

    def is_definition(self, node: JsonValue) -> bool:
        return not self.members(node).keys().isdisjoint(MEMBERS)

    # --- requests ---------------------------------------------------------------------------------------------------

    def request(self, root: JsonObject, members: dict[str, JsonValue]) -> None:
        name = _LIST if _LIST in members else _SINGLE
        if name == _SINGLE and isinstance(members[name], JsonObject):
            origin = Origin.UPDATE_REQUEST
            self.add(members[name], name, origin, self.holder(root, "", origin))
        else:
            origin = Origin.CREATE_REQUEST
            self.add_all(members[name], name, origin, self.holder(root, "", origin))

    # --- templates and plans ----------------------------------------------------------------------------------------

    def template(self, resources: JsonObject) -> None:
        for key, resource in resources.members:
            members = self.members(resource)
            if _is_text(members.get("Type"), _RESOURCE_TYPE) and "Properties" in members:
                path = f"Resources.{key.value}.Properties"
                self.monitor(members["Properties"], path, Origin.CLOUDFORMATION)

    def modules(self, module: JsonValue | None, path: str) -> None:
        todo = [(module, path)]
        while todo:
            module, path = todo.pop()
            self.spend(path)
            members = self.members(module)
            for resource, place in self.items(members.get("resources"), f"{path}.resources"):
                values = self.members(resource)
                managed = values.get("mode") is None or _is_text(values["mode"], "managed")
                if _is_text(values.get("type"), _TERRAFORM_TYPE) and managed and "values" in values:
                    self.monitor(values["values"], f"{place}.values", Origin.TERRAFORM)
            todo += reversed(list(self.items(members.get("child_modules"), f"{path}.child_modules")))

    def monitor(self, properties: JsonValue, path: str, origin: Origin) -> None:
        """Look for destinations in a monitor's configuration, and beside it, where some put them."""
        names = _SPELLINGS[origin]
        name = names["AppMonitorConfiguration"]
        configuration = self.members(properties).get(name)
        holders = [(properties, path), *self.possible(configuration, f"{path}.{name}", origin)]
        for holder, where in holders:
            listed = self.members(holder).get(names["MetricDestinations"])
            place = f"{where}.{names['MetricDestinations']}"
            for destination, at in self.possible_items(listed, place, origin):
                if isinstance(destination, JsonObject):
                    definitions = self.members(destination).get(names[_LIST])
                    self.add_all(definitions, f"{at}.{names[_LIST]}", origin, self.holder(destination, at, origin))

    def possible_items(self, node: JsonValue | None, path: str, origin: Origin) -> _Found:
        for listed, place in self.possible(node, path, origin):
            for item, at in self.items(listed, place):
                yield from self.possible(item, at, origin)

    def possible(self, node: JsonValue | None, path: str, origin: Origin) -> _Found:
        """Give a node; instead of Fn::If what it may give; nothing instead of what is unknown."""
        todo = [] if node is None else [(node, path)]
        while todo:
            node, path = todo.pop()
            self.spend(path)
            match settled(node, self.document) if origin is Origin.CLOUDFORMATION else node:
                case Unknown(what="Fn::If", argument=JsonArray(items=(_, *branches))):
                    where = f"{path}.Fn::If"
                    todo += reversed([(branch, f"{where}[{i}]") for i, branch in enumerate(branches, 1)])
                case Unknown():
                    continue
                case value:
                    yield value, path

    # --- sites ------------------------------------------------------------------------------------------------------

    def holder(self, node: JsonObject, path: str, origin: Origin) -> Holder:
        members, names = self.members(node), _SPELLINGS[origin]
        destination, arn = (self.text(members.get(names[name]), origin) for name in ("Destination", "DestinationArn"))
        return Holder(node, path, destination, arn)

    def add_all(self, listed: JsonValue | None, path: str, origin: Origin, holder: Holder | None = None) -> None:
        for node, place in self.possible_items(listed, path, origin):
            self.add(node, place, origin, holder)

    def add(self, node: JsonValue, path: str, origin: Origin, holder: Holder | None = None) -> None:
        members, names = self.members(node), _SPELLINGS[origin]
        read = {name: self.member(members.get(names[name]), name, origin) for name in MEMBERS}
        known = {name: value for name, value in read.items() if value is not None}
        self.sites.append(Site(node, path, origin, known, holder))

    def member(self, node: JsonValue | None, name: str, origin: Origin) -> JsonValue | None:
        if node is None or (origin is Origin.TERRAFORM and is_null(node)):
            return None
        if origin is not Origin.CLOUDFORMATION and not isinstance(node, Unknown):
            return node
        value = settled(node, self.document, is_map=name == "DimensionKeys")
        if name == "DimensionKeys" and isinstance(value, JsonObject):
            self.members(value)
            values = [(key, settled(inside, self.document)) for key, inside in value.members]
            return JsonObject(tuple(pair for pair in values if not is_no_value(pair[1])), value.span)
        return None if is_no_value(value) else value

    def text(self, node: JsonValue | None, origin: Origin) -> str | Unknown | None:
        match self.member(node, "Destination", origin):
            case JsonString(value=value):
                return value
            case Unknown() as unknown:
                return unknown
            case _:
                return None

    # --- small steps ------------------------------------------------------------------------------------------------

    def members(self, node: JsonValue | None) -> dict[str, JsonValue]:
        if not isinstance(node, JsonObject):
            return {}
        self.spend("", len(node.members))
        return {key.value: value for key, value in node.members}

    def items(self, node: JsonValue | None, path: str) -> Iterable[tuple[JsonValue, str]]:
        if isinstance(node, JsonArray):
            self.spend("", len(node.items))
            return ((item, f"{path}[{index}]") for index, item in enumerate(node.items))
        return [] if node is None or is_null(node) else [(node, path)]

    def spend(self, path: str, steps: int = 1) -> None:
        """Count what is looked at: only aliases, which repeat what they name, can make it too much."""
        self.steps_left -= steps + len(path) // _LONG_PATH
        if self.steps_left < 0:
            place = Place(*self.document.locate(0), "$")
            raise DefinitionError([Diagnostic("RP006", "its aliases repeat more than can be looked at", place)])


def is_null(node: JsonValue) -> bool:
    """Tell whether a node is null, which says that a member is left out."""
    return isinstance(node, JsonLiteral) and node.value is None


def _is_text(node: JsonValue | None, text: str) -> bool:
    return isinstance(node, JsonString) and node.value == text
