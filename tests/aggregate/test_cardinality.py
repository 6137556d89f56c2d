"""How many metrics a definition makes: counted, estimated beyond a limit, and the same in any order of the input."""

from __future__ import annotations

import json
from importlib.util import find_spec
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from rumpattern.aggregate.cardinality import DistinctSketch

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., subprocess.CompletedProcess[bytes]]

DEFINITIONS = [
    {
        "Name": name,
        "Namespace": "S",
        "EventPattern": json.dumps({"event_type": ["view"], **{f"metadata.{key}": [{"exists": True}] for key in keys}}),
        "DimensionKeys": {f"metadata.{key}": key.upper() for key in keys},
    }
    for name, keys in (("Few", ["browser"]), ("Many", ["browser", "session"]), ("Views", []))
]


def event(number: int, sessions: int) -> bytes:
    metadata = {"browser": f"b{number % 3}", "session": f"s{number % sessions}"}
    fields = {"event_type": "view", "event_timestamp": 60_000 * (number % 5), "metadata": metadata}
    return json.dumps({**fields, "application_name": "shop"}).encode() + b"\n"


def events(path: Path, count: int, sessions: int, seed: int | None = None) -> Path:
    lines = [event(number, sessions) for number in range(count)]
    if seed is not None:
        Random(seed).shuffle(lines)  # noqa: S311 - reproducible, not secret
    path.write_bytes(b"".join(lines))
    return path


def replay(path: Path, **options: Any) -> rp.ReplayResult:
    return rp.replay(rp.load_definitions(DEFINITIONS), path, **options)


@pytest.mark.parametrize("count", [0, 1, 2, 1_023, 1_024])
def test_few_things_are_counted_exactly(count: int) -> None:
    distinct = DistinctSketch()
    for number in [*range(count), *range(count)]:
        distinct.add([number, "x"])
    assert distinct.count() == pytest.approx(count, rel=0.1 if count == 1_024 else 0)


@pytest.mark.parametrize("count", [2_000, 30_000])
def test_many_things_are_counted_nearly_and_in_any_order_alike(count: int) -> None:
    counts = []
    for seed in range(3):
        distinct, numbers = DistinctSketch(), list(range(count))
        Random(seed).shuffle(numbers)  # noqa: S311 - reproducible, not secret
        for number in numbers:
            distinct.add(number)
        counts.append(distinct.count())
    assert counts[0] == pytest.approx(count, rel=0.1)
    assert len(set(counts)) == 1


def test_a_definition_tells_its_series_and_its_widest_dimension(tmp_path: Path) -> None:
    few, many, views = replay(events(tmp_path / "e", 300, 20)).accounting.definitions
    assert (few.series, few.values) == (3, (("BROWSER", 3), ("application_name", 1)))
    assert (many.series, many.values) == (60, (("SESSION", 20), ("BROWSER", 3), ("application_name", 1)))
    assert (views.series, views.values) == (1, (("application_name", 1),))


def test_a_definition_beyond_the_limit_is_left_out_and_counted(tmp_path: Path) -> None:
    whole = replay(events(tmp_path / "e", 3_000, 1_000))
    limited = replay(tmp_path / "e", max_series=2_999)
    few, many, views = limited.accounting.definitions
    assert (many.matched, many.published, many.dropped) == (3_000, 0, {"series_limit": 3_000})
    assert many.series == pytest.approx(3_000, rel=0.1)
    assert many.values[0] == ("SESSION", 1_000)
    assert limited.series == [one for one in whole.series if one.name != "Many"]
    assert (few.published, views.published) == (3_000, 3_000)
    (warning,) = limited.warnings
    assert str(warning) == (
        f"definition 1 (Many) makes about {many.series:,} series, more than 2,999: its 3,000 samples are left out; the "
        "dimension SESSION has most values, about 1,000 [RP022]  hint: drop that dimension, or raise --max-series"
    )
    assert replay(tmp_path / "e", max_series=3_000).series == whole.series


def test_the_order_of_the_input_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rumpattern.input.sources.RANGE", 1 << 14)
    results = [replay(events(tmp_path / str(seed), 3_000, 700, seed), max_series=50) for seed in range(4)]
    for result in results[1:]:
        assert result.series == results[0].series
        assert result.accounting.definitions == results[0].accounting.definitions


def test_the_command_tells_the_cost(run: Run, tmp_path: Path) -> None:
    definitions = tmp_path / "d.json"
    definitions.write_text(json.dumps(DEFINITIONS))
    path = events(tmp_path / "e", 300, 20)
    done = run("replay", "-d", definitions, path, "--price", "0.3")
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.decode().splitlines()]
    assert ["#", "metric", "matched", "published", "series", "a", "month", "most", "values", "in", "dropped"] in lines
    assert ["1", "Many", "300", "300", "60", "18.00", "SESSION", "20"] in lines
    assert "64 series at 0.3 a month each: 19.20" in done.stdout.decode()
    limited = run("replay", "-d", definitions, path, "--max-series", "59", "--price", "0.3")
    assert limited.returncode == 1
    assert b"makes about 60 series, more than 59" in limited.stdout
    assert b"~18.00" in limited.stdout
    assert b"about 64 series at 0.3 a month each: 19.20\n" in limited.stdout
    definitions.write_text(json.dumps([*DEFINITIONS, {**DEFINITIONS[1], "UnitLabel": "Count"}]))
    shared = run("replay", "-d", definitions, path, "--price", "0.3")
    expected = "64 series at 0.3 a month each: 19.20 (60 that several definitions make are counted once)"
    assert expected in shared.stdout.decode()


@pytest.mark.parametrize("price", ["nan", "inf", "-1", "x"])
def test_a_price_is_a_number(run: Run, tmp_path: Path, price: str) -> None:
    done = run("replay", "-d", tmp_path, tmp_path, "--price", price)
    assert done.returncode == 2
    assert b"Invalid value for '--price'" in done.stderr


@pytest.mark.parametrize("line", ['{"event_details":{"z":[{}]},"d":"a",', '{"d":"a",', '{"d":"\\u0061",'])
def test_one_value_in_odd_rows_and_others_is_one_series(tmp_path: Path, line: str) -> None:
    lines = [f'{line}"event_type":"t","event_timestamp":{60_000 * minute}}}' for minute in range(5)]
    lines += ['{"d":"a","event_type":"t","event_timestamp":6e5}']
    path = tmp_path / "events.ndjson"
    path.write_text("\n".join(lines), "utf-8")
    definitions = [
        rp.MetricDefinition("m", dimension_keys=(("d", "D"),)),
        rp.MetricDefinition("n", value_key="event_details.z"),
    ]
    for reader in ("auto", "scan") if find_spec("numba") else ("auto",):
        account = rp.replay(definitions, path, reader=reader, max_series=1).accounting.definitions[0]
        assert (account.published, account.series) == (6, 1)
