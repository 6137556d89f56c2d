"""What a pattern means, in a form in which equal meanings are mostly equal: order, spelling and overlap are gone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias, TypeVar, assert_never

from rumpattern.pattern import casing
from rumpattern.pattern.address import address
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
    from collections.abc import Iterable, Sequence

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


def meaning(branches: Iterable[Branch]) -> Meaning:
    """Return what branches accept: sets of paths with their values. Branches that differ in one path are joined."""
    maps = [{f.path: values(f.elements) for f in branch} for branch in branches]
    for path in sorted({path for one in maps for path in one}):
        joined: defaultdict[frozenset[tuple[str, Values]], list[Values]] = defaultdict(list)
        without = []
        for one in maps:
            if path in one:
                joined[frozenset(item for item in one.items() if item[0] != path)].append(one[path])
            else:
                without.append(one)
        maps = [*without, *({**dict(rest), path: _union(some)} for rest, some in joined.items())]
    return frozenset(frozenset(one.items()) for one in maps)


def values(elements: Iterable[Element]) -> Values:
    """Return the values that one of some elements accepts."""
    return _union(map(_values, elements))


def _union(some: Iterable[Values]) -> Values:
    result = Values()
    for one in some:
        result = result.union(one)
    return result


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
            return address(value)
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
