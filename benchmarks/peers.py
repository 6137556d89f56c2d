"""The tools that do the job of definitions.json: how each is started, and how its result is read."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import orjson

from benchmarks.plain_loop import open_events
from benchmarks.plain_loop import run as run_plain_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DEFINITIONS = Path(__file__).with_name("definitions.json")
LOOP = "plain loop"
TOLERANCE = 1e-9
"""How far, relatively, the sum of a tool that adds up doubles may be from the exact one."""

Key: TypeAlias = tuple[str, str, int]
"""Metric, dimension value, minute in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Row:
    """Statistics of one key."""

    count: int
    sum: float
    min: float
    max: float


@dataclass(frozen=True, slots=True)
class Peer:
    """A tool with the number of cores it may use; ``exact`` if its sums are the doubles nearest to the exact ones."""

    tool: str
    cores: int
    arguments: tuple[str, ...]
    exact: bool = False

    @property
    def name(self) -> str:
        return f"{self.tool}, {self.cores} cores" if self.cores > 1 else f"{self.tool}, 1 core"

    def command(self, events: Path, result: Path) -> list[str]:
        places = {"EVENTS": str(events), "RESULT": str(result)}
        return [sys.executable, "-m", *(places.get(argument, argument) for argument in self.arguments)]


def peers(cores: int) -> list[Peer]:
    """Return the tools that are installed, each with one core and, if it can use them, with all."""
    counts = sorted({1, cores})
    found = [Peer(LOOP, 1, ("benchmarks.plain_loop", "EVENTS", "RESULT"))]
    if find_spec("duckdb"):
        found += [Peer("duckdb", n, ("benchmarks.duckdb_sql", "EVENTS", "RESULT", str(n))) for n in counts]
    readers = {"rumpattern": "auto"}
    if find_spec("numba"):
        readers["rumpattern --reader orjson"] = "orjson"
    return found + [Peer(name, n, _replay(n, reader), exact=True) for name, reader in readers.items() for n in counts]


def _replay(workers: int, reader: str) -> tuple[str, ...]:
    how = "--workers", str(workers), "--reader", reader
    return ("rumpattern", "replay", "-d", str(DEFINITIONS), *how, "--format", "json", "-o", "RESULT", "EVENTS")


# --- results ----------------------------------------------------------------------------------------------------------


def read_result(path: Path) -> dict[Key, Row]:
    """Read what a tool wrote.

    Raises:
        ValueError: a key occurs twice.
    """
    rows: dict[Key, Row] = {}
    for line in path.read_bytes().splitlines():
        row = orjson.loads(line)
        if "dimensions" in row:  # rumpattern's own JSON
            (dimension,) = row["dimensions"].values()
            key = row["name"], dimension, int(datetime.fromisoformat(row["start"]).timestamp())
        else:
            key = row["name"], row["dimension"], row["minute"]
        if key in rows:
            raise ValueError(f"{path}: {key} occurs twice")
        rows[key] = Row(row["count"], row["sum"], row["min"], row["max"])
    return rows


def exact_result(events: Path) -> dict[Key, Row]:
    """Return the true result, with sums that were rounded once, at the end."""
    values: dict[Key, list[float]] = {}

    def put(name: str, dimension: str, minute: int, value: float) -> None:
        values.setdefault((name, dimension, minute), []).append(value)

    with open_events(events) as lines:
        run_plain_loop(lines, put)
    return {key: Row(len(some), math.fsum(some), min(some), max(some)) for key, some in values.items()}


def differences(found: dict[Key, Row], true: dict[Key, Row], *, exact: bool) -> Iterator[str]:
    """Yield a sentence for every difference of a result from the true one."""
    tolerance = 0.0 if exact else TOLERANCE
    for key in sorted(true.keys() | found.keys()):
        if key not in found:
            yield f"{key} is missing"
        elif key not in true:
            yield f"{key} is too much: {found[key]}"
        elif not _equal(found[key], true[key], tolerance):
            yield f"{key} is {found[key]}, not {true[key]}"


def _equal(one: Row, other: Row, tolerance: float) -> bool:
    return replace(one, sum=other.sum) == other and math.isclose(one.sum, other.sum, rel_tol=tolerance)
