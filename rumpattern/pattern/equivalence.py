"""What a pattern means, in a form in which equal meanings are mostly equal: order, spelling and overlap are gone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, TypeAlias, TypeVar, assert_never

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
    """The set of values that a field accepts.

    Attributes:
        absent: whether no value at all is accepted.
        literals: which of true, false and null.
        numbers: the comparable numbers.
        number_texts: numbers that no double stands for, None for all of them.
        texts: what strings have to be, as elements or packed addresses; None for all strings.
        exclusions: alternatives of ``texts``: sets of which a string matches none.
    """

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


def _either(one: frozenset[_T] | None, other: frozenset[_T] | None) -> frozenset[_T] | None:
    """Return the union of two sets, where None is the set of all."""
    return None if one is None or other is None else one | other


_LITERALS: frozenset[bool | None] = frozenset((True, False, None))
_PRESENT = Values(False, _LITERALS, ALL, None, None)  # noqa: FBT003 - the first member
Meaning: TypeAlias = frozenset[frozenset[tuple[str, Values]]]


def meaning(branches: Sequence[Branch]) -> Meaning:
    """Return what branches accept: sets of paths with their values. Branches that differ in one path are joined."""
    return frozenset(frozenset(one.items()) for one in joined(branches))


def joined(branches: Sequence[Branch]) -> list[dict[str, Values]]:
    """Return what branches accept, each as paths with their values, those that differ in one path joined."""
    if len(branches) == 1:
        return [{one.path: values(one.elements) for one in branches[0]}]
    items = _Items()
    sets = list(dict.fromkeys(map(items.bits, branches)))
    for path in sorted(path for path, own in items.of_path.items() if own.bit_count() > 1):
        own = items.of_path[path]
        without = [one for one in sets if not one & own]
        others: defaultdict[int, int] = defaultdict(int)
        for one in sets:
            if one & own:
                others[one & ~own] |= one & own
        sets = list(dict.fromkeys([*without, *(rest | items.union(path, some) for rest, some in others.items())]))
    return [dict(items.inside(one)) for one in sets]


class _Items:
    """Numbers paths with their values, so that a branch is the bits of an integer.

    There can be 1,000 branches of 256 paths: what a branch is without one of them is then found in one step.
    """

    def __init__(self) -> None:
        self.listed: list[tuple[str, Values]] = []
        self.numbers: dict[tuple[str, Values], int] = {}
        self.of_field: dict[int, int] = {}
        self.of_path: defaultdict[str, int] = defaultdict(int)
        self.unions: dict[int, int] = {}

    def bits(self, branch: Branch) -> int:
        """Return the items of a branch."""
        found = 0
        for one in branch:
            bit = self.of_field.get(id(one))
            if bit is None:
                bit = self.of_field[id(one)] = self.bit(one.path, values(one.elements))
            found |= bit
        return found

    def bit(self, path: str, accepted: Values) -> int:
        """Return the bit of an item."""
        number = self.numbers.setdefault((path, accepted), len(self.listed))
        if number == len(self.listed):
            self.listed.append((path, accepted))
            self.of_path[path] |= 1 << number
        return 1 << number

    def union(self, path: str, bits: int) -> int:
        """Return the item of all values of some items of one path."""
        if bits not in self.unions:
            accepted = _union(accepted for _, accepted in self.inside(bits))
            self.unions[bits] = self.bit(path, accepted)
        return self.unions[bits]

    def inside(self, bits: int) -> Iterator[tuple[str, Values]]:
        """Yield the items that some bits stand for."""
        while bits:
            lowest = bits & -bits
            yield self.listed[lowest.bit_length() - 1]
            bits ^= lowest


def values(elements: Iterable[Element]) -> Values:
    """Return the values that one of some elements accepts."""
    return _union(map(_values, elements))


def _union(some: Iterable[Values]) -> Values:
    parts = list(some) or [Values()]
    while len(parts) > 1:  # in pairs, since the union of many is long to make
        pairs = zip_longest(parts[::2], parts[1::2])
        parts = [one if other is None else one.union(other) for one, other in pairs]
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
    numbers = [one.value for one in excluded if isinstance(one, NumberEquals) and one.value is not None]
    if numbers:
        left = tuple(outside(merged([(number, number) for number in numbers])))
        return Values(literals=_LITERALS, numbers=left, number_texts=None, texts=None)
    texts = [_text(one) for one in excluded if not isinstance(one, NumberEquals)]
    named = frozenset(text for text in texts if text is not None)
    exclusions = frozenset((named,)) if None not in texts else frozenset[frozenset[Text]]()
    return Values(literals=_LITERALS, numbers=ALL, number_texts=None, exclusions=exclusions)


def _text(element: TextElement) -> Text | None:
    """Return a string element in its one form, None if every string matches."""
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
    """Return texts and exclusions with those of plain strings made one.

    To be none of x, or none of y, is to be none of those that are in both; and it holds for every other plain string.
    """
    plain = [one for one in exclusions if all(isinstance(text, StringEquals) for text in one)]
    if not plain:
        return texts, exclusions
    left = frozenset.intersection(*plain) - texts
    if not left:
        return None, exclusions
    return frozenset(text for text in texts if not isinstance(text, StringEquals)), exclusions.difference(plain) | {
        left
    }
