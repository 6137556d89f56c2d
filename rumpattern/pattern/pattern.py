"""The compiled pattern, and events as the values that it is matched against."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import field, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.dataclass import dataclass
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
    """A compiled event pattern; ``parse_pattern`` makes it.

    ``str(pattern)`` is its canonical JSON, which parses to an equal pattern. Patterns are equal if their branches are;
    ``equivalent`` compares what they mean.

    Attributes:
        branches: the alternatives, of which one must match with all its fields: one branch, or with ``$or`` one for
            each combination of its alternatives.
        warnings: findings that do not keep it from working; not compared.
    """

    branches: tuple[Branch, ...]
    warnings: tuple[Diagnostic, ...] = field(default=(), compare=False, repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """The field paths of all branches, each once, in the order of the pattern."""
        return tuple(dict.fromkeys(f.path for branch in self.branches for f in branch))

    def matches(self, event: EventSource) -> bool:
        """Tell whether the pattern matches one event, by the reference matcher.

        Args:
            event: JSON text, whose number spelling and duplicate keys count, or a mapping of JSON values.

        Raises:
            JsonError: the text is not a JSON object (a ``ValueError``).
            TypeError: the mapping holds a value that JSON cannot represent.
        """
        return matches(self.branches, leaves(exact_event(event), self.paths))

    def explain(self, event: EventSource) -> Explanation:
        """Explain the verdict on one event: per field the wanted and the found values, and the nearest miss.

        Raises:
            JsonError: as ``matches``.
            TypeError: as ``matches``.
        """
        from rumpattern.pattern.explain import explain  # noqa: PLC0415 - its tables would take a tenth of the time of a validation

        return explain(self.branches, exact_event(event))

    def equivalent(self, other: Pattern) -> bool:
        """Tell whether two patterns provably match the same events.

        Order, repetition, nesting, the spelling of numbers, and how ranges and values overlap do not matter. True is
        certain; False means only that no proof was found.
        """
        return meaning(self.branches) == meaning(other.branches)

    def __str__(self) -> str:
        return format_branches(self.branches)


def renamed(pattern: Pattern, names: Mapping[str, str]) -> Pattern:
    """Return the pattern with renamed paths; of two paths that get one name the last wins, as in any pattern."""
    if all(path == name for path, name in names.items()):
        return pattern
    fields = {id(f): replace(f, path=names[f.path]) for branch in pattern.branches for f in branch}
    branches = ({names[f.path]: fields[id(f)] for f in branch} for branch in pattern.branches)
    return replace(pattern, branches=tuple(tuple(branch.values()) for branch in branches))


def exact_event(event: EventSource) -> Exact:
    """Return an event as the exact values that the reference matcher reads.

    Raises:
        JsonError: the text is not a JSON object, or beyond a limit.
        TypeError: it is neither text nor a mapping, or holds a value that JSON cannot represent.
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
        JsonError: it is nested too deeply, or a number has too many digits.
        TypeError: a value or key that JSON cannot represent.
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
    """Return text with each surrogate pair joined to the character that it encodes."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
