"""A pattern and one event side by side: what each field wants, what it finds, and why it fails."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

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
    """One field of a pattern against one event.

    Attributes:
        path: the field's path.
        wanted: its elements as JSON text, of which one must match.
        found: the event's values on the path.
        reason: why it fails the branch, the nearest miss; None if it does not.
    """

    path: str
    wanted: tuple[str, ...]
    found: tuple[Leaf, ...]
    reason: Reason | None

    @property
    def matches(self) -> bool:
        """Whether it matches; if the branch fails, whether it is not what fails it."""
        return self.reason is None

    def lines(self) -> Iterator[str]:
        """Yield the verdict as text for a person."""
        yield f"{'ok   ' if self.matches else 'fails'} {self.path}"
        yield f"        wanted  {_listed(self.wanted, _MAX_ELEMENTS, ' or ')}"
        yield f"        found   {_listed(list(map(_found, self.found)), _MAX_LEAVES, ', ') or 'nothing'}"
        if self.reason:
            yield f"        why     {self.reason}"


@dataclass(frozen=True, slots=True)
class BranchVerdict:
    """One branch of a pattern, which is all of it unless it has ``$or``.

    ``reason`` says why the branch fails although each field matches by itself.
    """

    matches: bool
    fields: tuple[FieldVerdict, ...]
    reason: Reason | None

    @property
    def failing(self) -> tuple[FieldVerdict, ...]:
        """The fields that keep the branch from matching."""
        return tuple(field for field in self.fields if not field.matches)

    def lines(self) -> Iterator[str]:
        """Yield the verdict as text for a person."""
        for field in self.fields:
            yield from field.lines()
        if self.reason:
            yield f"why   {self.reason}"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a pattern matches an event or not; ``str()`` is readable."""

    matches: bool
    branches: tuple[BranchVerdict, ...]

    @property
    def nearest(self) -> BranchVerdict:
        """The branch that matches, or the first of those of which the fewest fields fail."""
        return min(self.branches, key=lambda branch: (not branch.matches, len(branch.failing)))

    def __str__(self) -> str:
        lines = [f"{'match' if self.matches else 'no match'}{self._summary()}"]
        shown = self.branches if len(self.branches) <= _MAX_BRANCHES else (self.nearest,)
        for branch in shown:
            if len(self.branches) > 1:
                number = next(index for index, one in enumerate(self.branches, 1) if one is branch)
                lines.append(f"branch {number} of {len(self.branches)}: {'match' if branch.matches else 'no match'}")
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
    """Explain what the slow matcher decides about one event."""
    by_path = grouped(leaves(event, with_locations=True))
    verdicts = tuple(_branch(branch, by_path) for branch in branches)
    return Explanation(any(verdict.matches for verdict in verdicts), verdicts)


def _branch(branch: Branch, by_path: Mapping[str, Sequence[Leaf]]) -> BranchVerdict:
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
    """Tell whether a field matches in some choice of array elements; one that may be absent is given the doubt."""
    return _accepted(field, by_path) or (_wants_none(field) and _may_be_absent(by_path.get(field.path, ())))


def _may_be_absent(found: Sequence[Leaf]) -> bool:
    """Tell whether there are array elements without the leaves."""
    return all(leaf.memberships for leaf in found)


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
    place = f" at {leaf.location}" if leaf.location != leaf.path else ""
    return f"{json_type(leaf.value).split()[-1]} {show(leaf.value)}{place}"


def _listed(texts: Sequence[str], most: int, between: str) -> str:
    shown = [text if len(text) <= _MAX_TEXT else f"{text[: _MAX_TEXT - 1]}…" for text in texts[:most]]
    more = f" and {len(texts) - most:,} more" if len(texts) > most else ""
    return between.join(shown) + more
