"""What ``rumpattern validate`` does: check definitions before they are submitted."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from glob import glob, has_magic
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from rumpattern.cli.main import Exit
from rumpattern.definition.documents.document import decode
from rumpattern.definition.profile import Profile
from rumpattern.definition.validate import Report, validate, validate_text
from rumpattern.diagnostics.finding import DefinitionError, Diagnostic, InputError, Severity
from rumpattern.emit.formats import FINDINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_SUFFIXES: Final = (".json", ".yaml", ".yml", ".template")
_RANKS: Final = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
_STDIN: Final = "<stdin>"
_MARKS: Final = ("EventPattern", "MetricDefinition", "event_pattern", "AWS::RUM::")


def validate_files(  # noqa: PLR0913 - one for each option
    files: tuple[str, ...],
    *,
    form: str,
    profile: str,
    destination: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fail_on: str,
    fix: bool,
    diff: bool,
    skip_unrelated: bool,
) -> Exit:
    """Check files, print what is found, and return the exit code; the arguments are the options of the command."""
    if fix and not diff:
        from rumpattern.cli.fixing import check_files  # noqa: PLC0415 - only --fix needs it

        check_files(files)
    checks = _Checks(destination, Profile(profile), select or ("RP",), ignore)
    reports = [one for one in checks.reports(files) if not skip_unrelated or _is_related(one)]
    worst = _RANKS[Severity(fail_on)]
    if diff:
        is_clean = not checks.show_fixes(reports)
        return Exit.CLEAN if is_clean and not _is_bad(reports, worst) else _bad_exit(reports)
    is_written = True
    if fix:
        reports, is_written = checks.fixed(reports)
    import_module(f"rumpattern.emit.{FINDINGS[form]}").write(reports, sys.stdout)
    if not is_written:
        return Exit.ERROR
    return _bad_exit(reports) if _is_bad(reports, worst) else Exit.CLEAN


@dataclass(frozen=True, slots=True)
class _Checks:
    """What files are checked for, and which findings are reported."""

    destination: str | None
    profile: Profile
    select: tuple[str, ...]
    ignore: tuple[str, ...]

    def reports(self, files: Iterable[str]) -> Iterator[Report]:
        for file in files:
            path = Path(file)
            if file == "-":
                yield self._stdin()
            elif path.is_dir():
                yield from self._directory(path)
            elif has_magic(file) and not path.exists():
                yield from self._matching(file)
            else:
                yield self._file(path)

    def _stdin(self) -> Report:
        try:
            return self._text(decode(sys.stdin.buffer.read(), _STDIN), _STDIN)
        except DefinitionError as error:
            return Report(_STDIN, "", (), error.diagnostics, is_read=False)

    def _directory(self, path: Path) -> Sequence[Report]:
        names = sorted(one for one in path.rglob("*") if one.suffix.lower() in _SUFFIXES and one.is_file())
        return self._related(names, f"JSON and YAML files of {path}")

    def _matching(self, pattern: str) -> Sequence[Report]:
        matching = glob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute patterns
        names = sorted(Path(name) for name in matching if Path(name).is_file())
        if not names:
            raise InputError([Diagnostic("RP001", f"no file matches {pattern}", hint="** stands for any folders")])
        return self._related(names, f"files that match {pattern}")

    def _related(self, names: Sequence[Path], what: str) -> Sequence[Report]:
        """Return the reports of the files that hold definitions; other files are skipped."""
        found = [report for report in map(self._file, names) if _is_related(report)]
        if not found:
            message = f"there are no metric definitions in the {len(names):,} {what}"
            raise InputError([Diagnostic("RP002", message)])
        return found

    def _file(self, path: Path) -> Report:
        return self._selected(validate(path, self.destination, self.profile))

    def _text(self, text: str, name: str | None) -> Report:
        return self._selected(validate_text(text, name, self.destination, self.profile))

    def _selected(self, report: Report) -> Report:
        """Return a report with the selected findings; why a file could not be read is always reported."""

        def chosen(findings: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
            return tuple(
                one for one in findings if one.code.startswith(self.select) and not one.code.startswith(self.ignore)
            )

        if not report.is_read:
            asked = chosen(report.elsewhere)
            return replace(
                report, elsewhere=tuple(one if one in asked else replace(one, fix=()) for one in report.elsewhere)
            )
        definitions = tuple(replace(one, diagnostics=chosen(one.diagnostics)) for one in report.definitions)
        return replace(report, definitions=definitions, elsewhere=chosen(report.elsewhere))

    def fixed(self, reports: Iterable[Report]) -> tuple[list[Report], bool]:
        """Fix files; return the reports of their new content, and whether all could be written.

        Raises:
            click.UsageError: a file may not be written; then none is.
        """
        from rumpattern.cli.fixing import apply_fixes, check_writable, without_fixes, write  # noqa: PLC0415 - only --fix needs it

        pairs = [(report, *apply_fixes(report, self._text)) for report in reports]
        check_writable([str(report.name) for report, _, done in pairs if done])
        after, is_written = [], True
        for report, now, done in pairs:
            try:
                if done:
                    write(str(report.name), now.text)
                    click.echo(f"fixed {_what(report, done)}", err=True)
                after.append(without_fixes(now))
            except OSError as error:
                click.echo(f"error: {report.name} could not be written: {error.strerror or error}", err=True)
                after.append(report)
                is_written = False
        return after, is_written

    def show_fixes(self, reports: Iterable[Report]) -> bool:
        """Print what would be fixed; return whether anything would."""
        from rumpattern.cli.fixing import apply_fixes, difference  # noqa: PLC0415 - only --diff needs it

        left, found = 0, False
        for report in reports:
            now, done = apply_fixes(report, self._text)
            left += len(now.diagnostics)
            if done:
                found = True
                sys.stdout.writelines(difference(report, now))
                click.echo(f"would fix {_what(report, done)}", err=True)
        if left:
            click.echo(f"{left:,} finding{'s' * (left != 1)} would be left", err=True)
        return found


def _is_related(report: Report) -> bool:
    """Return whether a file holds definitions, or cannot be read and may hold some."""
    may_hold = not report.text or any(mark in report.text for mark in _MARKS)
    return bool(report.definitions) or (not report.is_read and may_hold)


def _what(report: Report, done: list[Diagnostic]) -> str:
    codes = ", ".join(sorted({finding.code for finding in done}))
    return f"{len(done):,} finding{'s' * (len(done) != 1)} in {report.name} ({codes})"


def _is_bad(reports: Iterable[Report], worst: int) -> bool:
    return any(_RANKS[finding.severity] <= worst for report in reports for finding in report.diagnostics)


def _bad_exit(reports: Iterable[Report]) -> Exit:
    is_unread = any(finding.code == "RP001" for report in reports for finding in report.diagnostics)
    return Exit.ERROR if is_unread else Exit.FINDINGS
