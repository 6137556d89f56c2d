"""One event as scopes, between which a match has to choose, and the branches for which some choice is consistent.

A branch matches an event if a leaf can be chosen for each of its paths so that the leaves agree on the array elements
that they are in. So the leaves are kept by what they are in. The event is a scope, and so is each object or array that
is an element of an array; scalars in an array belong to the scope that the array is in. A choice takes at most one
scope of each array, and all leaves of the scopes that it takes agree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, TypeAlias

from rumpattern.jsontext import Pairs

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from rumpattern.jsontext import Exact


_CONTAINERS: Final = frozenset((dict, list, Pairs))


@dataclass(slots=True)
class Scope:
    """The event, or an object or array inside an array.

    Attributes:
        values: by path the values of the leaves in it, but not of those in scopes inside it.
        arrays: the arrays in it, each as the indices of the scopes that are its elements.
    """

    values: dict[str, list[object]] = field(default_factory=dict)
    arrays: list[list[int]] = field(default_factory=list)


def read_scopes(event: Exact, wanted: Container[str]) -> list[Scope]:
    """Return the scopes of an event: first the event itself, and each other one after that which it is in.

    Args:
        event: the event.
        wanted: the paths to read, and all those that lead to them.
    """
    scopes = [Scope()]
    todo: list[tuple[str, Exact, int]] = [("", event, 0)]
    while todo:
        path, value, index = todo.pop()
        values = scopes[index].values
        if isinstance(value, list):
            array: list[int] = []
            for item in value:
                if type(item) in _CONTAINERS:
                    array.append(len(scopes))
                    todo.append((path, item, len(scopes)))
                    scopes.append(Scope())
                else:
                    values.setdefault(path, []).append(item)
            if array:
                scopes[index].arrays.append(array)
        else:
            assert isinstance(value, (dict, Pairs))
            before = f"{path}." if value is not event else ""
            for key, member in value.items() if isinstance(value, dict) else value:
                inner = before + key
                if inner in wanted:
                    if type(member) in _CONTAINERS:
                        todo.append((inner, member, index))
                    else:
                        values.setdefault(inner, []).append(member)
    return scopes


def values_by_path(scopes: Iterable[Scope]) -> dict[str, list[object]]:
    """Return the values of all leaves by path, wherever they are."""
    by_path: dict[str, list[object]] = {}
    for scope in scopes:
        for path, values in scope.values.items():
            by_path.setdefault(path, []).extend(values)
    return by_path


class PathSets(Protocol):
    """Sets of branches by the values of a path, a bit for each branch.

    Attributes:
        missing: the branches that hold without a value.
        unconstrained: the branches that ask nothing of the path; they are in every set.
    """

    missing: int
    unconstrained: int

    def of(self, value: object) -> int:
        """Return the branches that a value does not rule out."""


# A choice is worked out for all branches at once, from the innermost scopes to the event:
#
#     possible(scope) = branches for which each path that has all its leaves in the scope holds for some choice
#     chosen(scope)   = those of them for which a leaf of the scope is chosen
#     possible(array) = branches that ask nothing of the paths in it  |  union of chosen(scope) over its scopes
#
# If a leaf in one of an array's scopes is chosen, those in the others contradict it, so that they do not keep a path
# from being absent; if none is chosen, all of them keep it. In most events that is all there is to it, and each leaf is
# looked at once. But a path can have leaves in several places beside one another: in the arrays of a repeated key, or
# in a scope and in an array in it. Such a path is *open* until all its places are known, and what is possible is kept
# apart by how the open paths stand. These states grow with the number of open paths that one branch asks for, not with
# the number of elements: elements that no branch tells apart come to the same states.

_ABSENT: Final = 0
"""No leaf on the path agrees with the choice so far."""
_PRESENT: Final = 1
"""Some leaf agrees, and the branches accept none of those that do."""
_AVAILABLE: Final = 2
"""The branches accept a leaf that agrees: this one or one in another place will be chosen."""
_TAKEN: Final = 3
"""This one is chosen, for no other leaf is in a scope of which one has to be; so none in another place is."""
_State: TypeAlias = tuple[int, ...]
"""How each open path stands."""


class _States(NamedTuple):
    """What is possible in a scope or an array.

    Attributes:
        paths: the open paths.
        branches: for each state the possible branches, and the chosen ones among them.
    """

    paths: tuple[str, ...]
    branches: dict[_State, tuple[int, int]]

    def add(self, state: _State, possible: int, chosen: int) -> None:
        """Add a way to come to a state."""
        if possible:
            before = self.branches.get(state, (0, 0))
            self.branches[state] = before[0] | possible, before[1] | chosen & possible


def consistent_branches(scopes: Sequence[Scope], sets: Mapping[str, PathSets], candidates: int) -> int:
    """Return the candidates for which a leaf, or none, can be chosen for each path so that all agree.

    Args:
        scopes: the event.
        sets: those of each path.
        candidates: branches that hold on all paths on which the event has no leaf.
    """
    relevant = {path: of_path for path, of_path in sets.items() if candidates & ~of_path.unconstrained}
    return _Choices(scopes, relevant, candidates).branches()


class _Choices:
    """The choices that an event leaves to some branches.

    Args:
        scopes: the event.
        sets: those of the paths that a candidate asks for.
        candidates: the branches.
    """

    def __init__(self, scopes: Sequence[Scope], sets: Mapping[str, PathSets], candidates: int) -> None:
        self.scopes = scopes
        self.sets = sets
        self.candidates = candidates
        self.paths = self._paths()
        self.open = self._open_paths()

    def _paths(self) -> list[set[str]]:
        """Return for each scope the paths of the leaves in it and in the scopes inside."""
        paths: list[set[str]] = [set() for _ in self.scopes]
        for index in reversed(range(len(self.scopes))):
            scope = self.scopes[index]
            inside = (paths[element] for array in scope.arrays for element in array)
            paths[index] = (self.sets.keys() & scope.values.keys()).union(*inside)
        return paths

    def _paths_in(self, array: Iterable[int]) -> set[str]:
        return set().union(*(self.paths[element] for element in array))

    def _open_paths(self) -> list[set[str]]:
        """Return for each scope the paths that have leaves in it and beside it: beside it or a scope that it is in."""
        result: list[set[str]] = [set()] * len(self.scopes)
        for index, scope in enumerate(self.scopes):
            seen, is_open = set(scope.values), result[index]
            for array in scope.arrays:
                paths = self._paths_in(array)
                is_open = is_open | (seen & paths)
                seen |= paths
            for array in scope.arrays if is_open else ():
                of_array = is_open & self._paths_in(array)
                for element in array:
                    result[element] = of_array
        return result

    def branches(self) -> int:
        """Return the branches for which a choice is consistent."""
        states: dict[int, _States] = {}
        for index in reversed(range(len(self.scopes))):
            states[index] = self._scope(index, states)
        possible, _ = states[0].branches.get((), (0, 0))
        return possible

    def _scope(self, index: int, states: dict[int, _States]) -> _States:
        """Return what is possible in a scope, given the same of those inside, which are taken out of ``states``."""
        arrays = [(array, self._paths_in(array)) for array in self.scopes[index].arrays]
        result = self._leaves(self.scopes[index], self.open[index].union(*(paths for _, paths in arrays)))
        while arrays:
            # Next comes an array with a path that is open in what is known, so that states become equal soon.
            pending = set(result.paths) - self.open[index]
            following = next((i for i, (_, paths) in enumerate(arrays) if not pending.isdisjoint(paths)), 0)
            array, paths = arrays.pop(following)
            result = _combined(result, self._array(array, paths, states))
            result = self._decided(result, self.open[index].union(*(paths for _, paths in arrays)))
        return result

    def _leaves(self, scope: Scope, is_open: Container[str]) -> _States:
        """Return what the leaves of a scope make possible that are in no scope inside."""
        possible, chosen = self.candidates, 0
        accepting_of: dict[str, int] = {}
        for path in scope.values:
            if path in self.sets:
                accepting = self._accepting(path, scope.values[path])
                constrained = ~self.sets[path].unconstrained
                if path in is_open:
                    accepting_of[path] = accepting & constrained
                else:
                    possible &= accepting
                    chosen |= constrained
        result = _States((), {})
        result.add((), possible, chosen)
        for path, accepting in accepting_of.items():
            parted = _States((*result.paths, path), {})
            for state, (of_state, chosen_of_state) in result.branches.items():
                parted.add((*state, _AVAILABLE), of_state & accepting, chosen_of_state)
                parted.add((*state, _PRESENT), of_state & ~accepting, chosen_of_state)
            result = parted
        return result

    def _accepting(self, path: str, values: Iterable[object]) -> int:
        of_path = self.sets[path]
        result = 0
        for value in values:
            result |= of_path.of(value)
        return result

    def _array(self, array: Sequence[int], paths: set[str], states: dict[int, _States]) -> _States:
        """Return what an array makes possible: one of its scopes in which a leaf is chosen, or none."""
        is_open = self.open[array[0]]  # the same for all of them
        result = _States(tuple(is_open), {})
        possible = self.candidates
        for path in paths - is_open:
            possible &= self.sets[path].unconstrained
        result.add((_PRESENT,) * len(is_open), possible, 0)
        for element in array:
            of_element = states.pop(element)
            elsewhere = self._missing(paths - is_open - self.paths[element])
            for state, (possible, chosen) in of_element.branches.items():
                stands = dict(zip(of_element.paths, state, strict=True))
                whole = tuple(stands.get(path, _ABSENT) for path in result.paths)
                result.add(whole, chosen & elsewhere, chosen)
                others = possible & elsewhere & ~chosen
                for position, standing in enumerate(whole if others else ()):
                    if standing == _AVAILABLE:
                        result.add((*whole[:position], _TAKEN, *whole[position + 1 :]), others, others)
        return result

    def _missing(self, paths: Iterable[str]) -> int:
        """Return the candidates that hold without a value on any of some paths."""
        result = self.candidates
        for path in paths:
            result &= self.sets[path].missing
        return result

    def _decided(self, states: _States, is_open: Container[str]) -> _States:
        """Return the states of the paths that are still open, without the branches for which another one fails."""
        kept = [position for position, path in enumerate(states.paths) if path in is_open]
        if len(kept) == len(states.paths):
            return states
        result = _States(tuple(states.paths[position] for position in kept), {})
        for state, (possible, chosen) in states.branches.items():
            holding, choosing = possible, chosen
            for path, standing in zip(states.paths, state, strict=True):
                if path in is_open:
                    continue
                if standing >= _AVAILABLE:
                    choosing = holding
                else:
                    of_path = self.sets[path]
                    holding &= of_path.missing if standing == _ABSENT else of_path.unconstrained
            result.add(tuple(state[position] for position in kept), holding, choosing)
        return result


def _combined(one: _States, other: _States) -> _States:
    """Return what is possible in two parts of a scope together."""
    result = _States((*one.paths, *(path for path in other.paths if path not in one.paths)), {})
    for state, (possible, chosen) in one.branches.items():
        for other_state, (other_possible, other_chosen) in other.branches.items():
            both = possible & other_possible
            if both:
                stands = dict(zip(one.paths, state, strict=True))
                others_stand = dict(zip(other.paths, other_state, strict=True))
                pairs = [(stands.get(path, _ABSENT), others_stand.get(path, _ABSENT)) for path in result.paths]
                if (_TAKEN, _TAKEN) not in pairs:  # a branch chooses one leaf for a path
                    result.add(tuple(map(max, pairs)), both, chosen | other_chosen)
    return result
