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

from benchmarks.columns import Tally
from benchmarks.plain_loop import open_events
from benchmarks.plain_loop import run as run_plain_loop
from rumpattern.native.library import why_absent

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
DEFINITIONS = Path(__file__).with_name("definitions.json")
OURS = "rumpattern"
DUCKDB = "duckdb"
POLARS = "polars"
LOOP = "plain loop"
LISTS = "orjson, lists, numpy"
FLOOR = "bare isal inflate"
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
    """A tool with the number of cores it may use and its job, the ``module:function`` that ``benchmarks.run`` takes.

    ``exact``: its sums are the doubles nearest to the exact ones. ``has_rows``: its result is to be checked.
    """

    tool: str
    cores: int
    job: str
    exact: bool = False
    has_rows: bool = True

    @property
    def name(self) -> str:
        return f"{self.tool}, {self.cores} cores" if self.cores > 1 else f"{self.tool}, 1 core"

    def command(self, events: Path, result: Path, warm: Path | None = None) -> list[str]:
        """Return the command that does the job and prints its seconds; ``warm`` is what it is done on before."""
        arguments = [self.job, str(self.cores), str(events), str(result)]
        arguments += [] if warm is None else ["--warm", str(warm)]
        return [sys.executable, "-m", "benchmarks.run", *arguments]


@dataclass(frozen=True, slots=True)
class Program(Peer):
    """The package as its users start it; ``job`` is the reader's name."""

    def command(self, events: Path, result: Path, warm: Path | None = None) -> list[str]:
        assert warm is None, "a program starts cold"
        how = "--workers", str(self.cores), "--reader", self.job, "--format", "json", "-o", str(result)
        return [sys.executable, "-m", "rumpattern", "replay", "-d", str(DEFINITIONS), *how, str(events)]


def metric_peers(cores: int, *, compress: bool) -> list[Peer]:
    """Return the tools that are installed and do the job of definitions.json, on one core and if they can on all."""
    counts = sorted({1, cores})
    found = [Peer(OURS, n, "benchmarks.rumpattern_jobs:metrics", exact=True) for n in counts]
    if find_spec("duckdb"):
        found += [Peer(DUCKDB, n, "benchmarks.duckdb_sql:metrics") for n in counts]
    if find_spec("polars"):
        found += [Peer(POLARS, n, "benchmarks.polars_frames:metrics") for n in counts]
    found += [Peer(LOOP, n, "benchmarks.plain_loop:metrics") for n in (counts[:1] if compress else counts)]
    if compress and find_spec("isal"):
        found.append(Peer(FLOOR, 1, "benchmarks.inflate_floor:inflate", has_rows=False))
    return found


def programs(cores: int, *, compress: bool) -> list[Peer]:
    """Return the same tools, for whole processes: in place of ours its command line, with either reader."""
    readers = {OURS: "auto", **({f"{OURS} --reader orjson": "orjson"} if not why_absent() else {})}
    ours = [Program(name, n, reader, exact=True) for name, reader in readers.items() for n in sorted({1, cores})]
    others = metric_peers(cores, compress=compress)
    return ours + [peer for peer in others if peer.tool not in {OURS, FLOOR}]


def column_peers() -> list[Peer]:
    """Return the tools that are installed and make columns, on one core."""
    found = [Peer(OURS, 1, "benchmarks.rumpattern_jobs:scanned_columns", exact=True)] if not why_absent() else []
    if find_spec("duckdb"):
        found.append(Peer(DUCKDB, 1, "benchmarks.duckdb_sql:columns"))
    if find_spec("polars"):
        found.append(Peer(POLARS, 1, "benchmarks.polars_frames:columns"))
    found.append(Peer(LISTS, 1, "benchmarks.orjson_columns:columns", exact=True))
    return [*found, Peer(f"{OURS} --reader orjson", 1, "benchmarks.rumpattern_jobs:decoded_columns", exact=True)]


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


def exact_columns(events: Path) -> dict[Key, Row]:
    """Return what the eight columns hold."""
    tally = Tally()
    with open_events(events) as lines:
        tally.add(lines)
    return {key: Row(len(some), math.fsum(some), min(some), max(some)) for key, some in tally.values()}


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
