"""Inputs of the fuzz target (``tests/native/fuzz.c``): ``python -m tests.support.corpus FOLDER`` writes them."""

from __future__ import annotations

import sys
from itertools import product
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from rumpattern.synth import events as synth
from tests.support.lines import EDGES, GOOD
from tests.support.paths import EVENTS, JSON_TEST_SUITE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SCAN, NUMBER, FOLD, MATCH, PROBE = range(5)
_NUMBERS = (
    "0",
    "-0",
    "1.5",
    "9007199254740993",
    "0.30000000000000004",
    "1e400",
    "5e-324",
    "123456789012345680000",
    "12e-7",
)


def options(target: int, choices: Sequence[int] = (69, 0, 0, 0, 0), flags: int = 0, piece: int = 0) -> bytes:
    """Return the first bytes of an input: rows, longest line, room for texts, cut and quotes, and what is called.

    ``piece`` is for a scan of a file, 13 times so many bytes at once.
    """
    return bytes([*choices, flags, piece, target])


def inputs() -> Iterator[bytes]:
    """Yield every input."""
    lines = [*EDGES, *synth.lines(60, seed=5)]
    for line in lines:
        yield options(SCAN) + line
        yield options(SCAN) + b"\n".join((GOOD, line, GOOD, line))
    block = b"\n".join(line.rstrip(b"\n") for pair in zip(lines, lines[::-1], strict=True) for line in pair)
    for choices in product((1, 69), (0, 220), (0, 200), (0, 100), (0, 200)):
        yield options(SCAN, choices) + block
        yield options(SCAN, choices, 2) + b'{"event_type":""}\n' * 30 + block
        yield from (options(SCAN, choices, 0, piece) + block for piece in (1, 20, 255))
    for path in sorted(EVENTS.glob("*.ndjson")):
        yield options(SCAN) + path.read_bytes()[:60_000]
    for path in sorted(JSON_TEST_SUITE.glob("*.json")) if JSON_TEST_SUITE.is_dir() else ():
        text = path.read_bytes()[:20_000]
        for place in (b"%b", b'{"event_type":"t","z":%b}', b'{"event_type":"t","a":%b}'):
            yield options(SCAN) + place.replace(b"%b", text)
    yield from (options(NUMBER) + number.encode() for number in _NUMBERS)
    for target, seed in product((FOLD, MATCH, PROBE), range(40)):
        yield options(target) + Random(seed).randbytes(50 + 40 * seed)  # noqa: S311 - it has to be the same each time


def write(folder: Path) -> int:
    """Write every input to a file of a folder; return how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for count, data in enumerate(inputs(), 1):
        (folder / f"{count:05d}").write_bytes(data)
    return count


if __name__ == "__main__":
    print(f"{write(Path(sys.argv[1]))} inputs")
