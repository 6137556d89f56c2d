"""How a plan will be matched, as text: which form each event type's definitions take, and by what rule."""

from __future__ import annotations

from importlib.util import find_spec
from math import prod
from typing import TYPE_CHECKING

from rumpattern.diagnostics.wording import printable
from rumpattern.match.code_table import radices_for
from rumpattern.match.masks import MaskMatcher
from rumpattern.match.rowwise import WORDS_BEFORE_COMPILED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.match.by_class import ClassMatcher
    from rumpattern.match.kernel import Kernel


def explain_kernel(kernel: Kernel) -> str:
    """Return the rule, and for each event type what it says of its definitions, as indented text."""
    return "\n".join(map(printable, ["matching", *_rule(kernel), *_types(kernel)]))


def _rule(kernel: Kernel) -> Iterator[str]:
    native = "compiled code" if find_spec("numba") else "compiled code, if the extra fast were installed,"
    yield f"  up to {kernel.few_branches:,} branches of a type: a mask for each predicate"
    yield f"  more: classes of values; up to {kernel.max_codes:,} combinations of classes have a table, else sets of"
    yield f"        branches are intersected row by row, by {native} after {WORDS_BEFORE_COMPILED:,} words"


def _types(kernel: Kernel) -> Iterator[str]:
    for form in kernel.untyped:
        yield f"  any type: {_form(form)}"
    for event_type in kernel.typed_definitions:
        for form in kernel.of_type(event_type):
            yield f"  {event_type}: {_form(form)}"


def _form(form: MaskMatcher | ClassMatcher) -> str:
    group = form.group
    size = f"{_number(len(group.definitions), 'definition')}, {_number(len(group.branches), 'branch')}"
    return f"{size}: masks" if isinstance(form, MaskMatcher) else f"{size}: {_classes(form)}"


def _classes(form: ClassMatcher) -> str:
    paths = form.expected()
    counts = [len(path) for path in paths]
    is_open = [path.is_open for path in paths]
    factors = " x ".join(f"{count:,}{'+' * more}" for count, more in zip(counts, is_open, strict=True))
    verdict = "table" if prod(radices_for(counts, is_open)) <= form.max_codes else "row by row"
    return f"{factors} classes of {', '.join(form.names)}: {verdict}"


def _number(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("h") else f"{what}s"
    return f"{count:,} {what if count == 1 else plural}"
