"""``$or`` to branches: the fields and alternatives of a pattern, in the order of its text, multiplied out.

A key before ``$or`` goes into every branch; a key of an alternative, or one after the ``$or``, replaces an earlier one
on the same path.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.pattern.ast import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rumpattern.pattern.ast import Branch

MAX_BRANCHES: Final = 1_000
"""EventBridge's documented limit on the combinations of ``$or``."""
MAX_PATHS: Final = 256

RESERVED: Final = frozenset((
    "=", "<", "<=", ">", ">=", "exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but",
    "numeric", "exists", "cidr", "regex", "not-wildcard", "not-equals-ignore-case",
    "date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range",
    "ip-address-in-range", "ip-address-not-in-range",
))  # fmt: skip
"""Keys that event-ruler keeps for operators inside ``$or``, at any depth."""


class Mark(Enum):
    """Where an ``$or`` has its parts, among the fields."""

    ALTERNATIVE = auto()
    ALTERNATIVE_END = auto()
    OR_END = auto()


@dataclass(frozen=True, slots=True)
class Or:
    """The begin of an ``$or``: where it stands in the text and in the pattern."""

    offset: int
    node_path: str


Step: TypeAlias = "Field | Or | Mark"


class TooManyPathsError(ValueError):
    """A branch with more than 256 paths; ``count`` is how many it has at least."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def or_over_limit(steps: Iterable[Step]) -> Or | None:
    """Return the first ``$or`` that makes more than 1,000 branches, None if there is none. Only counts, makes none."""
    count = 1
    opened: list[Or] = []
    before: list[int] = []
    together: list[int] = []
    for step in steps:
        match step:
            case Or():
                opened.append(step)
                before.append(count)
                together.append(0)
            case Mark.ALTERNATIVE:
                count = before[-1]
            case Mark.ALTERNATIVE_END:
                together[-1] += count
            case Mark.OR_END:
                count = together.pop()
                before.pop()
                if count > MAX_BRANCHES:
                    return opened[-1]
                opened.pop()
            case Field():
                pass
    return None


def expand(steps: Iterable[Step]) -> tuple[tuple[Branch, ...], list[Field]]:
    """Return the branches, and the fields that replace an earlier one; ``or_over_limit`` has to be asked first.

    Raises:
        TooManyPathsError: a branch has more than 256 paths.
    """
    branches: list[dict[str, Field]] = [{}]
    stack: list[tuple[list[dict[str, Field]], list[dict[str, Field]]]] = []
    fields: dict[str, Field] = {}  # those since the last mark
    replacing: dict[int, Field] = {}
    for step in steps:
        if isinstance(step, Field):
            _put({step.path: step}, [fields], replacing)
            continue
        _put(fields, branches, replacing)
        fields = {}
        match step:
            case Or():
                stack.append((branches, []))
            case Mark.ALTERNATIVE:
                branches = [dict(branch) for branch in stack[-1][0]]
            case Mark.ALTERNATIVE_END:
                stack[-1][1].extend(branches)
            case Mark.OR_END:
                _, branches = stack.pop()
    _put(fields, branches, replacing)
    return tuple(tuple(branch.values()) for branch in _reserved_first(branches)), list(replacing.values())


def _put(fields: Mapping[str, Field], branches: Iterable[dict[str, Field]], replacing: dict[int, Field]) -> None:
    for branch in branches:
        replacing.update((id(fields[path]), fields[path]) for path in fields.keys() & branch.keys())
        branch.update(fields)
        if len(branch) > MAX_PATHS:
            raise TooManyPathsError(len(branch))


def _reserved_first(branches: list[dict[str, Field]]) -> list[dict[str, Field]]:
    """Return several branches with the paths first that the canonical text has to keep outside of ``$or``."""
    if len(branches) < 2 or RESERVED.isdisjoint(branches[0]):  # noqa: PLR2004 - several
        return branches
    return [dict(sorted(branch.items(), key=lambda item: item[0] not in RESERVED)) for branch in branches]
