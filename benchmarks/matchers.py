"""Matching alone, of events that are decoded already: moto's matcher, one event and pattern at a time, and the engine.

``python -m benchmarks.matchers EVENTS`` prints the seconds of each for a million events, scaled from fewer.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import orjson
from moto.events.models import EventPattern

import rumpattern as rp
from benchmarks.peers import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Callable

SAMPLE = 500
"""Events that moto matches in one run; it needs about a millisecond for each."""
BLOCK = 12_000
"""Events of one batch, as many as a replay has."""
REPEAT = 5
SCALE = 10**6


def compare(events: Path) -> dict[str, float]:
    """Return the seconds of each matcher for a million events.

    Raises:
        SystemExit: the two do not match the same events equally often.
    """
    with events.open("rb") as file:
        texts = list(islice(file, BLOCK))
    definitions = rp.load_definitions(DEFINITIONS)
    engine = rp.compile(definitions)
    patterns = [EventPattern.load(str(definition.pattern)) for definition in definitions]
    sample: list[Any] = list(map(orjson.loads, texts[:SAMPLE]))
    batch = engine.batch(texts)

    def moto() -> list[int]:
        return [sum(map(pattern.matches_event, sample)) for pattern in patterns]

    ours, theirs = engine.match(engine.batch(texts[:SAMPLE])).counts(), moto()
    if ours != theirs:
        raise SystemExit(f"moto matches {theirs} events, rumpattern {ours}")
    times: dict[str, list[float]] = {"moto": [], "rumpattern": []}
    for _ in range(REPEAT):
        times["moto"].append(_seconds(moto) / len(sample))
        times["rumpattern"].append(_seconds(lambda: engine.match(batch)) / len(batch))
    return {name: SCALE * median(runs) for name, runs in times.items()}


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    print(json.dumps(compare(Path(sys.argv[1]))))
