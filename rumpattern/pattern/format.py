"""Patterns back to text: the canonical JSON of a pattern, which parses to an equal pattern."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, assert_never

from rumpattern.jsontext import canonical_number
from rumpattern.pattern import wildcard
from rumpattern.pattern.address import format_address, parse_address
from rumpattern.pattern.ast import (
    AddressBlock,
    AddressEquals,
    AnythingBut,
    EqualsIgnoreCase,
    Exists,
    LiteralEquals,
    NumberEquals,
    NumericRange,
    Prefix,
    StringEquals,
    Suffix,
    Wildcard,
)
from rumpattern.pattern.branches import RESERVED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.pattern.ast import Branch, Element, Excluded, Field


def format_branches(branches: Sequence[Branch]) -> str:
    """Return the pattern as compact JSON with dotted paths, which parses back to equal branches.

    Several branches become one ``$or`` of complete patterns. Only fields with reserved names, which ``$or`` must not
    contain and which therefore all branches share, are in front of it.
    """
    if len(branches) == 1:
        return f"{{{','.join(map(format_field, branches[0]))}}}"
    fields = {id(f): f for branch in branches for f in branch}
    texts = {number: format_field(field) for number, field in fields.items()}
    before = [texts[id(f)] for f in branches[0] if f.path in RESERVED]
    alternatives = [",".join(texts[id(f)] for f in branch if f.path not in RESERVED) for branch in branches]
    members = [*before, f'"$or":[{",".join(f"{{{alternative}}}" for alternative in alternatives)}]']
    return f"{{{','.join(members)}}}"


def format_field(field: Field) -> str:
    """Return one field as a member of a JSON object."""
    return f"{quote(field.path)}:[{','.join(map(format_element, field.elements))}]"


def format_element(element: Element) -> str:  # noqa: C901, PLR0911, PLR0912 - one for each element
    """Return one element of a field's array as JSON."""
    match element:
        case StringEquals(value=value):
            return _call("exactly", quote(value)) if parse_address(value) else quote(value)
        case AddressEquals(value=value):
            return quote(value)
        case NumberEquals(text=text):
            return text
        case LiteralEquals(value=value):
            return json.dumps(value)
        case NumericRange():
            return _call("numeric", f"[{','.join(_range_terms(element))}]")
        case Exists(wanted=wanted):
            return _call("exists", json.dumps(wanted))
        case AddressBlock(network=network, bits=bits):
            return _call("cidr", quote(f"{format_address(network)}/{bits}"))
        case Prefix(value=value, ignore_case=ignore_case):
            return _call("prefix", _call("equals-ignore-case", quote(value)) if ignore_case else quote(value))
        case Suffix(value=value, ignore_case=ignore_case):
            return _call("suffix", _call("equals-ignore-case", quote(value)) if ignore_case else quote(value))
        case EqualsIgnoreCase(value=value):
            return _call("equals-ignore-case", quote(value))
        case Wildcard(parts=parts):
            return _call("wildcard", quote(wildcard.join(parts)))
        case AnythingBut(excluded=excluded):
            return _call("anything-but", _exclusion(excluded))
        case _:
            assert_never(element)


def quote(text: str) -> str:
    """Return a JSON string in ASCII, in which a lone surrogate survives."""
    return json.dumps(text)


def _call(operator: str, argument: str) -> str:
    return f'{{"{operator}":{argument}}}'


def _exclusion(excluded: Sequence[Excluded]) -> str:
    values = f"[{','.join(map(_excluded_value, excluded))}]"
    match excluded[0]:
        case StringEquals() | NumberEquals():
            return values
        case Prefix():
            return _call("prefix", values)
        case Suffix():
            return _call("suffix", values)
        case EqualsIgnoreCase():
            return _call("equals-ignore-case", values)
        case Wildcard():
            return _call("wildcard", values)


def _excluded_value(element: Excluded) -> str:
    match element:
        case NumberEquals(text=text):
            return text
        case Wildcard(parts=parts):
            return quote(wildcard.join(parts))
        case _:
            return quote(element.value)


def _range_terms(bounds: NumericRange) -> list[str]:
    if bounds.low == bounds.high:
        return ['"="', canonical_number(bounds.low)]
    terms = []
    if bounds.low > -math.inf:
        terms += ['">="' if bounds.low_closed else '">"', canonical_number(bounds.low)]
    if bounds.high < math.inf:
        terms += ['"<="' if bounds.high_closed else '"<"', canonical_number(bounds.high)]
    return terms
