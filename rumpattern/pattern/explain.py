"""Explain a verdict: per field of a pattern the wanted and the found values of an event, and the nearest miss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.dataclass import dataclass
from rumpattern.diagnostics.wording import printable
from rumpattern.pattern.ast import Exists
from rumpattern.pattern.format import format_element
from rumpattern.pattern.misses import Miss, Reason, json_type, of_absent, of_values, readable, show
from rumpattern.pattern.reference import accepts, branch_matches, grouped, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rumpattern.jsontext import Exact
    from rumpattern.pattern.ast import Branch, Element, Field
    from rumpattern.pattern.reference import Leaf

_MAX_ELEMENTS: Final = 5
_MAX_LEAVES: Final = 5
_MAX_TEXT: Final = 200
_MAX_BRANCHES: Final = 5


@dataclass(frozen=True, slots=True)
class FieldVerdict:
    """One field of a pattern and what one event has for it.

    Attributes:
        path: the field's path.
        wanted: its elements as JSON text, of which one must match.
        found: the event's leaves on the path.
        reason: the nearest miss, if it keeps the branch from matching; None otherwise.
    """

    path: str
    wanted: tuple[str, ...]
    found: tuple[Leaf, ...]
    reason: Reason | None

    @property
    def matches(self) -> bool:
        """Whether it does not keep its branch from matching."""
        return self.reason is None

    def lines(self) -> Iterator[str]:
        """Yield the verdict as lines of text."""
        yield f"{'ok   ' if self.matches else 'fails'} {self.path}"
        yield f"        wanted  {_listed(self.wanted, _MAX_ELEMENTS, ' or ')}"
        yield f"        found   {_listed(list(map(_found, self.found)), _MAX_LEAVES, ', ') or 'nothing'}"
        if self.reason:
            yield f"        why     {self.reason}"


@dataclass(frozen=True, slots=True)
class BranchVerdict:
    """One branch of a pattern, which is the whole pattern unless it has ``$or``.

    Attributes:
        matches: whether it matches.
        fields: the verdicts on its fields, in the order of the pattern.
        reason: why it fails although each field matches by itself; None if that is not the case.
    """

    matches: bool
    fields: tuple[FieldVerdict, ...]
    reason: Reason | None

    @property
    def failing(self) -> tuple[FieldVerdict, ...]:
        """The fields that keep the branch from matching."""
        return tuple(field for field in self.fields if not field.matches)

    def lines(self) -> Iterator[str]:
        """Yield the verdict as lines of text."""
        for field in self.fields:
            yield from field.lines()
        if self.reason:
            yield f"why   {self.reason}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pattern matches an event, or does not; ``str()`` is a report of several lines.

    Attributes:
        matches: whether one of the branches matches.
        branches: the verdicts on them, in the order of the pattern.
    """

    matches: bool
    branches: tuple[BranchVerdict, ...]

    @property
    def nearest(self) -> BranchVerdict:
        """The first branch that matches, or else the first with the fewest failing fields."""
        return min(self.branches, key=lambda branch: (not branch.matches, len(branch.failing)))

    def __str__(self) -> str:
        lines = [f"{'match' if self.matches else 'no match'}{self._summary()}"]
        shown = self.branches if len(self.branches) <= _MAX_BRANCHES else (self.nearest,)
        for branch in shown:
            if len(self.branches) > 1:
                position = next(i for i, other in enumerate(self.branches, 1) if other is branch)
                lines.append(f"branch {position} of {len(self.branches)}: {'match' if branch.matches else 'no match'}")
            lines += [f"  {line}" for line in branch.lines()]
        return "\n".join(map(printable, lines))

    def _summary(self) -> str:
        if self.matches:
            return ""
        if len(self.branches) > 1:
            return f": none of {len(self.branches)} branches"
        count, total = len(self.branches[0].failing), len(self.branches[0].fields)
        return f": {count} of {total} field{'s' * (total > 1)} fail{'s' * (count == 1)}" if count else ""


def explain(branches: Sequence[Branch], event: Exact) -> Explanation:
    """Explain the verdict of the reference matcher on one event."""
    by_path = grouped(leaves(event, with_locations=True))
    verdicts = tuple(_branch(branch, by_path) for branch in branches)
    return Explanation(any(verdict.matches for verdict in verdicts), verdicts)


def _branch(branch: Branch, by_path: Mapping[str, Sequence[Leaf]]) -> BranchVerdict:
    # A field fails for certain if no leaf is accepted and the field may not be absent anywhere. An ``exists: false``
    # over leaves inside arrays may hold for some elements and not for others, so it is blamed only if the remaining
    # fields do not match with it and do match without it; otherwise the fields match, but in different elements.
    if branch_matches(branch, by_path):
        return BranchVerdict(matches=True, fields=tuple(_field(field, by_path, None) for field in branch), reason=None)
    failing = {field.path for field in branch if not _can_match(field, by_path)}
    unsure = {field.path for field in branch if _wants_none(field) and field.path not in failing}
    if not branch_matches(tuple(field for field in branch if field.path not in failing), by_path):
        blamed = {path for path in unsure if not _accepted(_named(branch, path), by_path)}
        others = tuple(field for field in branch if field.path not in failing | blamed)
        failing |= blamed if branch_matches(others, by_path) else set()
    fields = tuple(
        _field(field, by_path, _reason(field, by_path) if field.path in failing else None) for field in branch
    )
    return BranchVerdict(matches=False, fields=fields, reason=None if failing else _scattered(branch, fields))


def _can_match(field: Field, by_path: Mapping[str, Sequence[Leaf]]) -> bool:
    """Tell whether a field may match for some choice of array elements, taken by itself."""
    return _accepted(field, by_path) or (_wants_none(field) and _may_be_absent(by_path.get(field.path, ())))


def _may_be_absent(leaves_on_path: Sequence[Leaf]) -> bool:
    """Tell whether a choice of array elements may avoid the leaves, as all of them are inside arrays."""
    return all(leaf.memberships for leaf in leaves_on_path)


def _wants_none(field: Field) -> bool:
    return Exists(wanted=False) in field.elements


def _named(branch: Branch, path: str) -> Field:
    return next(field for field in branch if field.path == path)


def _accepted(field: Field, by_path: Mapping[str, Sequence[Leaf]]) -> bool:
    return any(_accepts(field.elements, leaf) for leaf in by_path.get(field.path, ()))


def _reason(field: Field, by_path: Mapping[str, Sequence[Leaf]]) -> Reason:
    values = [leaf.value for leaf in by_path.get(field.path, ())]
    return of_values(field.elements, values) if values else of_absent(field.path, by_path.keys())


def _field(field: Field, by_path: Mapping[str, Sequence[Leaf]], reason: Reason | None) -> FieldVerdict:
    wanted = tuple(readable(format_element(element)) for element in field.elements)
    return FieldVerdict(field.path, wanted, tuple(by_path.get(field.path, ())), reason)


def _scattered(branch: Branch, fields: Sequence[FieldVerdict]) -> Reason:
    places = (
        next((leaf.location for leaf in verdict.found if _accepts(field.elements, leaf)), f"no {field.path}")
        for field, verdict in zip(branch, fields, strict=True)
        if any(leaf.memberships for leaf in verdict.found)
    )
    return Reason(Miss.OTHER_ELEMENTS, f"{Miss.OTHER_ELEMENTS}: {', '.join(places)}")


def _accepts(elements: Sequence[Element], leaf: Leaf) -> bool:
    return any(accepts(element, leaf.value) for element in elements)


def _found(leaf: Leaf) -> str:
    location = f" at {leaf.location}" if leaf.location != leaf.path else ""
    return f"{json_type(leaf.value).split()[-1]} {show(leaf.value)}{location}"


def _listed(texts: Sequence[str], most: int, between: str) -> str:
    shown = [text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…" for text in texts[:most]]
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return between.join(shown) + more
