"""The same job by rumpattern, DuckDB and a plain loop, each in processes of its own, on the same generated events.

``python -m benchmarks.compare --events 1000000`` prints a table; it fails if any two results differ.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.peers import LOOP, ROOT, TOLERANCE, differences, exact_result, peers, read_result
from benchmarks.plain_loop import open_events
from benchmarks.process import run
from rumpattern import synth
from rumpattern.bench import MEGABYTE, versions
from rumpattern.engines.local import available_cores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from benchmarks.peers import Key, Peer, Row
    from benchmarks.process import Usage

SHOWN_DIFFERENCES = 5
NOTE = (
    "All results are identical: keys, counts, minima and maxima. Sums of rumpattern are the doubles nearest to the\n"
    f"exact ones; the other tools add up doubles, and their sums are within {TOLERANCE:g} of them, relatively.\n"
    "Times are medians of whole processes that ran in turn; x loop is the speed relative to the plain loop.\n"
    "MB are 10^6 bytes, of JSON text; memory is the largest resident size of all processes of a tool together.\n"
)


class Line(NamedTuple):
    """One row of the table."""

    tool: str
    cores: int
    seconds: float
    events_per_second: float
    megabytes_per_second: float
    peak_megabytes: float | None
    ratio: float


def generate(directory: Path, count: int, *, compress: bool, seed: int) -> Path:
    """Return the file of generated events, which is written unless it is there."""
    path = directory / f"events-{count}-{seed}.ndjson{'.gz' if compress else ''}"
    if not path.exists():
        directory.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.partial")
        synth.write(beside, count, compress=compress, seed=seed)
        beside.replace(path)
    return path


def text_size(path: Path) -> int:
    """Return the bytes of a file, decompressed."""
    with open_events(path) as stream:
        return sum(map(len, iter(lambda: stream.read(1 << 20), b"")))


def compare(tools: Sequence[Peer], events: Path, results: Path, repeat: int) -> dict[Peer, list[Usage]]:
    """Run all tools in turn and check every result.

    Raises:
        SystemExit: a result is wrong.
    """
    true = exact_result(events)
    usages: dict[Peer, list[Usage]] = {tool: [] for tool in tools}
    for turn in range(repeat):
        for tool in tools:
            result = results / f"{tool.tool}-{tool.cores}-{turn}.jsonl"
            usages[tool].append(run(tool.command(events, result), ROOT))
            check(tool, read_result(result), true)
    return usages


def check(tool: Peer, found: dict[Key, Row], true: dict[Key, Row]) -> None:
    """Compare a result to the true one.

    Raises:
        SystemExit: they differ.
    """
    wrong = list(differences(found, true, exact=tool.exact))
    if wrong or not true:
        shown = "\n".join(wrong[:SHOWN_DIFFERENCES]) or "there is nothing in it"
        raise SystemExit(f"{tool.name}: the result is wrong in {len(wrong):,} of {len(true):,} rows\n{shown}")


def lines(usages: dict[Peer, list[Usage]], count: int, size: int) -> list[Line]:
    """Return the rows of the table."""
    seconds = {tool: median(usage.seconds for usage in runs) for tool, runs in usages.items()}
    loop = next(seconds[tool] for tool in usages if tool.tool == LOOP)
    return [
        Line(
            tool.tool,
            tool.cores,
            seconds[tool],
            count / seconds[tool],
            size / MEGABYTE / seconds[tool],
            _peak(runs),
            loop / seconds[tool],
        )
        for tool, runs in usages.items()
    ]


def _peak(runs: Iterable[Usage]) -> float | None:
    peaks = [usage.peak for usage in runs if usage.peak is not None]
    return max(peaks) / MEGABYTE if peaks else None


def table(rows: Iterable[Line]) -> str:
    """Return the rows as text."""
    form = "{:<27}{:>6}{:>10}{:>12}{:>9}{:>10}{:>9}"
    heads = ("tool", "cores", "wall s", "events/s", "MB/s", "peak MB", "x loop")
    text = [form.format(*heads)]
    for row in rows:
        peak = "" if row.peak_megabytes is None else f"{row.peak_megabytes:,.0f}"
        rates = f"{row.events_per_second:,.0f}", f"{row.megabytes_per_second:,.0f}"
        text.append(form.format(row.tool, row.cores, f"{row.seconds:.3f}", *rates, peak, f"{row.ratio:.2f}x"))
    return "\n".join(text)


def machine() -> str:
    """Return the processor's name, as far as it is known."""
    info = Path("/proc/cpuinfo")
    texts = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in texts if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {available_cores()} cores, {platform.system()}"


def main(argv: Sequence[str]) -> None:
    given = _arguments(argv)
    with ExitStack() as stack:
        results = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        events = generate(given.data or results, given.events, compress=given.gzip, seed=given.seed)
        size = text_size(events)
        tools = peers(given.workers)
        rows = lines(compare(tools, events, results, given.repeat), given.events, size)
    used = versions() | {tool: version(tool) for tool in sorted({tool.tool for tool in tools} & {"duckdb"})}
    facts = {"machine": machine(), "versions": used, "events": given.events, "bytes": size, "gzip": given.gzip}
    print(f"{given.events:,} events, {size / MEGABYTE:,.1f} MB{', gzip' if given.gzip else ''}, 12 definitions")
    print(f"{facts['machine']}; {', '.join(f'{name} {text}' for name, text in used.items())}\n")
    print(table(rows), NOTE, sep="\n\n", end="")
    if "duckdb" not in used:
        print("DuckDB is not installed: pip install 'rumpattern[bench]' adds it to the comparison.")
    if given.json:
        document = {**facts, "repeat": given.repeat, "rows": [row._asdict() for row in rows]}
        given.json.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    parser.add_argument("--events", type=int, required=True, metavar="N", help="how many events to generate")
    parser.add_argument("--gzip", action="store_true", help="compress them")
    parser.add_argument("--seed", type=int, default=0, help="what decides the events (default: 0)")
    parser.add_argument("--repeat", type=int, default=3, metavar="N", help="runs of each tool (default: 3)")
    parser.add_argument("--workers", type=int, default=available_cores(), metavar="N", help="cores (default: all)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="keep the events in DIR, or take them from there")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers to FILE too")
    return parser.parse_args(argv)


if __name__ == "__main__":
    main(sys.argv[1:])
