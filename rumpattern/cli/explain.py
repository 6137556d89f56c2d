"""``rumpattern explain``: the plan as text."""

from __future__ import annotations

import click

from rumpattern.cli.options import definitions_option, read_definitions
from rumpattern.plan.build import build_plan
from rumpattern.plan.explain import explain_plan


@click.command(name="explain")
@definitions_option
def command(files: tuple[str, ...]) -> None:
    """Show what is read from each event and tested on it, and what every definition publishes.

    \b
    rumpattern explain -d definitions.json
    """
    click.echo(explain_plan(build_plan(read_definitions(files))))
