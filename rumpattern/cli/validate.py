"""``rumpattern validate``: its options; ``validating`` does the work."""

from __future__ import annotations

from typing import Any

import click

from rumpattern.cli.configuration import configured
from rumpattern.definition.profile import Profile
from rumpattern.diagnostics.finding import Severity
from rumpattern.emit.formats import FINDINGS


def _codes(_ctx: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return codes and prefixes of codes, each of which exists."""
    words = [word.strip() for word in (value or "").split(",") if word.strip()]
    if not words:
        return ()
    from rumpattern.diagnostics.rulebook import code_prefix  # noqa: PLC0415 - the rulebook is not read without need

    for word in words:
        if code_prefix(word) is None:
            message = f'no code begins with "{word}"; "rumpattern rule --all" lists them'
            raise click.BadParameter(message, param=parameter)
    return tuple(code for word in words if (code := code_prefix(word)))


@click.command(name="validate")
@click.argument("files", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(list(FINDINGS)), default="full", show_default=True)
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.DOCUMENTED.value,
    show_default=True,
    help="Reading of what the API reference leaves open.",
)
@click.option(
    "--destination", metavar="NAME", help="Destination of definitions where a file names none, such as CloudWatch."
)
@click.option(
    "--select",
    metavar="CODES",
    callback=_codes,
    help="Report these codes only, such as RP3,RP206: a prefix stands for all.",
)
@click.option("--ignore", metavar="CODES", callback=_codes, help="Do not report these codes.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.ERROR.value,
    show_default=True,
    help="Exit with 1 when something of this severity or worse is found.",
)
@click.option("--fix", is_flag=True, help="Write safe edits to the files, then report what is left.")
@click.option(
    "--diff",
    is_flag=True,
    help="Show what --fix would change, and change nothing; --format has no effect then.",
)
@click.option("--skip-unrelated", is_flag=True, help="Skip FILES without definitions, as is done in directories.")
@click.option(
    "--config",
    metavar="FILE",
    is_eager=True,
    expose_value=False,
    callback=configured,
    help="Take options from [tool.rumpattern] of this file, not of the nearest pyproject.toml.",
)
def command(**options: Any) -> int:  # noqa: ANN401 - they are handed on by their names
    """Check the metric definitions in FILES as RUM would, and what they mean for the events that browsers send.

    FILES are JSON definitions, API requests, CloudFormation and CDK templates (JSON or YAML), the output of "terraform
    show -json", directories of them, patterns such as "**/*.yaml", or "-" for standard input.

    \b
    rumpattern validate definitions.json
    rumpattern validate template.yaml --format github
    rumpattern validate cdk.out/ --ignore RP2 --fail-on warning
    rumpattern validate definitions.json --diff
    """
    from rumpattern.cli.validating import validate_files  # noqa: PLC0415 - options alone need none of it

    return validate_files(**options)
