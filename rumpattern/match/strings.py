"""String elements compiled to one test: sets looked up by hash, so that a thousand values cost what one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, assert_never

from rumpattern.pattern import casing, wildcard
from rumpattern.pattern.address import parse_address
from rumpattern.pattern.ast import (
    AddressBlock,
    AddressEquals,
    EqualsIgnoreCase,
    Prefix,
    StringEquals,
    Suffix,
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rumpattern.pattern.ast import TextElement

Check: TypeAlias = Callable[[str], bool]
"""Tells whether a string matches."""


def compile_texts(elements: Iterable[TextElement]) -> Check | None:
    """Return the test whether one of the elements matches a string, None when there are no elements."""
    return any_of(list(_checks(_StringPredicates(elements))))


def any_of(checks: Sequence[Check]) -> Check | None:
    """Return the test whether one of some tests holds, None when there are none."""
    if len(checks) < 2:  # noqa: PLR2004 - several
        return checks[0] if checks else None
    return lambda text: any(check(text) for check in checks)


def negation(check: Check) -> Check:
    """Return the test whether a test fails."""
    return lambda text: not check(text)


class _StringPredicates:
    """Elements sorted by the way they are looked up."""

    def __init__(self, elements: Iterable[TextElement]) -> None:
        self.texts: set[str] = set()
        self.addresses: set[bytes] = set()
        self.blocks: dict[tuple[int, int], set[int]] = {}
        self.prefixes: list[str] = []
        self.suffixes: list[str] = []
        self.equals_ignore_case: list[str] = []
        self.prefixes_ignore_case: list[str] = []
        self.suffixes_ignore_case: list[str] = []
        self.wildcards: list[tuple[str, ...]] = []
        for element in elements:
            self._add(element)

    def _add(self, element: TextElement) -> None:
        match element:
            case StringEquals(value=value):
                self.texts.add(value)
            case AddressEquals(value=value):
                packed = parse_address(value)
                assert packed is not None
                self.addresses.add(packed)
            case AddressBlock(network=network, bits=bits):
                hosts = 8 * len(network) - bits
                self.blocks.setdefault((len(network), hosts), set()).add(int.from_bytes(network, "big") >> hosts)
            case Prefix(value=value, ignore_case=ignore_case):
                (self.prefixes_ignore_case if ignore_case else self.prefixes).append(value)
            case Suffix(value=value, ignore_case=ignore_case):
                (self.suffixes_ignore_case if ignore_case else self.suffixes).append(value)
            case EqualsIgnoreCase(value=value):
                self.equals_ignore_case.append(value)
            case Wildcard(parts=parts):
                self.wildcards.append(parts)
            case _:
                assert_never(element)


def _checks(strings: _StringPredicates) -> Iterable[Check]:
    if strings.texts:
        yield frozenset(strings.texts).__contains__
    if strings.addresses or strings.blocks:
        yield _address_check(frozenset(strings.addresses), strings.blocks)
    if strings.prefixes:
        yield _prefix_check(strings.prefixes)
    if strings.suffixes:
        yield _suffix_check(strings.suffixes)
    if strings.equals_ignore_case:
        yield _ignore_case_check(strings.equals_ignore_case)
    if strings.prefixes_ignore_case:
        yield _prefix_ignore_case_check(strings.prefixes_ignore_case)
    if strings.suffixes_ignore_case:
        yield _suffix_ignore_case_check(strings.suffixes_ignore_case)
    if strings.wildcards:
        yield lambda text: any(wildcard.fits(parts, text) for parts in strings.wildcards)


def _address_check(addresses: frozenset[bytes], blocks: dict[tuple[int, int], set[int]]) -> Check:
    def check(text: str) -> bool:
        packed = parse_address(text)
        if packed is None:
            return False
        number = int.from_bytes(packed, "big")
        in_block = (size == len(packed) and number >> hosts in networks for (size, hosts), networks in blocks.items())
        return packed in addresses or any(in_block)

    return check


def _prefix_check(values: Iterable[str]) -> Check:
    strings = _by_length(values)
    return lambda text: any(text[:length] in group for length, group in strings)


def _suffix_check(values: Iterable[str]) -> Check:
    strings = _by_length(values)
    return lambda text: any(text[len(text) - length :] in group for length, group in strings)


def _ignore_case_check(values: Iterable[str]) -> Check:
    by_key = _by_key(values)
    return lambda text: any(casing.equals(value, text) for value in by_key.get(casing.folded(text), ()))


def _prefix_ignore_case_check(values: Iterable[str]) -> Check:
    by_key = _by_key(values)
    strings = _by_length(by_key)

    def check(text: str) -> bool:
        key = casing.folded(text)
        keys = (key[:length] for length, group in strings if key[:length] in group)
        return any(casing.starts(value, text) for start in keys for value in by_key[start])

    return check


def _suffix_ignore_case_check(values: Iterable[str]) -> Check:
    by_key = _by_key(values)
    strings = _by_length(by_key)

    def check(text: str) -> bool:
        key = casing.folded(text)
        keys = (key[len(key) - length :] for length, group in strings if key[len(key) - length :] in group)
        return any(casing.ends(value, text) for end in keys for value in by_key[end])

    return check


def _by_key(values: Iterable[str]) -> dict[str, list[str]]:
    by_key: dict[str, list[str]] = {}
    for value in dict.fromkeys(values):
        by_key.setdefault(casing.folded(value), []).append(value)
    return by_key


def _by_length(values: Iterable[str]) -> list[tuple[int, frozenset[str]]]:
    strings: dict[int, set[str]] = {}
    for value in values:
        strings.setdefault(len(value), set()).add(value)
    return [(length, frozenset(group)) for length, group in strings.items()]
