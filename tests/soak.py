"""``python -m tests.soak --minutes 30``: files of real shape, damaged at random, through the command line.

Each file is replayed by both readers. There must be no traceback, the exit code must be one of those documented, the
accounts must add up and name every reject that ``--rejects`` holds, and both readers must say the same.
"""

from __future__ import annotations

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from rumpattern.synth import events as synth
from tests.support.core import READERS
from tests.support.paths import DEFINITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator

LINES = ("ndjson", "logs-export")
BYTES = [
    b"\n",
    b"\r",
    b"\0",
    b'"',
    b"\\",
    b"{",
    b"}",
    b"[",
    b"]",
    b",",
    b":",
    b"\xff",
    b"\xed\xa0\x80",
    b"1e999",
    b"\x1f\x8b",
]


def damaged(data: bytes, draw: Random) -> bytes:
    """Return data with a few places deleted, changed, inserted, doubled, swapped, or cut off."""
    text = bytearray(data)
    for _ in range(draw.choice((0, 1, 1, 2, 5, 30))):
        place, size = draw.randrange(len(text) + 1), draw.choice((1, 1, 2, 8, 300))
        match draw.randrange(6):
            case 0:
                del text[place : place + size]
            case 1:
                text[place : place + 1] = bytes([draw.randrange(256)])
            case 2:
                text[place:place] = draw.choice(BYTES)
            case 3:
                text[place:place] = text[place : place + size]
            case 4:
                other = draw.randrange(len(text) + 1)
                text[place : place + size] = text[other : other + size]
            case 5 if draw.random() < 0.2:
                del text[place:]
    return bytes(text)


def make(folder: Path, draw: Random) -> list[Path]:
    """Write one to three damaged files; return them."""
    files = []
    for number in range(draw.choice((1, 1, 3))):
        form = draw.choice(synth.FORMS)
        path = folder / f"{number}-{form}"
        synth.write(
            path, draw.choice((1, 20, 200)), form=form, seed=draw.randrange(10**9), shuffle_keys=draw.random() < 0.2
        )
        data = damaged(path.read_bytes(), draw)
        if draw.random() < 0.4:
            data = gzip.compress(data, mtime=0)
            data = damaged(data, draw) if draw.random() < 0.5 else data
        path.write_bytes(data)
        files.append(path)
    return files


def replay(files: list[Path], folder: Path, reader: str, workers: int) -> tuple[int, str, bytes, dict[str, Any]]:
    """Return exit code, messages, output and accounts of one run."""
    output, accounts, rejects = (folder / f"{reader}.{what}" for what in ("output", "accounts", "rejects"))
    definitions = [word for name in ("extended.json", "custom.json") for word in ("-d", str(DEFINITIONS / name))]
    options = ["--format", "json", "-o", output, "--accounts", accounts, "--rejects", rejects]
    options += ["--reader", reader, "--workers", workers]
    command = [sys.executable, "-m", "rumpattern", "replay", *definitions, *map(str, [*files, *options])]
    done = subprocess.run(command, capture_output=True, check=False, timeout=120)
    told = json.loads(accounts.read_bytes()) if accounts.exists() else {}
    if told:
        told["rejects"] = rejects.read_bytes().decode()
    return done.returncode, done.stderr.decode(), output.read_bytes() if output.exists() else b"", told


def faults(files: list[Path], code: int, said: str, told: dict[str, Any]) -> Iterator[str]:
    """Yield what is wrong with a run."""
    if "Traceback" in said or "Error:" in said:
        yield "a traceback"
    if code not in {0, 2, 3} or (code == 2 and ("RP002" not in said or told)):
        yield f"exit code {code}"
    if told:
        rows = [json.loads(line) for line in told["rejects"].splitlines()]
        for file, path in zip(told["files"], sorted(files), strict=True):
            codes = Counter(row["code"] for row in rows if row["file"] == str(path))
            yield from (f"{path.name}: {fault}" for fault in _file_faults(file, path, codes))
        for definition in told["definitions"]:
            if definition["matched"] != definition["published"] + sum(definition["dropped"].values()):
                yield f"{definition['name']}: the account does not add up"


def _file_faults(account: dict[str, Any], path: Path, codes: Counter[str]) -> Iterator[str]:
    if account["lines"] != account["evaluated"] + account["rejected"] + account["blank"]:
        yield "the account does not add up"
    if codes != account["rejects"]:
        yield "rejects are not those of the account"
    data = path.read_bytes()
    if path.name.endswith(LINES) and account["form"] in LINES and not data.startswith(b"\x1f\x8b"):
        lines = data.count(b"\n") + (not data.endswith(b"\n") and bool(data))
        if account["lines"] != lines:
            yield f"{account['lines']} lines of {lines}"


def main() -> int:
    """Run until the time is over; keep the files of runs that were wrong, and exit with 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    until, seed, codes, lines, wrong = (
        time.monotonic() + 60 * chosen.minutes,
        chosen.seed,
        Counter[int](),
        Counter[str](),
        0,
    )
    while time.monotonic() < until:
        seed += 1
        draw = Random(seed)  # noqa: S311 - reproducible, not secret
        folder = Path(tempfile.mkdtemp(prefix="soak-"))
        files = make(folder, draw)
        runs = [replay(files, folder, reader, draw.choice((1, 2))) for reader in READERS]
        found = [fault for code, said, _, told in runs for fault in faults(files, code, said, told)]
        if any(run[0] != runs[0][0] or run[2:] != runs[0][2:] for run in runs):
            found.append("the readers differ")
        codes[runs[0][0]] += 1
        lines.update(
            {key: runs[0][3]["total"][key] for key in ("lines", "evaluated", "rejected", "blank")} if runs[0][3] else {}
        )
        if found:
            wrong += 1
            print(f"seed {seed}: {'; '.join(found)}: {folder}")
            continue
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    print(f"{sum(codes.values()):,} sets of files, exit codes {dict(codes)}, {dict(lines)}, {wrong} wrong")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
