"""Peak memory of a replay against the size of its input: ``python -m benchmarks.memory --data DIR --plot memory.png``.

The events of every size happen in the same 5.6 hours, so that they make about as many series. The account of each run
is held against the line ends that the file has.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.data import MILLION, RATE, generate
from benchmarks.process import run

ROOT: Final = Path(__file__).resolve().parents[1]
DEFINITIONS: Final = ROOT / "benchmarks" / "definitions.json"
SIZES: Final = (10_000, 100_000, 1_000_000, 10_000_000)
READERS: Final = ("orjson", "scan")
BLOCK: Final = 1 << 24


class Measured(NamedTuple):
    """One run: its input, the reader, the peak in bytes, and how long it took."""

    reader: str
    events: int
    size: int
    peak: int
    seconds: float


def line_ends(path: Path) -> int:
    """Return what ``wc -l`` says of a file."""
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(BLOCK), b""))


def measure(path: Path, events: int, reader: str, folder: Path) -> Measured:
    """Replay a file in a process of its own.

    Raises:
        ValueError: its account is not that of the file.
    """
    accounts = folder / "accounts.json"
    options = ["--reader", reader, "--format", "json", "-o", str(folder / "series"), "--accounts", str(accounts)]
    command = [sys.executable, "-m", "rumpattern", "replay", "-d", str(DEFINITIONS), str(path), *options]
    used = run(command, ROOT)
    total = json.loads(accounts.read_bytes())["total"]
    lines = line_ends(path)
    if not lines == total["lines"] == total["evaluated"] + total["rejected"] + total["blank"]:
        raise ValueError(f"{path} has {lines} lines, its account is {total}")
    return Measured(reader, events, path.stat().st_size, used.peak or 0, used.seconds)


def plot(measured: list[Measured], path: Path) -> None:
    """Draw the peaks against the sizes of the inputs."""
    import matplotlib as mpl  # noqa: PLC0415 - only the picture needs it

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - as above

    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for reader in READERS:
        some = [one for one in measured if one.reader == reader]
        axes.plot([one.size / 1e6 for one in some], [one.peak / 1e6 for one in some], marker="o", label=reader)
    axes.set(xscale="log", ylim=(0, 400), xlabel="input, MB", ylabel="peak memory of all processes, MB")
    axes.axhline(350, linestyle="--", color="grey", linewidth=1)
    axes.set_title("Peak memory of a replay, 12 definitions, two cores")
    axes.legend(title="reader")
    figure.savefig(path, dpi=120)


def main() -> None:
    """Measure, print a table, and draw it if a file is named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--data", type=Path, help="keep the events in DIR, or take them from there")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="how many events")
    parser.add_argument("--plot", type=Path, help="write a picture to this file")
    given = parser.parse_args()
    measured = []
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'reader':8}{'events':>12}{'MB':>10}{'peak MB':>10}{'seconds':>10}")
        for events in given.sizes:
            rate = RATE * max(events / MILLION, 0.01)
            path = generate(given.data or Path(folder), events, compress=False, seed=0, rate=rate)
            for reader in READERS:
                one = measure(path, events, reader, Path(folder))
                measured.append(one)
                print(
                    f"{reader:8}{events:12,}{one.size / 1e6:10,.1f}{one.peak / 1e6:10,.1f}{one.seconds:10.2f}",
                    flush=True,
                )
    if given.plot:
        plot(measured, given.plot)


if __name__ == "__main__":
    main()
