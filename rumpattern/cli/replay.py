"""``rumpattern replay``: events and definitions in, metrics out."""

from __future__ import annotations

import io
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import click

from rumpattern.aggregate.cardinality import MAX_SERIES
from rumpattern.aggregate.histogram import MAX_EXACT_VALUES
from rumpattern.cli.main import Exit
from rumpattern.cli.options import (
    Duration,
    Price,
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
from rumpattern.columns.readers import Reader
from rumpattern.diagnostics.wording import printable
from rumpattern.emit import (
    accounts,
    cloudwatch,
    csv_rows,
    emf,
    json_lines,
    openmetrics,
    parquet,
    put_metric_data,
    table,
)
from rumpattern.input.sources import find_sources
from rumpattern.job.checkpoint.state import delete
from rumpattern.job.settings import Settings, check_application_name, check_period
from rumpattern.memory import give_back_memory
from rumpattern.run import Listeners, ignore, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from rumpattern.aggregate.series import Series
    from rumpattern.definition.model import MetricDefinition
    from rumpattern.emit.cloudwatch import Outcome
    from rumpattern.input.formats import Form
    from rumpattern.job.collect import ReplayResult


def _write_table(result: ReplayResult, stream: BinaryIO, price: float | None) -> None:
    text = io.TextIOWrapper(stream, "utf-8", write_through=True)
    table.write(result, text, price)
    text.detach()


_Definitions: TypeAlias = "Sequence[MetricDefinition]"
_FORMATS: Final[dict[str, Callable[[Sequence[Series], BinaryIO, _Definitions], Outcome | None]]] = {
    "json": lambda series, stream, _: json_lines.write(series, stream),
    "csv": lambda series, stream, _: csv_rows.write(series, stream),
    "parquet": lambda series, stream, _: parquet.write(series, stream),
    "put-metric-data": lambda series, stream, _: put_metric_data.write(series, stream),
    "emf": lambda series, stream, _: emf.write(series, stream),
    "openmetrics": openmetrics.write,
}


@click.command(name="replay")
@definitions_option
@click.argument("events", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["table", *_FORMATS]), default="table", show_default=True)
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

    Exit codes: 0 everything is written, 1 samples or data points are left out (--max-series, or what CloudWatch
    refuses) or there are findings in the definitions, 2 usage, input or output error, 3 more rejected lines than
    --max-reject-rate or a file that could not be read to its end, 130 interrupted.
    """
    give_back_memory()
    settings = _settings(period, application_name, input_format, reader, max_series, exact_values, max_line)
    output = None if output == "-" else output
    _check_format(form, output)
    sources = find_sources(events)
    inputs = [source.path for source in sources if source.path]
    outputs = {"--output": output, "--rejects": rejects_file, "--accounts": accounts_file}
    check_outputs(outputs, [*inputs, *map(Path, files)], state)
    definitions = read_definitions(files)
    with _checkpoint(state), ExitStack() as stack:  # every output is opened before there is anything to write
        stream = stack.enter_context(replacing(output)) if output else None
        accounts_stream = stack.enter_context(replacing(accounts_file)) if accounts_file else None
        on_reject = stack.enter_context(reject_file(rejects_file)) if rejects_file else None
        with progress_bar(sum(source.size for source in sources)) as on_progress:
            listeners = Listeners(on_reject, on_progress or ignore, lambda text: click.echo(text, err=True))
            result = run(definitions, events, settings, workers=workers, state=state, listeners=listeners)
        if accounts_stream:
            accounts.write(result, accounts_stream)
        is_complete = _write(result, form, stream, definitions, price)
    return _exit_code(result, max_reject_rate) or (Exit.CLEAN if is_complete else Exit.FINDINGS)


def _settings(  # noqa: PLR0913, PLR0917 - as Settings
    period: int,
    application_name: str | None,
    input_format: Form | None,
    reader: str,
    max_series: int,
    exact_values: int,
    max_line: int,
) -> Settings:
    """Return the settings that options give.

    Raises:
        click.BadParameter: naming the option whose value cannot be.
    """
    try:
        check_period(period)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--period") from None
    try:
        check_application_name(application_name)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--application-name") from None
    check_reader(reader)
    return Settings(period, application_name, input_format, Reader(reader), max_series, exact_values, max_line)


@contextmanager
def _checkpoint(state: str | None) -> Iterator[None]:
    """Say how to resume if the run is interrupted; delete its checkpoint when everything is written."""
    try:
        yield
    except KeyboardInterrupt:
        if state:
            click.echo(f"run the same command again to resume; the progress is in {state}", err=True)
        raise
    if state:
        delete(Path(state))


def _check_format(form: str, output: str | None) -> None:
    if form == "parquet":
        try:
            parquet.check()
        except ModuleNotFoundError as error:
            raise click.BadParameter(str(error), param_hint="--format") from None
        if output is None and sys.stdout.isatty():
            raise click.BadParameter("parquet is not for a terminal: name a file with --output", param_hint="--format")


def _write(
    result: ReplayResult, form: str, stream: BinaryIO | None, definitions: _Definitions, price: float | None
) -> bool:
    """Write the result, to standard output if there is no stream; return whether nothing had to be left out."""
    if form == "table":
        if stream:
            _write_table(result, stream, price)
        else:
            table.write(result, sys.stdout, price)
        return True
    sink = stream or sys.stdout.buffer
    outcome = _FORMATS[form](result.series, sink, definitions)
    sink.flush()
    table.write_summary(result, sys.stderr, price)
    if outcome is None:
        return True
    for note in (*cloudwatch.time_notes(result.series, datetime.now(UTC)), *cloudwatch.notes(outcome)):
        click.echo(f"warning: {note}", err=True)
    return not outcome.refused


def _exit_code(result: ReplayResult, max_reject_rate: float) -> Exit:
    accounting = result.accounting
    for file in accounting.files:
        if file.truncated:
            click.echo(f"{printable(file.name)} could not be read to its end", err=True)
    rate = accounting.rejected / accounting.lines
    if rate <= max_reject_rate:
        if any(file.truncated for file in accounting.files):
            return Exit.REJECTS
        return Exit.FINDINGS if any(definition.is_estimate for definition in accounting.definitions) else Exit.CLEAN
    message = f"{accounting.rejected:,} of {accounting.lines:,} lines were rejected ({rate:.3%})"
    click.echo(f"{message}, more than --max-reject-rate {max_reject_rate:g}", err=True)
    return Exit.REJECTS
