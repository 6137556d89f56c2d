"""Pattern text to branches of fields. All faults are reported, each with its position."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from rumpattern.diagnostics.finding import Diagnostic, Edit, PatternError, Place
from rumpattern.jsontext import (
    JsonArray,
    JsonError,
    JsonFault,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    SourceText,
    Unknown,
    canonical_number,
    comparable,
    decode_utf8,
    dump_exact,
    to_python,
)
from rumpattern.pattern.address import parse_address
from rumpattern.pattern.ast import AddressEquals, AnythingBut, Field, LiteralEquals, NumberEquals, StringEquals
from rumpattern.pattern.branches import (
    MAX_BRANCHES,
    MAX_PATHS,
    RESERVED,
    Mark,
    Or,
    TooManyPathsError,
    expand,
    or_over_limit,
)
from rumpattern.pattern.findings import Findings, describe, in_order
from rumpattern.pattern.operators import meant_operator, read_operator
from rumpattern.pattern.pattern import Pattern, from_python
from rumpattern.pattern.recover import parse_with_faults

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonValue, Locate
    from rumpattern.pattern.ast import Branch, Element
    from rumpattern.pattern.branches import Step

_Walk: TypeAlias = "Iterator[_Walk]"
"""A suspended reader of one object; it yields the readers of the objects inside, which run before it resumes."""


def parse_pattern(source: str | bytes | Mapping[str, object]) -> Pattern:
    """Compile an event pattern from JSON text or from a mapping of JSON values.

    Raises:
        PatternError: with all findings in ``.diagnostics``.
        TypeError: the mapping holds a value that JSON cannot represent.
    """
    text = source if isinstance(source, str) else _text(source)
    text = text.removeprefix("\ufeff")
    document = SourceText(text)
    return parse_located(text, lambda offset: (None, *document.position(offset)), "$")


def _text(source: bytes | Mapping[str, object]) -> str:
    before = ""
    try:
        if isinstance(source, Mapping):
            return dump_exact(from_python(source)).decode()
        return decode_utf8(bytes(source))
    except JsonError as error:
        code, message = error.code, error.message
        if not isinstance(source, Mapping):
            before = bytes(source)[: error.offset].decode("utf-8")
    except RecursionError:
        code, message = "RP015", "the pattern is nested too deeply"
    where = Place(None, *SourceText(before).position(len(before)), "$")
    raise PatternError([Diagnostic(code, message, where)])


def parse_located(text: str, locate: Locate, root: str) -> Pattern:
    """Compile pattern text that is part of a document.

    Args:
        text: the pattern's JSON text.
        locate: from an offset in ``text`` to file, line and column of the document.
        root: the path of the pattern in the document, in front of the path inside the pattern.

    Raises:
        PatternError: with all findings, in the order of the text.
    """
    findings = Findings(locate, root)
    node, faults = parse_with_faults(text)
    for fault in faults:
        message = f"the pattern is not valid JSON: {fault.message}"
        findings.report("RP100", message, fault.offset, "", fault.service_message, fix=fault.fix)
    branches = _PatternReader(findings).pattern(node)
    if findings.problems:
        raise PatternError(in_order(findings.problems))
    return Pattern(branches, tuple(in_order(findings.warnings)))


class _PatternReader:
    """Turns nodes into the fields and alternatives of a pattern."""

    def __init__(self, findings: Findings) -> None:
        self.report = findings.report
        self.findings = findings
        self.steps: list[Step] = []
        self.node_paths: dict[int, str] = {}

    def pattern(self, node: JsonValue) -> tuple[Branch, ...]:
        if isinstance(node, JsonFault):
            return ()
        if not isinstance(node, JsonObject):
            message = f"a pattern must be a JSON object, not {describe(node)}"
            self.report("RP101", message, node.span.start, "", "Filter is not an object")
            return ()
        # Generators on a list instead of recursion: a pattern may be nested 1,000 levels deep, which is beyond the
        # interpreter's stack, and the steps must come in the order of the text.
        todo = [self.members(node, "", "", inside_or=False)]
        while todo:
            inner = next(todo[-1], None)
            if inner is None:
                todo.pop()
            else:
                todo.append(inner)
        return self.branches(node.span.start)

    def branches(self, start: int) -> tuple[Branch, ...]:
        over = or_over_limit(self.steps)
        if over is not None:
            message = f"$or makes more than {MAX_BRANCHES:,} combinations, EventBridge's limit"
            self.report("RP134", message, over.offset, over.node_path)
            return ()
        try:
            branches, replacing = expand(self.steps)
        except TooManyPathsError as error:
            what = "a combination of $or" if any(isinstance(step, Or) for step in self.steps) else "the pattern"
            self.report("RP117", f"{what} has {error.count} paths; the limit is {MAX_PATHS}", start, "")
            return ()
        for field in replacing:
            message = f'"{field.path}" occurs more than once; this occurrence replaces the earlier one'
            service = f"Path `{field.path}` cannot be allowed multiple times"
            self.findings.warn("RP129", message, field.span.start, self.node_paths[id(field)], service)
        return branches

    def members(self, node: JsonObject, prefix: str, where: str, *, inside_or: bool) -> _Walk:
        """Read the members of an object; ``prefix`` is its path in events, ``where`` its path in the pattern."""
        if not node.members:
            service = "Empty objects are not allowed"
            self.report("RP102", "an object must not be empty", node.span.start, where, service)
        for key, value in node.members:
            path, node_path = f"{prefix}{key.value}", f"{where}.{key.value}"
            if inside_or and key.value in RESERVED:
                message = f'"{key.value}" is an operator\'s name, which a field inside $or must not have'
                service = f"{key.value} is Ruler reserved fieldName which cannot be used inside $or."
                self.report("RP133", message, key.span.start, node_path, service)
            elif key.value == "$or":
                yield self.alternatives(key, value, prefix, node_path)
            elif isinstance(value, JsonObject):
                yield self.members(value, f"{path}.", node_path, inside_or=inside_or)
            elif isinstance(value, JsonArray):
                self.steps.append(self.field(path, value, node_path))
            else:
                self.bare_value(key, value, node_path)

    def alternatives(self, key: JsonString, node: JsonValue, prefix: str, node_path: str) -> _Walk:
        """Read an ``$or``; its alternatives are patterns for the object that it is a member of."""
        if isinstance(node, JsonFault):
            return
        if not isinstance(node, JsonArray):
            message = f"$or must be an array of patterns, not {describe(node)}"
            self.report("RP130", message, node.span.start, node_path, "It must be an Array followed with $or.")
            return
        self.steps.append(Or(key.span.start, node_path))
        for index, item in enumerate(node.items):
            if isinstance(item, JsonObject):
                self.steps.append(Mark.ALTERNATIVE)
                yield self.members(item, prefix, f"{node_path}[{index}]", inside_or=True)
                self.steps.append(Mark.ALTERNATIVE_END)
            elif not isinstance(item, JsonFault):
                message = f"an alternative of $or must be a pattern, not {describe(item)}"
                service = "Only JSON object is allowed in array of $or relationship."
                self.report("RP131", message, item.span.start, f"{node_path}[{index}]", service)
        self.steps.append(Mark.OR_END)
        if len(node.items) < 2:  # noqa: PLR2004 - a choice
            message = f"$or must have at least two alternatives, not {len(node.items)}"
            service = "There must have at least 2 Objects in $or relationship."
            self.report("RP132", message, node.span.end - 1, node_path, service)

    def bare_value(self, key: JsonString, value: JsonValue, node_path: str) -> None:
        if isinstance(value, JsonFault):
            return
        message = f"a field's value must be an array or an object, not {describe(value)}"
        hint = "put the value in an array: [...]"
        fix: tuple[Edit, ...] = (
            Edit(value.span.start, value.span.start, "["),
            Edit(value.span.end, value.span.end, "]"),
        )
        operator = meant_operator(key.value)
        if operator:
            written = json.dumps(to_python(value), ensure_ascii=False)
            hint, fix = f'put the operator in an array: [{{"{operator}": {written}}}]', ()
        self.report(
            "RP104", message, value.span.start, node_path, f'"{key.value}" must be an object or an array', hint, fix
        )

    def field(self, path: str, node: JsonArray, node_path: str) -> Field:
        if not node.items:
            self.report(
                "RP103", "an array must not be empty", node.span.start, node_path, "Empty arrays are not allowed"
            )
        elements = [self.element(item, f"{node_path}[{index}]") for index, item in enumerate(node.items)]
        spans = tuple(item.span for item in node.items)
        field = Field(path, tuple(e for e in elements if e is not None), node.span, spans)
        self.node_paths[id(field)] = node_path
        self.check_exclusions(field, node_path)
        return field

    def check_exclusions(self, field: Field, node_path: str) -> None:
        """Warn of ``[{"anything-but": "x"}, {"anything-but": "y"}]``, which accepts every value."""
        excluded = [set(e.excluded) for e in field.elements if isinstance(e, AnythingBut)]
        values = set().union(*excluded)
        if values and not set.intersection(*excluded) and {type(v) for v in values} <= {StringEquals, NumberEquals}:
            message = "together these anything-but exclude nothing: each value is accepted by at least one of them"
            hint = "list what they exclude in one anything-but"
            self.findings.warn("RP135", message, field.span.start, node_path, hint=hint)

    def element(self, node: JsonValue, node_path: str) -> Element | None:
        match node:
            case JsonString(value=value):
                return StringEquals(value) if parse_address(value) is None else AddressEquals(value)
            case JsonNumber(text=text):
                number = comparable(text)
                return NumberEquals(text if number is None else canonical_number(number))
            case JsonLiteral(value=value):
                return LiteralEquals(value)
            case JsonObject():
                return read_operator(self.findings, node, node_path)
            case JsonArray():
                service = "Match value must be String, number, true, false, or null"
                self.report("RP105", "an array must not contain an array", node.span.start, node_path, service)
                return None
            case JsonFault() | Unknown():
                return None
