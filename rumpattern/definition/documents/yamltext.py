"""YAML text to the nodes of ``jsontext``, with their spans.

Values are those of the YAML 1.2 core schema, so ``NO`` and dates are strings, as in JSON; a tag of CloudFormation
becomes an ``Unknown``.
"""

# The nodes are made from PyYAML's events, not from its loaded values: events have the marks that spans are made of,
# keep duplicate keys, and leave the resolution of plain scalars (PyYAML's is that of YAML 1.1) and of tags to this
# module. No constructor runs, so no tag can create an object; aliases refer to shared nodes instead of copies, so an
# expanding chain of aliases takes no memory; and the stack is a list, so that depth is limited by MAX_DEPTH.

from __future__ import annotations

import re
from dataclasses import field
from typing import TYPE_CHECKING, Final

import yaml
from yaml.reader import ReaderError

from rumpattern.dataclass import dataclass
from rumpattern.definition.documents.yamloffsets import BREAKS, ScalarOffsets
from rumpattern.jsontext import (
    MAX_DEPTH,
    MAX_NUMBER_TEXT,
    JsonArray,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    Span,
    Unknown,
    is_number,
)

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonValue

MAX_MERGED: Final = 100_000
"""Members that the merge keys of a file may add to its objects."""

_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS: Final = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_DECIMAL: Final = re.compile(r"([-+]?)(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?([eE][-+]?[0-9]+)?")
_BASES: Final = ((re.compile(r"0o([0-7]+)"), 8), (re.compile(r"0x([0-9a-fA-F]+)"), 16))
_YAML_TAG: Final = "tag:yaml.org,2002:"
_TEXT_TAGS: Final = frozenset({"!", f"{_YAML_TAG}str", f"{_YAML_TAG}timestamp"})
_CORE_TAGS: Final = frozenset(f"{_YAML_TAG}{name}" for name in ("null", "bool", "int", "float"))
_CONTAINER_TAGS: Final = frozenset({"!", f"{_YAML_TAG}map", f"{_YAML_TAG}seq"})
_SHORT_NAMES: Final = frozenset({"Ref", "Condition"})
_PROPERTIES: Final = re.compile(
    rf"(?:(?:&[0-9A-Za-z_-]+|![^ \t{BREAKS}]*)(?:[ \t{BREAKS}]|#[^{BREAKS}]*)*+){{0,2}}"
)  # the anchor and tag before a value, and the white space and comments after each
_PAIR: Final = re.compile("[\ud800-\udbff][\udc00-\udfff]")


class YamlError(ValueError):
    """Text that is not YAML, or beyond a limit.

    Attributes:
        message: the fault.
        offset: where it is, in characters.
        code: the code of the rulebook for it.
    """

    def __init__(self, message: str, offset: int, *, code: str = "RP006") -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.code = code


def parse_yaml(text: str) -> list[JsonValue]:
    """Parse the documents of a YAML stream to nodes with spans.

    Anchors, aliases and merge keys are resolved: an alias is the anchor's node itself, with its span. Numbers get the
    spelling of JSON; ``.inf`` and ``.nan``, which JSON cannot represent, are strings. Keys that are not strings become
    the text that they are written as.

    Raises:
        YamlError: at the first fault.
    """
    composer = _Composer(text)
    try:
        loader = yaml.SafeLoader(text)
    except ReaderError as error:
        message = f"the character U+{error.character:04X} is not allowed"
        raise YamlError(message, error.position) from None
    try:
        while loader.check_event():
            composer.take(loader.get_event())  # type: ignore[no-untyped-call]
    except yaml.MarkedYAMLError as error:
        raise _fault(error) from None
    except YamlError:
        raise
    except (ValueError, OverflowError):
        raise YamlError("the number is out of range", loader.index) from None  # of an escape or the %YAML directive
    return composer.documents


def _fault(error: yaml.MarkedYAMLError) -> YamlError:
    mark = error.problem_mark or error.context_mark
    reason = error.problem or "unexpected text"
    if error.context:
        line = f", line {error.context_mark.line + 1}" if error.context_mark else ""
        reason = f"{reason} ({error.context}{line})"
    return YamlError(reason, mark.index if mark else 0)


@dataclass(slots=True)
class _Container:
    """An open sequence or mapping."""

    event: yaml.CollectionStartEvent
    content: list[JsonValue] = field(default_factory=list)


class _Composer:
    """Builds the nodes of a stream from its events."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.documents: list[JsonValue] = []
        self.stack: list[_Container] = []
        self.anchors: dict[str, JsonValue | None] = {}
        self.merged = 0
        self.end = 0

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.DocumentStartEvent():
                self.anchors.clear()
            case yaml.AliasEvent():
                self.add(self.alias(event))
                self.end = _span(event).end
            case yaml.ScalarEvent():
                self.add(self.anchored(event.anchor, self.scalar(event)))
                self.end = _span(event).end
            case yaml.CollectionStartEvent():
                self.open(event)
                self.end = _span(event).end
            case yaml.CollectionEndEvent():
                self.add(self.close(event))

    def add(self, node: JsonValue) -> None:
        (self.stack[-1].content if self.stack else self.documents).append(node)

    def anchored(self, anchor: str | None, node: JsonValue) -> JsonValue:
        if anchor is not None:
            self.anchors[anchor] = node
        return node

    def alias(self, event: yaml.AliasEvent) -> JsonValue:
        name, offset = event.anchor, _span(event).start
        if name not in self.anchors:
            raise YamlError(f"the alias *{name} has no anchor before it", offset)
        node = self.anchors[name]
        if node is None:
            raise YamlError(f"the alias *{name} refers to a node that contains it", offset)
        return node

    # --- scalars ----------------------------------------------------------------------------------------------------

    def scalar(self, event: yaml.ScalarEvent) -> JsonValue:
        tag, span = event.tag, self.scalar_span(event)
        value = _PAIR.sub(_joined, event.value) if event.style == '"' else event.value
        string = JsonString(value, span, ScalarOffsets(self.text, span, event.style, value))
        if tag in _CORE_TAGS or (tag is None and event.style is None):
            return _core_value(string)
        if tag is None or tag in _TEXT_TAGS:
            return string
        return Unknown(_function(tag), string, Span(_span(event).start, span.end))

    def scalar_span(self, event: yaml.ScalarEvent) -> Span:
        span = _span(event)
        if event.anchor is None and event.tag is None:
            return span
        properties = _PROPERTIES.match(self.text, span.start, span.end)
        assert properties is not None
        return Span(properties.end(), span.end)

    # --- containers -------------------------------------------------------------------------------------------------

    def open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.stack) >= MAX_DEPTH:
            raise YamlError(f"YAML is nested deeper than {MAX_DEPTH:,} levels", _span(event).start, code="RP015")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        self.stack.append(_Container(event))

    def close(self, event: yaml.CollectionEndEvent) -> JsonValue:
        """Build a container; without brackets it ends with its last value, not where the next token begins."""
        container, mark = self.stack.pop(), _span(event)
        if mark.start < mark.end:
            self.end = mark.end
        opening = container.event
        span = Span(_span(opening).start, self.end)
        is_mapping = isinstance(opening, yaml.MappingStartEvent)
        content = container.content
        node = JsonObject(self.members(content), span) if is_mapping else JsonArray(tuple(content), span)
        tagged = (
            node
            if opening.tag is None or opening.tag in _CONTAINER_TAGS
            else Unknown(_function(opening.tag), node, span)
        )
        return self.anchored(opening.anchor, tagged)

    def members(self, content: list[JsonValue]) -> tuple[tuple[JsonString, JsonValue], ...]:
        keys = [self.key(node) for node in content[::2]]
        pairs = list(zip(keys, content[1::2], strict=True))
        return tuple(self.with_merged(pairs) if any(map(self.is_merge, keys)) else pairs)

    def key(self, node: JsonValue) -> JsonString:
        match node:
            case JsonString():
                return node
            case JsonNumber(span=span) | JsonLiteral(span=span):
                return self.word(self.text[span.start : span.end], span.start)
            case _:
                return self.word("?", node.span.start)  # the mark of a key that is more than a word

    def word(self, value: str, start: int) -> JsonString:
        span = Span(start, start + len(value))
        return JsonString(value, span, ScalarOffsets(self.text, span, None, value))

    def is_merge(self, key: JsonString) -> bool:
        return key.value == "<<" and self.text[key.span.start : key.span.end] == "<<"

    def with_merged(self, pairs: list[tuple[JsonString, JsonValue]]) -> list[tuple[JsonString, JsonValue]]:
        """Replace ``<<`` by the members of the objects it refers to; own members win, then those of earlier objects."""
        known = {key.value for key, _ in pairs}
        result: list[tuple[JsonString, JsonValue]] = []
        for key, value in pairs:
            sources = value.items if isinstance(value, JsonArray) else (value,)
            objects = [source for source in sources if isinstance(source, JsonObject)]
            if not self.is_merge(key) or len(objects) < len(sources):
                result.append((key, value))
                continue
            for source in objects:
                self.count_merged(len(source.members), key)
                result += [member for member in source.members if member[0].value not in known]
                known.update(member.value for member, _ in source.members)
        return result

    def count_merged(self, members: int, key: JsonString) -> None:
        self.merged += members
        if self.merged > MAX_MERGED:
            raise YamlError(f"merge keys add more than {MAX_MERGED:,} members", key.span.start)


def _span(event: yaml.Event) -> Span:
    assert event.start_mark is not None
    assert event.end_mark is not None
    return Span(event.start_mark.index, event.end_mark.index)


def _function(tag: str) -> str:
    """Return the full name of an intrinsic function, or any other tag unchanged."""
    name = tag.removeprefix("!")
    if name == tag or name in _SHORT_NAMES:
        return name
    return f"Fn::{name}"


def _joined(pair: re.Match[str]) -> str:
    return pair.group().encode("utf-16", "surrogatepass").decode("utf-16")


def _core_value(string: JsonString) -> JsonValue:
    """Return the value of a plain scalar by the core schema (YAML 1.2, 10.3.2)."""
    text, span = string.value, string.span
    if text in _NULLS:
        return JsonLiteral(None, span)
    if text in _BOOLEANS:
        return JsonLiteral(_BOOLEANS[text], span)
    number = _number(text)
    if number is None:
        return string
    if len(text) > MAX_NUMBER_TEXT:
        message = f"a number has {len(text)} characters; the limit is {MAX_NUMBER_TEXT}"
        raise YamlError(message, span.start, code="RP016")
    return JsonNumber(number, span)


def _number(text: str) -> str | None:
    """Return a number of the core schema in the spelling of JSON, None for other text."""
    if is_number(text):
        return text
    decimal = _DECIMAL.fullmatch(text)
    if decimal is not None:
        sign, whole, fraction, exponent = decimal.groups(default="")
        point = f".{fraction}" if fraction else ""
        return f"{sign.strip('+')}{whole.lstrip('0') or '0'}{point}{exponent}"
    for pattern, base in _BASES:
        digits = pattern.fullmatch(text)
        if digits is not None:
            return str(int(digits.group(1)[: MAX_NUMBER_TEXT + 1], base))
    return None
