"""Kernels that are made to match by one form, whatever would be cheapest."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from rumpattern.match.kernel import build_kernel
from rumpattern.match.predicates import compile_plan
from rumpattern.match.rowwise import RowwiseKernel
from rumpattern.plan.build import build_plan

if TYPE_CHECKING:
    from collections.abc import Sequence

    import rumpattern as rp
    from rumpattern.match.kernel import Kernel

NEVER, AT_ONCE = None, -1
HAS_NUMBA = find_spec("numba") is not None


def kernels(definitions: Sequence[rp.MetricDefinition]) -> dict[str, Kernel]:
    """Return kernels by the name of their form; ``chosen`` is what an engine has."""
    plan = build_plan(definitions)
    predicates = compile_plan(plan)
    forms = {
        "chosen": build_kernel(plan, predicates),
        "masks": build_kernel(plan, predicates, few_branches=1 << 30),
        "codes": build_kernel(plan, predicates, few_branches=0),
        "rows": build_kernel(plan, predicates, few_branches=0, max_codes=0, rowwise=RowwiseKernel(NEVER)),
    }
    if HAS_NUMBA:
        forms["native"] = build_kernel(plan, predicates, few_branches=0, max_codes=0, rowwise=RowwiseKernel(AT_ONCE))
    return forms


def as_lists(matches: rp.Matches) -> tuple[int, list[int], list[int]]:
    """Return the size, offsets and row ids of matches, to compare."""
    return matches.size, matches.offsets.tolist(), matches.rows.tolist()
