"""What a batch must hold, read line by line without the package's batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rumpattern.jsontext import Exact, JsonError, Pairs, load_exact

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class ExactLines:
    """The exact event of each row with its line number, the numbers of rejected lines, and the blank lines' count."""

    rows: list[tuple[int, dict[str, Exact] | Pairs]]
    rejected: list[int]
    blank: int


def read_exactly(texts: Iterable[bytes]) -> ExactLines:
    """Read lines one by one; line numbers count from 1."""
    rows: list[tuple[int, dict[str, Exact] | Pairs]] = []
    rejected: list[int] = []
    blank = 0
    for number, line in enumerate(texts, 1):
        if not line.strip(b" \t\r\n"):
            blank += 1
            continue
        try:
            event = load_exact(line)
        except JsonError:
            event = None
        if isinstance(event, dict | Pairs):
            rows.append((number, event))
        else:
            rejected.append(number)
    return ExactLines(rows, rejected, blank)
