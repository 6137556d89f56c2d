"""``rumpattern replay``: events and definitions in, metrics out."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.cli.main import Exit
from rumpattern.cli.options import (
    Duration,
    Share,
    check_reader,
    definitions_option,
    input_format_option,
    max_line_option,
    read_definitions,
    reader_option,
)
from rumpattern.cli.outputs import check_outputs, reject_file, replacing
from rumpattern.cli.progress import progress_bar
from rumpattern.diagnostics import printable
from rumpattern.distribution import MOST_EXACT
from rumpattern.emit import accounts, cloudwatch, csv, emf, openmetrics, parquet, put_metric_data, table
from rumpattern.emit import json as json_lines
from rumpattern.engines.local import check_application_name, check_period, replay
from rumpattern.events.readers import ReaderError
from rumpattern.events.sources import find_sources
from rumpattern.job.cardinality import MAX_SERIES
from rumpattern.job.collect import SERIES_LIMIT
from rumpattern.job.state import clear

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import BinaryIO

    from rumpattern.emit.cloudwatch import Outcome
    from rumpattern.events.forms import Form
    from rumpattern.job.collect import ReplayResult


def _write_table(result: ReplayResult, stream: BinaryIO, price: float | None) -> None:
    text = io.TextIOWrapper(stream, "utf-8", write_through=True)
    table.write(result, text, price)
    text.detach()


_FORMATS: Final[dict[str, Callable[[ReplayResult, BinaryIO], Outcome | None]]] = {
    "json": lambda result, stream: json_lines.write(result.series, stream),
    "csv": lambda result, stream: csv.write(result.series, stream),
    "parquet": lambda result, stream: parquet.write(result.series, stream),
    "put-metric-data": lambda result, stream: put_metric_data.write(result.series, stream),
    "emf": lambda result, stream: emf.write(result.series, stream),
    "openmetrics": lambda result, stream: openmetrics.write(result.series, stream),
}


@click.command(name="replay")
@definitions_option
@click.argument("events", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["table", *_FORMATS]), default="table", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write the result to FILE instead of standard output.")
@click.option("--period", type=Duration(), default="60s", show_default=True, help="Length of one datum: 60s, 5m, 1h.")
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
    help="Keep the progress in DIR: if it is ended, the same command goes on where it was. Removed when it is done.",
)
@click.option(
    "--max-series",
    type=click.IntRange(1),
    metavar="N",
    default=MAX_SERIES,
    show_default=True,
    help="Series of one definition; if it makes more, its data are counted and left out, and the exit code is 1.",
)
@click.option(
    "--exact-values",
    type=click.IntRange(1),
    metavar="N",
    default=MOST_EXACT,
    show_default=True,
    help="Distinct values of a datum that are kept as they are, for exact percentiles.",
)
@click.option(
    "--price",
    type=click.FloatRange(0),
    metavar="AMOUNT",
    help="What one metric costs a month: the summary tells what the series would cost, published all month.",
)
@max_line_option
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Cores to use; by default as many as pay.")
@input_format_option
@reader_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    files: tuple[str, ...],
    events: tuple[str, ...],
    form: str,
    output: str | None,
    period: int,
    application_name: str | None,
    rejects_file: str | None,
    accounts_file: str | None,
    max_reject_rate: float,
    state: str | None,
    max_series: int,
    exact_values: int,
    price: float | None,
    max_line: int,
    workers: int | None,
    input_format: Form | None,
    reader: str,
) -> int:
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
    """
    for option, check, value in (
        ("--period", check_period, period),
        ("--application-name", check_application_name, application_name),
    ):
        try:
            check(value)  # type: ignore[arg-type]
        except ValueError as error:
            raise click.BadParameter(str(error), param_hint=option) from None
    check_reader(reader)
    output = None if output == "-" else output
    _check_format(form, output)
    sources = find_sources(events)
    inputs = [source.path for source in sources if source.path]
    outputs = {"--output": output, "--rejects": rejects_file, "--accounts": accounts_file}
    check_outputs(outputs, [*inputs, *map(Path, files)])
    definitions = read_definitions(files)
    with _progress(state):
        with ExitStack() as stack:
            on_reject = stack.enter_context(reject_file(rejects_file)) if rejects_file else None
            on_progress = stack.enter_context(progress_bar(sum(source.size for source in sources)))
            try:
                result = replay(
                    definitions,
                    events,
                    period,
                    workers,
                    application_name,
                    input_format=input_format,
                    reader=reader,
                    state=state,
                    max_series=max_series,
                    exact_values=exact_values,
                    max_line=max_line,
                    on_reject=on_reject,
                    on_progress=on_progress,
                    on_notice=lambda text: click.echo(text, err=True),
                )
            except ReaderError as error:
                raise click.UsageError(str(error)) from None
        if accounts_file:
            with replacing(accounts_file) as stream:
                accounts.write(result, stream)
        is_whole = _write(result, form, output, price)
    return _exit_code(result, max_reject_rate) or (Exit.CLEAN if is_whole else Exit.FINDINGS)


@contextmanager
def _progress(state: str | None) -> Iterator[None]:
    """Tell how to go on if the run is ended; delete what is kept of its progress when it is done."""
    try:
        yield
    except KeyboardInterrupt:
        if state:
            click.echo(f"the same command goes on where this one was: its progress is in {state}", err=True)
        raise
    if state:
        clear(Path(state))


def _check_format(form: str, output: str | None) -> None:
    if form == "parquet":
        try:
            parquet.check()
        except ModuleNotFoundError as error:
            raise click.BadParameter(str(error), param_hint="--format") from None
        if output is None and sys.stdout.isatty():
            raise click.BadParameter("parquet is not for a terminal: name a file with --output", param_hint="--format")


def _write(result: ReplayResult, form: str, output: str | None, price: float | None) -> bool:
    """Write the result and tell whether all of it could be."""
    outcome: Outcome | None = None
    if output is None and form == "table":
        table.write(result, sys.stdout, price)
    else:
        with nullcontext(sys.stdout.buffer) if output is None else replacing(output) as stream:
            if form == "table":
                _write_table(result, stream, price)
            else:
                outcome = _FORMATS[form](result, stream)
            stream.flush()
    if form != "table":
        table.write_summary(result, sys.stderr, price)
    if outcome is None:
        return True
    for note in (*cloudwatch.time_notes(result.series, datetime.now(UTC)), *cloudwatch.notes(outcome)):
        click.echo(f"warning: {note}", err=True)
    return not outcome.refused


def _exit_code(result: ReplayResult, max_reject_rate: float) -> Exit:
    accounting = result.accounting
    for file in accounting.files:
        if file.broke_off:
            click.echo(f"{printable(file.name)} could not be read to its end", err=True)
    rate = accounting.rejected / accounting.lines
    if rate <= max_reject_rate:
        if any(file.broke_off for file in accounting.files):
            return Exit.REJECTS
        return Exit.FINDINGS if any(d.dropped[SERIES_LIMIT] for d in accounting.definitions) else Exit.CLEAN
    message = f"{accounting.rejected:,} of {accounting.lines:,} lines were rejected ({rate:.3%})"
    click.echo(f"{message}, more than --max-reject-rate {max_reject_rate:g}", err=True)
    return Exit.REJECTS
