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
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from rumpattern.jsontext import Exact
    from rumpattern.pattern.ast import Branch, Element, Field, TextElement

Memberships: TypeAlias = dict[int, int]
"""From the number of an array in the event to the index of the element that a leaf stands in."""
_Agreed: TypeAlias = frozenset[tuple[int, int]]
_Option: TypeAlias = _Agreed | None
_Choice: TypeAlias = tuple[_Agreed, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar of an event: dotted path, value, and the array elements it stands in.

    ``place`` is where it stands, such as a[0].b, if that was asked for.
    """

    path: str
    value: NumberText | str | float | bool | None
    memberships: Memberships
    place: str = ""


def leaves(event: Exact, wanted: Iterable[str] | None = None, *, placed: bool = False) -> list[Leaf]:
    """Flatten an event. Arrays vanish from paths; an empty array or object yields nothing; duplicate keys all count.

    Args:
        event: the event.
        wanted: the paths to look at, None for all.
        placed: whether to tell of each leaf where it stands.
    """
    on_the_way = None if wanted is None else {path[:end] for path in wanted for end in _ends(path)}
    found: list[Leaf] = []
    arrays = 0
    todo: list[tuple[str | None, Exact, Memberships, str]] = [(None, event, {}, "")]
    while todo:
        path, value, memberships, place = todo.pop()
        if isinstance(value, (dict, Pairs)):
            members = value.items() if isinstance(value, dict) else value
            for key, member in members:
                inner = key if path is None else f"{path}.{key}"
                if on_the_way is None or inner in on_the_way:
                    todo.append((inner, member, memberships, f"{place}.{key}" if placed and place else key))
        elif isinstance(value, list):
            arrays += 1
            for index, item in enumerate(value):
                nested = isinstance(item, (dict, list, Pairs))
                inside = {**memberships, arrays: index} if nested else memberships
                todo.append((path, item, inside, f"{place}[{index}]" if placed else ""))
        else:
            found.append(Leaf(path or "", value, memberships, place if placed else ""))
    found.reverse()
    return found


def _ends(path: str) -> list[int]:
    """Return where a path, and each of the paths on the way to it, ends."""
    return [*(index for index, char in enumerate(path) if char == "."), len(path)]


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

    The fields are taken in the order of their paths, so that those that share an array follow one another. Of the
    choices so far only that is kept which a later one could contradict: the array elements agreed on, and the paths on
    which there must be no leaf.
    """
    in_order = sorted(fields, key=lambda field: field.path)
    options = [_options(field, by_path.get(field.path, ())) for field in in_order]
    if not all(options):
        return False
    later: list[set[int]] = [set()]
    for field, some in reversed(list(zip(in_order, options, strict=True))[1:]):
        arrays = {array for option in some if option for array, _ in option}
        later.append(later[-1] | arrays | (_arrays(by_path, field.path) if None in some else set()))
    choices: set[_Choice] = {(frozenset(), frozenset())}
    for field, some in zip(in_order, options, strict=True):
        ahead = later.pop()
        made = (_chosen(choice, option, field.path) for choice, option in _agreeing(choices, some))
        settled = (_settled(choice, ahead, by_path) for choice in made)
        choices = {choice for choice in settled if choice is not None}
    return bool(choices)


def _options(field: Field, candidates: Sequence[Leaf]) -> list[_Option]:
    """Return the distinct memberships of the leaves that the field accepts; None stands for choosing no leaf."""
    accepted = [leaf for leaf in candidates if any(accepts(element, leaf.value) for element in field.elements)]
    chosen: list[_Option] = list(dict.fromkeys(frozenset(leaf.memberships.items()) for leaf in accepted))
    return [*chosen, None] if Exists(wanted=False) in field.elements else chosen


def _agreeing(choices: Iterable[_Choice], options: Iterable[_Option]) -> Iterator[tuple[_Choice, _Option]]:
    """Yield each choice with the options that agree with it about the arrays they share."""
    by_arrays: dict[frozenset[int], list[_Agreed]] = {}
    for option in options:
        if option is not None:
            by_arrays.setdefault(frozenset(array for array, _ in option), []).append(option)
    found: dict[tuple[frozenset[int], frozenset[int]], dict[_Agreed, list[_Agreed]]] = {}
    for choice in choices:
        if None in options:
            yield choice, None
        known = frozenset(array for array, _ in choice[0])
        for arrays, some in by_arrays.items():
            shared = arrays & known
            if (arrays, shared) not in found:
                index = found[arrays, shared] = {}
                for one in some:
                    index.setdefault(_part(one, shared), []).append(one)
            for one in found[arrays, shared].get(_part(choice[0], shared), ()):
                yield choice, one


def _part(agreed: _Agreed, arrays: Container[int]) -> _Agreed:
    return frozenset((array, index) for array, index in agreed if array in arrays)


def _chosen(choice: _Choice, option: _Option, path: str) -> _Choice:
    agreed, absent = choice
    return (agreed, absent | {path}) if option is None else (agreed | option, absent)


def _settled(choice: _Choice, later: set[int], by_path: Mapping[str, Sequence[Leaf]]) -> _Choice | None:
    """Return what later choices can contradict, None if there is a leaf where there must be none."""
    agreed, absent = choice
    chosen, pending, needed = dict(agreed), set(), set(later)
    for path in absent:
        arrays = _arrays(by_path, path)
        if not arrays.isdisjoint(later):
            pending.add(path)
            needed |= arrays
        elif any(_consistent(leaf.memberships.items(), chosen) for leaf in by_path.get(path, ())):
            return None
    return _part(agreed, needed), frozenset(pending)


def _arrays(by_path: Mapping[str, Sequence[Leaf]], path: str) -> set[int]:
    return {array for leaf in by_path.get(path, ()) for array in leaf.memberships}


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
