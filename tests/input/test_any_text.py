"""Texts of every encoding and form: what is no event is one reject that says why."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING

import pytest

from tests.support.core import READERS
from tests.support.replays import VIEW, reject_rows, replay_views

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

    import rumpattern as rp

    Run = Callable[..., CompletedProcess[bytes]]

EVENT = b'{"event_type":"view","event_timestamp":0,"a":%b}'
NOT_UTF8 = "the text is {0}, not UTF-8: convert it, as iconv -f {0} -t UTF-8 does"
TEXTS: dict[str, tuple[bytes, int, int, list[tuple[int, int, str, str]]]] = {
    "CRLF": (VIEW + b"\r\n\r\n" + VIEW + b"\r\n", 2, 1, []),
    "CR inside a line": (
        VIEW + b"\r" + VIEW + b"\n" + VIEW,
        1,
        0,
        [(1, 0, "RP010", "unexpected text after the JSON value (character 43)")],
    ),
    "CR between members": (VIEW.replace(b",", b",\r"), 1, 0, []),
    "BOM": (b"\xef\xbb\xbf" + VIEW + b"\n" + VIEW, 2, 0, []),
    "BOM alone": (b"\xef\xbb\xbf\n" + VIEW, 1, 1, []),
    "UTF-16 little": (b"\xff\xfe" + (VIEW + b"\n").decode().encode("utf-16-le") * 9, 0, 0, [(1, 0, "RP023", "UTF-16")]),
    "UTF-16 big": (b"\xfe\xff" + (VIEW + b"\n").decode().encode("utf-16-be") * 9, 0, 0, [(1, 0, "RP023", "UTF-16")]),
    "UTF-32": ((VIEW + b"\n").decode().encode("utf-32") * 9, 0, 0, [(1, 0, "RP023", "UTF-32")]),
    "NUL in a string": (EVENT % b'"\0"', 0, 0, [(1, 0, "RP010", "")]),
    "NUL between lines": (VIEW + b"\n\0\n" + VIEW, 2, 0, [(2, 42, "RP010", "")]),
    "NUL behind a line": (VIEW + b"\0\n" + VIEW, 1, 0, [(1, 0, "RP010", "")]),
    "lone surrogate": (EVENT % b'"\\ud800"' + b"\n" + EVENT % b'"\\udc00\\ud800"', 2, 0, []),
    "encoded surrogate": (
        EVENT % b'"\xed\xa0\x80"',
        0,
        0,
        [(1, 0, "RP014", "byte 0xed at offset 46 is not UTF-8 (invalid continuation byte)")],
    ),
    "1e400": (EVENT % b"1e400", 1, 0, []),
    "NaN": (EVENT % b"NaN", 0, 0, [(1, 0, "RP010", "")]),
    "Infinity": (EVENT % b"Infinity" + b"\n" + EVENT % b"-Infinity", 0, 0, [(1, 0, "RP010", ""), (2, 55, "RP010", "")]),
    "repeated keys": (EVENT % b'1,"a":2,"b":{"c":1,"c":2}', 1, 0, []),
    "1,000 digits": (EVENT % (b"1" * 1000), 1, 0, []),
    "1,001 digits": (EVENT % (b"1" * 1001), 0, 0, [(1, 0, "RP016", "a number has 1001 characters; the limit is 1000")]),
    "1,001 digits below keys": (
        EVENT % (b'{"b":[{"c":0.%b}]}' % (b"1" * 999)),
        0,
        0,
        [(1, 0, "RP016", "a number has 1001 characters; the limit is 1000")],
    ),
    "1,000 levels": (EVENT % (b"[" * 999 + b"]" * 999), 1, 0, []),
    "1,001 levels": (
        EVENT % (b"[" * 1000 + b"]" * 1000),
        0,
        0,
        [(1, 0, "RP015", "JSON is nested deeper than 1000 levels")],
    ),
    "1,001 levels of objects": (
        EVENT % (b'{"a":' * 1000 + b"1" + b"}" * 1000),
        0,
        0,
        [(1, 0, "RP015", "JSON is nested deeper than 1000 levels")],
    ),
    "no newline at the end": (VIEW + b"\n" + VIEW, 2, 0, []),
    "half a line at the end": (VIEW + b"\n" + VIEW[:-1], 1, 0, [(2, 42, "RP010", "")]),
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
@pytest.mark.parametrize("case", TEXTS)
def test_texts(views: list[rp.MetricDefinition], tmp_path: Path, case: str, reader: str, *, compress: bool) -> None:
    text, evaluated, blank, expected = TEXTS[case]
    path = tmp_path / "events"
    path.write_bytes(gzip.compress(text) if compress else text)
    result, rejects = replay_views(views, path, reader, input_format="ndjson")
    assert (result.accounting.evaluated, result.accounting.blank) == (evaluated, blank)
    reasons = [NOT_UTF8.format(one[3]) if one[2] == "RP023" else one[3] for one in expected]
    assert [row[:3] for row in reject_rows(rejects)] == [one[:3] for one in expected]
    assert all(reject.reason == reason for reject, reason in zip(rejects, reasons, strict=True) if reason)


def test_utf_16_is_told_of_in_every_form(run: Run, views: list[rp.MetricDefinition], tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(json.dumps({"events": [{"message": VIEW.decode()}]}).encode("utf-16"))
    for form in (None, "filter-log-events", "logs-export"):
        assert [reject.code for reject in replay_views(views, path, input_format=form)[1]] == ["RP023"]
    done = run("match", '{"event_type": ["view"]}', path)
    assert (done.returncode, done.stderr.decode().splitlines()) == (
        3,
        [f"{path}:1: {NOT_UTF8.format('UTF-16')} [RP023]", f"{path}: 1 lines were rejected"],
    )
