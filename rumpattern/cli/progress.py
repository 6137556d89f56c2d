"""The progress bar: on standard error, and only where that is a terminal."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rumpattern.events.sources import find_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


@contextmanager
def progress_bar(inputs: Sequence[str]) -> Iterator[Callable[[int, int, int], None] | None]:
    """Show bytes, events, rejects and the time left; gives None where nobody would see it."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - only where it is shown
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415

    total = sum(source.size for source in find_sources(inputs))
    columns = (
        BarColumn(),
        DownloadColumn(),
        TextColumn("{task.fields[events]:,} events"),
        TextColumn("{task.fields[rejects]:,} rejects"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replay", total=total or None, events=0, rejects=0)

        def advance(read: int, events: int, rejects: int) -> None:
            fields = progress.tasks[task].fields
            progress.update(task, advance=read, events=fields["events"] + events, rejects=fields["rejects"] + rejects)

        yield advance
