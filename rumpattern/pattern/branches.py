"""Expand ``$or``: the fields and alternatives of a pattern, in the order of its text, to branches."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.dataclass import dataclass
from rumpattern.pattern.ast import Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rumpattern.pattern.ast import Branch

MAX_BRANCHES: Final = 1_000
"""EventBridge's documented limit on the combinations of ``$or``."""
MAX_PATHS: Final = 256
"""EventBridge's limit on the paths of one branch."""

RESERVED: Final = frozenset((
    "=", "<", "<=", ">", ">=", "exactly", "prefix", "suffix", "equals-ignore-case", "wildcard", "anything-but",
    "numeric", "exists", "cidr", "regex", "not-wildcard", "not-equals-ignore-case",
    "date-after", "date-on-or-after", "date-before", "date-on-or-before", "in-date-range",
    "ip-address-in-range", "ip-address-not-in-range",
))  # fmt: skip
"""Keys that event-ruler reserves for operators inside ``$or``, at any depth."""


class Mark(Enum):
    """The structure of an ``$or`` among the steps of a pattern."""

    ALTERNATIVE = auto()
    ALTERNATIVE_END = auto()
    OR_END = auto()


@dataclass(frozen=True, slots=True)
class Or:
    """The start of an ``$or``: the offset of its key in the text, and its path in the pattern."""

    offset: int
    node_path: str


Step: TypeAlias = "Field | Or | Mark"
"""A pattern in the order of its text: fields, and brackets around each ``$or`` and its alternatives."""


class TooManyPathsError(ValueError):
    """A branch with more than 256 paths; it has ``count`` or more."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self.count = count


def or_over_limit(steps: Iterable[Step]) -> Or | None:
    """Return the first ``$or`` that makes more than 1,000 branches, None if there is none, without expanding any."""
    count = 1
    opened: list[Or] = []
    before: list[int] = []
    sums: list[int] = []
    for step in steps:
        match step:
            case Or():
                opened.append(step)
                before.append(count)
                sums.append(0)
            case Mark.ALTERNATIVE:
                count = before[-1]
            case Mark.ALTERNATIVE_END:
                sums[-1] += count
            case Mark.OR_END:
                count = sums.pop()
                before.pop()
                if count > MAX_BRANCHES:
                    return opened[-1]
                opened.pop()
            case Field():
                pass
    return None


def expand(steps: Iterable[Step]) -> tuple[tuple[Branch, ...], list[Field]]:
    """Return the branches, and the fields that replace an earlier one.

    Call ``or_over_limit`` first: the number of branches is the product of the alternatives of every ``$or``.

    Raises:
        TooManyPathsError: a branch has more than 256 paths.
    """
    # As in event-ruler, the text is read in order and a branch is a map from path to field:
    #
    #     field f          every current branch b becomes b | {f.path: f}
    #     $or [a1 … an]    the current branches B become expand(B, a1) + … + expand(B, an)
    #
    # So a key before an $or is in all its branches, and a key of an alternative, or one behind the $or, replaces a
    # field with the same path. The order of the text matters, and a replacement keeps the earlier position in the dict,
    # which is the order of the canonical text. Fields between two marks are collected and merged at once, which is one
    # update for each branch and not one for each field of each branch.
    branches: list[dict[str, Field]] = [{}]
    stack: list[tuple[list[dict[str, Field]], list[dict[str, Field]]]] = []  # branches before an $or, and behind it
    fields: dict[str, Field] = {}  # fields since the last mark
    replacing: dict[int, Field] = {}
    for step in steps:
        if isinstance(step, Field):
            _merge({step.path: step}, [fields], replacing)
            continue
        _merge(fields, branches, replacing)
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
    _merge(fields, branches, replacing)
    return tuple(tuple(branch.values()) for branch in _reserved_first(branches)), list(replacing.values())


def _merge(fields: Mapping[str, Field], branches: Iterable[dict[str, Field]], replacing: dict[int, Field]) -> None:
    for branch in branches:
        replacing.update((id(fields[path]), fields[path]) for path in fields.keys() & branch.keys())
        branch.update(fields)
        if len(branch) > MAX_PATHS:
            raise TooManyPathsError(len(branch))


def _reserved_first(branches: list[dict[str, Field]]) -> list[dict[str, Field]]:
    """Return branches with the paths first that the canonical text of several branches must keep outside of ``$or``."""
    if len(branches) < 2 or RESERVED.isdisjoint(branches[0]):  # noqa: PLR2004 - several
        return branches
    return [dict(sorted(branch.items(), key=lambda item: item[0] not in RESERVED)) for branch in branches]
