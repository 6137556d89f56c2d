"""What every code means, as data: why it is one, where the rule stands, what fails and what passes."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from rumpattern.diagnostics.codes import CODES

_FILE: Final = Path(__file__).with_name("rulebook.toml")


@dataclass(frozen=True, slots=True)
class Entry:
    """One code.

    Attributes:
        code: the code.
        meaning: what it says, in one line.
        why: the reason behind it.
        source: where the rule is documented.
        confidence: "documented", "observed" or "inferred".
        kind: what the examples are: a pattern, a document of definitions, an event, or words about an input.
        fails: an example that gets the code.
        passes: one that does not.
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
    """Return the entries of all codes, in their order."""
    with _FILE.open("rb") as file:
        return {code: Entry(code, CODES[code], **entry) for code, entry in tomllib.load(file).items()}
