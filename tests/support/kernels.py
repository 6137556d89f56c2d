"""Kernels that are made to match by one form, whatever would be cheapest."""

from importlib.util import find_spec

from rumpattern.match.kernel import Kernel
from rumpattern.match.predicates import compile_plan
from rumpattern.match.rowwise import RowwiseKernel
from rumpattern.plan.build import build_plan

NEVER, AT_ONCE = None, -1
HAS_NUMBA = find_spec("numba") is not None


def kernels(definitions):
    """Return kernels by the name of their form; ``chosen`` is what an engine has."""
    plan = build_plan(definitions)
    predicates = compile_plan(plan)
    forms = {
        "chosen": Kernel(plan, predicates),
        "masks": Kernel(plan, predicates, few_branches=1 << 30),
        "codes": Kernel(plan, predicates, few_branches=0),
        "rows": Kernel(plan, predicates, few_branches=0, max_codes=0, rowwise=RowwiseKernel(NEVER)),
    }
    if HAS_NUMBA:
        forms["native"] = Kernel(plan, predicates, few_branches=0, max_codes=0, rowwise=RowwiseKernel(AT_ONCE))
    return forms


def told(matches):
    """Return all that matches say, to compare."""
    return matches.size, matches.offsets.tolist(), matches.rows.tolist()
