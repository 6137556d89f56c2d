"""Resuming an interrupted replay: which run a checkpoint belongs to, and where it left off."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rumpattern.diagnostics.wording import printable
from rumpattern.job.checkpoint.state import Checkpoint, check_folder, identify
from rumpattern.version import __version__

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.input.sources import Source
    from rumpattern.job.settings import Settings


def run_identity(
    definitions: Sequence[MetricDefinition], sources: Sequence[Source], settings: Settings
) -> dict[str, Any]:
    """Return the identity that a checkpoint must match, as JSON values; its keys appear in messages.

    Raises:
        InputError: a source cannot be read twice.
    """
    return {
        "version": __version__,
        "definitions": [definition.to_request() for definition in definitions],
        **settings.identity(),
        "sources": identify(sources),
    }


def open_checkpoint(
    folder: Path,
    inputs: Iterable[str | os.PathLike[str]],
    identity: dict[str, Any],
    notify: Callable[[str], None],
) -> Checkpoint:
    """Return the checkpoint of a run, and tell where the run is resumed if an earlier one has left something.

    Args:
        folder: where the progress is kept.
        inputs: the files and directories that the caller named; the folder may lie in none of them.
        identity: see ``run_identity``.
        notify: called with a sentence for a person.

    Raises:
        InputError: the folder lies in an input, belongs to another run, is in use, or holds something else.
        OSError: it cannot be written.
    """
    check_folder(folder, inputs)
    checkpoint = Checkpoint(folder, identity)
    if checkpoint.segments:
        sources = identity["sources"]
        done, offset = checkpoint.position
        where = f", {printable(sources[done]['name'])} from byte {offset:,} on" if offset else ""
        notify(f"resuming: {done:,} of {len(sources):,} files done{where}")
    return checkpoint
