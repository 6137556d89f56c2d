"""``rumpattern match``: its options; ``matching`` does the work."""

from __future__ import annotations

from typing import Any

import click

from rumpattern.cli.options import input_format_option, max_line_option


@click.command(name="match")
@click.argument("pattern")
@click.argument("events", nargs=-1, required=True)
@click.option("--count", is_flag=True, help="Print how many events match instead of the events.")
@click.option("--explain", is_flag=True, help="Print why events do not match instead of those that do.")
@max_line_option
@input_format_option
def command(**options: Any) -> int:  # noqa: ANN401 - they are handed on by their names
    """Print the EVENTS that an event PATTERN matches, one JSON object a line.

    PATTERN is JSON text, or a file that holds it. EVENTS are files, directories or "-", as for replay.

    \b
    rumpattern match '{"event_type": ["com.amazon.rum.js_error_event"]}' events/ --count
    rumpattern match pattern.json export.gz > matched.ndjson
    rumpattern match pattern.json export.gz --explain
    """
    from rumpattern.cli.matching import match_files  # noqa: PLC0415 - options alone need none of it

    return match_files(**options)
