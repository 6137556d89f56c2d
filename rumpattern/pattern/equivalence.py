"""A normal form of patterns: independent of order, spelling and overlap, so that most equivalent patterns are equal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import field
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias, TypeVar, assert_never

from rumpattern.dataclass import dataclass
from rumpattern.pattern import casing
from rumpattern.pattern.address import parse_address
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
    TextElement,
    Wildcard,
)
from rumpattern.pattern.intervals import ALL, Interval, closed, merged, outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from rumpattern.pattern.ast import Branch, Element, Excluded

Text: TypeAlias = TextElement | bytes
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Values:
    """The set of values that a field accepts, as one part for each type of JSON.

    Attributes:
        absent: whether an absent field is accepted.
        literals: the accepted ones of true, false and null.
        numbers: the accepted comparable numbers.
        number_texts: the accepted numbers that are not comparable; None for all of them.
        texts: elements or packed addresses, of which a string must match one; None accepts every string.
        exclusions: alternatives to ``texts``: sets of elements of which a string matches none.
    """

    # The form is canonical for everything but strings: numbers are disjoint intervals (every range of doubles has one
    # such form), literals and texts of numbers are finite sets. Whether prefixes, suffixes and wildcards overlap is not
    # decided, so that unequal forms prove nothing; equal forms always mean equal sets.

    absent: bool = False
    literals: frozenset[bool | None] = frozenset()
    numbers: tuple[Interval, ...] = ()
    number_texts: frozenset[str] | None = frozenset()
    texts: frozenset[Text] | None = frozenset()
    exclusions: frozenset[frozenset[Text]] = field(default=frozenset())

    def union(self, other: Values) -> Values:
        """Return the values that are in one of two sets."""
        number_texts = _either(self.number_texts, other.number_texts)
        texts, exclusions = _either(self.texts, other.texts), self.exclusions | other.exclusions
        if texts is not None:
            texts, exclusions = _simplified(texts, exclusions)
        return Values(
            self.absent or other.absent,
            self.literals | other.literals,
            tuple(merged([*self.numbers, *other.numbers])),
            number_texts,
            texts,
            frozenset() if texts is None else exclusions,
        )


def _either(left: frozenset[_T] | None, right: frozenset[_T] | None) -> frozenset[_T] | None:
    """Return the union of two sets, where None is the set of everything."""
    return None if left is None or right is None else left | right


_LITERALS: frozenset[bool | None] = frozenset((True, False, None))
_PRESENT = Values(False, _LITERALS, ALL, None, None)  # noqa: FBT003 - the first member
Meaning: TypeAlias = frozenset[frozenset[tuple[str, Values]]]


def meaning(branches: Sequence[Branch]) -> Meaning:
    """Return the normal form of branches: sets of (path, accepted values)."""
    return frozenset(frozenset(branch.items()) for branch in joined(branches))


def joined(branches: Sequence[Branch]) -> list[dict[str, Values]]:
    """Return branches as maps from path to accepted values, joined where they differ in one path only."""
    # (p in A and rest) or (p in B and rest) is (p in A | B and rest), path by path in sorted order: a pattern with
    # $or over the values of one field gets the form of the pattern with these values in one array. A branch is an
    # integer with a bit for each of its items (path, accepted values), so that "the rest" is one operation, and
    # branches with an equal rest meet in a dict: of 1,000 branches there are half a million pairs to compare.
    if len(branches) == 1:
        return [{wanted.path: values(wanted.elements) for wanted in branches[0]}]
    items = _Items()
    sets = list(dict.fromkeys(map(items.bits, branches)))
    for path in sorted(path for path, of_path in items.of_path.items() if of_path.bit_count() > 1):
        of_path = items.of_path[path]
        without = [branch for branch in sets if not branch & of_path]
        by_rest: defaultdict[int, int] = defaultdict(int)
        for branch in sets:
            if branch & of_path:
                by_rest[branch & ~of_path] |= branch & of_path
        sets = list(dict.fromkeys([*without, *(rest | items.union(path, bits) for rest, bits in by_rest.items())]))
    return [dict(items.inside(branch)) for branch in sets]


class _Items:
    """The distinct items (path, accepted values) of several branches, each with a bit of its own.

    Attributes:
        listed: the items; the index of an item is the number of its bit.
        indices: item to index.
        of_field: bit by the identity of a field, since branches share fields.
        of_path: path to the bits of its items.
        unions: several bits of one path to the bit of their union.
    """

    def __init__(self) -> None:
        self.listed: list[tuple[str, Values]] = []
        self.indices: dict[tuple[str, Values], int] = {}
        self.of_field: dict[int, int] = {}
        self.of_path: defaultdict[str, int] = defaultdict(int)
        self.unions: dict[int, int] = {}

    def bits(self, branch: Branch) -> int:
        """Return the bits of a branch's items."""
        bits = 0
        for wanted in branch:
            bit = self.of_field.get(id(wanted))
            if bit is None:
                bit = self.of_field[id(wanted)] = self.bit(wanted.path, values(wanted.elements))
            bits |= bit
        return bits

    def bit(self, path: str, accepted: Values) -> int:
        """Return the bit of an item."""
        index = self.indices.setdefault((path, accepted), len(self.listed))
        if index == len(self.listed):
            self.listed.append((path, accepted))
            self.of_path[path] |= 1 << index
        return 1 << index

    def union(self, path: str, bits: int) -> int:
        """Return the bit of the item that accepts all values of several items of one path."""
        if bits not in self.unions:
            accepted = _union(accepted for _, accepted in self.inside(bits))
            self.unions[bits] = self.bit(path, accepted)
        return self.unions[bits]

    def inside(self, bits: int) -> Iterator[tuple[str, Values]]:
        """Yield the items of the set bits."""
        while bits:
            lowest = bits & -bits
            yield self.listed[lowest.bit_length() - 1]
            bits ^= lowest


def values(elements: Iterable[Element]) -> Values:
    """Return the values that at least one of the elements accepts."""
    return _union(map(_values, elements))


def _union(sets: Iterable[Values]) -> Values:
    parts = list(sets) or [Values()]
    while len(parts) > 1:  # in pairs: adding one after the other copies what is there n times
        pairs = zip_longest(parts[::2], parts[1::2])
        parts = [left if right is None else left.union(right) for left, right in pairs]
    return parts[0]


def _values(element: Element) -> Values:  # noqa: PLR0911 - one for each element
    match element:
        case Exists(wanted=True):
            return _PRESENT
        case Exists():
            return Values(absent=True)
        case LiteralEquals(value=value):
            return Values(literals=frozenset((value,)))
        case NumberEquals(text=text, value=None):
            return Values(number_texts=frozenset((text,)))
        case NumberEquals(value=value):
            assert value is not None
            return Values(numbers=((value, value),))
        case NumericRange():
            return Values(numbers=tuple(merged([closed(element)])))
        case AnythingBut(excluded=excluded):
            return _anything_but(excluded)
        case _:
            form = _text(element)
            return Values(texts=None if form is None else frozenset((form,)))


def _anything_but(excluded: Sequence[Excluded]) -> Values:
    numbers = [element.value for element in excluded if isinstance(element, NumberEquals) and element.value is not None]
    if numbers:
        left = tuple(outside(merged([(number, number) for number in numbers])))
        return Values(literals=_LITERALS, numbers=left, number_texts=None, texts=None)
    texts = [_text(element) for element in excluded if not isinstance(element, NumberEquals)]
    named = frozenset(text for text in texts if text is not None)
    exclusions = frozenset((named,)) if None not in texts else frozenset[frozenset[Text]]()
    return Values(literals=_LITERALS, numbers=ALL, number_texts=None, exclusions=exclusions)


def _text(element: TextElement) -> Text | None:
    """Return the normal form of a string element, None if every string matches it."""
    match element:
        case AddressEquals(value=value):
            return parse_address(value)
        case EqualsIgnoreCase(value=value):
            return StringEquals(value) if _has_one_case(value) else element
        case Prefix(value=value) | Suffix(value=value):
            if not value:
                return None
            return type(element)(value) if _has_one_case(value) else element
        case Wildcard(parts=parts):
            return _wildcard(parts)
        case StringEquals() | AddressBlock():
            return element
        case _:
            assert_never(element)


def _wildcard(parts: tuple[str, ...]) -> Text | None:
    match parts:
        case (whole,):
            return StringEquals(whole)
        case ("", ""):
            return None
        case (start, ""):
            return Prefix(start)
        case ("", end):
            return Suffix(end)
        case _:
            return Wildcard(parts)


def _has_one_case(text: str) -> bool:
    return all(casing.forms(char) == (char,) for char in text)


def _simplified(
    texts: frozenset[Text], exclusions: frozenset[frozenset[Text]]
) -> tuple[frozenset[Text] | None, frozenset[frozenset[Text]]]:
    """Return texts and exclusions with the exclusions of plain strings joined.

    (s not in X) or (s not in Y) or (s in T) is s not in ((X & Y) - T), which accepts every other plain string too, so
    that the plain strings of T need not be listed.
    """
    plain = [exclusion for exclusion in exclusions if all(isinstance(text, StringEquals) for text in exclusion)]
    if not plain:
        return texts, exclusions
    left = frozenset.intersection(*plain) - texts
    if not left:
        return None, exclusions
    return frozenset(text for text in texts if not isinstance(text, StringEquals)), exclusions.difference(plain) | {
        left
    }
