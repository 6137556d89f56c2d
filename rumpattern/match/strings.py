"""String elements compiled to one test, which looks values up by hash: a thousand values cost what one does.

Exact strings, addresses and text in any case are keys of sets. Prefixes are too, one set for each length: a string is
cut to each length that a prefix has and looked up, so that the cost grows with the distinct lengths and not with the
values. Suffixes and address blocks have sets by their lengths in the same way. Wildcards are tried one by one.
"""

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

StringTest: TypeAlias = Callable[[str], bool]
"""Tells whether a string matches."""


def compile_string_test(elements: Iterable[TextElement]) -> StringTest | None:
    """Return the test that any of the elements matches a string, None if there are no elements."""
    predicates = _StringPredicates()
    for element in elements:
        predicates.add(element)
    return any_of(list(_tests(predicates)))


def any_of(tests: Sequence[StringTest]) -> StringTest | None:
    """Return the test that any of the tests passes, None if there are none."""
    if len(tests) < 2:  # noqa: PLR2004 - several
        return tests[0] if tests else None
    return lambda text: any(test(text) for test in tests)


def negation(test: StringTest) -> StringTest:
    """Return the test that a test fails."""
    return lambda text: not test(text)


class _StringPredicates:
    """The values of elements, collected by the way they are looked up."""

    def __init__(self) -> None:
        self.texts: set[str] = set()
        self.addresses: set[bytes] = set()
        self.blocks: dict[tuple[int, int], set[int]] = {}
        self.prefixes: list[str] = []
        self.suffixes: list[str] = []
        self.equals_ignore_case: list[str] = []
        self.prefixes_ignore_case: list[str] = []
        self.suffixes_ignore_case: list[str] = []
        self.wildcards: list[tuple[str, ...]] = []

    def add(self, element: TextElement) -> None:
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


def _tests(strings: _StringPredicates) -> Iterable[StringTest]:
    if strings.texts:
        yield frozenset(strings.texts).__contains__
    if strings.addresses or strings.blocks:
        yield _address_test(frozenset(strings.addresses), strings.blocks)
    if strings.prefixes:
        yield _prefix_test(strings.prefixes)
    if strings.suffixes:
        yield _suffix_test(strings.suffixes)
    if strings.equals_ignore_case:
        yield _ignore_case_test(strings.equals_ignore_case)
    if strings.prefixes_ignore_case:
        yield _prefix_ignore_case_test(strings.prefixes_ignore_case)
    if strings.suffixes_ignore_case:
        yield _suffix_ignore_case_test(strings.suffixes_ignore_case)
    if strings.wildcards:
        yield lambda text: any(wildcard.fits(parts, text) for parts in strings.wildcards)


def _address_test(addresses: frozenset[bytes], blocks: dict[tuple[int, int], set[int]]) -> StringTest:
    def test(text: str) -> bool:
        packed = parse_address(text)
        if packed is None:
            return False
        value = int.from_bytes(packed, "big")
        in_block = (size == len(packed) and value >> hosts in networks for (size, hosts), networks in blocks.items())
        return packed in addresses or any(in_block)

    return test


def _prefix_test(values: Iterable[str]) -> StringTest:
    by_length = _by_length(values)
    return lambda text: any(text[:length] in values_of_length for length, values_of_length in by_length)


def _suffix_test(values: Iterable[str]) -> StringTest:
    by_length = _by_length(values)
    return lambda text: any(text[len(text) - length :] in values_of_length for length, values_of_length in by_length)


def _ignore_case_test(values: Iterable[str]) -> StringTest:
    by_key = _by_key(values)
    return lambda text: any(casing.equals(value, text) for value in by_key.get(casing.folded(text), ()))


def _prefix_ignore_case_test(values: Iterable[str]) -> StringTest:
    by_key = _by_key(values)
    by_length = _by_length(by_key)

    def test(text: str) -> bool:
        key = casing.folded(text)
        keys = (key[:length] for length, keys_of_length in by_length if key[:length] in keys_of_length)
        return any(casing.starts(value, text) for start in keys for value in by_key[start])

    return test


def _suffix_ignore_case_test(values: Iterable[str]) -> StringTest:
    by_key = _by_key(values)
    by_length = _by_length(by_key)

    def test(text: str) -> bool:
        key = casing.folded(text)
        keys = (
            key[len(key) - length :]
            for length, keys_of_length in by_length
            if key[len(key) - length :] in keys_of_length
        )
        return any(casing.ends(value, text) for end in keys for value in by_key[end])

    return test


def _by_key(values: Iterable[str]) -> dict[str, list[str]]:
    """Return the distinct values by their folded form.

    Folding is coarser than equality in any case: it finds the few values that ``casing`` then compares exactly.
    """
    by_key: dict[str, list[str]] = {}
    for value in dict.fromkeys(values):
        by_key.setdefault(casing.folded(value), []).append(value)
    return by_key


def _by_length(values: Iterable[str]) -> list[tuple[int, frozenset[str]]]:
    """Return each length that values have, with the values of that length."""
    by_length: dict[int, set[str]] = {}
    for value in values:
        by_length.setdefault(len(value), set()).add(value)
    return [(length, frozenset(values_of_length)) for length, values_of_length in by_length.items()]
