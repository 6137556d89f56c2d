"""``rumpattern validate``: definitions checked before anyone submits them."""

from __future__ import annotations

import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.cli.main import Exit
from rumpattern.definition.document import parse_document
from rumpattern.definition.subject import Profile
from rumpattern.definition.validate import Report, validate, validate_document
from rumpattern.diagnostics import DefinitionError, Diagnostic, InputError, Severity
from rumpattern.jsontext import JsonError, decode_utf8

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_FORMATS: Final = ("full", "concise", "json", "sarif", "github", "junit")
_SUFFIXES: Final = (".json", ".yaml", ".yml", ".template")
_RANKS: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}


@click.command(name="validate")
@click.argument("files", nargs=-1, required=True)
@click.option("--format", "form", type=click.Choice(_FORMATS), default="full", show_default=True)
@click.option(
    "--profile",
    type=click.Choice([profile.value for profile in Profile]),
    default=Profile.DOCUMENTED.value,
    show_default=True,
    help="How to read what the reference leaves open.",
)
@click.option("--destination", metavar="NAME", help="Where the definitions go if a file does not say: CloudWatch.")
@click.option("--select", metavar="CODES", help="Report these codes only, such as RP3,RP206: a prefix stands for all.")
@click.option("--ignore", metavar="CODES", help="Do not report these codes.")
@click.option(
    "--fail-on",
    type=click.Choice([severity.value for severity in Severity]),
    default=Severity.ERROR.value,
    show_default=True,
    help="Exit with 1 when something of this severity or worse is found.",
)
def command(  # noqa: PLR0913 - one for each option
    files: tuple[str, ...],
    *,
    form: str,
    profile: str,
    destination: str | None,
    select: str | None,
    ignore: str | None,
    fail_on: str,
) -> int:
    """Check the metric definitions in FILES as RUM would check them, and what they mean for the events there are.

    FILES are JSON definitions, API requests, CloudFormation and CDK templates (JSON or YAML), the output of "terraform
    show -json", directories of them, or "-" for standard input.

    \b
    rumpattern validate definitions.json
    rumpattern validate template.yaml --format github
    rumpattern validate cdk.out/ --ignore RP2 --fail-on warning
    """
    reports = [_selected(report, select, ignore) for report in _reports(files, destination, profile)]
    import_module(f"rumpattern.emit.findings.{form}").write(reports, sys.stdout)
    findings = [finding for report in reports for finding in report.diagnostics]
    if any(finding.code == "RP001" for finding in findings):
        return Exit.ERROR
    worst = _RANKS[Severity(fail_on)]
    return Exit.FINDINGS if any(_RANKS[finding.severity] <= worst for finding in findings) else Exit.CLEAN


def _reports(files: Iterable[str], destination: str | None, profile: str) -> Iterator[Report]:
    for file in files:
        path = Path(file)
        if file == "-":
            yield _from_stdin(destination, profile)
        elif path.is_dir():
            yield from _from_directory(path, destination, profile)
        else:
            yield validate(path, destination, profile)


def _from_stdin(destination: str | None, profile: str) -> Report:
    try:
        document = parse_document(decode_utf8(sys.stdin.buffer.read()), "<stdin>")
    except DefinitionError as error:
        return Report("<stdin>", "", (), error.diagnostics)
    except JsonError as error:
        return Report("<stdin>", "", (), (Diagnostic(error.code, f"<stdin>: {error.message}"),))
    return validate_document(document, destination, Profile(profile))


def _from_directory(path: Path, destination: str | None, profile: str) -> Iterator[Report]:
    """Yield the reports of the files in a directory that hold definitions; others are none of our business there."""
    names = sorted(one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES and one.is_file())
    found = [report for report in (validate(one, destination, profile) for one in names) if report.definitions]
    if not found:
        message = f"there are no metric definitions in the {len(names):,} JSON and YAML files of {path}"
        raise InputError([Diagnostic("RP002", message)])
    yield from found


def _selected(report: Report, select: str | None, ignore: str | None) -> Report:
    """Return a report with the findings that were asked for."""
    wanted, unwanted = _prefixes(select) or ("RP",), _prefixes(ignore)

    def chosen(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
        return tuple(one for one in findings if one.code.startswith(wanted) and not one.code.startswith(unwanted))

    definitions = tuple(replace(one, diagnostics=chosen(one.diagnostics)) for one in report.definitions)
    return replace(report, definitions=definitions, elsewhere=chosen(report.elsewhere))


def _prefixes(text: str | None) -> tuple[str, ...]:
    return tuple(code.strip().upper() for code in (text or "").split(",") if code.strip())
