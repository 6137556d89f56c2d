"""The ``rumpattern`` command and what its subcommands share: exit codes and how errors are reported."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from enum import IntEnum
from importlib import import_module
from typing import Final, NoReturn

import click

from rumpattern.diagnostics.finding import DiagnosticsError
from rumpattern.version import __version__


class Exit(IntEnum):
    """The exit codes of every command."""

    CLEAN = 0
    FINDINGS = 1
    ERROR = 2
    REJECTS = 3
    INTERRUPTED = 130


_NO_FINDINGS: Final = frozenset(("RP001", "RP002", "RP003", "RP021"))
"""Codes of findings about the input or the command line, not about definitions: they exit with 2."""
_COMMANDS: Final = ("validate", "rule", "replay", "match", "explain", "bench")
"""In the order in which help lists them; each is the module of its name."""


class _ClosedOutputError(Exception):
    """Whoever read the output has stopped reading."""


class _LazyGroup(click.Group):
    """Imports a subcommand when it is called, so that none waits for what another one imports."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand; click itself would turn a closed pipe into the exit code of findings."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ClosedOutputError from None

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"rumpattern.cli.{cmd_name}").command
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="rumpattern")
def cli() -> None:
    """Work with CloudWatch RUM metric definitions offline.

    \b
    rumpattern validate definitions.json               what RUM would refuse, and what never matches
    rumpattern replay -d definitions.json events/      events in, metrics out
    rumpattern match '{"event_type": ["x"]}' events/   the events that a pattern matches
    rumpattern explain -d definitions.json             what is read and tested for each event
    rumpattern bench -d definitions.json               how fast that is on this machine

    \b
    Exit codes: 0 clean, 1 findings in the definitions or the pattern, 2 usage, input or internal error,
    3 more rejected lines than --max-reject-rate, 130 interrupted.
    """


def main() -> None:
    """Run the command and exit with its code; every expected failure is a clear message on standard error."""
    if sys.stderr is None:
        sys.exit(Exit.ERROR)  # nobody could read it
    if sys.stdout is None:
        sys.exit(_fail("error: standard output is closed", Exit.ERROR))
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(_run())


def _run() -> int:
    """Run the command and return its exit code."""
    try:
        code: int | None = cli.main(prog_name="rumpattern", standalone_mode=False)
        sys.stdout.flush()
    except (click.exceptions.Abort, KeyboardInterrupt):
        return _fail("interrupted", Exit.INTERRUPTED)
    except click.ClickException as error:
        error.show()
        return Exit.ERROR
    except DiagnosticsError as error:
        for diagnostic in error.diagnostics:
            click.echo(f"{diagnostic.severity.value}: {diagnostic}", err=True)
        return Exit.ERROR if {d.code for d in error.diagnostics} <= _NO_FINDINGS else Exit.FINDINGS
    except (_ClosedOutputError, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
        return _fail("error: the output was closed before all of it was written", Exit.ERROR)
    except Exception as error:  # noqa: BLE001 - Python would exit with the code of findings
        known = isinstance(error, (OSError, RuntimeError))
        message = (
            str(error)
            if known
            else f"internal error: this is a bug in rumpattern, please report it\n{traceback.format_exc()}"
        )
        return _fail(f"error: {message}", Exit.ERROR)
    return code or Exit.CLEAN


def _terminated(_signal: int, _frame: object) -> NoReturn:
    """End as if by Ctrl-C, so that workers are ended and unfinished files removed."""
    raise KeyboardInterrupt


def _fail(message: str, code: Exit) -> Exit:
    click.echo(message, err=True)
    return code
