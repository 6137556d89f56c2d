"""Rejects, and their rows of JSON, which can be repaired and read again (``Form.REJECTS``)."""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from rumpattern.dataclass import dataclass
from rumpattern.input.canonical import RecordError
from rumpattern.input.exact import load
from rumpattern.input.formats import Form

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rumpattern.jsontext import Exact


@dataclass(frozen=True, slots=True)
class Reject:
    """An input line, or a record of a document, that gives no event.

    Attributes:
        line: its line number, from 1. In a batch, it is that in the batch's text; in results of a replay, in the file.
        offset: the byte of the decompressed source where it begins, from 0.
        code: why, as a stable code (``rumpattern rule CODE`` explains it).
        reason: why, as a sentence.
        text: the line without its newline, or the record. Of one over the limit, its start.
        form: the input form to read the text as once it is repaired.
        is_cut: whether the text is not all that there was, or should have been: it cannot be repaired from the text.
    """

    line: int
    offset: int
    code: str
    reason: str
    text: bytes
    form: Form = Form.NDJSON
    is_cut: bool = False


def sort_rejects(*rejects: Iterable[Reject]) -> tuple[Reject, ...]:
    """Return rejects in the order of the input: by offset, and by line where several records share an offset."""
    return tuple(sorted(chain.from_iterable(rejects), key=lambda reject: (reject.offset, reject.line)))


class RejectedText(NamedTuple):
    """What was rejected, as its row says: the text, the form to read it as, and if the text is cut the code."""

    text: bytes
    form: Form
    cut: str | None


def dump_row(file: str, reject: Reject) -> bytes:
    """Return a reject as one line of JSON.

    Its members are file, line, offset, form, code, reason and text, and cut for a text that is not all that there was.
    Bytes of the text that are no UTF-8 stand as the lone surrogates U+DC80 to U+DCFF, as PEP 383 has it.
    """
    row: dict[str, object] = {
        "file": file,
        "line": reject.line,
        "offset": reject.offset,
        "form": reject.form.value,
        "code": reject.code,
        "reason": reject.reason,
        "text": reject.text.decode("utf-8", "surrogateescape"),
    }
    if reject.is_cut:
        row["cut"] = True
    return json.dumps(row).encode() + b"\n"


def load_row(record: bytes) -> RejectedText:
    """Return the text that a row of rejects holds.

    Raises:
        JsonError: it is not JSON.
        RecordError: it lacks members of a row.
    """
    row = load(record)
    if not isinstance(row, dict):
        raise RecordError("a row of rejects is a JSON object")
    text, form = _string(row, "text"), _string(row, "form")
    if form not in set(Form):
        raise RecordError(f'the row\'s "form" is no input form: {form!a}')
    is_cut = row.get("cut", False)
    if not isinstance(is_cut, bool):
        raise RecordError('the row\'s "cut" is neither true nor false')
    return RejectedText(_to_bytes(text), Form(form), _string(row, "code") if is_cut else None)


def _string(row: dict[str, Exact], name: str) -> str:
    value = row.get(name)
    if not isinstance(value, str):
        raise RecordError(f'the row has no "{name}" string')
    return value


def _to_bytes(text: str) -> bytes:
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a surrogate of another range: the row was edited
        return text.encode("utf-8", "surrogatepass")
