"""Intrinsic functions of CloudFormation: the values of a template that are known before it is deployed.

Source: the CloudFormation user guide, intrinsic function reference.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rumpattern.dataclass import dataclass
from rumpattern.jsontext import JsonArray, JsonObject, JsonString, Unknown

if TYPE_CHECKING:
    from rumpattern.definition.documents.document import Document
    from rumpattern.jsontext import JsonValue

_PREFIX: Final = "Fn::"
_VARIABLE: Final = re.compile(r"\$\{(?!!)")
_LITERAL: Final = re.compile(r"(?<=\$\{)!")
_NO_VALUE: Final = "AWS::NoValue"


def resolve(node: JsonValue, document: Document, *, is_map: bool = False) -> JsonValue:
    """Return a node with a function call as ``Unknown``, and Fn::Sub without variables as its text.

    A call is an object whose only member is ``Ref``, ``Condition`` or ``Fn::…``, or a YAML tag; in a map whose keys
    are the user's own (``is_map``) ``Condition`` is one of them.
    """
    value = _as_call(node, is_map=is_map)
    match value:
        case Unknown(what="Fn::Sub", argument=JsonString() as text):
            return _substituted(text, document) or value
        case Unknown(what="Fn::Sub", argument=JsonArray(items=(JsonString() as text, *_))):
            return _substituted(text, document) or value
        case _:
            return value


def is_no_value(node: JsonValue) -> bool:
    """Tell whether a node is the pseudo parameter that removes a property."""
    return isinstance(node, Unknown) and node.what == "Ref" and node.argument == JsonString(_NO_VALUE, node.span)


def _as_call(node: JsonValue, *, is_map: bool) -> JsonValue:
    if not isinstance(node, JsonObject) or len(node.members) != 1:
        return node
    ((key, argument),) = node.members
    name = key.value
    is_call = name.startswith(_PREFIX) or name == "Ref" or (name == "Condition" and not is_map)
    return Unknown(name, argument, node.span) if is_call else node


def _substituted(text: JsonString, document: Document) -> JsonString | None:
    """Return the result of Fn::Sub for a text without variables, in which ``${!Name}`` is an escape of ``${Name}``."""
    if _VARIABLE.search(text.value):
        return None
    removed = tuple(mark.start() for mark in _LITERAL.finditer(text.value))
    if not removed:
        return text
    return JsonString(_LITERAL.sub("", text.value), text.span, _Shortened(document, text, removed))


@dataclass(frozen=True, slots=True)
class _Shortened:
    """The offsets of a string of which single characters were removed, at these ascending indices."""

    document: Document
    text: JsonString
    removed: tuple[int, ...]

    def __call__(self, index: int) -> int:
        for mark in self.removed:
            index += mark <= index
        return self.document.offset_in_string(self.text, index)
