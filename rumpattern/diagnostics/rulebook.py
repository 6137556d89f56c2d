"""The list of all codes with their meaning, reason, source and examples, which ``rulebook.toml`` holds as data."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

RETIRED: Final = frozenset(("RP109",))
"""Codes of earlier versions, which no finding has any more and none will have again."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One code.

    Attributes:
        code: the code.
        meaning: what a finding of the code says, in one line.
        why: the reason behind the rule.
        source: where the rule is documented.
        confidence: "documented", "observed" or "inferred".
        kind: what the examples are: a pattern, a document of definitions, an event, or a description of an input.
        fails: an example that gets the code.
        passes: an example that does not.
    """

    code: str
    meaning: str
    why: str
    source: str
    confidence: str
    kind: str
    fails: str
    passes: str

    def __str__(self) -> str:
        return (
            f"{self.code}: {self.meaning}\n\n{self.why}\n\n"
            f"source      {self.source} ({self.confidence})\n"
            f"fails       {self.fails.strip()}\n"
            f"passes      {self.passes.strip()}"
        )


@cache
def rulebook() -> dict[str, Entry]:
    """Return the entries of all codes, in their order.

    Validating one document does not call it: findings carry their codes as text, and a test compares the codes in the
    source with this list.
    """
    import tomllib  # noqa: PLC0415 - with the file it takes 20 ms, a fifth of the time of ``validate``
    from pathlib import Path  # noqa: PLC0415

    with Path(__file__).with_name("rulebook.toml").open("rb") as file:
        return {code: Entry(code, **entry) for code, entry in tomllib.load(file).items()}


def code_prefix(text: str) -> str | None:
    """Return a code, or the prefix that several codes share, in upper case; None if no code starts with it."""
    prefix = text.strip().upper()
    return prefix if prefix and any(code.startswith(prefix) for code in rulebook()) else None
