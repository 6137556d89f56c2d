"""``rumpattern rule``: what a code means."""

from __future__ import annotations

import click

from rumpattern.definition.rulebook import rulebook
from rumpattern.diagnostics import did_you_mean


@click.command(name="rule")
@click.argument("codes", nargs=-1, metavar="CODE…")
@click.option("--all", "everything", is_flag=True, help="Tell about every code.")
def command(codes: tuple[str, ...], *, everything: bool) -> None:
    """Tell what codes of findings mean: why, by which source, what fails and what passes.

    \b
    rumpattern rule RP206
    rumpattern rule --all
    """
    entries = rulebook()
    if everything == bool(codes):
        raise click.UsageError("name a code such as RP206, or give --all")
    wanted = [code.upper() for code in codes] or list(entries)
    for code in wanted:
        if code not in entries:
            hint = did_you_mean(code, list(entries), cutoff=0.7) or "rumpattern rule --all lists them"
            raise click.UsageError(f'there is no code "{code}": {hint}')
    click.echo("\n\n".join(str(entries[code]) for code in wanted))
