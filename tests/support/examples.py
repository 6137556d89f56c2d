"""How many examples a law draws: the number of Hypothesis's profile, which conftest.py chooses, or a share of it."""

from hypothesis import settings

CI_EXAMPLES = 300
FAST_EXAMPLES = 10


def examples(factor: float) -> int:
    """Return the profile's number of examples times a factor, for laws that need more than others or cost more."""
    return max(1, int(settings().max_examples * factor))
