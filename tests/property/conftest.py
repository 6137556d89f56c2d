"""Hypothesis profiles: the same examples in every CI run, or random ones, as many as RUMPATTERN_THOROUGH says."""

import os
import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))  # generated.py: importlib mode adds no paths by itself

SLOW = [HealthCheck.too_slow]
settings.register_profile(
    "ci", max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=SLOW
)
settings.register_profile(
    "thorough",
    max_examples=int(os.environ.get("RUMPATTERN_THOROUGH", "0")) or 20_000,
    deadline=None,
    database=None,
    print_blob=True,
    suppress_health_check=SLOW,
)
settings.load_profile("thorough" if os.environ.get("RUMPATTERN_THOROUGH") else "ci")
