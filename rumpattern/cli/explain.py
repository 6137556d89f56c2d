"""``rumpattern explain``: the plan as text."""

from __future__ import annotations

import click

from rumpattern.cli.options import definitions_option, read_definitions


@click.command(name="explain")
@definitions_option
def command(files: tuple[str, ...]) -> None:
    """Show what is read from each event, what is tested on it and how, and what every definition publishes.

    \b
    rumpattern explain -d definitions.json
    """
    from rumpattern.engine import Engine  # noqa: PLC0415 - options alone need none of it

    click.echo(Engine(read_definitions(files)).explain())
