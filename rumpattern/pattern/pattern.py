"""The compiled pattern that callers hold."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.jsontext import MAX_NUMBER_TEXT, JsonError, exact_int, load_exact
from rumpattern.pattern.equivalence import meaning
from rumpattern.pattern.format import format_branches
from rumpattern.pattern.reference import leaves, matches

if TYPE_CHECKING:
    from rumpattern.diagnostics.finding import Diagnostic
    from rumpattern.jsontext import Exact
    from rumpattern.pattern.ast import Branch
    from rumpattern.pattern.explain import Explanation

_TOO_LARGE: Final = 10**MAX_NUMBER_TEXT
EventSource: TypeAlias = "str | bytes | Mapping[str, object]"


@dataclass(frozen=True, slots=True)
class Pattern:
    """An event pattern: one or, with ``$or``, several branches of which one must match with all its fields.

    ``str(pattern)`` is its canonical JSON; parsing that gives an equal pattern. ``warnings`` are findings that do not
    keep it from working.
    """

    branches: tuple[Branch, ...]
    warnings: tuple[Diagnostic, ...] = field(default=(), compare=False, repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that the branches name, each once."""
        return tuple(dict.fromkeys(f.path for branch in self.branches for f in branch))

    def matches(self, event: EventSource) -> bool:
        """Tell whether the pattern matches one event, by the slow matcher.

        Args:
            event: JSON text, whose number spelling and duplicate keys count, or a mapping of JSON values.

        Raises:
            JsonError: the text is not JSON (a ``ValueError``).
            TypeError: the mapping holds something that JSON cannot say.
        """
        return matches(self.branches, leaves(exact_event(event), self.paths))

    def explain(self, event: EventSource) -> Explanation:
        """Tell for one event what each field wants, what it finds, and the nearest miss where it fails.

        Raises:
            JsonError: as ``matches``.
            TypeError: as ``matches``.
        """
        from rumpattern.pattern.explain import explain  # noqa: PLC0415 - its tables take a tenth of a validation's time

        return explain(self.branches, exact_event(event))

    def equivalent(self, other: Pattern) -> bool:
        """Tell whether two patterns are known to match the same events, however they are spelled.

        Order, repetition, nesting, number spelling, and how ranges and values overlap do not matter. False says only
        that they are not known to be the same.
        """
        return meaning(self.branches) == meaning(other.branches)

    def __str__(self) -> str:
        return format_branches(self.branches)


def renamed(pattern: Pattern, names: Mapping[str, str]) -> Pattern:
    """Return a pattern whose paths have other names; where two become one, the last wins as in any pattern."""
    if all(path == name for path, name in names.items()):
        return pattern
    fields = {id(f): replace(f, path=names[f.path]) for branch in pattern.branches for f in branch}
    branches = ({names[f.path]: fields[id(f)] for f in branch} for branch in pattern.branches)
    return replace(pattern, branches=tuple(tuple(branch.values()) for branch in branches))


def exact_event(event: EventSource) -> Exact:
    """Return an event as the exact values that the slow matcher reads.

    Raises:
        JsonError: the text is not a JSON object, or too deep.
        TypeError: it is neither text nor a mapping, or holds something that JSON cannot say.
    """
    if isinstance(event, Mapping):
        return from_python(event)
    if not isinstance(event, (str, bytes, bytearray)):
        raise TypeError(f"an event must be JSON text or a mapping, not {type(event).__name__}")
    value = load_exact(event if isinstance(event, str) else bytes(event))
    if isinstance(value, (str, int, float, type(None))) or type(value) is list:
        raise JsonError(f"an event must be a JSON object, not {json.dumps(value)[:40]}", 0, code="RP011")
    return value


def from_python(value: object) -> Exact:
    """Return plain Python values as exact values: what ``json.dumps`` would write, read back exactly.

    Raises:
        JsonError: it is nested too deep, or a number has too many digits.
        TypeError: a value or key that JSON cannot say.
    """
    try:
        return _from_python(value)
    except RecursionError:
        raise JsonError("the value is nested too deeply, or contains itself", 0, code="RP015") from None


def _from_python(value: object) -> Exact:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _joined(value)
    if isinstance(value, int):
        if abs(value) >= _TOO_LARGE:
            raise JsonError(f"a number has more than {MAX_NUMBER_TEXT} digits", 0, code="RP016")
        return exact_int(str(int(value)))
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, Mapping):
        if not all(isinstance(key, str) for key in value):
            raise TypeError("the keys of JSON objects must be strings")
        return {_joined(key): _from_python(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_from_python(item) for item in value]
    raise TypeError(f"{value!r:.80} ({type(value).__name__}) is not a JSON value")


def _joined(text: str) -> str:
    """Return text in which no character is two halves."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
