"""Records of every form of documents to the JSON texts of events.

Events in two of the three shapes are taken as they are. A PutRumEvents request is taken apart: each of its events is
written in the shape of the log group around the JSON text of its details and metadata, whose spelling is kept.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import orjson

from rumpattern.input.exact import load
from rumpattern.jsontext import JsonError, Pairs, canonical_number, dump_exact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rumpattern.jsontext import Exact

CONTROL_MESSAGE: Final = "CONTROL_MESSAGE"
_CLOUDTRAIL_TIME: Final = "%b %d, %Y, %I:%M:%S %p"
_MILLISECONDS: Final = 1000


class RecordError(ValueError):
    """A record, or an event in it, that lacks what its input form says."""


def log_event(record: bytes) -> Iterator[bytes]:
    """Yield the message of a log event of filter-log-events or get-log-events."""
    yield _text(_member(load(record), "message"))


def insights_row(record: bytes) -> Iterator[bytes]:
    """Yield the @message of a Logs Insights result: a list of fields, or an object of the console's export."""
    row = load(record)
    if isinstance(row, list):
        cells = [cell for cell in row if isinstance(cell, dict) and cell.get("field") == "@message"]
        if not cells:
            raise RecordError('the result has no "@message" field: query "fields @message"')
        yield _text(_member(cells[0], "value"))
    else:
        yield _text(_member(row, "@message"))


def subscription(record: bytes) -> Iterator[bytes]:
    """Yield the messages of a subscription record; a control message carries no events."""
    data = load(record)
    if not (isinstance(data, dict) and data.get("messageType") == CONTROL_MESSAGE):
        for event in _list(data, "logEvents"):
            yield _text(_member(event, "message"))


def json_value(record: bytes) -> Iterator[bytes]:
    """Yield an event that stands as it is, or as a JSON string: get-app-monitor-data has the latter."""
    yield _text(load(record)) if record.startswith(b'"') else record


def put_events(record: bytes) -> Iterator[bytes]:
    """Yield the canonical events of a PutRumEvents body, or of the CloudTrail record of one.

    CloudTrail's records of other calls carry no events.
    """
    data = load(record)
    if isinstance(data, dict) and data.get("eventName", "PutRumEvents") != "PutRumEvents":
        return
    if isinstance(data, dict) and "requestParameters" in data:
        data = data["requestParameters"]
    body = _lower_first(data)
    for event in _list(body, "rumEvents"):
        yield _canonical(body, _lower_first(event))


def _canonical(body: dict[str, Exact], event: dict[str, Exact]) -> bytes:
    application = _lower_first(body.get("appMonitorDetails") or {})
    details = _json_text(event.get("details"), "details")
    version = _loaded(details).get("version")
    metadata = _merged(body.get("sessionMetadata"), event.get("metadata"))
    identifier = body["id"] if "id" in body else application.get("id")
    members: list[tuple[str, bytes | None]] = [
        ("event_timestamp", _timestamp(event.get("timestamp"))),
        ("event_type", _dumps(event.get("type"))),
        ("event_id", _dumps(event.get("id"))),
        ("event_version", _dumps(version)),
        ("application_id", _dumps(identifier)),
        ("application_version", _dumps(application.get("version"))),
        ("application_name", _dumps(application.get("name"))),
        ("batch_id", _dumps(body.get("batchId"))),
        ("user_details", _dumps(body.get("userDetails"))),
        ("metadata", metadata),
        ("event_details", details),
    ]
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in members if text is not None) + b"}"


def _timestamp(value: Exact) -> bytes | None:
    """Return the time in milliseconds: requests have seconds, CloudTrail a date in words, in UTC."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        from decimal import Decimal  # noqa: PLC0415 - only request bodies have such times

        milliseconds = Decimal(repr(value)) * _MILLISECONDS
        exact = float(milliseconds)
        return (canonical_number(exact) if math.isfinite(exact) else str(milliseconds)).encode()
    if isinstance(value, str):
        try:
            moment = datetime.strptime(value.replace("\u202f", " "), _CLOUDTRAIL_TIME).replace(tzinfo=UTC)
        except ValueError:
            return _dumps(value)
        return str(int(moment.timestamp()) * _MILLISECONDS).encode()
    return _dumps(value)


def _merged(session: Exact, event: Exact) -> bytes:
    """Return the event's metadata merged over the request's SessionMetadata: the event wins, spelling is kept."""
    text = _json_text(event, "metadata")
    if session is None:
        return text
    session_text = _json_text(session, "SessionMetadata")
    own = _loaded(text)
    inherited = {key: value for key, value in _loaded(session_text).items() if key not in own}
    if not inherited:
        return text
    front = _dumps(inherited) or b"{}"
    return front if not own else front[:-1] + b"," + text.lstrip(b" \t\r\n")[1:]


def _loaded(text: bytes) -> dict[str, Exact]:
    value = load(text)
    if isinstance(value, Pairs):
        return dict(value)
    return value if isinstance(value, dict) else {}


def _json_text(value: Exact, name: str) -> bytes:
    """Return the JSON text of an object that a request holds as a string; what is missing is an empty object."""
    if value is None:
        return b"{}"
    if isinstance(value, (dict, Pairs)):
        return _dumps(value) or b"{}"
    text = _text(value).strip(b" \t\r\n")
    try:
        loaded = load(text)
    except JsonError as error:
        raise RecordError(f"{name} is not JSON: {error.message}") from None
    if not isinstance(loaded, (dict, Pairs)):
        raise RecordError(f"{name} is not a JSON object")
    return text


def _text(value: Exact) -> bytes:
    """Return the text of an event that a record holds as a string, or as an object."""
    if isinstance(value, str):
        return value.encode("utf-8", "surrogatepass")
    if isinstance(value, dict):
        return _dumps(value) or b""
    raise RecordError("the event is neither a JSON string nor an object")


def _dumps(value: Exact) -> bytes | None:
    if value is None:
        return None
    try:
        return orjson.dumps(value)
    except TypeError:  # a lone surrogate, a repeated key, more depth than orjson writes
        try:
            return dump_exact(value)
        except RecursionError:
            raise RecordError("an event is nested too deeply to be read out of its record") from None


def _member(record: Exact, name: str) -> Exact:
    if not isinstance(record, dict) or name not in record:
        raise RecordError(f'the record has no "{name}"')
    return record[name]


def _list(record: Exact, name: str) -> list[Exact]:
    value = _member(record, name)
    if not isinstance(value, list):
        raise RecordError(f'"{name}" is not an array')
    return value


def _lower_first(value: Exact) -> dict[str, Exact]:
    """Return an object with lower-case first letters: the API says RumEvents, CloudTrail rumEvents."""
    if not isinstance(value, dict):
        raise RecordError("a PutRumEvents body is a JSON object")
    return {key[:1].lower() + key[1:]: member for key, member in value.items()}
