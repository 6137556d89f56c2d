"""The names of the output formats, and the modules of ``emit`` that write them, each imported when it is asked for."""

from typing import Final

SERIES: Final = {
    "json": "json_lines",
    "csv": "csv_rows",
    "parquet": "parquet",
    "put-metric-data": "put_metric_data",
    "emf": "emf",
    "openmetrics": "openmetrics",
}
"""Formats of data points; "table", which shows no more than some of them, is none of these."""
NAMED_BY_DEFINITIONS: Final = frozenset(("openmetrics",))
"""Formats of data points whose names depend on the definitions, which are an argument of their ``write``."""
FINDINGS: Final = {
    "full": "findings.full",
    "concise": "findings.concise",
    "json": "findings.json_report",
    "sarif": "findings.sarif",
    "github": "findings.github",
    "junit": "findings.junit",
}
"""Formats of findings."""
