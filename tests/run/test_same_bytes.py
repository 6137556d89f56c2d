"""The output is the same to the byte, whatever the order of lines and files, units, workers and reader."""

from __future__ import annotations

import hashlib
import io
import os
from importlib.util import find_spec
from random import Random
from typing import TYPE_CHECKING

import pytest

import rumpattern as rp
from rumpattern.emit import csv_rows, emf, json_lines, openmetrics, parquet, put_metric_data
from rumpattern.synth import events as synth
from tests.support.core import READERS

if TYPE_CHECKING:
    from pathlib import Path

SHUFFLES = int(os.environ.get("RUMPATTERN_SHUFFLES", "2"))
FILES = 3
FORMATS = [json_lines, csv_rows, put_metric_data, emf, openmetrics, *([parquet] if find_spec("pyarrow") else [])]


@pytest.mark.slow
@pytest.mark.parametrize("units", [1, 2, 7])
@pytest.mark.parametrize("workers", [1, 2])
def test_one_digest(
    definitions: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, units: int, workers: int
) -> None:
    lines = [*synth.lines(700, seed=3), *synth.lines(700, seed=4, custom=0.3)]
    digests = set()
    for seed in range(SHUFFLES):
        Random(seed).shuffle(lines)  # noqa: S311 - reproducible, not secret
        folder = tmp_path / str(seed)
        folder.mkdir()
        for number in range(FILES):
            text = b"\n".join(lines[number::FILES])
            (folder / str(number)).write_bytes(text)
            monkeypatch.setattr("rumpattern.input.sources.RANGE", len(text) // units + 1)
        for reader in READERS:
            result = rp.replay(definitions, folder, workers=workers, reader=reader, exact_values=20)
            digests.add(hashlib.sha256(written(result)).hexdigest())
    (tmp_path / "all").write_bytes(b"\n".join(sorted(lines)))
    reference = written(rp.replay(definitions, tmp_path / "all", workers=1, exact_values=20))
    assert digests == {hashlib.sha256(reference).hexdigest()}
    assert b'"SEH1"' in reference


def written(result: rp.ReplayResult) -> bytes:
    """Return the series in every format, one after another."""
    stream = io.BytesIO()
    for form in FORMATS:
        form.write(result.series, stream)
    return stream.getvalue()
