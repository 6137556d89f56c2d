"""What ``rumpattern match`` does: print the events that a pattern matches, or why they do not."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click
import numpy as np

from rumpattern.cli.main import Exit
from rumpattern.columns.decode import Decoder
from rumpattern.columns.fields import with_derived_fields
from rumpattern.definition.model import MetricDefinition
from rumpattern.diagnostics.finding import Diagnostic, InputError
from rumpattern.diagnostics.wording import printable
from rumpattern.emit.console import page_on
from rumpattern.emit.layout import add_row, new_table
from rumpattern.engine import Engine
from rumpattern.input.blocks import ReadOptions, read_blocks, read_lines
from rumpattern.input.sources import find_sources
from rumpattern.job.collect import SHOWN_REJECTS
from rumpattern.match.reasons import build_reasons
from rumpattern.pattern.explain import explain as explain_event
from rumpattern.pattern.parse import parse_pattern
from rumpattern.pattern.pattern import exact_event
from rumpattern.plan.build import build_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rumpattern.columns.batch import EventBatch
    from rumpattern.input.formats import Form
    from rumpattern.input.lines import EventList, TextLines
    from rumpattern.input.sources import Source
    from rumpattern.match.reasons import Reasons
    from rumpattern.pattern.explain import Explanation
    from rumpattern.pattern.pattern import Pattern

_CONTROL = re.compile(rb"\x7f|\xc2[\x80-\x9f]")


def match_files(  # noqa: PLR0913 - one for each option
    pattern: str, events: tuple[str, ...], *, count: bool, explain: bool, max_line: int, input_format: Form | None
) -> Exit:
    """Print events or reasons, and return the exit code; the arguments are the options of the command."""
    if count and explain:
        raise click.UsageError("--count and --explain cannot be given together")
    sources = find_sources(events)
    wanted = read_pattern(pattern)
    for warning in wanted.warnings:
        click.echo(f"warning: {warning}", err=True)
    if explain:
        rejected = _print_reasons(wanted, _Input(sources, input_format, max_line))
    else:
        engine = Engine([MetricDefinition("match", pattern=wanted)])
        matched, rejected = _print_matches(engine, _Input(sources, input_format, max_line), quiet=count)
        if count:
            click.echo(matched)
    return Exit.REJECTS if rejected else Exit.CLEAN


def read_pattern(text: str) -> Pattern:
    """Return the pattern that an argument gives: JSON text, or the name of a file with it.

    Raises:
        InputError: the file cannot be read.
        PatternError: the pattern is wrong.
    """
    if text.lstrip()[:1] in ("{", "["):
        return parse_pattern(text)
    try:
        return parse_pattern(Path(text).read_bytes())
    except OSError as error:
        hint = "a pattern is JSON text that starts with {, or a file that holds it"
        raise InputError([Diagnostic("RP001", f"{text}: {error.strerror or error}", hint=hint)]) from None


class _Input(NamedTuple):
    """Sources to read, their input form (None: detected), and the maximum length of a line in bytes."""

    sources: Sequence[Source]
    form: Form | None
    max_line: int


def _print_matches(engine: Engine, inputs: _Input, *, quiet: bool) -> tuple[int, int]:
    """Print the matching events; return how many there are, and how many lines were rejected."""
    matched, rejected = 0, 0
    for read in _read(engine.decode, *inputs):
        rows = np.flatnonzero(engine.match(read.batch).mask(0)).tolist()
        for row in rows if not quiet else ():
            sys.stdout.buffer.write(_one_line(read.text(row)))
        matched += len(rows)
        rejected += len(read.batch.rejects)
    sys.stdout.buffer.flush()
    return matched, rejected


def _print_reasons(pattern: Pattern, inputs: _Input) -> int:
    """Print why events do not match, and the nearest miss in full; return how many lines were rejected."""
    reasons, rejected = build_reasons(pattern), 0
    plan = build_plan([MetricDefinition("match", pattern=pattern)])
    nearest: tuple[int, str, bytes] | None = None
    only = b""
    for read in _read(Decoder(plan.paths).decode, *inputs):
        misses = reasons.add(read.batch)
        rejected += len(read.batch.rejects)
        if len(misses):
            only = read.text(0) if reasons.events == 1 else b""
            row = int(np.where(misses == 0, misses.max() + 1, misses).argmin())
            if misses[row] and (nearest is None or misses[row] < nearest[0]):
                nearest = int(misses[row]), read.place(row), read.text(row)
    if reasons.events == 1:
        click.echo(_explain(pattern, only))
    else:
        _print_ranking(reasons)
        if nearest:
            click.echo(printable(f"The nearest miss: {nearest[1]}"))
            click.echo(_explain(pattern, nearest[2]))
    return rejected


def _explain(pattern: Pattern, text: bytes) -> Explanation:
    """Explain one event, with its derived fields."""
    return explain_event(pattern.branches, with_derived_fields(exact_event(text), None))


def _print_ranking(reasons: Reasons) -> None:
    click.echo(f"{reasons.matched:,} of {reasons.events:,} events match")
    if not reasons.causes:
        return
    table = new_table("Why the others do not", "events>", "alone>", "field", "reason", "such as")
    for cause in reasons.ranked():
        counts = f"{reasons.causes[cause]:,}", f"{reasons.alone[cause]:,}"
        add_row(table, *counts, cause.path or "", cause.kind.value, reasons.examples[cause])
    with page_on(sys.stdout) as page:
        page.print_table(table)
        page.print("alone: events that nothing else keeps from matching; an event can fail for several reasons")


@dataclass(frozen=True, slots=True)
class _SourceBatch:
    """A batch with its lines, the name of its source, and the number of lines before it."""

    batch: EventBatch
    lines: TextLines | EventList
    name: str
    lines_before: int

    def text(self, row: int) -> bytes:
        return self.lines.text(self.batch.indices[row])

    def place(self, row: int) -> str:
        return f"{self.name}:{self.lines_before + self.lines.position(self.batch.indices[row])[0]}"


def _read(
    decode: Callable[[TextLines | EventList], EventBatch], sources: Sequence[Source], form: Form | None, max_line: int
) -> Iterator[_SourceBatch]:
    """Yield the batches of all sources; print the first rejects of each source and their number."""
    for number, source in enumerate(sources):
        line, rejected = 0, 0
        for block in read_blocks(number, source, ReadOptions(form, max_line)):
            lines, batch = read_lines(block, max_line, lambda lines: (lines, decode(lines)))
            lines_before = 0 if block.has_file_line_numbers else line
            yield _SourceBatch(batch, lines, source.name, lines_before)
            for reject in batch.rejects[: max(0, SHOWN_REJECTS - rejected)]:
                place = f"{source.name}:{lines_before + reject.line}"
                click.echo(printable(f"{place}: {reject.reason} [{reject.code}]"), err=True)
            rejected += len(batch.rejects)
            line += batch.line_count
        if rejected:
            click.echo(printable(f"{source.name}: {rejected:,} lines were rejected"), err=True)


def _one_line(text: bytes) -> bytes:
    """Return an event as one line; on a terminal, control characters are replaced."""
    line = text.replace(b"\r", b" ").replace(b"\n", b" ").strip() + b"\n"
    return _CONTROL.sub(b"?", line) if sys.stdout.isatty() else line
