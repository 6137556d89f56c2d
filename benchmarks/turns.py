"""Tools in turn on the same file, every result checked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.peers import OURS, ROOT, differences, read_result
from benchmarks.process import run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.peers import Key, Peer, Row

SHOWN_DIFFERENCES = 5


@dataclass(slots=True)
class Runs:
    """What the runs of one tool took: wall seconds, and bytes at their peak; ``failure`` is why there are no more."""

    seconds: list[float] = field(default_factory=list)
    peaks: list[int] = field(default_factory=list)
    failure: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What all tools are given: a file of events and a folder for results, which are to be ``true``.

    ``warm`` is the file to get warm on, so that the job alone is timed; None times whole processes.
    """

    events: Path
    results: Path
    true: dict[Key, Row]
    warm: Path | None = None


def take_turns(tools: Sequence[Peer], task: Task, repeat: int) -> dict[Peer, Runs]:
    """Run all tools in turn, again and again, and check every result.

    Raises:
        SystemExit: a result is wrong.
        RuntimeError: our own run failed; that another tool fails is noted in its place.
    """
    runs = {tool: Runs() for tool in tools}
    for _ in range(repeat):
        for tool in tools:
            if not runs[tool].failure:
                _take_turn(tool, task, runs[tool])
    return runs


def _take_turn(tool: Peer, task: Task, runs: Runs) -> None:
    result = task.results / "result.jsonl"
    try:
        usage = run(tool.command(task.events, result, task.warm), ROOT, tool.cores)
    except RuntimeError as error:
        if tool.tool.startswith(OURS):
            raise
        runs.failure = str(error).rstrip().rpartition("\n")[2]
        return
    runs.seconds.append(usage.seconds if task.warm is None else float(usage.said.split()[-1]))
    runs.peaks += [] if usage.peak is None else [usage.peak]
    if tool.has_rows:
        check(tool, read_result(result), task.true)
    result.unlink()


def check(tool: Peer, found: dict[Key, Row], true: dict[Key, Row]) -> None:
    """Compare a result to the true one.

    Raises:
        SystemExit: they differ.
    """
    wrong = list(differences(found, true, exact=tool.exact))
    if wrong or not true:
        shown = "\n".join(wrong[:SHOWN_DIFFERENCES]) or "there is nothing in it"
        raise SystemExit(f"{tool.name}: the result is wrong in {len(wrong):,} of {len(true):,} rows\n{shown}")
