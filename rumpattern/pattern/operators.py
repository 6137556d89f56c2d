"""The operators of the pattern language: ``OPERATORS`` maps each name to the function that reads its argument."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.diagnostics.wording import did_you_mean
from rumpattern.jsontext import (
    JsonArray,
    JsonFault,
    JsonLiteral,
    JsonNumber,
    JsonObject,
    JsonString,
    canonical_number,
    comparable,
)
from rumpattern.pattern import wildcard
from rumpattern.pattern.address import CidrError, parse_cidr
from rumpattern.pattern.ast import (
    AddressBlock,
    AnythingBut,
    EqualsIgnoreCase,
    Exists,
    NumberEquals,
    Prefix,
    StringEquals,
    Suffix,
    Wildcard,
)
from rumpattern.pattern.findings import describe
from rumpattern.pattern.numeric import read_numeric

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonValue
    from rumpattern.pattern.ast import Element, Excluded
    from rumpattern.pattern.findings import Findings

_ONE_KEY: Final = "Only one key allowed in match expression"
_TOO_MANY: Final = "Too many elements in numeric expression"
_MIN_SIMILARITY: Final = 0.8
_MAX_NAME: Final = 32
_IGNORE_CASE: Final = "equals-ignore-case"


def read_operator(findings: Findings, node: JsonObject, path: str) -> Element | None:
    """Return the element of an operator object, None if a fault was reported."""
    if not node.members:
        message = "an operator object must have one key"
        findings.report("RP107", message, node.span.start, path, "Match expression name not found")
        return None
    key, value = node.members[0]
    service = _TOO_MANY if key.value in ("numeric", "anything-but") else _ONE_KEY
    _one_key(findings, node, path, service)
    read = OPERATORS.get(key.value)
    if read is None:
        hint = did_you_mean(key.value, list(OPERATORS))
        service = f"Unrecognized match type {key.value}"
        message = f'unknown operator "{key.value}"'
        findings.report("RP108", message, key.span.start, f"{path}.{key.value}", service, hint)
        return None
    return None if isinstance(value, JsonFault) else read(findings, value, f"{path}.{key.value}")


def meant_operator(name: str) -> str | None:
    """Return the operator that a member's name equals or resembles, None if it resembles none."""
    if name in OPERATORS:
        return name
    from difflib import get_close_matches  # noqa: PLC0415 - nearly every name is an operator's

    near = get_close_matches(name[:_MAX_NAME].lower().replace("_", "-"), OPERATORS, n=1, cutoff=_MIN_SIMILARITY)
    return near[0] if near else None


def _one_key(findings: Findings, node: JsonObject, path: str, service: str) -> None:
    if len(node.members) > 1:
        extra = node.members[1][0]
        message = f'an operator object must have exactly one key; "{extra.value}" is a second one'
        findings.report("RP106", message, extra.span.start, path, service)


def _text(findings: Findings, node: JsonValue, path: str, service: str) -> str | None:
    """Return the string argument of an operator; ``service`` is event-ruler's name for the operator."""
    if isinstance(node, JsonString):
        return node.value
    if not isinstance(node, JsonFault):
        name = path.rpartition(".")[2].partition("[")[0]
        message = f"{name} needs a string, not {describe(node)}"
        findings.report("RP118", message, node.span.start, path, f"{service} match pattern must be a string")
    return None


def _exists(findings: Findings, node: JsonValue, path: str) -> Element | None:
    if isinstance(node, JsonLiteral) and node.value is not None:
        return Exists(node.value)
    service = "exists match pattern must be either true or false."
    findings.report("RP116", f"exists needs true or false, not {describe(node)}", node.span.start, path, service)
    return None


def _exactly(findings: Findings, node: JsonValue, path: str) -> Element | None:
    text = _text(findings, node, path, "exact")
    return None if text is None else StringEquals(text)


def _equals_ignore_case(findings: Findings, node: JsonValue, path: str) -> EqualsIgnoreCase | None:
    text = _text(findings, node, path, _IGNORE_CASE)
    return None if text is None else EqualsIgnoreCase(text)


def _prefix(findings: Findings, node: JsonValue, path: str) -> Element | None:
    if isinstance(node, JsonObject):
        text = _ignored_case(findings, node, path, "prefix")
        return None if text is None else Prefix(text, ignore_case=True)
    text = _text(findings, node, path, "prefix")
    return None if text is None else Prefix(text)


def _suffix(findings: Findings, node: JsonValue, path: str) -> Element | None:
    if isinstance(node, JsonObject):
        text = _ignored_case(findings, node, path, "suffix")
        return None if text is None else Suffix(text, ignore_case=True)
    text = _text(findings, node, path, "suffix")
    return None if text is None else Suffix(text)


def _ignored_case(findings: Findings, node: JsonObject, path: str, name: str) -> str | None:
    """Return the string s of ``{"equals-ignore-case": s}`` inside prefix or suffix."""
    if not node.members:
        service = f"{name.capitalize()} expression name not found"
        findings.report("RP107", "an operator object must have one key", node.span.start, path, service)
        return None
    key, value = node.members[0]
    _one_key(findings, node, path, _ONE_KEY)
    if key.value == _IGNORE_CASE:
        return _text(findings, value, f"{path}.{key.value}", _IGNORE_CASE)
    message = f'{name} takes a string or {{"{_IGNORE_CASE}": …}}, not "{key.value}"'
    service = f"Unsupported {name} pattern: {key.value}"
    hint = did_you_mean(key.value, [_IGNORE_CASE])
    findings.report("RP119", message, key.span.start, f"{path}.{key.value}", service, hint)
    return None


def _wildcard(findings: Findings, node: JsonValue, path: str) -> Wildcard | None:
    text = _text(findings, node, path, "wildcard")
    if text is None:
        return None
    try:
        parts = wildcard.split(text)
    except wildcard.WildcardError as error:
        _faulty_wildcard(findings, node, text, error, path)
        return None
    cost = wildcard.complexity(parts)
    if cost > wildcard.MAX_COMPLEXITY:
        limit = wildcard.MAX_COMPLEXITY
        message = f"the wildcard has complexity {cost}; EventBridge refuses some wildcards above {limit}"
        service = "Rule is too complex - try using fewer wildcard characters"
        hint = "use fewer stars, or less repetitive parts"
        findings.warn("RP122", message, node.span.start, path, service, hint)
    return Wildcard(parts)


def _faulty_wildcard(findings: Findings, node: JsonValue, text: str, error: wildcard.WildcardError, path: str) -> None:
    position = len(f'"{text[: error.index]}'.encode(errors="replace"))  # event-ruler counts bytes from the quote
    if error.is_escape:
        message = f'a backslash must escape "*" or another backslash; the one at character {error.index + 1} does not'
        service, hint = f"Invalid escape character at pos {position}", "write two backslashes for a literal backslash"
        findings.report("RP121", message, node.span.start, path, service, hint)
    else:
        message = f"two consecutive stars at character {error.index + 1}"
        service = f"Consecutive wildcard characters at pos {position}"
        hint = "one star matches any text; write \\* for a literal star"
        findings.report("RP120", message, node.span.start, path, service, hint)


def _cidr(findings: Findings, node: JsonValue, path: str) -> Element | None:
    text = _text(findings, node, path, "prefix")  # event-ruler's own words
    if text is None:
        return None
    try:
        return AddressBlock(*parse_cidr(text))
    except CidrError as error:
        code = "RP124" if error.in_address else "RP123"
        hint = 'write a block such as "10.0.0.0/8"'
        findings.report(code, error.message, node.span.start, path, error.service_message, hint)
        return None


# --- anything-but ---------------------------------------------------------------------------------------------------


def _anything_but(findings: Findings, node: JsonValue, path: str) -> Element | None:
    if isinstance(node, JsonObject):
        return _anything_but_operator(findings, node, path)
    items = _listed(findings, node, path)
    if items is None:
        return None
    excluded = [_excluded_scalar(findings, item, where) for item, where in items]
    types = {type(item) for item, _ in items}
    if not items or {JsonString, JsonNumber} <= types:
        message = "anything-but takes strings only or numbers only" if items else "anything-but excludes nothing"
        service = "Inside anything but list, either all values are number or string, mixed type is not supported"
        findings.report("RP126", message, node.span.end - 1, path, service)
        return None
    return _all_but(excluded)


def _listed(findings: Findings, node: JsonValue, path: str) -> list[tuple[JsonValue, str]] | None:
    """Return the values to exclude with their paths: the items of an array, or one string or number."""
    if isinstance(node, JsonArray):
        return [(item, f"{path}[{index}]") for index, item in enumerate(node.items)]
    if isinstance(node, (JsonString, JsonNumber)):
        return [(node, path)]
    if not isinstance(node, JsonFault):
        message = f"anything-but takes a string, a number or an array of them, not {describe(node)}"
        service = "Value of anything-but must be an array or single string/number value."
        findings.report("RP125", message, node.span.start, path, service)
    return None


def _all_but(excluded: list[Excluded | None]) -> AnythingBut | None:
    elements = [element for element in excluded if element is not None]
    return AnythingBut(tuple(elements)) if elements and len(elements) == len(excluded) else None


def _excluded_scalar(findings: Findings, node: JsonValue, path: str) -> Excluded | None:
    match node:
        case JsonString(value=value):
            return StringEquals(value)
        case JsonNumber(text=text):
            number = comparable(text)
            if number is not None:
                return NumberEquals(canonical_number(number))
            message = f"{text[:40]} cannot be compared exactly: it is not the shortest decimal form of a double"
            findings.report("RP115", message, node.span.start, path, f"Cannot compare number : {text}")
        case JsonFault():
            pass
        case _:
            message = f"anything-but excludes strings or numbers, not {describe(node)}"
            service = "Inside anything but list, start|null|boolean is not supported."
            findings.report("RP125", message, node.span.start, path, service)
    return None


def _anything_but_operator(findings: Findings, node: JsonObject, path: str) -> AnythingBut | None:
    if not node.members:
        service = "Anything-But expression name not found"
        findings.report("RP107", "an operator object must have one key", node.span.start, path, service)
        return None
    key, value = node.members[0]
    _one_key(findings, node, path, _TOO_MANY)
    path = f"{path}.{key.value}"
    read = EXCLUDED.get(key.value)
    if read is None:
        message = f'anything-but takes {", ".join(EXCLUDED)}, not "{key.value}"'
        service = f"Unsupported anything-but pattern: {key.value}"
        findings.report("RP127", message, key.span.start, path, service, did_you_mean(key.value, list(EXCLUDED)))
        return None
    items = _listed(findings, value, path)
    if items is None:
        return None
    if not items:
        findings.report("RP126", "anything-but excludes nothing", value.span.start, path)
    return _all_but([read(findings, item, where) for item, where in items])


def _excluded_prefix(findings: Findings, node: JsonValue, path: str) -> Excluded | None:
    text = _excluded_affix(findings, node, path)
    return None if text is None else Prefix(text)


def _excluded_suffix(findings: Findings, node: JsonValue, path: str) -> Excluded | None:
    text = _excluded_affix(findings, node, path)
    return None if text is None else Suffix(text)


def _excluded_affix(findings: Findings, node: JsonValue, path: str) -> str | None:
    text = _text(findings, node, path, "prefix/suffix")
    if text == "":
        message = "an empty prefix or suffix would exclude every string"
        findings.report("RP128", message, node.span.start, path, "Null prefix/suffix not allowed")
        return None
    return text


def _excluded_ignore_case(findings: Findings, node: JsonValue, path: str) -> Excluded | None:
    if isinstance(node, (JsonString, JsonFault)):
        return _equals_ignore_case(findings, node, path)
    message = f"{_IGNORE_CASE} needs a string, not {describe(node)}"
    service = "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
    findings.report("RP118", message, node.span.start, path, service)
    return None


_OperatorReader: TypeAlias = Callable[["Findings", "JsonValue", str], "Element | None"]
_ExcludedReader: TypeAlias = Callable[["Findings", "JsonValue", str], "Excluded | None"]
EXCLUDED: Final[dict[str, _ExcludedReader]] = {
    "prefix": _excluded_prefix,
    "suffix": _excluded_suffix,
    _IGNORE_CASE: _excluded_ignore_case,
    "wildcard": _wildcard,
}
OPERATORS: Final[dict[str, _OperatorReader]] = {
    "exactly": _exactly,
    "prefix": _prefix,
    "suffix": _suffix,
    _IGNORE_CASE: _equals_ignore_case,
    "wildcard": _wildcard,
    "numeric": read_numeric,
    "exists": _exists,
    "cidr": _cidr,
    "anything-but": _anything_but,
}
