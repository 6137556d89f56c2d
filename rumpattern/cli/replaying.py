"""What ``rumpattern replay`` does: events and definitions in, metrics out."""

from __future__ import annotations

import io
import os
import sys
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.cli.main import Exit
from rumpattern.cli.options import check_reader, read_definitions
from rumpattern.cli.outputs import check_outputs, reject_file, replacing
from rumpattern.cli.progress import progress_bar
from rumpattern.columns.readers import Reader
from rumpattern.diagnostics.wording import printable
from rumpattern.emit import table
from rumpattern.emit.formats import NAMED_BY_DEFINITIONS, SERIES
from rumpattern.input.sources import find_sources
from rumpattern.job.settings import Settings, check_application_name, check_period
from rumpattern.memory import give_back_memory
from rumpattern.run import Listeners, ignore, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import BinaryIO

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.emit.cloudwatch import Outcome
    from rumpattern.input.formats import Form
    from rumpattern.job.collect import ReplayResult

_STDIN: Final = "/dev/stdin"
"""The file that standard input is, if it is one, on systems that say so."""


def replay_files(  # noqa: PLR0913, PLR0917 - one for each option
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
) -> Exit:
    """Replay files, write the result, and return the exit code; the arguments are the options of the command."""
    give_back_memory()
    settings = _settings(period, application_name, input_format, reader, max_series, exact_values, max_line)
    output = None if output == "-" else output
    _check_format(form, output)
    sources = find_sources(events)
    inputs = [source.real or os.path.realpath(_STDIN) for source in sources]
    outputs = {"--output": output, "--rejects": rejects_file, "--accounts": accounts_file}
    check_outputs(outputs, [*inputs, *map(os.path.realpath, files)], state)
    definitions = read_definitions(files)
    with _checkpoint(state), ExitStack() as stack:  # every output is opened before there is anything to write
        stream = stack.enter_context(replacing(output)) if output else None
        accounts_stream = stack.enter_context(replacing(accounts_file)) if accounts_file else None
        on_reject = stack.enter_context(reject_file(rejects_file)) if rejects_file else None
        with progress_bar(sum(source.size for source in sources)) as on_progress:
            listeners = Listeners(on_reject, on_progress or ignore, lambda text: click.echo(text, err=True))
            result = run(
                definitions, events, settings, sources=sources, workers=workers, state=state, listeners=listeners
            )
        if accounts_stream:
            import_module("rumpattern.emit.accounts").write(result, accounts_stream)
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
        from rumpattern.job.checkpoint.state import delete  # noqa: PLC0415 - the run has loaded it

        delete(Path(state))


def _check_format(form: str, output: str | None) -> None:
    if form == "parquet":
        from rumpattern.emit import parquet  # noqa: PLC0415 - each format is loaded when it is asked for

        try:
            parquet.check()
        except ModuleNotFoundError as error:
            raise click.BadParameter(str(error), param_hint="--format") from None
        if output is None and sys.stdout.isatty():
            raise click.BadParameter("parquet is not for a terminal: name a file with --output", param_hint="--format")


def _write(
    result: ReplayResult,
    form: str,
    stream: BinaryIO | None,
    definitions: Sequence[MetricDefinition],
    price: float | None,
) -> bool:
    """Write the result, to standard output if there is no stream; return whether nothing had to be left out."""
    if form == "table":
        if stream:
            text = io.TextIOWrapper(stream, "utf-8", write_through=True)
            table.write(result, text, price)
            text.detach()
        else:
            table.write(result, sys.stdout, price)
        return True
    sink = stream or sys.stdout.buffer
    names = (definitions,) if form in NAMED_BY_DEFINITIONS else ()
    outcome: Outcome | None = import_module(f"rumpattern.emit.{SERIES[form]}").write(result.series, sink, *names)
    sink.flush()
    table.write_summary(result, sys.stderr, price)
    if outcome is None:
        return True
    from rumpattern.emit import cloudwatch  # noqa: PLC0415 - only formats for CloudWatch have an outcome

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
