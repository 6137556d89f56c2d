"""Kernels that are made to match by one form, whatever would be cheapest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rumpattern.match.kernel import build_kernel
from rumpattern.match.predicates import compile_plan
from rumpattern.match.rowwise import NUMPY, compiled_rowwise
from rumpattern.plan.build import build_plan
from tests.support.core import HAS_CORE

if TYPE_CHECKING:
    from collections.abc import Sequence

    import rumpattern as rp
    from rumpattern.match.kernel import Kernel


def kernels(definitions: Sequence[rp.MetricDefinition]) -> dict[str, Kernel]:
    """Return kernels by the name of their form; ``chosen`` is what an engine has."""
    plan = build_plan(definitions)
    predicates = compile_plan(plan)
    forms = {
        "chosen": build_kernel(plan, predicates),
        "masks": build_kernel(plan, predicates, few_branches=1 << 30),
        "codes": build_kernel(plan, predicates, few_branches=0),
        "rows": build_kernel(plan, predicates, few_branches=0, max_codes=0, rowwise=NUMPY),
        "keys": build_kernel(plan, predicates, many_branches=0, rowwise=NUMPY),
    }
    if HAS_CORE:
        forms["native"] = build_kernel(plan, predicates, few_branches=0, max_codes=0, rowwise=compiled_rowwise())
        forms["native keys"] = build_kernel(plan, predicates, many_branches=0, rowwise=compiled_rowwise())
    return forms


def as_lists(matches: rp.Matches) -> tuple[int, list[int], list[int]]:
    """Return the size, offsets and row ids of matches, to compare."""
    return matches.size, matches.offsets.tolist(), matches.rows.tolist()
