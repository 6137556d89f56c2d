"""Seeded, realistic RUM events in every input form that people have them in, for fixtures, tests and benchmarks.

Flow: `_moments` decides which session does what and when, `synth.tables` says what such an event holds, and `write`
writes the events in one of the input forms (`FORMS`). The same arguments give the same bytes.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import zlib
from bisect import bisect
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final, NamedTuple, TypedDict, Unpack, cast
from urllib.parse import quote

import orjson

from rumpattern.dataclass import dataclass
from rumpattern.input.formats import LINE_FORMS, Form
from rumpattern.synth.tables import (
    BUILT_IN,
    CLIENTS,
    CUSTOM,
    PAGE_VIEW,
    PAGES,
    PLACES,
    SESSION_START,
    EventKind,
    Json,
    Scene,
    Session,
    T,
    View,
    uuid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

START = datetime(2026, 1, 5, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MONITOR_ID = "5e0c7a94-21d8-4b7f-a3c6-1a2b3c4d5e6f"
MONITOR_NAME = "shop"
ACCOUNT = "123456789012"
LOG_GROUP = "/aws/vendedlogs/RUMService_shop1a2b3c4d"
BURST = 20  # a client sends at most this many events in one request
SUBSCRIPTION_RECORD = 50
PAGE_OF_EVENTS = 100
HOURS_OF_LOG_STREAM = 6


class Options(TypedDict, total=False):
    """The keywords of `events`, which `lines` and `write` take too."""

    seed: int
    start: datetime
    rate: float
    custom: float
    shuffle_keys: bool


class Moment(NamedTuple):
    """One event, with what some forms repeat of it; `at` is its timestamp in epoch milliseconds."""

    at: int
    view: View
    event: Json


def events(  # noqa: PLR0913 - each keyword is one knob of the generator
    count: int,
    *,
    seed: int = 0,
    start: datetime = START,
    rate: float = 50.0,
    custom: float = 0.02,
    shuffle_keys: bool = False,
) -> Iterator[dict[str, object]]:
    """Generate events as CloudWatch Logs has them, in bursts of one session, roughly in order of time.

    Args:
        count: how many.
        seed: what decides everything that is random.
        start: when the first event happens; it must have a time zone.
        rate: events per second, on average.
        custom: the share of events whose type is not built in.
        shuffle_keys: put the keys of every object in random order; the values stay what they are without it.
    """
    moments = _moments(count, seed=seed, start=start, rate=rate, custom=custom, shuffle_keys=shuffle_keys)
    return (moment.event for moment in moments)


def lines(count: int, **options: Unpack[Options]) -> Iterator[bytes]:
    """Generate `events` as compact JSON, without line ends."""
    return (orjson.dumps(moment.event) for moment in _moments(count, **options))


def write(
    path: Path,
    count: int,
    *,
    form: Form = Form.NDJSON,
    compress: bool = False,
    **options: Unpack[Options],
) -> int:
    """Write `events` to a file in an input form, a chunk at a time.

    With `compress`, files of lines have two gzip members and subscription records one each, as concatenated uploads and
    Firehose leave them; the documents of the other forms are one member.

    Returns:
        The number of bytes written.
    """
    if form is Form.SUBSCRIPTION:
        chunks_per_member = 1
    elif form in LINE_FORMS:
        chunks_per_member = (count + 1) // 2
    else:
        chunks_per_member = sys.maxsize
    chunks = _ENCODERS[form](_moments(count, **options))
    with path.open("wb") as file:
        return sum(map(file.write, _gzip(chunks, chunks_per_member) if compress else chunks))


def _gzip(chunks: Iterable[bytes], chunks_per_member: int) -> Iterator[bytes]:
    for _, member in itertools.groupby(enumerate(chunks), key=lambda numbered: numbered[0] // chunks_per_member):
        deflate = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
        for _, chunk in member:
            yield deflate.compress(chunk)
        yield deflate.flush()


@dataclass(frozen=True, slots=True)
class _Deck:
    """Kinds to draw from, each as often as its share says."""

    kinds: tuple[EventKind, ...]
    bounds: tuple[float, ...]

    @classmethod
    def of(cls, kinds: tuple[EventKind, ...]) -> _Deck:
        return cls(kinds, tuple(itertools.accumulate(kind.share for kind in kinds)))

    def draw(self, dice: float) -> EventKind:
        return self.kinds[bisect(self.bounds, dice * self.bounds[-1])]


_BUILT_IN_DECK = _Deck.of(BUILT_IN)
_CUSTOM_DECK = _Deck.of(CUSTOM)


def _moments(  # noqa: PLR0913 - the knobs of `events`
    count: int,
    *,
    seed: int = 0,
    start: datetime = START,
    rate: float = 50.0,
    custom: float = 0.02,
    shuffle_keys: bool = False,
) -> Iterator[Moment]:
    draw = Random(seed)
    shuffler = Random(f"{seed} keys") if shuffle_keys else None
    clock = float((start - EPOCH) // timedelta(milliseconds=1))
    step = 2000 / rate
    # A session has about 70 events, so this many at once keep each of them going for some minutes.
    views: list[View | None] = [None] * min(2000, 10 + int(2 * rate))
    slot, left = 0, 0
    for _ in range(count):
        if not left:
            slot, left = int(draw.random() * len(views)), 1 + int(draw.random() ** 5 * BURST)
        left -= 1
        clock += step * draw.random()
        now = int(clock + 40 * draw.random())
        deck = _CUSTOM_DECK if draw.random() < custom else _BUILT_IN_DECK
        kind = deck.draw(draw.random())
        view = views[slot]
        if view is None or kind.event_type == SESSION_START:
            view = views[slot] = _open_view(draw, _open_session(draw), None, now)
        elif kind.event_type == PAGE_VIEW:
            view = views[slot] = _open_view(draw, view.session, view, now)
        at = now - now % 1000 if view.session.whole_seconds else now
        event = _event(kind, Scene(draw, view, now), at)
        yield Moment(at, view, event if shuffler is None else cast("Json", _shuffled(event, shuffler)))


def _event(kind: EventKind, scene: Scene, at: int) -> Json:
    view = scene.view
    return {
        "event_timestamp": at,
        "event_type": kind.event_type,
        "event_id": uuid(scene.draw),
        "event_version": kind.version,
        "log_stream": _log_stream(at),
        "application_id": MONITOR_ID,
        "application_version": view.session.application_version,
        "metadata": view.metadata.copy(),
        "user_details": view.session.user.copy(),
        "event_details": kind.details(scene),
    }


_LOG_STREAMS: dict[int, str] = {}


def _log_stream(at: int) -> str:
    block = at // (HOURS_OF_LOG_STREAM * 3_600_000)
    name = _LOG_STREAMS.get(block)
    if name is None:
        begin = EPOCH + timedelta(hours=HOURS_OF_LOG_STREAM * block)
        name = _LOG_STREAMS[block] = begin.strftime("%Y-%m-%dT%H")
    return name


def _shuffled(value: object, draw: Random) -> object:
    match value:
        case dict():
            keys = list(value)
            draw.shuffle(keys)
            return {key: _shuffled(value[key], draw) for key in keys}
        case list():
            return [_shuffled(item, draw) for item in value]
        case _:
            return value


def _open_session(draw: Random) -> Session:
    browser, browser_version, system, system_version, device, _ = draw.choices(CLIENTS, _CLIENT_WEIGHTS)[0]
    country, subdivision, language = draw.choice(PLACES)
    full_timing = draw.random() < 0.75
    origin: Json = {
        "domain": "shop.example.com",
        "aws:client": "arw-script" if full_timing else "arw-module",
        "aws:clientVersion": "1.25.0" if full_timing else "1.16.1",
    }
    if draw.random() < 0.04:
        origin["pageTags"] = ["campaign-winter", draw.choice(("landing-a", "landing-b"))]
    if draw.random() < 0.3:
        origin |= {
            "plan": draw.choice(("free", "gold")),
            "loggedIn": draw.random() < 0.5,
            "pastOrders": draw.randrange(9),
            "experiment": draw.choice(("checkout-redesign-2026:control", "checkout-redesign-2026:one-page")),
        }
    return Session(
        user={"sessionId": uuid(draw), "userId": uuid(draw)},
        client={
            "version": "1.0.0",
            "browserLanguage": language,
            "browserName": browser,
            "browserVersion": browser_version,
            "osName": system,
            "osVersion": system_version,
            "deviceType": device,
            "platformType": "web",
        },
        origin=origin | {"countryCode": country, "subdivisionCode": subdivision},
        application_version=draw.choice(("2026.1.0", "2026.1.0", "2025.12.3")),
        speed=draw.lognormvariate(0.2 if device == "desktop" else 0.5, 0.4),
        full_timing=full_timing,
        whole_seconds=draw.random() < 0.12,
    )


_CLIENT_WEIGHTS = [weight for *_, weight in CLIENTS]


def _open_view(draw: Random, session: Session, previous: View | None, now: int) -> View:
    page, title = draw.choice(PAGES)
    interaction = previous.interaction + 1 if previous else 0
    here: Json = {"pageId": page, "interaction": interaction, "title": title}
    metadata = session.client | here | session.origin
    return View(session, page, previous.page if previous else "", interaction, now, metadata)


def _ndjson(moments: Iterator[Moment]) -> Iterator[bytes]:
    for moment in moments:
        yield orjson.dumps(moment.event, option=orjson.OPT_APPEND_NEWLINE)


def _logs_export(moments: Iterator[Moment]) -> Iterator[bytes]:
    for moment in moments:
        yield b"%b %b\n" % (f"{_iso(moment.at, 'T')}Z".encode(), orjson.dumps(moment.event))


def _iso(at: int, separator: str) -> str:
    return (EPOCH + timedelta(milliseconds=at)).replace(tzinfo=None).isoformat(separator, "milliseconds")


def _log_event_id(at: int, number: int) -> str:
    """Number a log event as CloudWatch Logs does: the timestamp above 144 bits of its own."""
    return str((at << 144) + number)


def _pretty(value: object, depth: int) -> bytes:
    """Print JSON as the AWS CLI does, indented by 4, for a place that is `depth` levels down."""
    margin = b"\n" + b"    " * depth
    match value:
        case dict() if value:
            items = [orjson.dumps(key) + b": " + _pretty(item, depth + 1) for key, item in value.items()]
            return b"{" + margin + b"    " + (b"," + margin + b"    ").join(items) + margin + b"}"
        case list() if value:
            items = [_pretty(item, depth + 1) for item in value]
            return b"[" + margin + b"    " + (b"," + margin + b"    ").join(items) + margin + b"]"
        case _:
            return orjson.dumps(value)


def _document(key: str, items: Iterable[object], rest: Callable[[], dict[str, object]]) -> Iterator[bytes]:
    """Print one JSON document that begins with a long array, without holding it; `rest` is asked for at its end."""
    yield b'{\n    "%b": [' % key.encode()
    separator = b"\n        "
    for item in items:
        yield separator + _pretty(item, 2)
        separator = b",\n        "
    yield b"\n    ],\n    " + b",\n    ".join(
        orjson.dumps(name) + b": " + _pretty(value, 1) for name, value in rest().items()
    )
    yield b"\n}\n"


def _filter_log_events(moments: Iterator[Moment]) -> Iterator[bytes]:
    log_events = (
        {
            "logStreamName": _log_stream(moment.at),
            "timestamp": moment.at,
            "message": orjson.dumps(moment.event).decode(),
            "ingestionTime": moment.at + 1_840,
            "eventId": _log_event_id(moment.at, number),
        }
        for number, moment in enumerate(moments)
    )
    return _document("events", log_events, lambda: {"searchedLogStreams": []})


def _logs_insights(moments: Iterator[Moment]) -> Iterator[bytes]:
    records = 0
    size = 0

    def rows() -> Iterator[object]:
        nonlocal records, size
        for moment in moments:
            message = orjson.dumps(moment.event)
            records += 1
            size += len(message)
            fields = (
                ("@timestamp", _iso(moment.at, " ")),
                ("@message", message.decode()),
                ("@ptr", f"Cl4KJgoiMTIzNDU2Nzg5MDEyOi9hd3MvdmVuZGVkbG9ncy9SVU0{records:012d}GAE="),
            )
            yield [{"field": field, "value": value} for field, value in fields]

    def rest() -> dict[str, object]:
        numbers = {"recordsMatched": float(records), "recordsScanned": float(records), "bytesScanned": float(size)}
        return {"statistics": numbers, "status": "Complete"}

    return _document("results", rows(), rest)


def _subscription(moments: Iterator[Moment]) -> Iterator[bytes]:
    numbers = itertools.count()
    for record in _batched(moments, SUBSCRIPTION_RECORD):
        number = next(numbers)
        if not number:
            yield orjson.dumps(_control_message(record[0].at))
        log_events = [
            {
                "id": _log_event_id(moment.at, number * SUBSCRIPTION_RECORD + place),
                "timestamp": moment.at,
                "message": orjson.dumps(moment.event).decode(),
            }
            for place, moment in enumerate(record)
        ]
        yield orjson.dumps(
            {
                "messageType": "DATA_MESSAGE",
                "owner": ACCOUNT,
                "logGroup": LOG_GROUP,
                "logStream": _log_stream(record[0].at),
                "subscriptionFilters": ["firehose"],
                "logEvents": log_events,
            },
        )


def _control_message(at: int) -> Json:
    message = "CWL CONTROL MESSAGE: Checking health of destination Firehose."
    return {
        "messageType": "CONTROL_MESSAGE",
        "owner": "CloudwatchLogs",
        "logGroup": "",
        "logStream": "",
        "subscriptionFilters": [],
        "logEvents": [{"id": "", "timestamp": at, "message": message}],
    }


def _get_app_monitor_data(moments: Iterator[Moment]) -> Iterator[bytes]:
    draw = Random(MONITOR_ID)

    def shaped() -> Iterator[str]:
        for burst in _bursts(moments):
            batch_id = uuid(draw)
            for moment in burst:
                yield orjson.dumps(_monitor_event(moment, batch_id)).decode()

    pages = _batched(shaped(), PAGE_OF_EVENTS)
    page = next(pages, ())
    following = next(pages, None)
    while following is not None:
        yield _pretty({"Events": [*page], "NextToken": f"eyJuZXh0VG9rZW4iOiBudWxsfQ{uuid(draw)}"}, 0) + b"\n"
        page, following = following, next(pages, None)
    yield _pretty({"Events": [*page]}, 0) + b"\n"


def _monitor_event(moment: Moment, batch_id: str) -> Json:
    """Give the event the shape that GetAppMonitorData has: more at the top, and a timestamp for its log stream."""
    event, view = moment.event, moment.view
    metadata = cast("Json", event["metadata"])
    return {
        "userId": view.session.user["userId"],
        "sessionId": view.session.user["sessionId"],
        **{key: value for key, value in event.items() if key not in {"metadata", "user_details", "event_details"}},
        "application_name": MONITOR_NAME,
        "log_stream": {"seconds": moment.at // 1000, "nanos": moment.at % 1000 * 1_000_000},
        "batch_id": batch_id,
        "metadata": metadata,
        "metadata_keys": list(metadata),
        "metadata_values": [f"{key}={_text(value)}" for key, value in metadata.items()],
        "event_details": event["event_details"],
        "user_details": event["user_details"],
        "account_id": ACCOUNT,
        "event_interaction": f"{quote(view.page, safe='')}-{view.interaction} &",
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _put_rum_events(moments: Iterator[Moment]) -> Iterator[bytes]:
    draw = Random(MONITOR_ID)
    for burst in _bursts(moments):
        session = burst[0].view.session
        hoisted = session.client | session.origin if draw.random() < 0.5 else {}
        body: Json = {
            "BatchId": uuid(draw),
            "AppMonitorDetails": {"id": MONITOR_ID, "name": MONITOR_NAME, "version": session.application_version},
            "UserDetails": session.user,
            "RumEvents": [_rum_event(moment, hoisted) for moment in burst],
        }
        if hoisted:
            body["SessionMetadata"] = orjson.dumps(hoisted).decode()
        yield orjson.dumps(body, option=orjson.OPT_APPEND_NEWLINE)


def _rum_event(moment: Moment, hoisted: Json) -> Json:
    event = moment.event
    metadata = {key: value for key, value in cast("Json", event["metadata"]).items() if key not in hoisted}
    return {
        "id": event["event_id"],
        "timestamp": moment.at / 1000 if moment.at % 1000 else moment.at // 1000,
        "type": event["event_type"],
        "details": orjson.dumps(event["event_details"]).decode(),
        "metadata": orjson.dumps(metadata).decode(),
    }


def _bursts(moments: Iterator[Moment]) -> Iterator[Sequence[Moment]]:
    """Group what one session does in a row into what one request carries."""
    for _, neighbours in itertools.groupby(moments, key=lambda moment: moment.view.session.user["sessionId"]):
        yield from _batched(neighbours, BURST)


def _batched(items: Iterator[T], size: int) -> Iterator[Sequence[T]]:
    while batch := tuple(itertools.islice(items, size)):
        yield batch


_ENCODERS: Final[dict[Form, Callable[[Iterator[Moment]], Iterator[bytes]]]] = {
    Form.NDJSON: _ndjson,
    Form.LOGS_EXPORT: _logs_export,
    Form.FILTER_LOG_EVENTS: _filter_log_events,
    Form.LOGS_INSIGHTS: _logs_insights,
    Form.SUBSCRIPTION: _subscription,
    Form.MONITOR_DATA: _get_app_monitor_data,
    Form.PUT_EVENTS: _put_rum_events,
}
FORMS: Final = tuple(_ENCODERS)
"""The input forms that events are written in."""


def main(argv: Sequence[str]) -> int:
    """Write one file of events, as `python -m rumpattern.synth --events 1000 -o events.ndjson` asks for."""
    parser = argparse.ArgumentParser(prog="python -m rumpattern.synth", description=__doc__)
    parser.add_argument("--events", type=int, required=True, metavar="N", help="how many events")
    parser.add_argument("--seed", type=int, default=0, help="what decides everything random (default: 0)")
    parser.add_argument(
        "--form", type=Form, choices=FORMS, default=Form.NDJSON, help="the input form (default: ndjson)"
    )
    parser.add_argument("--gzip", action="store_true", help="compress, with several gzip members where that is usual")
    parser.add_argument("--rate", type=float, default=50.0, help="events per second of event time (default: 50)")
    parser.add_argument("--custom", type=float, default=0.02, help="share of custom event types (default: 0.02)")
    parser.add_argument("--shuffle-keys", action="store_true", help="put the keys of every object in random order")
    parser.add_argument("-o", "--output", type=Path, required=True, metavar="FILE")
    given = parser.parse_args(argv)
    write(
        given.output,
        given.events,
        form=given.form,
        compress=given.gzip,
        seed=given.seed,
        rate=given.rate,
        custom=given.custom,
        shuffle_keys=given.shuffle_keys,
    )
    return 0
