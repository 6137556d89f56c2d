"""Patterns back to text: one canonical JSON spelling for each meaning of the grammar."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, assert_never

from rumpattern.jsontext import canonical_number
from rumpattern.pattern.ast import AddressEquals, Exists, LiteralEquals, NumberEquals, NumericRange, StringEquals

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rumpattern.pattern.ast import Element, Field


def format_fields(fields: Iterable[Field]) -> str:
    """Return the pattern as compact JSON with dotted paths, which parses back to equal fields."""
    members = (f"{quote(f.path)}:[{','.join(map(format_element, f.elements))}]" for f in fields)
    return "{" + ",".join(members) + "}"


def format_element(element: Element) -> str:
    """Return one element of a field's array as JSON."""
    match element:
        case StringEquals(value=value) | AddressEquals(value=value):
            return quote(value)
        case NumberEquals(text=text):
            return text
        case LiteralEquals(value=value):
            return json.dumps(value)
        case NumericRange():
            return f'{{"numeric":[{",".join(_range_terms(element))}]}}'
        case Exists(wanted=wanted):
            return f'{{"exists":{json.dumps(wanted)}}}'
        case _:
            assert_never(element)


def quote(text: str) -> str:
    """Return a JSON string in ASCII, so that a lone surrogate survives."""
    return json.dumps(text)


def _range_terms(bounds: NumericRange) -> list[str]:
    if bounds.low == bounds.high:
        return ['"="', canonical_number(bounds.low)]
    terms = []
    if bounds.low > -math.inf:
        terms += ['">="' if bounds.low_closed else '">"', canonical_number(bounds.low)]
    if bounds.high < math.inf:
        terms += ['"<="' if bounds.high_closed else '"<"', canonical_number(bounds.high)]
    return terms
