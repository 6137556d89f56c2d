"""Replays that check their own accounts, and the lines, definitions and readers that tests of input share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import rumpattern as rp

if TYPE_CHECKING:
    from pathlib import Path

    from rumpattern.input.rejects import Reject

EXTENDED = "fixtures/definitions/extended.json"
TIME = b"2026-01-05T00:00:00.000Z "
VIEW = b'{"event_type":"view","event_timestamp":0}'


def replay_checked(
    definitions: list[rp.MetricDefinition], path: Path, reader: str = "orjson", **options: Any
) -> tuple[rp.ReplayResult, list[Reject]]:
    """Replay a file or directory, check that its lines add up, and return the rejects too."""
    rejects: list[Reject] = []
    options = {"workers": 1, "reader": reader, **options}
    result = rp.replay(definitions, path, on_reject=lambda _, reject: rejects.append(reject), **options)
    for file in result.accounting.files:
        assert file.lines == file.evaluated + file.rejected + file.blank
    assert result.accounting.rejected == len(rejects)
    return result, rejects


def replay_views(
    views: list[rp.MetricDefinition], path: Path, reader: str = "orjson", **options: Any
) -> tuple[rp.ReplayResult, list[Reject]]:
    """Replay events that are views, all of them, by a definition that counts views."""
    result, rejects = replay_checked(views, path, reader, **options)
    assert sum(row.count for row in result.series) == result.accounting.evaluated
    return result, rejects


def reject_rows(rejects: list[Reject]) -> list[tuple[int, int, str, str]]:
    """Return line, offset, code and reason of each reject."""
    return [(reject.line, reject.offset, reject.code, reject.reason) for reject in rejects]
