"""What tests of faults share: one event, replayed as a definition's only one, and what is told of rejects."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import rumpattern as rp

if TYPE_CHECKING:
    from pathlib import Path

    from rumpattern.input.rejects import Reject

READERS = ("orjson", "scan") if find_spec("numba") else ("orjson",)
EXTENDED = "fixtures/definitions/extended.json"
TIME = b"2026-01-05T00:00:00.000Z "
VIEW = b'{"event_type":"view","event_timestamp":0}'


def replayed(
    views: list[rp.MetricDefinition], path: Path, reader: str = "orjson", **options: Any
) -> tuple[rp.ReplayResult, list[Reject]]:
    """Replay a file or directory, check that its lines add up, and return the rejects too."""
    rejects: list[Reject] = []
    options = {"workers": 1, "reader": reader, **options}
    result = rp.replay(views, path, on_reject=lambda _, reject: rejects.append(reject), **options)
    for file in result.accounting.files:
        assert file.lines == file.evaluated + file.rejected + file.blank
    assert sum(one.count for one in result.series) == result.accounting.evaluated
    assert result.accounting.rejected == len(rejects)
    return result, rejects


def told(rejects: list[Reject]) -> list[tuple[int, int, str, str]]:
    return [(reject.line, reject.offset, reject.code, reject.reason) for reject in rejects]
