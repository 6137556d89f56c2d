"""The reference matcher: what a pattern means for one event, without columns, codes or compiled code.

An event flattens to leaves. A branch matches if a leaf that it accepts can be chosen for each of its paths so that the
leaves agree on the array elements that they are in. ``matches_by_enumeration`` is that sentence taken literally, and
takes exponential time; ``branch_matches`` gives the same answer fast enough to be used, and a test holds the two equal.
The columnar engine is held equal to ``branch_matches``.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, TypeAlias, assert_never

from rumpattern.dataclass import dataclass
from rumpattern.jsontext import NumberText, Pairs
from rumpattern.pattern import casing, wildcard
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
    Wildcard,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from rumpattern.jsontext import Exact
    from rumpattern.pattern.ast import Branch, Element, Field, TextElement

Memberships: TypeAlias = dict[int, int]
"""Array id to element index. An event's arrays get ids in the order in which they are flattened."""
_Agreed: TypeAlias = frozenset[tuple[int, int]]
"""The items of ``Memberships`` that the leaves chosen so far agree on."""
_Option: TypeAlias = _Agreed | None
"""What choosing a leaf adds to what is agreed; None for choosing no leaf."""
_State: TypeAlias = tuple[_Agreed, frozenset[str]]
"""What is agreed, and the paths on which no leaf may be that agrees with it."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A scalar of an event.

    Attributes:
        path: the keys that lead to it, joined by dots; arrays leave no trace in it.
        value: the scalar.
        memberships: the elements of arrays of objects and arrays that it is in. An array of scalars counts for nothing:
            its elements are alternatives that never have to agree.
        location: the path with array indices, such as ``a[0].b``; empty unless it was asked for.
    """

    path: str
    value: NumberText | str | float | bool | None
    memberships: Memberships
    location: str = ""


def leaves(event: Exact, wanted: Iterable[str] | None = None, *, with_locations: bool = False) -> list[Leaf]:
    """Flatten an event to its leaves, in the order of its text.

    An empty array or object has no leaf; of duplicate keys each has its own.

    Args:
        event: the event.
        wanted: the paths to return leaves of, None for all.
        with_locations: whether to fill in ``Leaf.location``.
    """
    on_the_way = None if wanted is None else {path[:end] for path in wanted for end in _ends(path)}
    flat: list[Leaf] = []
    arrays = 0
    todo: list[tuple[str | None, Exact, Memberships, str]] = [(None, event, {}, "")]
    while todo:
        path, value, memberships, location = todo.pop()
        if isinstance(value, (dict, Pairs)):
            members = value.items() if isinstance(value, dict) else value
            for key, member in members:
                inner = key if path is None else f"{path}.{key}"
                if on_the_way is None or inner in on_the_way:
                    inner_location = f"{location}.{key}" if with_locations and location else key
                    todo.append((inner, member, memberships, inner_location))
        elif isinstance(value, list):
            arrays += 1
            for index, item in enumerate(value):
                is_nested = isinstance(item, (dict, list, Pairs))
                inside = {**memberships, arrays: index} if is_nested else memberships
                todo.append((path, item, inside, f"{location}[{index}]" if with_locations else ""))
        else:
            flat.append(Leaf(path or "", value, memberships, location if with_locations else ""))
    flat.reverse()
    return flat


def _ends(path: str) -> list[int]:
    """Return the end of a path, and of each path that leads to it."""
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


# --- the definition, taken literally ----------------------------------------------------------------------------------


def matches_by_enumeration(fields: Branch, by_path: Mapping[str, Sequence[Leaf]]) -> bool:
    """Tell what ``branch_matches`` tells, by trying every choice of a leaf, or of none, for each field."""
    options = [_accepted(field, by_path) for field in fields]
    return any(_is_consistent(fields, chosen, by_path) for chosen in itertools.product(*options))


def _accepted(field: Field, by_path: Mapping[str, Sequence[Leaf]]) -> list[Leaf | None]:
    """Return the leaves that a field accepts; None, for no leaf, if it may be absent."""
    on_path = by_path.get(field.path, ())
    accepted: list[Leaf | None] = [leaf for leaf in on_path if any(accepts(e, leaf.value) for e in field.elements)]
    return [*accepted, None] if Exists(wanted=False) in field.elements else accepted


def _is_consistent(fields: Branch, chosen: Sequence[Leaf | None], by_path: Mapping[str, Sequence[Leaf]]) -> bool:
    """Tell whether chosen leaves agree on their array elements, and no leaf of an absent field agrees with them."""
    agreed: Memberships = {}
    for leaf in chosen:
        if leaf is None:
            continue
        if not _agrees(leaf.memberships.items(), agreed):
            return False
        agreed |= leaf.memberships
    absent = [field.path for field, leaf in zip(fields, chosen, strict=True) if leaf is None]
    return not any(_agrees(leaf.memberships.items(), agreed) for path in absent for leaf in by_path.get(path, ()))


def _agrees(memberships: Iterable[tuple[int, int]], agreed: Memberships) -> bool:
    """Tell whether no array of some memberships is agreed to have another element."""
    return all(agreed.get(array, index) == index for array, index in memberships)


# --- the same, by the states that choices lead to --------------------------------------------------------------------

# Enumeration multiplies the elements of arrays that have nothing to do with one another: eight arrays of 200 elements
# are 200^8 choices. The search below goes through the fields once and keeps a set of states instead,
#
#     states(0) = {(nothing agreed, no absent path)}
#     states(k) = {forget(s + o) : s in states(k - 1), o an option of field k that agrees with s}
#
# where forget drops the arrays that no later field and no pending absent path is in. Choices that differ in such arrays
# only become one state, so that arrays beside one another add up and only nested ones multiply. Fields are taken in the
# order of their paths to have those that share an array next to one another, where it is forgotten soonest. Forgetting
# an array that a later field is in would let that field contradict what was chosen: ``needed`` must hold them all.


def branch_matches(fields: Branch, by_path: Mapping[str, Sequence[Leaf]]) -> bool:
    """Tell whether a leaf for each path, or none for ``exists: false``, can be chosen so that all agree."""
    in_order = sorted(fields, key=lambda field: field.path)
    options = [_options(field, by_path) for field in in_order]
    if not all(options):
        return False
    later: list[set[int]] = [set()]
    for field, own in reversed(list(zip(in_order, options, strict=True))[1:]):
        arrays = {array for option in own if option for array, _ in option}
        later.append(later[-1] | arrays | (_arrays(by_path, field.path) if None in own else set()))
    states: set[_State] = {(frozenset(), frozenset())}
    for field, own in zip(in_order, options, strict=True):
        ahead = later.pop()
        extended = (_extended(state, option, field.path) for state, option in _agreeing(states, own))
        reduced = (_forget(state, ahead, by_path) for state in extended)
        states = {state for state in reduced if state is not None}
    return bool(states)


def _options(field: Field, by_path: Mapping[str, Sequence[Leaf]]) -> list[_Option]:
    """Return the options of a field: equal memberships are one option, whatever the values."""
    options = (None if leaf is None else frozenset(leaf.memberships.items()) for leaf in _accepted(field, by_path))
    return list(dict.fromkeys(options))


def _agreeing(states: Iterable[_State], options: Iterable[_Option]) -> Iterator[tuple[_State, _Option]]:
    """Yield each state with each option that agrees with it, by a hash join on the arrays that both have."""
    by_arrays: dict[frozenset[int], list[_Agreed]] = {}
    for option in options:
        if option is not None:
            by_arrays.setdefault(frozenset(array for array, _ in option), []).append(option)
    indices: dict[tuple[frozenset[int], frozenset[int]], dict[_Agreed, list[_Agreed]]] = {}
    for state in states:
        if None in options:
            yield state, None
        known = frozenset(array for array, _ in state[0])
        for arrays, same_arrays in by_arrays.items():
            shared = arrays & known
            if (arrays, shared) not in indices:
                index = indices[arrays, shared] = {}
                for option in same_arrays:
                    index.setdefault(_restricted(option, shared), []).append(option)
            for option in indices[arrays, shared].get(_restricted(state[0], shared), ()):
                yield state, option


def _restricted(agreed: _Agreed, arrays: Container[int]) -> _Agreed:
    return frozenset((array, index) for array, index in agreed if array in arrays)


def _extended(state: _State, option: _Option, path: str) -> _State:
    agreed, absent = state
    return (agreed, absent | {path}) if option is None else (agreed | option, absent)


def _forget(state: _State, later: set[int], by_path: Mapping[str, Sequence[Leaf]]) -> _State | None:
    """Return what later fields can contradict of a state; None if a leaf is where none may be.

    An absent path is decided once no later field is in an array of its leaves: before that, what later fields agree on
    may still rule these leaves out.
    """
    agreed, absent = state
    chosen, pending, needed = dict(agreed), set(), set(later)
    for path in absent:
        arrays = _arrays(by_path, path)
        if not arrays.isdisjoint(later):
            pending.add(path)
            needed |= arrays
        elif any(_agrees(leaf.memberships.items(), chosen) for leaf in by_path.get(path, ())):
            return None
    return _restricted(agreed, needed), frozenset(pending)


def _arrays(by_path: Mapping[str, Sequence[Leaf]], path: str) -> set[int]:
    return {array for leaf in by_path.get(path, ()) for array in leaf.memberships}


# --- values -----------------------------------------------------------------------------------------------------------


def accepts(element: Element, value: object) -> bool:  # noqa: PLR0911 - one for each element
    """Tell whether an element matches the value of a leaf."""
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
            return not any(accepts(inner, value) for inner in excluded)
        case _:
            return isinstance(value, str) and not isinstance(value, NumberText) and accepts_text(element, value)


def accepts_text(element: TextElement, text: str) -> bool:  # noqa: PLR0911 - one for each element
    """Tell whether an element that matches strings only matches this one."""
    match element:
        case StringEquals(value=wanted):
            return text == wanted
        case AddressEquals(value=wanted):
            return parse_address(text) == parse_address(wanted)
        case AddressBlock():
            packed = parse_address(text)
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
    """Return a leaf's value as a double, None if it is not a number, or not comparable."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value)
