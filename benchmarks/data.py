"""The events that tools are compared on: generated once, and kept if a folder is named for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from benchmarks.plain_loop import open_events
from rumpattern.synth import events as synth

if TYPE_CHECKING:
    from pathlib import Path

VARIANTS: Final[dict[str, synth.Options]] = {
    "plain": {},
    "shuffled": {"shuffle_keys": True},
    "custom": {"custom": 0.05},
}
"""Options of the generator: as it is, with the members of every object in random order, with more custom events."""
VARIANT_NOTES: Final = {
    "plain": "as clients send them, 2 % of custom types",
    "shuffled": "the same, the members of every object in random order",
    "custom": "5 % of custom types with details of their own",
}
RATE: Final = 50.0
"""Events a second of event time, with a million events: 5.6 hours."""
MILLION: Final = 10**6
_PIECE: Final = 1 << 20


def generate(  # noqa: PLR0913 - what decides the events
    directory: Path, count: int, *, compress: bool, seed: int, variant: str = "plain", rate: float = RATE
) -> Path:
    """Return the file of generated events, which is written unless it is there."""
    marks = [str(count), str(seed), *([] if variant == "plain" else [variant])]
    marks += [] if rate == RATE else [f"{rate:g}-a-second"]
    path = directory / f"events-{'-'.join(marks)}.ndjson{'.gz' if compress else ''}"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.partial")
        options: synth.Options = {**VARIANTS[variant], "seed": seed, "rate": rate}
        synth.write(beside, count, compress=compress, **options)
        beside.replace(path)
    return path


def cache(path: Path) -> None:
    """Have a file in the page cache as reading it from disk leaves it, in large pieces.

    One that was just written lies there in pages of 4 KiB, which takes three times as long to copy.
    """
    with path.open("rb") as file:
        os.fsync(file.fileno())
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while file.read(_PIECE):
            pass


def text_size(path: Path) -> int:
    """Return the bytes of a file, decompressed."""
    with open_events(path) as stream:
        return sum(map(len, iter(lambda: stream.read(_PIECE), b"")))
