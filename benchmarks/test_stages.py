"""Each stage over 20,000 events in memory, by itself: ``pytest benchmarks --benchmark-only -n 0``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.peers import DEFINITIONS
from rumpattern.bench.stages import Stages
from rumpattern.bench.workload import synthetic_workload

if TYPE_CHECKING:
    from collections.abc import Callable

EVENTS = 20_000
PAGES = 40


def many_definitions() -> dict[str, Any]:
    """Return each definition once for each of 40 pages, with a pattern of its own."""
    request = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
    definitions = []
    for definition in request["MetricDefinitions"]:
        for page in range(PAGES):
            pattern = json.loads(definition["EventPattern"])
            pattern["metadata"]["pageId"] = [f"/product/{10_240 + 10 * page}", "/", "/cart"]
            definitions.append({**definition, "EventPattern": json.dumps(pattern)})
    return {**request, "MetricDefinitions": definitions}


@pytest.fixture(scope="module", params=["12 definitions", "480 definitions"])
def stages(request: pytest.FixtureRequest) -> Stages:
    definitions = DEFINITIONS if request.param.startswith("12 ") else many_definitions()
    return Stages.prepare([definitions], synthetic_workload(EVENTS, seed=0))


@pytest.mark.benchmark(group="parse")
def test_parse(benchmark: Callable[..., object], stages: Stages) -> None:
    benchmark(stages.parse)


@pytest.mark.benchmark(group="compile")
def test_compile(benchmark: Callable[..., object], stages: Stages) -> None:
    benchmark(stages.compile)


@pytest.mark.benchmark(group="decode")
def test_decode(benchmark: Callable[..., object], stages: Stages) -> None:
    assert benchmark(stages.decode) == EVENTS


@pytest.mark.benchmark(group="match")
def test_match(benchmark: Callable[..., object], stages: Stages) -> None:
    benchmark(stages.match)


@pytest.mark.benchmark(group="derive")
def test_derive(benchmark: Callable[..., object], stages: Stages) -> None:
    benchmark(stages.derive)


@pytest.mark.benchmark(group="pipeline")
def test_pipeline(benchmark: Callable[..., object], stages: Stages) -> None:
    benchmark(stages.pipeline)
