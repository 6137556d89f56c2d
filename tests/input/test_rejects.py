"""Rejects that are repaired and replayed: with the first run they give what one run over good data gives."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

import rumpattern as rp
from rumpattern.cli.outputs import reject_file
from rumpattern.input.documents import detect
from rumpattern.input.formats import Form
from rumpattern.input.rejects import Reject, dump_row, load_row
from rumpattern.synth import events as synth
from tests.support.core import READERS
from tests.support.paths import DEFINITIONS
from tests.support.replays import VIEW

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from subprocess import CompletedProcess

BYTES = b"\xff\xed\xa0\x80\x00"
Damage = tuple[bytes, bytes]
"""What is put instead of what."""

TYPE: Damage = (b'"event_type"', b'"eventtype"')
QUOTED_TYPE: Damage = (rb"\"event_type\"", rb"\"eventtype\"")
OPEN: Damage = (b"{", b"{" + BYTES)
QUOTED_OPEN: Damage = (rb'"{\"', rb'"<\"')
DAMAGES: dict[Form, tuple[Damage, ...]] = {
    Form.NDJSON: (TYPE, OPEN, (b"{", b"[1]{"), (b"{", b"\xef\xbb\xbf{")),
    Form.LOGS_EXPORT: (TYPE, OPEN, (b"Z {", b" {{"), (b"Z ", b"Z\xff")),
    Form.PUT_EVENTS: ((b'"RumEvents"', b'"RumEvent"'), (b'"details":"{', b'"details":"<'), OPEN),
    Form.SUBSCRIPTION: ((b'"logEvents"', b'"logEvent"'), QUOTED_TYPE, QUOTED_OPEN, OPEN),
}


def damaged(lines: list[bytes], damages: tuple[Damage, ...]) -> list[bytes]:
    """Return the lines, every second of them but the first few damaged, each in another way."""
    result = list(lines)
    for number in range(3, len(lines), 2):
        good, bad = damages[number // 2 % len(damages)]
        result[number] = lines[number].replace(good, bad, 1)
        assert result[number] != lines[number]
    return result


def run(definitions: list[rp.MetricDefinition], events: list[Path], rejects: Path, **options: Any) -> rp.ReplayResult:
    with reject_file(str(rejects)) as keep:
        result = rp.replay(definitions, events, workers=1, application_name="shop", on_reject=keep, **options)
    for file in result.accounting.files:
        assert file.lines == file.evaluated + file.rejected + file.blank
    return result


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def repaired(row: dict[str, Any], damages: tuple[Damage, ...], lines: list[bytes]) -> dict[str, Any]:
    """Return a row with the damage undone, as somebody would who sees the text; what is cut is looked up."""
    if row.pop("cut", False):
        return {**row, "text": lines[row["line"] - 1].decode()}
    text = row["text"].encode("utf-8", "surrogateescape")
    for good, bad in damages:
        undone = [(bad, good), (bad.replace(b"\\", b""), good.replace(b"\\", b"")), (b'<"', b'{"')]
        for one, other in undone:
            if one in text and (one != b'<"' or text.startswith(one)):
                return {**row, "text": text.replace(one, other, 1).decode("utf-8", "surrogateescape")}
    raise AssertionError(f"nothing to repair in {row}")


def accounts(result: rp.ReplayResult) -> Counter[tuple[str, str]]:
    total: Counter[tuple[str, str]] = Counter()
    for number, account in enumerate(result.accounting.definitions):
        total[f"{number}", "matched"] += account.matched
        total[f"{number}", "published"] += account.published
        total.update({(f"{number}", reason): count for reason, count in account.dropped.items()})
    return total


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("form", DAMAGES)
def test_what_is_repaired_is_what_was_missing(
    definitions: list[rp.MetricDefinition], tmp_path: Path, form: Form, reader: str
) -> None:
    lines = []
    for seed in range(15):
        synth.write(tmp_path / "good", 20, form=form, seed=seed, rate=2, custom=0.3)
        found = (tmp_path / "good").read_bytes().replace(b"}{", b"}\n{").splitlines()
        lines += [line for line in found if b"CONTROL_MESSAGE" not in line]  # nothing in these matters
    (tmp_path / "good").write_bytes(b"\n".join(lines))
    good = run(definitions, [tmp_path / "good"], tmp_path / "none", reader=reader)
    assert good.accounting.rejected == 0
    bad = damaged(lines, DAMAGES[form])
    if form in {"ndjson", "logs-export"}:
        bad[4] += b" " * (1 << 20)
    (tmp_path / "bad").write_bytes(b"\n".join(bad))

    first = run(definitions, [tmp_path / "bad"], tmp_path / "rejects", reader=reader)
    assert first.accounting.files[0].form == form
    assert first.accounting.rejected > 5
    rejected = rows(tmp_path / "rejects")
    assert {row["line"] for row in rejected} >= set(range(4, len(lines) + 1, 2))

    unrepaired = run(definitions, [tmp_path / "rejects"], tmp_path / "again", reader=reader)
    assert (unrepaired.accounting.files[0].form, unrepaired.accounting.evaluated) == ("rejects", 0)
    again = rows(tmp_path / "again")
    assert [row["code"] for row in again] == [row["code"] if "cut" not in row else "RP024" for row in rejected]
    assert all(row["text"].endswith(same["text"]) for row, same in zip(rejected, again, strict=True))

    text = "\n".join(json.dumps(repaired(row, DAMAGES[form], lines)) for row in rejected)
    (tmp_path / "repaired").write_text(text, encoding="utf-8")
    second = run(definitions, [tmp_path / "repaired"], tmp_path / "none", reader=reader)
    assert second.accounting.files[0].form == "rejects"
    assert second.accounting.rejected == 0
    assert first.accounting.evaluated + second.accounting.evaluated == good.accounting.evaluated
    assert accounts(first) + accounts(second) == +accounts(good)
    both = run(definitions, [tmp_path / "bad", tmp_path / "repaired"], tmp_path / "none", reader=reader)
    assert both.series == good.series


TEXTS = [
    VIEW,
    b"",
    b"\xff\xfe\x00",
    b"\xed\xa0\x80\xed\xb0\x80",
    bytes(range(256)),
    "é😀\u2028".encode(),
    b'"\\ud83d"',
    b"\xc3",
]


@pytest.mark.parametrize("form", Form)
@pytest.mark.parametrize("text", TEXTS)
def test_any_bytes_survive_the_round_trip(text: bytes, form: Form) -> None:
    for is_cut in (False, True):
        line = dump_row("file", Reject(3, 40, "RP010", "reason", text, form, is_cut))
        assert line.isascii()
        assert line.count(b"\n") == 1
        assert detect(line) is Form.REJECTS
        assert load_row(line) == (text, form, "RP010" if is_cut else None)


def row(text: str, form: str = "ndjson", **members: object) -> bytes:
    return json.dumps({"file": "f", "code": "RP010", "reason": "r", "form": form, "text": text, **members}).encode()


EVENTS = json.dumps({"events": [{"message": VIEW.decode()}] * 3})
ROWS = [
    (row(VIEW.decode()), 1, 0, []),
    (row(f"  {VIEW.decode()}\r\n"), 1, 0, []),
    (row(" \r\n"), 0, 1, []),
    (row(f"2026-01-05T00:00:00.000Z {VIEW.decode()}", "logs-export"), 1, 0, []),
    (row("", "logs-export"), 0, 1, []),
    (row(VIEW.decode(), "logs-export"), 0, 0, [("RP017", VIEW.decode(), "logs-export")]),
    (row("half a \ud83d"), 0, 0, [("RP014", None, "ndjson")]),
    (row(EVENTS, "filter-log-events"), 3, 0, []),
    (row('{"events": []}', "filter-log-events"), 0, 1, []),
    (row(json.dumps({"message": VIEW.decode(), "events": [1]}), "filter-log-events"), 1, 0, []),
    (row(json.dumps([{"field": "@message", "value": VIEW.decode()}]), "logs-insights"), 1, 0, []),
    (row(json.dumps({"@message": VIEW.decode(), "results": 1}), "logs-insights"), 1, 0, []),
    (row(json.dumps({"results": [[{"field": "@message", "value": VIEW.decode()}]] * 2}), "logs-insights"), 2, 0, []),
    (row("", "filter-log-events"), 0, 1, []),
    (row(EVENTS[:-1], "filter-log-events"), 0, 0, [("RP010", EVENTS[:-1], "filter-log-events")]),
    (row("{}}", "subscription"), 0, 0, [("RP018", "{}}", "subscription")]),
    (row(VIEW.decode(), cut=True), 0, 0, [("RP024", VIEW.decode(), "ndjson")]),
    (row(VIEW.decode(), cut=False), 1, 0, []),
    (row(VIEW.decode(), cut=1), 0, 0, [("RP018", None, "rejects")]),
    (row(VIEW.decode(), "nothing known"), 0, 0, [("RP018", None, "rejects")]),
    (b'{"code":"RP010","reason":"r","text":5,"form":"ndjson"}', 0, 0, [("RP018", None, "rejects")]),
    (b'{"code":"RP010","reason":"r","text":"\xff","form":"ndjson"}', 0, 0, [("RP014", None, "rejects")]),
    (b"5", 0, 0, [("RP018", "5", "rejects")]),
    (row(row(VIEW.decode()).decode(), "rejects"), 1, 0, []),
]


@pytest.mark.parametrize(("data", "evaluated", "blank", "rejected"), ROWS)
@pytest.mark.parametrize("compress", [False, True], ids=["plain", "gzip"])
def test_rows(  # noqa: PLR0913 - a row of the table
    tmp_path: Path,
    data: bytes,
    evaluated: int,
    blank: int,
    rejected: list[tuple[str, str | None, str]],
    *,
    compress: bool,
) -> None:
    views = [rp.MetricDefinition("Views", pattern=rp.parse_pattern('{"event_type": ["view"]}'))]
    text = row(VIEW.decode()) + b"\n" + data + b"\n" + row(VIEW.decode())
    (tmp_path / "rows").write_bytes(gzip.compress(text) if compress else text)
    result = run(views, [tmp_path / "rows"], tmp_path / "rejects")
    assert (result.accounting.evaluated, result.accounting.blank) == (2 + evaluated, blank)
    found = rows(tmp_path / "rejects")
    assert [(one["code"], one["form"]) for one in found] == [(code, form) for code, _, form in rejected]
    assert all(said in {None, one["text"]} for one, (_, said, _) in zip(found, rejected, strict=True))
    assert [one["line"] for one in found] == [2] * len(rejected)
    assert not result.accounting.files[0].truncated


def test_the_command_reads_its_own_rejects(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    command: Callable[..., CompletedProcess[bytes]] = request.getfixturevalue("run")
    events, rejects = tmp_path / "events", tmp_path / "rejects"
    events.write_bytes(gzip.compress(VIEW + b"\n" + VIEW + b",\n" + VIEW)[:-9])
    options = ["-d", DEFINITIONS / "extended.json", "--format", "json"]
    assert command("replay", *options, events, "--rejects", rejects).returncode == 3
    found = rows(rejects)
    assert [(one["code"], one.get("cut")) for one in found] == [("RP010", None), ("RP003", True)]
    done = command("match", '{"event_type": ["view"]}', rejects)
    assert (done.returncode, done.stdout, done.stderr.decode().splitlines()) == (
        3,
        b"",
        [
            f"{rejects}:1: unexpected text after the JSON value (character 42) [RP010]",
            f'{rejects}:2: the text is not all that RP003 rejected: complete it, and take "cut" out of the row [RP024]',
            f"{rejects}: 2 lines were rejected",
        ],
    )
    found[0]["text"] = found[0]["text"].removesuffix(",")
    found[1].update(text=VIEW.decode(), cut=False)
    rejects.write_text("\n".join(map(json.dumps, found)), encoding="utf-8")
    done = command("match", '{"event_type": ["view"]}', rejects)
    assert (done.returncode, done.stdout, done.stderr) == (0, (VIEW + b"\n") * 2, b"")
