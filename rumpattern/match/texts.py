"""String elements compiled to one test: sets looked up by hash, so that a thousand values cost what one does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias, assert_never

from rumpattern.pattern import casing, wildcard
from rumpattern.pattern.address import address
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
    return any_of(list(_checks(_Groups(elements))))


def any_of(checks: Sequence[Check]) -> Check | None:
    """Return the test whether one of some tests holds, None when there are none."""
    if len(checks) < 2:  # noqa: PLR2004 - several
        return checks[0] if checks else None
    return lambda text: any(check(text) for check in checks)


def negation(check: Check) -> Check:
    """Return the test whether a test fails."""
    return lambda text: not check(text)


class _Groups:
    """Elements sorted by the way they are looked up."""

    def __init__(self, elements: Iterable[TextElement]) -> None:
        self.texts: set[str] = set()
        self.addresses: set[bytes] = set()
        self.blocks: dict[tuple[int, int], set[int]] = {}
        self.starts: list[str] = []
        self.ends: list[str] = []
        self.any_case: list[str] = []
        self.any_case_starts: list[str] = []
        self.any_case_ends: list[str] = []
        self.wildcards: list[tuple[str, ...]] = []
        for element in elements:
            self._add(element)

    def _add(self, element: TextElement) -> None:
        match element:
            case StringEquals(value=value):
                self.texts.add(value)
            case AddressEquals(value=value):
                packed = address(value)
                assert packed is not None
                self.addresses.add(packed)
            case AddressBlock(network=network, bits=bits):
                hosts = 8 * len(network) - bits
                self.blocks.setdefault((len(network), hosts), set()).add(int.from_bytes(network, "big") >> hosts)
            case Prefix(value=value, ignore_case=ignore_case):
                (self.any_case_starts if ignore_case else self.starts).append(value)
            case Suffix(value=value, ignore_case=ignore_case):
                (self.any_case_ends if ignore_case else self.ends).append(value)
            case EqualsIgnoreCase(value=value):
                self.any_case.append(value)
            case Wildcard(parts=parts):
                self.wildcards.append(parts)
            case _:
                assert_never(element)


def _checks(groups: _Groups) -> Iterable[Check]:
    if groups.texts:
        yield frozenset(groups.texts).__contains__
    if groups.addresses or groups.blocks:
        yield _address_check(frozenset(groups.addresses), groups.blocks)
    if groups.starts:
        yield _start_check(groups.starts)
    if groups.ends:
        yield _end_check(groups.ends)
    if groups.any_case:
        yield _any_case_check(groups.any_case)
    if groups.any_case_starts:
        yield _any_case_start_check(groups.any_case_starts)
    if groups.any_case_ends:
        yield _any_case_end_check(groups.any_case_ends)
    if groups.wildcards:
        yield lambda text: any(wildcard.fits(parts, text) for parts in groups.wildcards)


def _address_check(addresses: frozenset[bytes], blocks: dict[tuple[int, int], set[int]]) -> Check:
    def check(text: str) -> bool:
        packed = address(text)
        if packed is None:
            return False
        number = int.from_bytes(packed, "big")
        in_block = (size == len(packed) and number >> hosts in networks for (size, hosts), networks in blocks.items())
        return packed in addresses or any(in_block)

    return check


def _start_check(values: Iterable[str]) -> Check:
    groups = _by_length(values)
    return lambda text: any(text[:length] in group for length, group in groups)


def _end_check(values: Iterable[str]) -> Check:
    groups = _by_length(values)
    return lambda text: any(text[len(text) - length :] in group for length, group in groups)


def _any_case_check(values: Iterable[str]) -> Check:
    by_key = _by_key(values)
    return lambda text: any(casing.equals(value, text) for value in by_key.get(casing.folded(text), ()))


def _any_case_start_check(values: Iterable[str]) -> Check:
    by_key = _by_key(values)
    groups = _by_length(by_key)

    def check(text: str) -> bool:
        key = casing.folded(text)
        keys = (key[:length] for length, group in groups if key[:length] in group)
        return any(casing.starts(value, text) for start in keys for value in by_key[start])

    return check


def _any_case_end_check(values: Iterable[str]) -> Check:
    by_key = _by_key(values)
    groups = _by_length(by_key)

    def check(text: str) -> bool:
        key = casing.folded(text)
        keys = (key[len(key) - length :] for length, group in groups if key[len(key) - length :] in group)
        return any(casing.ends(value, text) for end in keys for value in by_key[end])

    return check


def _by_key(values: Iterable[str]) -> dict[str, list[str]]:
    by_key: dict[str, list[str]] = {}
    for value in dict.fromkeys(values):
        by_key.setdefault(casing.folded(value), []).append(value)
    return by_key


def _by_length(values: Iterable[str]) -> list[tuple[int, frozenset[str]]]:
    groups: dict[int, set[str]] = {}
    for value in values:
        groups.setdefault(len(value), set()).add(value)
    return [(length, frozenset(group)) for length, group in groups.items()]
