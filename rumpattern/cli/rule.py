"""``rumpattern rule``: what a code means."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from rumpattern.diagnostics.rulebook import RETIRED, code_prefix, rulebook
from rumpattern.diagnostics.wording import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rumpattern.diagnostics.rulebook import Entry


@click.command(name="rule")
@click.argument("codes", nargs=-1, metavar="CODE…")
@click.option("--all", "everything", is_flag=True, help="Explain every code.")
def command(codes: tuple[str, ...], *, everything: bool) -> None:
    """Explain codes of findings: why, by which source, an example that fails and one that passes.

    \b
    rumpattern rule RP206
    rumpattern rule RP2                                all codes with this prefix
    rumpattern rule --all
    """
    if everything == bool(codes):
        raise click.UsageError("name a code such as RP206, or give --all")
    entries = rulebook()
    wanted = [entry for code in codes or ("RP",) for entry in _begin_with(code, entries)]
    click.echo("\n\n".join(map(str, wanted)))


def _begin_with(code: str, entries: Mapping[str, Entry]) -> list[Entry]:
    """Return the entry of a code, or those of all that begin so.

    Raises:
        click.UsageError: there is none.
    """
    prefix = code_prefix(code)
    if prefix is not None:
        return [entry for known, entry in entries.items() if known.startswith(prefix)]
    if code.upper() in RETIRED:
        raise click.UsageError(f"{code.upper()} is no longer used")
    hint = did_you_mean(code.upper(), list(entries), cutoff=0.7) or "rumpattern rule --all lists them"
    raise click.UsageError(f'there is no code "{code.upper()}": {hint}')
