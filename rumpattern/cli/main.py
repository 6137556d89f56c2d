"""The ``rumpattern`` command and what its subcommands share: exit codes and how errors are reported."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
from enum import IntEnum
from importlib import import_module
from typing import Any, Final, NoReturn

import click

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
_COMMANDS: Final = {
    "validate": "Check the metric definitions in FILES as RUM would, and what they mean for the events that browsers "
    "send.",
    "rule": "Explain codes of findings: why, by which source, an example that fails and one that passes.",
    "replay": "Replay exported RUM EVENTS into the metrics that definitions would have published.",
    "match": "Print the EVENTS that an event PATTERN matches, one JSON object a line.",
    "explain": "Show what is read from each event, what is tested on it and how, and what every definition publishes.",
    "bench": "Measure each stage in this process: parse, compile, decode, match, derive, and all of them as a "
    "pipeline.",
}
"""In the order in which help lists them; each is the module of its name, whose help begins with the sentence.

By it, help and completion list the commands without their modules.
"""
_GC_THRESHOLD: Final = 100_000
"""New objects after which the garbage collector runs: more than are made by imports, of which none is garbage."""


class _ClosedOutputError(Exception):
    """Whoever read the output has stopped reading."""


class _LazyCommand(click.Command):
    """A subcommand of which the name and the first sentence are known; its module is imported when it is called."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,  # noqa: ANN401 - click's
    ) -> click.Context:
        """Return the context of the command itself, which takes the place of this one."""
        command: click.Command = import_module(f"rumpattern.cli.{self.name}").command
        return command.make_context(info_name, args, parent, **extra)


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
        return _LazyCommand(cmd_name, help=_COMMANDS[cmd_name]) if cmd_name in _COMMANDS else None


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
    _start_lightly()
    sys.exit(_run())


def _start_lightly() -> None:
    """Leave out work at the start and the end of the process that no command has a use for.

    Of a replay of 100 events, 200 ms of processor time, it takes 35 for threads, 13 for collections and 25 at the end.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy has threads for matrices, and there are none
    gc.set_threshold(_GC_THRESHOLD)
    atexit.register(gc.freeze)  # else Python looks through every object once more, and then gives them all back anyway


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
    except (_ClosedOutputError, BrokenPipeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is still buffered goes nowhere
        return _fail("error: the output was closed before all of it was written", Exit.ERROR)
    except Exception as error:  # noqa: BLE001 - Python would exit with the code of findings
        return _report(error)
    return code or Exit.CLEAN


def _report(error: Exception) -> Exit:
    """Print an error that is not of click, and return the exit code."""
    from rumpattern.diagnostics.finding import DiagnosticsError  # noqa: PLC0415 - most runs end without an error

    if isinstance(error, DiagnosticsError):
        for diagnostic in error.diagnostics:
            click.echo(f"{diagnostic.severity.value}: {diagnostic}", err=True)
        return Exit.ERROR if {d.code for d in error.diagnostics} <= _NO_FINDINGS else Exit.FINDINGS
    if isinstance(error, (OSError, RuntimeError)):
        return _fail(f"error: {error}", Exit.ERROR)
    from traceback import format_exception  # noqa: PLC0415 - as above

    text = "".join(format_exception(error))
    return _fail(f"error: internal error: this is a bug in rumpattern, please report it\n{text}", Exit.ERROR)


def _terminated(_signal: int, _frame: object) -> NoReturn:
    """End as if by Ctrl-C, so that workers are ended and unfinished files removed."""
    raise KeyboardInterrupt


def _fail(message: str, code: Exit) -> Exit:
    click.echo(message, err=True)
    return code
