"""How a plan will be matched, as text: by which algorithm the definitions of each event type, and by what rule."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from rumpattern.diagnostics.wording import printable
from rumpattern.match.by_key import KeyMatcher
from rumpattern.match.code_table import radices_for
from rumpattern.match.masks import MaskMatcher

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.match.by_class import ClassMatcher
    from rumpattern.match.kernel import Kernel, Matcher
    from rumpattern.match.key_index import KeyIndex


def explain_kernel(kernel: Kernel) -> str:
    """Return the rule, and for each event type what it says of its definitions, as indented text."""
    return "\n".join(map(printable, ["matching", *_rule(kernel), *_types(kernel)]))


def _rule(kernel: Kernel) -> Iterator[str]:
    few, most = kernel.algorithms.few_branches, kernel.algorithms.max_codes
    many = kernel.algorithms.many_branches
    yield f"  up to {few:,} branches of a type: a mask for each predicate"
    yield f"  more: classes of values; up to {most:,} combinations of classes have a table, else sets of"
    yield "        branches are intersected row by row"
    yield f"  over {many:,}: the strings that branches ask for are looked up, and the few branches found are tested"


def _types(kernel: Kernel) -> Iterator[str]:
    for matcher in kernel.untyped:
        yield f"  any type: {_matcher(matcher)}"
    for event_type in kernel.typed_definitions:
        for matcher in kernel.of_type(event_type):
            yield f"  {event_type}: {_matcher(matcher)}"


def _matcher(matcher: Matcher) -> str:
    if isinstance(matcher, KeyMatcher):
        return _keys(matcher.index)
    partition = matcher.partition
    definitions = _count(len(partition.definitions), "definition", "definitions")
    branches = _count(len(partition.branches), "branch", "branches")
    algorithm = "masks" if isinstance(matcher, MaskMatcher) else _classes(matcher)
    return f"{definitions}, {branches}: {algorithm}"


def _classes(matcher: ClassMatcher) -> str:
    paths = matcher.initial_classes()
    for path in paths:
        path.learn_named()
    counts = [len(path) for path in paths]
    is_open = [path.tables.is_open for path in paths]
    factors = " x ".join(f"{count:,}{'+' * more}" for count, more in zip(counts, is_open, strict=True))
    verdict = "table" if prod(radices_for(counts, is_open)) <= matcher.max_codes else "row by row"
    return f"{factors} classes of {', '.join(matcher.tables)}: {verdict}"


def _keys(index: KeyIndex) -> str:
    definitions = _count(len(index.definitions), "definition", "definitions")
    branches = _count(len(index.definition_of_branch), "branch", "branches")
    lookups = (" and ".join(index.paths[column] for column in lookup.columns) for lookup in index.lookups)
    return f"{definitions}, {branches}: looked up by {', or by '.join(lookups)}"


def _count(count: int, singular: str, plural: str) -> str:
    return f"{count:,} {singular if count == 1 else plural}"
