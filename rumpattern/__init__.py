"""rumpattern: validate, replay and benchmark CloudWatch RUM metric definitions, offline.

The public names are those of ``_HOMES``. Each is imported when it is first used: most need numpy, and ``rumpattern
validate`` must start without it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from rumpattern.version import __version__

if TYPE_CHECKING:  # the same names once more, for type checkers and editors; a test holds both lists equal
    from rumpattern.aggregate.series import Series as Series
    from rumpattern.columns.batch import EventBatch as EventBatch
    from rumpattern.definition.load import load_definitions as load_definitions
    from rumpattern.definition.model import MetricDefinition as MetricDefinition
    from rumpattern.definition.validate import Report as Report
    from rumpattern.definition.validate import validate as validate
    from rumpattern.derive.samples import Samples as Samples
    from rumpattern.diagnostics.finding import DefinitionError as DefinitionError
    from rumpattern.diagnostics.finding import Diagnostic as Diagnostic
    from rumpattern.diagnostics.finding import InputError as InputError
    from rumpattern.diagnostics.finding import PatternError as PatternError
    from rumpattern.diagnostics.finding import Place as Place
    from rumpattern.diagnostics.finding import Severity as Severity
    from rumpattern.engine import Engine as Engine
    from rumpattern.engine import compile as compile  # noqa: A004 - the public name, as in re.compile
    from rumpattern.input.rejects import Reject as Reject
    from rumpattern.job.accounts import Accounting as Accounting
    from rumpattern.job.collect import ReplayResult as ReplayResult
    from rumpattern.match.kernel import Matches as Matches
    from rumpattern.pattern.parse import parse_pattern as parse_pattern
    from rumpattern.pattern.pattern import Pattern as Pattern
    from rumpattern.run import replay as replay

_HOMES: Final = {
    "Accounting": "job.accounts",
    "DefinitionError": "diagnostics.finding",
    "Diagnostic": "diagnostics.finding",
    "Engine": "engine",
    "EventBatch": "columns.batch",
    "InputError": "diagnostics.finding",
    "Matches": "match.kernel",
    "MetricDefinition": "definition.model",
    "Pattern": "pattern.pattern",
    "PatternError": "diagnostics.finding",
    "Place": "diagnostics.finding",
    "Reject": "input.rejects",
    "ReplayResult": "job.collect",
    "Report": "definition.validate",
    "Samples": "derive.samples",
    "Series": "aggregate.series",
    "Severity": "diagnostics.finding",
    "compile": "engine",
    "load_definitions": "definition.load",
    "parse_pattern": "pattern.parse",
    "replay": "run",
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
