"""What is kept by default, apart from what keeps it: ``--help`` shows these numbers and loads no numpy."""

from typing import Final

MAX_SERIES: Final = 100_000
"""Sets of dimension values of one definition; these take about 200 MB."""
MAX_EXACT_VALUES: Final = 150
"""Distinct values of a group that are counted exactly: a data point of PutMetricData takes as many."""
