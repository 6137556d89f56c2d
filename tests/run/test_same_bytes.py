"""The output is the same to the byte, whatever the order of lines and files, units, workers and reader."""

from __future__ import annotations

import gzip
import hashlib
import io
import os
from importlib.util import find_spec
from itertools import pairwise
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


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("reader", READERS)
def test_many_small_files(
    definitions: list[rp.MetricDefinition], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reader: str, workers: int
) -> None:
    random = Random(workers)  # noqa: S311 - reproducible, not secret
    monkeypatch.setattr("rumpattern.input.gather.SMALL", 40_000)
    monkeypatch.setattr("rumpattern.input.gather.GATHERED", 90_000)
    lines = [*synth.lines(500, seed=3), *synth.lines(200, seed=4, custom=0.3)]
    (tmp_path / "all").write_bytes(b"\n".join(lines))
    folder = tmp_path / "files"
    folder.mkdir()
    ends = sorted({len(lines), *(random.randrange(len(lines)) for _ in range(60))})
    for begin, end in pairwise([0, *ends]):
        text = b"\n".join(lines[begin:end]) + random.choice([b"", b"\n"])
        (folder / f"{begin:03}").write_bytes(random.choice([text, text, gzip.compress(text)]))
    many = rp.replay(definitions, folder, workers=workers, reader=reader, exact_values=20)
    whole = rp.replay(definitions, tmp_path / "all", exact_values=20)
    assert written(many) == written(whole)
    assert many.accounting.definitions == whole.accounting.definitions
    accounts = [(file.lines, file.evaluated, file.rejected, file.blank) for file in many.accounting.files]
    assert accounts == [(end - begin, end - begin, 0, 0) for begin, end in pairwise([0, *ends])]


def written(result: rp.ReplayResult) -> bytes:
    """Return the series in every format, one after another."""
    stream = io.BytesIO()
    for form in FORMATS:
        form.write(result.series, stream)
    return stream.getvalue()
