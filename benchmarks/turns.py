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


def take_turns(  # noqa: PLR0913 - what to run, on what, and how
    tools: Sequence[Peer], events: Path, results: Path, true: dict[Key, Row], *, repeat: int, warm: Path | None
) -> dict[Peer, Runs]:
    """Run all tools in turn and check every result.

    Args:
        tools: what to run.
        events: the file that it is run on.
        results: a folder for results.
        true: what the result is.
        repeat: how often.
        warm: the file to get warm on, so that the job alone is timed; None times whole processes.

    Raises:
        SystemExit: a result is wrong.
        RuntimeError: our own run failed; that another tool fails is noted in its place.
    """
    runs = {tool: Runs() for tool in tools}
    for _ in range(repeat):
        for tool in tools:
            if not runs[tool].failure:
                _take_turn(tool, events, results / "result.jsonl", true, warm, runs[tool])
    return runs


def _take_turn(  # noqa: PLR0913, PLR0917 - as above
    tool: Peer, events: Path, result: Path, true: dict[Key, Row], warm: Path | None, runs: Runs
) -> None:
    try:
        usage = run(tool.command(events, result, warm), ROOT, tool.cores)
    except RuntimeError as error:
        if tool.tool.startswith(OURS):
            raise
        runs.failure = str(error).rstrip().rpartition("\n")[2]
        return
    runs.seconds.append(usage.seconds if warm is None else float(usage.said.split()[-1]))
    runs.peaks += [] if usage.peak is None else [usage.peak]
    if tool.has_rows:
        check(tool, read_result(result), true)
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
