"""The accounts of a replay: what became of every line, and of every matched event."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rumpattern.job.source_results import SourceResult

UNREADABLE: Final = "RP001"
"""The code of the reject for a file that cannot be read on, or has changed since it was opened."""

TRUNCATING_CODES: Final = frozenset(("RP001", "RP003", "RP004", "RP020", "RP023"))
"""Codes of rejects that stand for the whole rest of a file, of unknown length."""

SERIES_LIMIT: Final = "series_limit"
"""Why the samples of a definition are dropped that makes more series than a replay keeps."""


@dataclass(slots=True)
class DefinitionAccount:
    """What became of the events that one definition matched: ``matched == published + sum(dropped.values())``.

    ``series`` is the number of distinct sets of dimension values, each of which CloudWatch bills as a custom metric;
    ``values`` tells how many values each dimension has, that with most of them first. Both are estimates, within about
    3 %, if samples were dropped because of the series limit. ``absent`` are the fields that the definition names and no
    event of the input can have, because of the input's shape.
    """

    name: str
    matched: int = 0
    published: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    series: int = 0
    values: tuple[tuple[str, int], ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def is_estimate(self) -> bool:
        """Whether the number of series is an estimate."""
        return self.dropped[SERIES_LIMIT] > 0


@dataclass(slots=True)
class FileAccount:
    """What became of the lines of one file: ``lines == evaluated + rejected + blank``.

    A line is a line of NDJSON or of a log export, or a record of any other input form. ``odd`` counts those evaluated
    events that took the exact path; ``bytes`` are those of the file as it is stored.
    """

    name: str
    form: str = ""
    bytes: int = 0
    lines: int = 0
    evaluated: int = 0
    blank: int = 0
    odd: int = 0
    rejects: Counter[str] = field(default_factory=Counter)
    synthesised: Counter[str] = field(default_factory=Counter)

    @property
    def rejected(self) -> int:
        """How many lines were rejected, with any code."""
        return self.rejects.total()

    @property
    def truncated(self) -> bool:
        """Whether the file could not be read to its end."""
        return not TRUNCATING_CODES.isdisjoint(self.rejects)

    def plus(self, result: SourceResult) -> FileAccount:
        """Return the account with the result of one more block; a new value, so that an interrupt never splits it."""
        return FileAccount(
            self.name,
            result.form.value,
            self.bytes,
            lines=self.lines + result.lines,
            evaluated=self.evaluated + result.evaluated,
            blank=self.blank + result.blank,
            odd=self.odd + result.odd,
            rejects=self.rejects + result.rejects.codes() if result.rejects else self.rejects,
            synthesised=self.synthesised + result.synthesised if result.synthesised else self.synthesised,
        )

    def check(self) -> None:
        """Assert that no line was lost."""
        assert self.lines == self.evaluated + self.rejected + self.blank, f"{self.name}: lines do not add up: {self}"


@dataclass(slots=True)
class Accounting:
    """The account of a whole replay."""

    files: list[FileAccount]
    definitions: list[DefinitionAccount]

    @property
    def lines(self) -> int:
        """All lines of all files."""
        return sum(file.lines for file in self.files)

    @property
    def evaluated(self) -> int:
        """Lines that were events, and were evaluated."""
        return sum(file.evaluated for file in self.files)

    @property
    def rejected(self) -> int:
        """Lines that were no event, with a code each."""
        return sum(file.rejected for file in self.files)

    @property
    def blank(self) -> int:
        """Lines that held nothing."""
        return sum(file.blank for file in self.files)

    def check(self) -> None:
        """Assert that no line and no matched event was lost."""
        for file in self.files:
            file.check()
        for account in self.definitions:
            assert account.matched == account.published + account.dropped.total(), f"samples do not add up: {account}"
