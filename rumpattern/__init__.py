"""rumpattern: validate, replay and benchmark CloudWatch RUM metric definitions, offline.

The public names are those of ``_HOMES``. Each is imported when it is first used: most need numpy, and ``rumpattern
validate`` must start without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # the same names once more, for type checkers and editors; a test holds both lists equal
    from rumpattern.aggregate import Series as Series
    from rumpattern.definition.load import load_definitions as load_definitions
    from rumpattern.definition.model import MetricDefinition as MetricDefinition
    from rumpattern.definition.validate import Report as Report
    from rumpattern.definition.validate import validate as validate
    from rumpattern.diagnostics import DefinitionError as DefinitionError
    from rumpattern.diagnostics import Diagnostic as Diagnostic
    from rumpattern.diagnostics import InputError as InputError
    from rumpattern.diagnostics import PatternError as PatternError
    from rumpattern.diagnostics import Place as Place
    from rumpattern.diagnostics import Severity as Severity
    from rumpattern.engine import Engine as Engine
    from rumpattern.engine import compile as compile  # noqa: A004 - the public name, as in re.compile
    from rumpattern.engines.local import replay as replay
    from rumpattern.events.columns import EventBatch as EventBatch
    from rumpattern.events.columns import Reject as Reject
    from rumpattern.job.accounts import Accounting as Accounting
    from rumpattern.job.collect import ReplayResult as ReplayResult
    from rumpattern.match.kernel import Matches as Matches
    from rumpattern.pattern.parse import parse_pattern as parse_pattern
    from rumpattern.pattern.pattern import Pattern as Pattern
    from rumpattern.samples import Samples as Samples

__version__ = "0.1.0"

_HOMES: Final = {
    "Accounting": "job.accounts",
    "DefinitionError": "diagnostics",
    "Diagnostic": "diagnostics",
    "Engine": "engine",
    "EventBatch": "events.columns",
    "InputError": "diagnostics",
    "Matches": "match.kernel",
    "MetricDefinition": "definition.model",
    "Pattern": "pattern.pattern",
    "PatternError": "diagnostics",
    "Place": "diagnostics",
    "Reject": "events.columns",
    "ReplayResult": "job.collect",
    "Report": "definition.validate",
    "Samples": "samples",
    "Series": "aggregate",
    "Severity": "diagnostics",
    "compile": "engine",
    "load_definitions": "definition.load",
    "parse_pattern": "pattern.parse",
    "replay": "engines.local",
    "validate": "definition.validate",
}
"""Every public name and the module that defines it."""

__all__ = [*_HOMES, "__version__"]  # noqa: PLE0604 - strings, which the rule does not see


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
