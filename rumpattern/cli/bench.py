"""``rumpattern bench``: how fast each stage is on this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from rumpattern.cli.options import (
    check_reader,
    definitions_option,
    input_format_option,
    read_definitions,
    reader_option,
)

if TYPE_CHECKING:
    from rumpattern.input.formats import Form


@click.command(name="bench")
@definitions_option
@click.argument("events", nargs=-1)
@click.option(
    "--events", "count", type=click.IntRange(1), default=50_000, show_default=True, help="Number of events to generate."
)
@click.option("--seed", default=0, show_default=True, help="Seed of the generated events.")
@click.option(
    "--limit", type=click.IntRange(1), default=256, show_default=True, metavar="MB", help="Read at most this much."
)
@click.option(
    "--repeat", type=click.IntRange(1), default=5, show_default=True, help="Runs of each stage; the median is shown."
)
@click.option("--quick", is_flag=True, help="At most 5,000 events, 8 MB and 3 runs: a first look, in about a second.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
@input_format_option
@reader_option
def command(  # noqa: PLR0913 - one parameter an option
    files: tuple[str, ...],
    events: tuple[str, ...],
    *,
    count: int,
    seed: int,
    limit: int,
    repeat: int,
    quick: bool,
    as_json: bool,
    input_format: Form | None,
    reader: str,
) -> None:
    """Measure each stage in this process: parse, compile, decode, match, derive, and all of them as a pipeline.

    EVENTS are files, directories or "-", as for replay; without any, events are generated. They are read into memory
    before anything is measured.

    \b
    rumpattern bench -d definitions.json
    rumpattern bench -d definitions.json --quick
    rumpattern bench -d definitions.json export.gz --repeat 9 --json
    """
    from rumpattern.bench.report import measure, write_table  # noqa: PLC0415 - options alone need none of it
    from rumpattern.bench.stages import Stages  # noqa: PLC0415
    from rumpattern.bench.workload import MEGABYTE, read_workload, synthetic_workload  # noqa: PLC0415

    check_reader(reader)
    read_definitions(files)
    if quick:
        count, limit, repeat = min(count, 5_000), min(limit, 8), min(repeat, 3)
    workload = read_workload(events, input_format, limit * MEGABYTE) if events else synthetic_workload(count, seed)
    report = measure(Stages.prepare(files, workload, reader), repeat)
    if report.cut:
        click.echo(f"note: measured with the first {report.bytes / MEGABYTE:,.1f} MB of the events (--limit)", err=True)
    if as_json:
        click.echo(report.to_json())
    else:
        write_table(report, sys.stdout)
