"""``rumpattern match``: the events that a pattern matches."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from rumpattern.cli.main import Exit
from rumpattern.cli.options import input_format_option
from rumpattern.definition.model import MetricDefinition
from rumpattern.diagnostics import Diagnostic, InputError, printable
from rumpattern.engine import Engine
from rumpattern.events.sources import find_sources
from rumpattern.job import SHOWN_REJECTS, read_blocks
from rumpattern.pattern.parse import parse_pattern

if TYPE_CHECKING:
    from rumpattern.events.forms import Form
    from rumpattern.events.sources import Source
    from rumpattern.pattern.pattern import Pattern

_CONTROL = re.compile(rb"\x7f|\xc2[\x80-\x9f]")


@click.command(name="match")
@click.argument("pattern")
@click.argument("events", nargs=-1, required=True)
@click.option("--count", is_flag=True, help="Print how many events match instead of the events.")
@input_format_option
def command(pattern: str, events: tuple[str, ...], *, count: bool, input_format: Form | None) -> int:
    """Print the EVENTS that an event PATTERN matches, one JSON object a line.

    PATTERN is JSON text, or a file that holds it. EVENTS are files, directories or "-", as for replay.

    \b
    rumpattern match '{"event_type": ["com.amazon.rum.js_error_event"]}' events/ --count
    rumpattern match pattern.json export.gz > matched.ndjson
    """
    sources = find_sources(events)
    wanted = read_pattern(pattern)
    for warning in wanted.warnings:
        click.echo(f"warning: {warning}", err=True)
    engine = Engine([MetricDefinition("match", pattern=wanted)])
    matched, rejects = 0, 0
    for number, source in enumerate(sources):
        found, rejected = _match_source(engine, number, source, input_format, quiet=count)
        matched += found
        rejects += rejected
    if count:
        click.echo(matched)
    return Exit.REJECTS if rejects else Exit.CLEAN


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


def _match_source(engine: Engine, number: int, source: Source, form: Form | None, *, quiet: bool) -> tuple[int, int]:
    """Print the matching events of a source; return how many there are, and how many lines were rejected."""
    matched, line, rejected = 0, 0, 0
    for block in read_blocks(number, source, form, lambda _: None):
        lines = block.lines()
        batch = engine.decoder.decode(lines)
        rows = np.flatnonzero(engine.match(batch).mask(0)).tolist()
        matched += len(rows)
        for row in rows if not quiet else ():
            sys.stdout.buffer.write(_one_line(lines.text(batch.indices[row])))
        for reject in batch.rejects[: max(0, SHOWN_REJECTS - rejected)]:
            place = reject.line if block.counted else line + reject.line
            click.echo(printable(f"{source.name}:{place}: {reject.reason} [{reject.code}]"), err=True)
        rejected += len(batch.rejects)
        line += lines.count()
    sys.stdout.buffer.flush()
    if rejected:
        click.echo(printable(f"{source.name}: {rejected:,} lines were rejected"), err=True)
    return matched, rejected


def _one_line(text: bytes) -> bytes:
    """Return an event as one line; on a terminal, without the control characters that JSON text may hold."""
    line = text.replace(b"\r", b" ").replace(b"\n", b" ").strip() + b"\n"
    return _CONTROL.sub(b"?", line) if sys.stdout.isatty() else line
