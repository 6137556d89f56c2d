"""Documents to the JSON texts of their events, and the detection of an input form.

Forms of lines hold one event a line and can be cut at any newline (``LINE_FORMS``). All others hold JSON documents,
which are split into records: JSON values that each hold one event, several, or none. A file of rejects holds lines and
records of any other form, and each is read as what it was before it was rejected.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from rumpattern.input import canonical
from rumpattern.input.exact import SPACE
from rumpattern.input.formats import BOM, LINE_FORMS, NO_TIMESTAMP, TIMESTAMP_PREFIX, Form
from rumpattern.input.lines import EventList
from rumpattern.input.rejects import Reject, load_row
from rumpattern.input.sources import BLOCK, BrokenSourceError
from rumpattern.input.splitter import MAX_RECORD, STRING, Record, SplitError, Splitter
from rumpattern.jsontext import JsonError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


MAX_RECORDS: Final = 8192
"""Events and rejects of one block."""
_MAX_BLOCK: Final = 8 << 20
"""Bytes of the texts of one block, about."""
_MAX_EXPANDED: Final = 64 << 20
"""Bytes of the events of one record: what a request says of all of them is repeated in each."""


class _DocumentForm(NamedTuple):
    """A form of documents.

    ``member`` is that of a document which holds the records, None if a document is a record; ``events`` yields the JSON
    texts of the events of a record.
    """

    member: str | None
    events: Callable[[bytes], Iterator[bytes]]


_DOCUMENT_FORMS: Final[dict[Form, _DocumentForm]] = {
    Form.JSON: _DocumentForm(None, canonical.json_value),
    Form.FILTER_LOG_EVENTS: _DocumentForm("events", canonical.log_event),
    Form.LOGS_INSIGHTS: _DocumentForm("results", canonical.insights_row),
    Form.SUBSCRIPTION: _DocumentForm(None, canonical.subscription),
    Form.MONITOR_DATA: _DocumentForm("Events", canonical.json_value),
    Form.PUT_EVENTS: _DocumentForm(None, canonical.put_events),
    Form.CLOUDTRAIL: _DocumentForm("Records", canonical.put_events),
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
_KEYS: Final = re.compile(rb"(" + STRING + rb")(\s*:)?|[{}\[\]]", re.DOTALL)


def detect(head: bytes) -> Form:
    """Return the form of a file from its first bytes; NDJSON when nothing tells."""
    text = head.removeprefix(BOM).lstrip()
    if TIMESTAMP_PREFIX.match(text):
        return Form.LOGS_EXPORT
    is_array = text.startswith(b"[")
    if is_array:
        text = text[1:].lstrip()
        if text.startswith(b"["):
            return Form.LOGS_INSIGHTS
    keys = _keys_of_no_event(text) if text.startswith(b"{") else []
    if _KEYS_OF_REJECTS.issubset(keys):
        return Form.REJECTS
    form = next((_FORM_OF_KEY[key] for key in keys if key in _FORM_OF_KEY), None)
    if form:
        return form
    return Form.JSON if is_array or re.match(rb"\{[ \t]*\r?\n", text) else Form.NDJSON


def _keys_of_no_event(text: bytes) -> list[bytes]:
    """Return the first-level keys of an object; none of an event, which is known by its type and not read further."""
    keys: list[bytes] = []
    for key in _first_level_keys(text):
        if key == b'"event_type"':
            return []
        keys.append(key)
    return keys


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


# --- lines ----------------------------------------------------------------------------------------------------------


def cut_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield text in pieces of about ``BLOCK`` bytes that end at line ends."""
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


# --- documents ------------------------------------------------------------------------------------------------------


def read_documents(chunks: Iterable[bytes], form: Form) -> Iterator[EventList]:
    """Yield the events of a stream of documents, each time as many as make a block.

    What cannot be split is one reject that says where it starts.
    """
    splitter = Splitter(_DOCUMENT_FORMS[form].member if form in _DOCUMENT_FORMS else None)
    collector = _Collector(form)
    try:
        for record in splitter.split(_without_bom(chunks)):
            collector.add(record)
            if collector.is_full():
                yield collector.drain()
    except SplitError as error:
        collector.reject(error.record, error.code, error.message, form, is_cut=True)
    except BrokenSourceError as fault:
        collector.reject(splitter.rest(), fault.code, fault.message, form, is_cut=True)
    if collector.count:
        yield collector.drain()


def _without_bom(chunks: Iterable[bytes]) -> Iterator[bytes]:
    for index, chunk in enumerate(chunks):
        yield chunk.removeprefix(BOM) if index == 0 else chunk


def _is_record(text: bytes, form: Form) -> bool:
    """Tell whether a text that was rejected is a record that stood in a document, and not a whole document."""
    text = text.lstrip()
    if form is Form.LOGS_INSIGHTS and text.startswith(b"["):
        return True
    keys = list(_first_level_keys(text)) if text.startswith(b"{") else []
    return any(_RECORD_KEYS.get(key) is form for key in keys)


class _Collector:
    """Collects the events and rejects of records until they make a block."""

    def __init__(self, form: Form) -> None:
        self._form = form
        self._clear()

    def _clear(self) -> None:
        self._texts: list[bytes] = []
        self._positions: list[tuple[int, int]] = []
        self._rejects: list[Reject] = []
        self._blank = 0
        self._size = 0  # bytes of texts and rejects

    @property
    def count(self) -> int:
        """How many events, rejects and records without an event there are."""
        return len(self._texts) + len(self._rejects) + self._blank

    def is_full(self) -> bool:
        """Tell whether there is enough for a block."""
        return self._size >= _MAX_BLOCK or self.count >= MAX_RECORDS

    def drain(self) -> EventList:
        """Return what has been collected, and begin again."""
        collected = EventList(self._texts, self._positions, self._rejects, self._blank)
        self._clear()
        return collected

    def add(self, record: Record) -> None:
        """Add all events of a record, or none: a record that is rejected can be repaired and replayed."""
        if record.is_cut:
            reason = f"a record has more than {MAX_RECORD:,} bytes"
            self.reject(record, "RP019", reason, self._form, is_cut=True)
        elif self._form is Form.REJECTS:
            self._add_rejected(record)
        else:
            self._add_events(record, self._form)

    def _add_events(self, record: Record, form: Form) -> None:
        texts: list[bytes] = []
        size = 0
        try:
            for text in _DOCUMENT_FORMS[form].events(record.text):
                texts.append(text)
                size += len(text)
                if size > _MAX_EXPANDED:
                    reason = f"the events of the record have more than {_MAX_EXPANDED:,} bytes"
                    self.reject(record, "RP019", reason, form)
                    return
        except JsonError as error:
            self.reject(record, error.code, error.message, form)
        except canonical.RecordError as error:
            self.reject(record, "RP018", str(error), form)
        else:
            self._add_texts(record, texts, blank=not texts)

    def _add_rejected(self, record: Record) -> None:
        """Add what a row of rejects holds, read as what it was before it was rejected."""
        try:
            text, form, cut = load_row(record.text)
        except JsonError as error:
            self.reject(record, error.code, error.message, self._form)
            return
        except canonical.RecordError as error:
            self.reject(record, "RP018", str(error), self._form)
            return
        again = Record(text, record.offset, record.line)
        if cut:
            reason = f'the text is not all that {cut} rejected: complete it, and take "cut" out of the row'
            self.reject(again, "RP024", reason, form, is_cut=True)
        elif form in LINE_FORMS:
            self._add_line(again, form)
        elif _is_record(text, form):
            self._add_events(again, form)
        else:
            self._add_document(again, form)

    def _add_line(self, line: Record, form: Form) -> None:
        prefix = TIMESTAMP_PREFIX.match(line.text) if form is Form.LOGS_EXPORT else None
        if not line.text.strip(SPACE):
            self._blank += 1
        elif form is Form.LOGS_EXPORT and prefix is None:
            self.reject(line, "RP017", NO_TIMESTAMP, form)
        else:
            self._add_texts(line, [line.text[prefix.end() if prefix else 0 :]])

    def _add_document(self, document: Record, form: Form) -> None:
        """Add all events of a document, or none; its reject says what is wrong with the first record that is."""
        lists = list(read_documents([document.text], form))
        rejects = [reject for events in lists for reject in events.rejects]
        if rejects:
            code = rejects[0].code
            self.reject(document, "RP010" if code in _UNFINISHED else code, rejects[0].reason, form)
        else:
            texts = [text for events in lists for text in events.texts]
            self._add_texts(document, texts, blank=sum(events.blank for events in lists) or not lists)

    def _add_texts(self, record: Record, texts: list[bytes], *, blank: int = 0) -> None:
        self._texts += texts
        self._size += sum(map(len, texts))
        self._positions += [(record.line, record.offset)] * len(texts)
        self._blank += blank

    def reject(self, record: Record, code: str, reason: str, form: Form, *, is_cut: bool = False) -> None:
        """Add a record as a reject."""
        self._size += len(record.text)
        self._rejects.append(Reject(record.line, record.offset, code, reason, record.text, form, is_cut))
