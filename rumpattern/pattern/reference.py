"""The slow matcher: what a pattern means, one event at a time, too simple to be wrong.

Everything fast is held equal to it by tests. Rules: an event flattens to leaves; a match chooses one leaf for each path
of the pattern so that the leaves agree on the array elements they come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, assert_never

from rumpattern.jsontext import NumberText, Pairs
from rumpattern.pattern import casing, wildcard
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
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from rumpattern.jsontext import Exact
    from rumpattern.pattern.ast import Branch, Element, Field, TextElement

Memberships: TypeAlias = dict[int, int]
"""From the number of an array in the event to the index of the element that a leaf stands in."""
_Agreed: TypeAlias = frozenset[tuple[int, int]]
_Option: TypeAlias = _Agreed | None
_Choice: TypeAlias = tuple[_Agreed, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar of an event: dotted path, value, the array elements it stands in, and where it stands: a[0].b."""

    path: str
    value: NumberText | str | float | bool | None
    memberships: Memberships
    place: str


def leaves(event: Exact) -> list[Leaf]:
    """Flatten an event. Arrays vanish from paths; an empty array or object yields nothing; duplicate keys all count."""
    found: list[Leaf] = []
    arrays = 0
    todo: list[tuple[str | None, Exact, Memberships, str]] = [(None, event, {}, "")]
    while todo:
        path, value, memberships, place = todo.pop()
        if isinstance(value, (dict, Pairs)):
            members = value.items() if isinstance(value, dict) else value
            for key, member in members:
                if path is None:
                    todo.append((key, member, memberships, key))
                else:
                    todo.append((f"{path}.{key}", member, memberships, f"{place}.{key}"))
        elif isinstance(value, list):
            arrays += 1
            for index, item in enumerate(value):
                nested = isinstance(item, (dict, list, Pairs))
                todo.append(
                    (path, item, {**memberships, arrays: index} if nested else memberships, f"{place}[{index}]")
                )
        else:
            found.append(Leaf(path or "", value, memberships, place))
    found.reverse()
    return found


def matches(branches: Iterable[Branch], event: Sequence[Leaf]) -> bool:
    """Tell whether one of a pattern's branches matches an event."""
    by_path = grouped(event)
    return any(branch_matches(branch, by_path) for branch in branches)


def grouped(event: Iterable[Leaf]) -> dict[str, list[Leaf]]:
    """Return the leaves of an event by their paths."""
    by_path: dict[str, list[Leaf]] = {}
    for leaf in event:
        by_path.setdefault(leaf.path, []).append(leaf)
    return by_path


def branch_matches(fields: Branch, by_path: Mapping[str, Sequence[Leaf]]) -> bool:
    """Tell whether a leaf for each path, or none for ``exists: false``, can be chosen consistently.

    The fields are taken one after another. Of the choices so far only that is kept which a later one could contradict:
    the array elements agreed on, and the paths on which there must be no leaf.
    """
    todo = sorted(((f.path, _options(f, by_path.get(f.path, ()))) for f in fields), key=lambda field: len(field[1]))
    at_the_end = {
        a for path, options in todo if None in options for leaf in by_path.get(path, ()) for a in leaf.memberships
    }
    choices: set[_Choice] = {(frozenset(), frozenset())}
    for index, (path, options) in enumerate(todo):
        later = at_the_end.union(a for _, rest in todo[index + 1 :] for option in rest if option for a, _ in option)
        choices = {
            (
                frozenset((a, i) for a, i in agreed | (option or frozenset()) if a in later),
                absent | _absent(path, option),
            )
            for agreed, absent in choices
            for option in options
            if option is None or _consistent(option, dict(agreed))
        }
    return any(
        not any(
            _consistent(leaf.memberships.items(), dict(agreed)) for path in absent for leaf in by_path.get(path, ())
        )
        for agreed, absent in choices
    )


def _absent(path: str, option: _Option) -> frozenset[str]:
    return frozenset((path,)) if option is None else frozenset()


def _options(field: Field, candidates: Sequence[Leaf]) -> list[_Option]:
    """Return the distinct memberships of the leaves that the field accepts; None stands for choosing no leaf."""
    accepted = [leaf for leaf in candidates if any(accepts(element, leaf.value) for element in field.elements)]
    chosen: list[_Option] = list(dict.fromkeys(frozenset(leaf.memberships.items()) for leaf in accepted))
    return [*chosen, None] if Exists(wanted=False) in field.elements else chosen


def _consistent(memberships: Iterable[tuple[int, int]], agreed: Memberships) -> bool:
    return all(agreed.get(array, index) == index for array, index in memberships)


def accepts(element: Element, value: object) -> bool:  # noqa: PLR0911 - one for each element
    """Tell whether an element matches the value of a leaf that is there."""
    match element:
        case NumberEquals(text=text):
            if isinstance(value, NumberText):
                return value == text
            number = as_number(value)
            return number is not None and number == element.value
        case LiteralEquals(value=wanted):
            return value is wanted
        case NumericRange():
            number = as_number(value)
            return number is not None and element.holds(number)
        case Exists(wanted=wanted):
            return wanted
        case AnythingBut(excluded=excluded):
            return not any(accepts(one, value) for one in excluded)
        case _:
            return isinstance(value, str) and not isinstance(value, NumberText) and accepts_text(element, value)


def accepts_text(element: TextElement, text: str) -> bool:  # noqa: PLR0911 - one for each element
    """Tell whether an element that is about strings matches one."""
    match element:
        case StringEquals(value=wanted):
            return text == wanted
        case AddressEquals(value=wanted):
            return address(text) == address(wanted)
        case AddressBlock():
            packed = address(text)
            return packed is not None and element.holds(packed)
        case Prefix(value=start, ignore_case=ignore_case):
            return casing.starts(start, text) if ignore_case else text.startswith(start)
        case Suffix(value=end, ignore_case=ignore_case):
            return casing.ends(end, text) if ignore_case else text.endswith(end)
        case EqualsIgnoreCase(value=wanted):
            return casing.equals(wanted, text)
        case Wildcard(parts=parts):
            return wildcard.fits(parts, text)
        case _:
            assert_never(element)


def as_number(value: object) -> float | None:
    """Return a leaf's value as a double, None when it is no number or none that a double stands for."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
