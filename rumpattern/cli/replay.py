"""``rumpattern replay``: its options; ``replaying`` does the work."""

from __future__ import annotations

from typing import Any

import click

from rumpattern.aggregate.limits import MAX_EXACT_VALUES, MAX_SERIES
from rumpattern.cli.options import (
    Duration,
    Price,
    Share,
    definitions_option,
    input_format_option,
    max_line_option,
    reader_option,
)
from rumpattern.emit.formats import SERIES


@click.command(name="replay")
@definitions_option
@click.argument("events", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["table", *SERIES]), default="table", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write the result to FILE instead of standard output.")
@click.option(
    "--period", type=Duration(), default="60s", show_default=True, help="Length of one data point: 60s, 5m, 1h."
)
@click.option("--application-name", metavar="NAME", help="The app monitor's name, for events that lack it.")
@click.option(
    "--rejects",
    "rejects_file",
    metavar="FILE",
    help="Write every rejected line with place and reason, to be repaired and replayed.",
)
@click.option(
    "--accounts", "accounts_file", metavar="FILE", help="Write the accounts of files and definitions as JSON."
)
@click.option(
    "--max-reject-rate",
    type=Share(),
    default=0.0,
    show_default=True,
    help="Exit with 3 when a larger share of lines is rejected.",
)
@click.option(
    "--state",
    metavar="DIR",
    help="Keep the progress in DIR, so that the same command resumes an interrupted run. Removed at the end.",
)
@click.option(
    "--max-series",
    type=click.IntRange(1),
    metavar="N",
    default=MAX_SERIES,
    show_default=True,
    help="Series of one definition; if it makes more, its samples are counted and left out, and the exit code is 1.",
)
@click.option(
    "--exact-values",
    type=click.IntRange(1),
    metavar="N",
    default=MAX_EXACT_VALUES,
    show_default=True,
    help="Distinct values of a data point that are kept as they are, for exact percentiles.",
)
@click.option(
    "--price",
    type=Price(),
    metavar="AMOUNT",
    help="Price of one metric for a month; the summary then shows what the series would cost.",
)
@max_line_option
@click.option(
    "--workers", type=click.IntRange(1), metavar="N", help="Cores to use; by default decided by the size of the input."
)
@input_format_option
@reader_option
def command(**options: Any) -> int:  # noqa: ANN401 - they are handed on by their names
    """Replay exported RUM EVENTS into the metrics that definitions would have published.

    EVENTS are files, directories, or "-" for standard input: NDJSON, CloudWatch Logs exports, the JSON of
    filter-log-events, get-log-events, Logs Insights, subscriptions and get-app-monitor-data, captured PutRumEvents
    bodies, all of them also gzipped.

    \b
    rumpattern replay -d definitions.json events/
    rumpattern replay -d definitions.json export.gz --format csv -o metrics.csv --period 5m
    zcat export.gz | rumpattern replay -d definitions.json - --rejects rejects.jsonl

    Formats: table to read, json lines, csv (a cell that a spreadsheet would run has an apostrophe in front), parquet
    (extra arrow), put-metric-data (requests for the AWS CLI) and emf (CloudWatch's embedded metric format), both within
    CloudWatch's limits, openmetrics. All but put-metric-data and emf show percentiles; these let CloudWatch make them,
    as far as they hold the values. The trimmed statistics of CloudWatch (TM, TC, TS, PR, WM, IQM) are left out.

    Exit codes: 0 everything is written, 1 samples or data points are left out (--max-series, or what CloudWatch
    refuses) or there are findings in the definitions, 2 usage, input or output error, 3 more rejected lines than
    --max-reject-rate or a file that could not be read to its end, 130 interrupted.
    """
    from rumpattern.cli.replaying import replay_files  # noqa: PLC0415 - options alone need none of it

    return replay_files(**options)
