"""JSON text to plain values and back without loss: duplicate keys and numbers that are no double survive."""

from __future__ import annotations

import json
from typing import Final, NoReturn, TypeAlias

from rumpattern.jsontext.errors import decode_utf8
from rumpattern.jsontext.numbers import NumberText, exact_float, exact_int
from rumpattern.jsontext.parser import NodeBuilder, Parser

_STDLIB_DEPTH: Final = 200  # json.loads recurses; text that may be nested deeper goes to ``Parser``, which does not


class Pairs(tuple[tuple[str, "Exact"], ...]):
    """The members, in order, of an object in which a key occurs more than once."""

    __slots__ = ()


Exact: TypeAlias = "dict[str, Exact] | list[Exact] | Pairs | NumberText | str | int | float | bool | None"


def _exact_object(pairs: list[tuple[str, Exact]]) -> Exact:
    members = dict(pairs)
    return members if len(members) == len(pairs) else Pairs(pairs)


def _no_constant(name: str) -> NoReturn:
    raise json.JSONDecodeError(f"{name} is not JSON", "", 0)


_EXACT_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_exact_object, parse_int=exact_int, parse_float=exact_float, parse_constant=_no_constant
)


def load_exact(data: bytes | str) -> Exact:
    """Decode one JSON text without losing duplicate keys or the spelling of numbers.

    Raises:
        JsonError: the text is not JSON, or beyond 1,000 levels or 1,000 characters in a number.
    """
    text = decode_utf8(data) if isinstance(data, bytes) else data
    if text.count("[") + text.count("{") > _STDLIB_DEPTH:
        return Parser(text, _ExactBuilder()).parse()  # type: ignore[return-value]
    try:
        return _EXACT_DECODER.decode(text)  # type: ignore[no-any-return]
    except json.JSONDecodeError:
        return Parser(text, _ExactBuilder()).parse()  # type: ignore[return-value]


def dump_exact(value: Exact) -> bytes:
    """Return an exact value as ASCII JSON text, which decodes to an equal value."""
    match value:
        case dict() | Pairs():
            members = value.items() if isinstance(value, dict) else value
            inside = b",".join(b"%s:%s" % (json.dumps(key).encode(), dump_exact(member)) for key, member in members)
            return b"{%s}" % inside
        case list():
            return b"[%s]" % b",".join(map(dump_exact, value))
        case NumberText():
            return value.encode()
        case _:
            return json.dumps(value).encode()


class _ExactBuilder(NodeBuilder):
    """Builds the values of ``load_exact`` without recursion, for text that is deeply nested or invalid."""

    def string(self, value: str, start: int, end: int) -> object:  # noqa: ARG002 - spans are for nodes
        return value

    def number(self, text: str, start: int, end: int) -> object:  # noqa: ARG002
        return exact_float(text) if any(c in text for c in ".eE") else exact_int(text)

    def literal(self, *, value: bool | None, start: int, end: int) -> object:  # noqa: ARG002
        return value

    def array(self, items: list[object], start: int, end: int) -> object:  # noqa: ARG002
        return items

    def object(self, members: list[tuple[object, object]], start: int, end: int) -> object:  # noqa: ARG002
        return _exact_object(members)  # type: ignore[arg-type]
