"""rumpattern: validate, replay and benchmark CloudWatch RUM metric definitions, offline.

The names below are the public ones. Those that need numpy are loaded when they are first used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from rumpattern.diagnostics import DefinitionError, Diagnostic, InputError, PatternError, Place, Severity

if TYPE_CHECKING:
    from rumpattern.definition.load import load_definitions
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.definition.validate import Report, validate
    from rumpattern.engine import Engine, compile  # noqa: A004 - the public name, as in re.compile
    from rumpattern.engines.local import replay
    from rumpattern.job.collect import ReplayResult
    from rumpattern.pattern.parse import parse_pattern
    from rumpattern.pattern.pattern import Pattern

__version__ = "0.1.0"

_HOMES = {
    "Engine": "engine",
    "MetricDefinition": "definition.model",
    "Pattern": "pattern.pattern",
    "ReplayResult": "job",
    "compile": "engine",
    "load_definitions": "definition.load",
    "parse_pattern": "pattern.parse",
    "replay": "engines.local",
    "validate": "definition.validate",
    "Report": "definition.validate",
}

__all__ = [
    "DefinitionError",
    "Diagnostic",
    "Engine",
    "InputError",
    "MetricDefinition",
    "Pattern",
    "PatternError",
    "Place",
    "ReplayResult",
    "Report",
    "Severity",
    "__version__",
    "compile",
    "load_definitions",
    "parse_pattern",
    "replay",
    "validate",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value
