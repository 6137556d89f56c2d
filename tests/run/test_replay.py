"""A replay against two slow ways to work out the same series, and what must not change its result."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter, defaultdict
from datetime import UTC, datetime
from fractions import Fraction
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from rumpattern.derive.policy import Sample, dimension_names, sample_event
from rumpattern.pattern.pattern import exact_event
from rumpattern.pattern.reference import leaves, matches
from rumpattern.synth.events import events, write
from tests.support.core import needs_core
from tests.support.paths import EVENTS, FIXTURES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from rumpattern.input.rejects import Reject
    from rumpattern.job.accounts import Accounting

Event = dict[str, Any]
Row = tuple[Any, ...]
Datum = tuple[str, str, str, dict[str, str], float, float]
"""Namespace, name, unit, dimensions, value, event_timestamp."""
FILES = sorted((EVENTS).iterdir())
LOGS_FILES = [EVENTS / name for name in ("shop.ndjson", "logs-export.txt.gz", "subscription.json.gz")]


@pytest.fixture(scope="module")
def fixture_events(events_by_file: dict[str, list[Event]]) -> list[Event]:
    return [event for path in FILES for event in events_by_file[path.name]]


@pytest.fixture(scope="module")
def whole(definitions: list[rp.MetricDefinition]) -> rp.ReplayResult:
    return rp.replay(definitions, FILES)


def series_of(data: Iterable[Datum], period: int) -> list[Row]:
    """Add up data exactly: the rows that ``Series`` has, sorted."""
    groups: defaultdict[Row, list[float]] = defaultdict(list)
    for namespace, name, unit, dimensions, value, at in data:
        start = datetime.fromtimestamp(at // (1000 * period) * period, UTC)
        groups[namespace, name, tuple(sorted(dimensions.items())), unit, start].append(value)
    return [
        (*key, period, len(values), float(sum(map(Fraction, values))), min(values), max(values))
        for key, values in sorted(groups.items())
    ]


def rows(result: rp.ReplayResult) -> list[Row]:
    return [one[:-1] for one in result.series]


def by_hand(shop: Iterable[Event]) -> Iterator[Datum]:
    """What eight of the fixture's definitions publish."""
    rum = "AWS/RUM"
    prefix = "RUM/CustomMetrics/Shop"
    for event in shop:
        kind, details, metadata = event["event_type"], event["event_details"], event["metadata"]
        at = event["event_timestamp"]
        if kind == "com.amazon.rum.performance_resource_event":
            file_type = details["fileType"]
            if file_type in {"script", "stylesheet", "image"}:
                dimensions = {"FileType": file_type}
                yield rum, "PerformanceResourceDuration", "Milliseconds", dimensions, details["duration"], at
        if kind == "com.amazon.rum.performance_navigation_event" and 2000 <= details["duration"] < 8000:
            yield rum, "NavigationToleratedTransaction", "Count", {"DeviceType": metadata["deviceType"]}, 1, at
        if kind == "com.amazon.rum.http_event" and "response" in details and 400 <= details["response"]["status"] < 500:
            yield rum, "Http4xxCount", "Count", {"PageId": metadata["pageId"]}, 1, at
        if kind == "com.example.checkout":
            dimensions = {"Currency": details["currency"]}
            yield f"{prefix}/Checkout", "CheckoutAmount", "None", dimensions, details["amount"], at
            dimensions = {"SessionId": event["user_details"]["sessionId"]}
            yield f"{prefix}/Checkout", "ItemsOfSession", "Count", dimensions, details["items"], at
        if kind == "product_viewed" and "experiment" in metadata:
            dimensions = {"Experiment": metadata["experiment"]}
            yield f"{prefix}/Catalogue", "ViewsByExperiment", "None", dimensions, 1, at
        if kind == "product_viewed" and "loggedIn" in metadata:
            logged_in = "true" if metadata["loggedIn"] else "false"
            dimensions = {"LoggedIn": logged_in, "PastOrders": str(metadata["pastOrders"])}
            yield f"{prefix}/Catalogue", "ViewsOfMembers", "None", dimensions, 1, at
        if kind == "newsletter_signup" and details["accepted"] and details["source"].isascii():
            yield f"{prefix}/Newsletter", "Signups", "Count", {"Source": details["source"]}, 1, at


def test_series_are_those_of_a_loop_written_by_hand(definitions: list[rp.MetricDefinition], tmp_path: Path) -> None:
    shop: list[Event] = list(events(3000, seed=11, rate=2, custom=0.2))
    write(tmp_path / "shop.ndjson", 3000, seed=11, rate=2, custom=0.2)
    expected = series_of(by_hand(shop), 60)
    names = {row[1] for row in expected}
    some = [definition for definition in definitions if definition.name in names]
    assert len(some) == 8
    assert rows(rp.replay(some, tmp_path / "shop.ndjson")) == expected


@pytest.fixture(scope="module")
def matched(definitions: list[rp.MetricDefinition], fixture_events: list[Event]) -> list[list[Event]]:
    """Give the events that each definition matches, as ``pattern.matches`` says, but each event is flattened once."""
    flat = [leaves(exact_event(event)) for event in fixture_events]
    patterns = [definition.pattern for definition in definitions if definition.pattern]
    return [
        [event for event, found in zip(fixture_events, flat, strict=True) if matches(pattern.branches, found)]
        for pattern in patterns
    ]


@pytest.mark.slow
@pytest.mark.parametrize("period", [1, 60, 300])
def test_series_are_those_of_one_event_at_a_time(
    definitions: list[rp.MetricDefinition], matched: list[list[Event]], period: int
) -> None:
    result = rp.replay(definitions, FILES, period)
    data: list[Datum] = []
    for definition, found, account in zip(definitions, matched, result.accounting.definitions, strict=True):
        names = dimension_names(definition)
        answers = [sample_event(definition, event, period) for event in found]
        samples = [answer for answer in answers if isinstance(answer, Sample)]
        for sample in samples:
            dimensions = {name: label for name, label in zip(names, sample.labels, strict=True) if label is not None}
            where = definition.final_namespace, definition.name, definition.unit
            data.append((*where, dimensions, sample.value, 1000 * sample.start))
        dropped = Counter(answer for answer in answers if isinstance(answer, str))
        assert (account.name, account.matched, account.published) == (definition.name, len(found), len(samples))
        assert (account.dropped, account.series) == (dropped, len({sample.labels for sample in samples}))
    assert rows(result) == series_of(data, period)


def test_every_definition_of_the_fixtures_matches_something(whole: rp.ReplayResult) -> None:
    assert [account.name for account in whole.accounting.definitions if not account.matched] == []
    dropped = {account.name: dict(account.dropped) for account in whole.accounting.definitions if account.dropped}
    assert dropped == {
        "ViewsByExperiment": {"dimension_missing": 52},
        "Signups": {"dimension_not_ascii": 2},
        "TimeOnParentPage": {"value_missing": 6},
        "TaggedPageViews": {"dimension_array": 6},
    }


# --- what must not matter --------------------------------------------------------------------------------------------


def replay_all(definitions: list[rp.MetricDefinition], sources: list[Path], **options: Any) -> Row:
    """Return everything that a replay tells, with all of its rejects."""
    rejects: list[tuple[str, Reject]] = []
    result = rp.replay(definitions, sources, on_reject=lambda *pair: rejects.append(pair), **options)
    return tuple(result.series), result.accounting, tuple(result.warnings), tuple(rejects)


@pytest.mark.slow
def test_the_number_of_workers_does_not_matter(
    definitions: list[rp.MetricDefinition], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rumpattern.input.sources.BLOCK", 60_000)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", 60_000)
    monkeypatch.setattr("rumpattern.input.documents.BLOCK", 60_000)
    everything = [EVENTS, FIXTURES / "bad"]
    one = replay_all(definitions, everything, workers=1, application_name="other")
    assert replay_all(definitions, everything, workers=2, application_name="other") == one
    assert len(one[3]) == 7


@needs_core
@pytest.mark.parametrize("workers", [1, 2])
def test_the_reader_does_not_matter(definitions: list[rp.MetricDefinition], workers: int) -> None:
    everything = [EVENTS, FIXTURES / "bad"]
    one = replay_all(definitions, everything, reader="orjson", application_name="other")
    assert replay_all(definitions, everything, reader="scan", workers=workers, application_name="other") == one


@pytest.mark.slow
@pytest.mark.parametrize("size", [7, 1000])
def test_the_size_of_blocks_does_not_matter(
    definitions: list[rp.MetricDefinition], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    everything = [EVENTS, FIXTURES / "bad"]
    whole = replay_all(definitions, everything)
    monkeypatch.setattr("rumpattern.input.sources.BLOCK", 1000 * size)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", 1000 * size)
    monkeypatch.setattr("rumpattern.input.streams._READ", 300 * size)
    monkeypatch.setattr("rumpattern.input.documents.BLOCK", 1000 * size)
    monkeypatch.setattr("rumpattern.input.documents.MAX_RECORDS", size)
    assert replay_all(definitions, everything) == whole


def test_one_event_a_block_does_not_matter(
    definitions: list[rp.MetricDefinition], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = [EVENTS / "shop.ndjson", EVENTS / "cloudtrail.json", FIXTURES / "bad"]
    whole = replay_all(definitions, some)
    monkeypatch.setattr("rumpattern.input.sources.BLOCK", 1)
    monkeypatch.setattr("rumpattern.input.buffers.BLOCK", 1)
    monkeypatch.setattr("rumpattern.input.documents.BLOCK", 1)
    monkeypatch.setattr("rumpattern.input.documents.MAX_RECORDS", 1)
    assert replay_all(definitions, some) == whole


def test_series_that_could_not_be_made_are_made_when_asked_again(
    definitions: list[rp.MetricDefinition], whole: rp.ReplayResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> list[object]:
        raise KeyboardInterrupt

    result = rp.replay(definitions, FILES)
    with monkeypatch.context() as patch:
        patch.setattr("rumpattern.aggregate.series.SeriesTable.rows", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _ = result.series
    assert result.series == whole.series
    assert result.series is result.series
    assert dataclasses.replace(result, reader="other").series == whole.series


@pytest.mark.slow
def test_the_order_of_files_does_not_matter(definitions: list[rp.MetricDefinition], whole: rp.ReplayResult) -> None:
    assert rp.replay(definitions, FILES[::-1]) == whole
    assert rp.replay(definitions, EVENTS) == whole


def test_the_order_of_events_and_keys_does_not_matter(
    definitions: list[rp.MetricDefinition], tmp_path: Path, fixture_events: list[Event], whole: rp.ReplayResult
) -> None:
    draw = Random(5)  # noqa: S311 - any order will do
    shuffled = [dict(draw.sample(list(event.items()), len(event))) for event in fixture_events]
    draw.shuffle(shuffled)
    path = tmp_path / "shuffled.ndjson"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in shuffled), encoding="utf-8")
    assert rows(rp.replay(definitions, path)) == rows(whole)


def test_two_halves_add_up_to_the_whole(definitions: list[rp.MetricDefinition], whole: rp.ReplayResult) -> None:
    halves = [rp.replay(definitions, FILES[:4]), rp.replay(definitions, FILES[4:])]
    counts: Counter[Row] = Counter()
    for half in halves:
        counts.update({row[:5]: row[6] for row in rows(half)})
    assert counts == {row[:5]: row[6] for row in rows(whole)}


# --- accounting ------------------------------------------------------------------------------------------------------


def assert_adds_up(accounting: Accounting) -> None:
    for file in accounting.files:
        assert file.lines == file.evaluated + file.rejected + file.blank
    for account in accounting.definitions:
        assert account.matched == account.published + account.dropped.total()
    assert accounting.lines == accounting.evaluated + accounting.rejected + accounting.blank


def test_the_accounts_add_up(definitions: list[rp.MetricDefinition], events_by_file: dict[str, list[Event]]) -> None:
    accounting = rp.replay(definitions, [EVENTS, FIXTURES / "bad"]).accounting
    assert_adds_up(accounting)
    lines = {file.name.rpartition("/")[2]: (file.lines, file.evaluated, file.blank) for file in accounting.files}
    assert lines.pop("mixed.ndjson") == (9, 3, 1)
    assert lines.pop("truncated.ndjson.gz") == (39, 38, 0)
    assert lines.pop("broken-document.json") == (3, 2, 0)
    assert lines.pop("subscription.json.gz") == (401, 400, 1)
    counts = {name: len(found) for name, found in events_by_file.items()}
    assert lines == {name: (n, n, 0) for name, n in counts.items() if name != "subscription.json.gz"}
    assert sum(counts.values()) == 2293


def test_published_data_are_the_data_of_the_series(whole: rp.ReplayResult) -> None:
    published = {account.name: account.published for account in whole.accounting.definitions if account.published}
    counted: Counter[str] = Counter()
    for one in whole.series:
        counted[one.name] += one.count
    assert counted == published


# --- the application's name and other fields that not every shape has ------------------------------------------------


def test_events_without_application_name_leave_the_dimension_out_and_a_warning_says_so(whole: rp.ReplayResult) -> None:
    nameless = sum(one.count for one in whole.series if "application_name" not in dict(one.dimensions))
    texts = [str(warning) for warning in whole.warnings if warning.code == "RP311"]
    text = f"{nameless:,} samples lack application_name, which RUM adds to every metric: no usable one is known [RP311]"
    assert texts == [f"{text}  hint: give the app monitor's name with --application-name"]


def test_the_option_names_the_application_of_events_that_lack_it(definitions: list[rp.MetricDefinition]) -> None:
    result = rp.replay(definitions, FILES, application_name="given")
    names: Counter[str] = Counter()
    for one in result.series:
        names[dict(one.dimensions)["application_name"]] += one.count
    unnamed = rp.replay(definitions, FILES)
    own = sum(one.count for one in unnamed.series if dict(one.dimensions).get("application_name") == "shop")
    assert names["shop"] == own
    assert names["given"] == sum(one.count for one in unnamed.series) - own
    assert result.warnings == []
    synthesised = {
        file.name.rpartition("/")[2]: file.synthesised["application_name"] for file in result.accounting.files
    }
    named = {"cloudtrail.json", "get-app-monitor-data.json", "put-rum-events.ndjson"}
    assert {name for name, count in synthesised.items() if not count} == named


def test_a_field_that_the_shape_cannot_have_is_a_warning(definitions: list[rp.MetricDefinition]) -> None:
    account = [definition for definition in definitions if definition.name == "ErrorsByAccount"]
    result = rp.replay(account, LOGS_FILES)
    text = "definition 0 (ErrorsByAccount) names account_id, which no event of this input has"
    shapes = "events in the shape of CloudWatch Logs or PutRumEvents never have it [RP310]"
    assert [str(warning) for warning in result.warnings] == [f"{text}: {shapes}"]
    assert rp.replay(account, EVENTS / "get-app-monitor-data.json").warnings == []


def test_a_field_that_only_events_of_other_types_have_is_not_reported_as_absent(tmp_path: Path) -> None:
    pattern = json.dumps({"event_type": ["never"], "account_id": [{"exists": True}]})
    definitions = rp.load_definitions([{"Name": "N", "Namespace": "S", "EventPattern": pattern}])
    path = tmp_path / "a.ndjson"
    path.write_text('{"event_type": "other", "event_timestamp": 0, "account_id": "1"}\n', encoding="utf-8")
    assert rp.replay(definitions, path).warnings == []


def test_only_fields_that_were_missing_are_counted_as_synthesised(tmp_path: Path) -> None:
    definitions = rp.load_definitions([{"Name": "N", "Namespace": "S", "EventPattern": '{"event_type": ["x"]}'}])
    path = tmp_path / "a.ndjson"
    path.write_text(
        '{"event_type": "x", "event_timestamp": 0}\n'
        '{"event_type": "x", "event_timestamp": 0, "application_name": "own"}\n'
        '{"event_type": "other", "event_timestamp": 0, "application_name": "own"}\n',
        encoding="utf-8",
    )
    (file,) = rp.replay(definitions, path, application_name="given").accounting.files
    assert file.synthesised == {"application_name": 1}


@pytest.mark.parametrize("period", [0, -60, 7, 90, 86_460])
def test_a_period_that_cloudwatch_lacks_is_refused(definitions: list[rp.MetricDefinition], period: int) -> None:
    with pytest.raises(
        ValueError, match=rf"a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds up to a day, not {period}"
    ):
        rp.replay(definitions, FILES, period)
