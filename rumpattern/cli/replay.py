"""``rumpattern replay``: events and definitions in, metrics out."""

from __future__ import annotations

import json
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.cli.main import Exit
from rumpattern.cli.options import Duration, definitions_option, input_format_option, read_definitions
from rumpattern.cli.progress import progress_bar
from rumpattern.emit import csv, put_metric_data, table
from rumpattern.emit import json as json_lines
from rumpattern.engines.local import check_period, replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import BinaryIO

    from rumpattern.aggregate import Series
    from rumpattern.events.columns import Reject
    from rumpattern.events.forms import Form
    from rumpattern.job import ReplayResult

_DATA_FORMATS: Final[dict[str, Callable[[Sequence[Series], BinaryIO], None]]] = {
    "json": json_lines.write,
    "csv": csv.write,
    "put-metric-data": put_metric_data.write,
}


@click.command(name="replay")
@definitions_option
@click.argument("events", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(["table", *_DATA_FORMATS]), default="table", show_default=True)
@click.option("-o", "--output", metavar="FILE", help="Write the result to FILE instead of standard output.")
@click.option("--period", type=Duration(), default="60s", show_default=True, help="Length of one datum: 60s, 5m, 1h.")
@click.option("--application-name", metavar="NAME", help="The app monitor's name, for events that lack it.")
@click.option(
    "--rejects", "rejects_file", metavar="FILE", help="Write every rejected line with place and reason, as JSON."
)
@click.option(
    "--max-reject-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Exit with 3 when a larger share of lines is rejected.",
)
@click.option("--workers", type=click.IntRange(1), metavar="N", help="Processes to use; by default as many as pay.")
@input_format_option
def command(  # noqa: PLR0913, PLR0917 - one for each option
    files: tuple[str, ...],
    events: tuple[str, ...],
    form: str,
    output: str | None,
    period: int,
    application_name: str | None,
    rejects_file: str | None,
    max_reject_rate: float,
    workers: int | None,
    input_format: Form | None,
) -> int:
    """Replay exported RUM EVENTS into the metrics that definitions would have published.

    EVENTS are files, directories, or "-" for standard input: NDJSON, CloudWatch Logs exports, the JSON of
    filter-log-events, get-log-events, Logs Insights, subscriptions and get-app-monitor-data, captured PutRumEvents
    bodies, all of them also gzipped.

    \b
    rumpattern replay -d definitions.json events/
    rumpattern replay -d definitions.json export.gz --format csv -o metrics.csv --period 5m
    zcat export.gz | rumpattern replay -d definitions.json - --rejects rejects.jsonl
    """
    try:
        check_period(period)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--period") from None
    output = None if output == "-" else output
    definitions = read_definitions(files)
    with ExitStack() as stack:
        on_reject = stack.enter_context(_reject_file(rejects_file)) if rejects_file else None
        on_progress = stack.enter_context(progress_bar(events))
        result = replay(
            definitions,
            events,
            period,
            workers,
            application_name,
            input_format=input_format,
            on_reject=on_reject,
            on_progress=on_progress,
        )
    _write(result, form, output)
    return _exit_code(result, max_reject_rate)


def _write(result: ReplayResult, form: str, output: str | None) -> None:
    if form == "table":
        if output is None:
            table.write(result, sys.stdout)
        else:
            with _replacing(Path(output)) as path, path.open("w", encoding="utf-8") as text:
                table.write(result, text)
        return
    if output is None:
        _DATA_FORMATS[form](result.series, sys.stdout.buffer)
        sys.stdout.buffer.flush()
    else:
        with _replacing(Path(output)) as path, path.open("wb") as binary:
            _DATA_FORMATS[form](result.series, binary)
    table.write_summary(result, sys.stderr)


@contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a file beside ``path`` to write to, and put it in its place when it is complete."""
    beside = path.with_name(f"{path.name}.partial")
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def _reject_file(name: str) -> Iterator[Callable[[str, Reject], None]]:
    """Open a file for rejects: JSON lines with the members file, line, offset, code, reason and text."""
    with _replacing(Path(name)) as path, path.open("w", encoding="ascii") as stream:

        def keep(file: str, reject: Reject) -> None:
            row = {
                "file": file,
                "line": reject.line,
                "offset": reject.offset,
                "code": reject.code,
                "reason": reject.reason,
                "text": reject.text.decode("utf-8", "surrogateescape"),
            }
            stream.write(json.dumps(row) + "\n")

        yield keep


def _exit_code(result: ReplayResult, max_reject_rate: float) -> Exit:
    accounting = result.accounting
    rate = accounting.rejected / accounting.lines
    if rate <= max_reject_rate:
        return Exit.CLEAN
    message = f"{accounting.rejected:,} of {accounting.lines:,} lines were rejected ({rate:.3%})"
    click.echo(f"{message}, more than --max-reject-rate {max_reject_rate:g}", err=True)
    return Exit.REJECTS
