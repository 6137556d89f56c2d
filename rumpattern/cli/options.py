"""Options that more than one subcommand takes."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Final

import click

from rumpattern.columns.readers import Reader, ReaderError
from rumpattern.input.formats import MAX_LINE, Form

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.diagnostics.finding import Diagnostic

_SHIFTS: Final = {"": 0, "K": 10, "M": 20, "G": 30}
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


class Duration(click.ParamType[int]):
    """A time such as 60s, 5m or 1h, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the seconds of a text such as 5m."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"(\d{1,6})([smhd]?)", str(value))
        if match is None:
            self.fail(f"{value!r} is not a time such as 60s, 5m or 1h", param, ctx)
        return int(match[1]) * _SECONDS[match[2]]


class Size(click.ParamType[int]):
    """A number of bytes such as 500000, 64K or 1MiB; K, M and G are powers of 1,024."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the bytes of a text such as 1MiB."""
        match = re.fullmatch(r"(\d{1,9}) ?([KMG]?)(?:i?B)?", str(value))
        if match is None or not int(match[1]):
            self.fail(f"{value!r} is not a size such as 500000, 64K or 1MiB", param, ctx)
        return int(match[1]) << _SHIFTS[match[2]]


class _Finite(click.FloatRange):
    """A number in a range; NaN, which no range excludes, and infinity are refused."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Return the number."""
        number = float(super().convert(value, param, ctx))  # type: ignore[arg-type]
        return number if math.isfinite(number) else self.fail(f"{value!r} is not a number", param, ctx)


class Share(_Finite):
    """A number from 0 to 1."""

    def __init__(self) -> None:
        super().__init__(0, 1)


class Price(_Finite):
    """A number that is not negative."""

    def __init__(self) -> None:
        super().__init__(0)


class FormType(click.ParamType[Form]):
    """The name of an input form."""

    name = "form"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Form:
        """Return the form with a name."""
        try:
            return Form(str(value))
        except ValueError:
            self.fail(f"{value!r} is not one of {', '.join(form.value for form in Form)}", param, ctx)


definitions_option = click.option(
    "-d",
    "--definitions",
    "files",
    multiple=True,
    required=True,
    metavar="FILE",
    help="JSON definitions or request, CloudFormation template or Terraform plan; may be repeated.",
)
input_format_option = click.option(
    "--input-format",
    type=FormType(),
    metavar="FORM",
    help=f"Input form of all event files, instead of detecting it: {', '.join(form.value for form in Form)}.",
)


max_line_option = click.option(
    "--max-line",
    type=Size(),
    metavar="SIZE",
    default=f"{MAX_LINE >> 20}MiB",
    show_default=True,
    help="Maximum length of a line of events; a longer one is rejected.",
)
reader_option = click.option(
    "--reader",
    type=click.Choice([reader.value for reader in Reader]),
    default=Reader.AUTO.value,
    show_default=True,
    help="Reader of event lines: scan (the compiled core), orjson, or auto, the core where there is one.",
)


def check_reader(reader: str) -> None:
    """Check that a reader can be used.

    Raises:
        click.BadParameter: it does not work here.
    """
    try:
        Reader(reader).choose()
    except ReaderError as error:
        raise click.BadParameter(str(error), param_hint="--reader") from None


def read_definitions(files: Sequence[str]) -> list[MetricDefinition]:
    """Return the definitions of all files, and print their warnings to standard error."""
    from rumpattern.definition.load import load_definitions  # noqa: PLC0415 - options alone need none of it
    from rumpattern.diagnostics.finding import DefinitionError  # noqa: PLC0415

    definitions: list[MetricDefinition] = []
    problems: list[Diagnostic] = []
    for file in files:
        try:
            definitions += load_definitions(file)
        except DefinitionError as error:
            problems += error.diagnostics
    if problems:
        raise DefinitionError(problems)
    for definition in definitions:
        for warning in definition.warnings:
            click.echo(f"warning: {warning}", err=True)
    return definitions
