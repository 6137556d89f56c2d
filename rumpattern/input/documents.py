"""The containers that exported events come in: which one a file is, and how its events get out.

Line containers hold one event a line and can be cut anywhere between lines. Document containers are split into records.
A file of rejects holds lines and records of any other container, each of which is read as what it was.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rumpattern.input import canonical
from rumpattern.input.exact import SPACE
from rumpattern.input.formats import LINE_FORMS, Form
from rumpattern.input.lines import BOM, EXPORT_TIME, RecordLines
from rumpattern.input.rejects import Reject, load_row
from rumpattern.input.sources import BLOCK, BrokenSourceError
from rumpattern.input.splitter import MAX_RECORD, STRING, Record, SplitError, Splitter
from rumpattern.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


RECORDS: Final = 8192
"""Records of documents that make one batch, at most."""
_BATCH: Final = 8 << 20
"""Bytes of the texts of one batch, about."""
_EXPANDED: Final = 64 << 20
"""Bytes of the events of one record: what a request says of all of them is repeated in each."""


class _Document(NamedTuple):
    """How a document container is taken apart: the member that holds its records, and the events of a record."""

    member: str | None
    events: Callable[[bytes], Iterator[bytes]]


_DOCUMENTS: Final[dict[Form, _Document]] = {
    Form.JSON: _Document(None, canonical.json_value),
    Form.FILTER_LOG_EVENTS: _Document("events", canonical.log_event),
    Form.LOGS_INSIGHTS: _Document("results", canonical.insights_row),
    Form.SUBSCRIPTION: _Document(None, canonical.subscription),
    Form.MONITOR_DATA: _Document("Events", canonical.json_value),
    Form.PUT_EVENTS: _Document(None, canonical.put_events),
    Form.CLOUDTRAIL: _Document("Records", canonical.put_events),
}

_FORM_OF_KEY: Final = {
    b'"events"': Form.FILTER_LOG_EVENTS,
    b'"results"': Form.LOGS_INSIGHTS,
    b'"logEvents"': Form.SUBSCRIPTION,
    b'"messageType"': Form.SUBSCRIPTION,
    b'"Events"': Form.MONITOR_DATA,
    b'"RumEvents"': Form.PUT_EVENTS,
    b'"rumEvents"': Form.PUT_EVENTS,
    b'"message"': Form.FILTER_LOG_EVENTS,
    b'"@message"': Form.LOGS_INSIGHTS,
    b'"eventName"': Form.PUT_EVENTS,
    b'"requestParameters"': Form.PUT_EVENTS,
    b'"AppMonitorDetails"': Form.PUT_EVENTS,
    b'"Records"': Form.CLOUDTRAIL,
}
_RECORD_KEYS: Final = {
    b'"message"': Form.FILTER_LOG_EVENTS,
    b'"@message"': Form.LOGS_INSIGHTS,
    b'"event_type"': Form.MONITOR_DATA,
    b'"eventName"': Form.CLOUDTRAIL,
    b'"requestParameters"': Form.CLOUDTRAIL,
}
"""What tells a record from the document that it stood in."""
_UNFINISHED: Final = frozenset(("RP004", "RP020"))
"""Why a document is cut off; a row of rejects is not."""
_KEYS_OF_REJECTS: Final = frozenset((b'"code"', b'"reason"', b'"text"'))
_NO_TIME: Final = "the line is not a time such as 2026-01-05T00:00:00.000Z and JSON"
_KEYS: Final = re.compile(rb"(" + STRING + rb")(\s*:)?|[{}\[\]]", re.DOTALL)


def detect(head: bytes) -> Form:
    """Return the form of a file from its first bytes; NDJSON when nothing tells."""
    text = head.removeprefix(BOM).lstrip()
    if EXPORT_TIME.match(text):
        return Form.LOGS_EXPORT
    is_array = text.startswith(b"[")
    if is_array:
        text = text[1:].lstrip()
        if text.startswith(b"["):
            return Form.LOGS_INSIGHTS
    keys = list(_first_level_keys(text)) if text.startswith(b"{") else []
    if _KEYS_OF_REJECTS.issubset(keys) and b'"event_type"' not in keys:
        return Form.REJECTS
    container = next((_FORM_OF_KEY[key] for key in keys if key in _FORM_OF_KEY), None)
    if container and b'"event_type"' not in keys:
        return container
    return Form.JSON if is_array or re.match(rb"\{[ \t]*\r?\n", text) else Form.NDJSON


def _first_level_keys(text: bytes) -> Iterator[bytes]:
    depth = 0
    for token in _KEYS.finditer(text):
        mark = token.group()
        if mark in (b"{", b"["):
            depth += 1
        elif mark in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return
        elif depth == 1 and token.group(2):
            yield token.group(1)


# --- line containers ------------------------------------------------------------------------------------------------


def cut_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the text of a line container in blocks that end at line ends."""
    parts: list[bytes] = []
    size = 0
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size >= BLOCK and (cut := chunk.rfind(b"\n") + 1):
            parts[-1] = chunk[:cut]
            yield b"".join(parts)
            parts, size = [chunk[cut:]], len(chunk) - cut
    if size:
        yield b"".join(parts)


# --- document containers --------------------------------------------------------------------------------------------


def read_documents(chunks: Iterable[bytes], form: Form) -> Iterator[RecordLines]:
    """Yield the events of a document container in batches.

    What cannot be split is one reject that says where it starts.
    """
    splitter = Splitter(_DOCUMENTS[form].member if form in _DOCUMENTS else None)
    collected = _Collected(form)
    try:
        for record in splitter.split(_without_bom(chunks)):
            collected.take(record)
            if collected.is_full():
                yield collected
                collected = _Collected(form)
    except SplitError as error:
        collected.reject(error.record, error.code, error.message, form, is_cut=True)
    except BrokenSourceError as fault:
        collected.reject(splitter.rest(), fault.code, fault.message, form, is_cut=True)
    if collected.count():
        yield collected


def _without_bom(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for number, chunk in enumerate(chunks):
        yield chunk.removeprefix(BOM) if number == 0 else chunk


def _is_record(text: bytes, form: Form) -> bool:
    """Tell whether a text that was rejected is a record that stood in a document, and not a whole document."""
    text = text.lstrip()
    if form is Form.LOGS_INSIGHTS and text.startswith(b"["):
        return True
    keys = list(_first_level_keys(text)) if text.startswith(b"{") else []
    return any(_RECORD_KEYS.get(key) is form for key in keys)


class _Collected(RecordLines):
    """Events and rejects collected from records of a container until they make a batch."""

    def __init__(self, container: Form) -> None:
        super().__init__([], [])
        self.container = container
        self.size = 0

    def is_full(self) -> bool:
        """Tell whether there is enough for a batch."""
        return self.size >= _BATCH or self.count() >= RECORDS

    def take(self, record: Record) -> None:
        """Take all events of a record, or none: a record that is rejected can be repaired and replayed."""
        if record.is_cut:
            reason = f"a record has more than {MAX_RECORD:,} bytes"
            self.reject(record, "RP019", reason, self.container, is_cut=True)
        elif self.container is Form.REJECTS:
            self._take_row(record)
        else:
            self._take_events(record, self.container)

    def _take_events(self, record: Record, form: Form) -> None:
        texts: list[bytes] = []
        size = 0
        try:
            for text in _DOCUMENTS[form].events(record.text):
                texts.append(text)
                size += len(text)
                if size > _EXPANDED:
                    self.reject(record, "RP019", f"the events of the record have more than {_EXPANDED:,} bytes", form)
                    return
        except JsonError as error:
            self.reject(record, error.code, error.message, form)
        except canonical.RecordError as error:
            self.reject(record, "RP018", str(error), form)
        else:
            self._add(record, texts, blank=not texts)

    def _take_row(self, record: Record) -> None:
        """Take what a row of rejects holds, as what it was before it was rejected."""
        try:
            text, form, cut = load_row(record.text)
        except JsonError as error:
            self.reject(record, error.code, error.message, self.container)
            return
        except canonical.RecordError as error:
            self.reject(record, "RP018", str(error), self.container)
            return
        again = Record(text, record.offset, record.line)
        if cut:
            reason = f'the text is not all that {cut} rejected: complete it, and take "cut" out of the row'
            self.reject(again, "RP024", reason, form, is_cut=True)
        elif form in LINE_FORMS:
            self._take_line(again, form)
        elif _is_record(text, form):
            self._take_events(again, form)
        else:
            self._take_document(again, form)

    def _take_line(self, line: Record, form: Form) -> None:
        time = EXPORT_TIME.match(line.text) if form is Form.LOGS_EXPORT else None
        if not line.text.strip(SPACE):
            self.blank += 1
        elif form is Form.LOGS_EXPORT and time is None:
            self.reject(line, "RP017", _NO_TIME, form)
        else:
            self._add(line, [line.text[time.end() if time else 0 :]])

    def _take_document(self, document: Record, form: Form) -> None:
        parts = list(read_documents([document.text], form))
        rejects = [reject for part in parts for reject in part.rejects]
        if rejects:
            code = rejects[0].code
            self.reject(document, "RP010" if code in _UNFINISHED else code, rejects[0].reason, form)
        else:
            texts = [text for part in parts for text in part.texts]
            self._add(document, texts, blank=sum(part.blank for part in parts) or not parts)

    def _add(self, record: Record, texts: list[bytes], *, blank: int = 0) -> None:
        self.texts += texts
        self.size += sum(map(len, texts))
        self.places += [(record.line, record.offset)] * len(texts)
        self.blank += blank

    def reject(self, record: Record, code: str, reason: str, form: Form, *, is_cut: bool = False) -> None:
        self.size += len(record.text)
        self.rejects.append(Reject(record.line, record.offset, code, reason, record.text, form, is_cut))
