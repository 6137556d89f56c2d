"""The facade of a replay: sources to blocks, blocks through an executor to results, results to series and accounts.

Results are taken in the order of their blocks, so that the number of workers changes nothing but the time.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from rumpattern.aggregate.limits import MAX_EXACT_VALUES, MAX_SERIES
from rumpattern.columns.readers import Reader
from rumpattern.engine import DEFAULT_PERIOD, Engine
from rumpattern.input.blocks import ReadOptions
from rumpattern.input.formats import MAX_LINE, Form
from rumpattern.input.gather import gather_blocks
from rumpattern.input.sources import find_sources, is_gzip
from rumpattern.job.collect import Collector
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings, check_at_least_1
from rumpattern.native.library import why_absent

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.input.blocks import Block, Position
    from rumpattern.input.rejects import Reject
    from rumpattern.input.sources import Source
    from rumpattern.job.collect import ReplayResult
    from rumpattern.job.results import BlockResult

_MIN_PARALLEL_BYTES: Final = 64 << 20
"""Bytes of event text from which using several cores pays: starting a process takes as long as reading that much."""
_GZIP_RATIO: Final = 7
"""Bytes of event text that a compressed byte stands for, about, where the size must be estimated."""
_SPARE_BUFFERS: Final = 2
"""Buffers of a stream besides those being processed: one is being filled, and one waits."""


def replay(  # noqa: PLR0913 - the choices of a replay
    definitions: Sequence[MetricDefinition],
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    period: int = DEFAULT_PERIOD,
    workers: int | None = None,
    application_name: str | None = None,
    *,
    input_format: str | None = None,
    reader: str = "auto",
    state: str | os.PathLike[str] | None = None,
    max_series: int = MAX_SERIES,
    exact_values: int = MAX_EXACT_VALUES,
    max_line: int = MAX_LINE,
    on_reject: Callable[[str, Reject], None] | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> ReplayResult:
    """Replay exported events into the metrics that RUM would publish.

    Args:
        definitions: what ``load_definitions`` returns.
        sources: files, directories, or ``-`` for standard input.
        period: seconds of one data point.
        workers: cores to use, by threads or processes; None decides by the size of the input.
        application_name: the app monitor's name, for events that lack it.
        input_format: the name of the form of all files (see ``Form``); None detects it for each.
        reader: "scan" (the compiled core), "orjson", or "auto": the core where there is one.
        state: a folder that keeps the progress of the run: if the run is interrupted, the same call resumes it. Delete
            the folder (``job.checkpoint.state.delete``) when the result is safe.
        max_series: distinct dimension sets of one definition; if it makes more, its samples are counted and left out.
        exact_values: distinct values of one data point that are kept as they are; of more, counts of buckets are kept
            (see ``aggregate.histogram``).
        max_line: bytes of a line, its newline left out; a longer one is rejected.
        on_reject: called with file name and reject for every line that is no event, in order.
        on_progress: called with stored bytes read, events evaluated and lines rejected since the last call.
        on_notice: called with a sentence when there is something to wait for or to know.

    Raises:
        InputError: an input that cannot be read, or no line at all.
        ValueError: a period that CloudWatch does not have, a name that it refuses as a dimension value, an unknown
            form or reader, or fewer than one worker, series, exact value or byte of a line.
        ReaderError: the reader that was asked for does not work here.
    """
    settings = Settings(
        period,
        application_name,
        None if input_format is None else Form(input_format),
        Reader(reader),
        max_series,
        exact_values,
        max_line,
    )
    listeners = Listeners(on_reject, on_progress or ignore, on_notice or ignore)
    return run(definitions, sources, settings, workers=workers, state=state, listeners=listeners)


def ignore(*_progress: object) -> None:
    """Take progress and notices that nobody asked for."""


class Listeners(NamedTuple):
    """Who hears of a run while it lasts; the arguments are those of ``replay``."""

    on_reject: Callable[[str, Reject], None] | None = None
    on_progress: Callable[[int, int, int], None] = ignore
    on_notice: Callable[[str], None] = ignore


def run(  # noqa: PLR0913 - what is replayed, how, where, and who hears of it
    definitions: Sequence[MetricDefinition],
    inputs: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    settings: Settings,
    *,
    sources: Sequence[Source] | None = None,
    workers: int | None = None,
    state: str | os.PathLike[str] | None = None,
    listeners: Listeners = Listeners(),  # noqa: B008 - immutable
) -> ReplayResult:
    """Do what ``replay`` does, with settings in one value; ``sources`` are those of the inputs, if they are known.

    Raises:
        InputError, ValueError, ReaderError: see ``replay``.
    """
    check_at_least_1("workers", workers)
    named = [inputs] if isinstance(inputs, (str, os.PathLike)) else list(inputs)
    sources = find_sources(named) if sources is None else sources
    size = _text_size(sources)
    reader = _choose_reader(settings, listeners.on_notice)
    engine = Engine(definitions, application_name=settings.application_name, event_type_required=True, reader=reader)
    cores = workers or (available_cores() if size >= _MIN_PARALLEL_BYTES else 1)
    reading = _Reading(sources, settings, reader, cores, listeners.on_progress)
    collector = Collector(definitions, sources, settings, listeners.on_reject)
    with ExitStack() as stack:  # whatever happens, no thread and no process stays
        checkpoint = None
        if state is not None:
            from rumpattern.job.checkpoint.resume import open_checkpoint, run_identity  # noqa: PLC0415 - few runs have one

            identity = run_identity(definitions, sources, settings)
            checkpoint = stack.enter_context(open_checkpoint(Path(state), named, identity, listeners.on_notice))
        blocks = stack.enter_context(closing(reading.blocks(checkpoint.position if checkpoint else (0, 0))))
        results: Iterator[BlockResult] = stack.enter_context(
            closing(_process(blocks, engine, reader, cores, definitions, settings))
        )
        try:
            for result in results if checkpoint is None else checkpoint.record(results):
                listeners.on_progress(0, result.evaluated, result.rejected)
                collector.add(result)
        finally:
            collector.check()  # also when the run is interrupted
        return collector.finish(reader.value, reading.bytes_read)


class _Reading:
    """Reads sources as blocks, one source after the other.

    Attributes:
        bytes_read: how many stored bytes have been read of each source.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        settings: Settings,
        reader: Reader,
        cores: int,
        report_progress: Callable[[int, int, int], None],
    ) -> None:
        self.bytes_read = [0] * len(sources)
        self._sources = sources
        self._settings = settings
        self._report_progress = report_progress
        self._buffers = 1 if cores == 1 else cores + _SPARE_BUFFERS
        self._in_segments = reader is Reader.SCAN and cores > 1

    def blocks(self, start: Position) -> Generator[Block]:
        """Yield the blocks from a position on."""
        return gather_blocks(self._sources, self._options, start)

    def _options(self, index: int) -> ReadOptions:
        """Return how to read a source."""
        settings = self._settings
        report = partial(self._report, index)
        return ReadOptions(settings.input_format, settings.max_line, self._buffers, self._in_segments, report)

    def _report(self, index: int, stored: int) -> None:
        self.bytes_read[index] += stored
        self._report_progress(stored, 0, 0)


def _process(  # noqa: PLR0913, PLR0917 - what each executor needs
    blocks: Iterator[Block],
    engine: Engine,
    reader: Reader,
    cores: int,
    definitions: Sequence[MetricDefinition],
    settings: Settings,
) -> Generator[BlockResult]:
    """Yield the results of blocks in their order: computed here, in threads, or in worker processes."""
    process = partial(process_block, engine, settings=settings)
    if cores == 1:
        yield from map(process, blocks)
    elif reader is Reader.SCAN:
        from rumpattern.executors.threads import process_in_threads  # noqa: PLC0415 - a small input has no use for it

        yield from process_in_threads(process, blocks, cores)
    else:
        from rumpattern.executors.processes import process_in_workers  # noqa: PLC0415 - as above

        task = {"settings": settings.to_json(), "definitions": [one.to_request() for one in definitions]}
        yield from process_in_workers(process, blocks, cores, task)
    engine.clear()


def _choose_reader(settings: Settings, notify: Callable[[str], None]) -> Reader:
    """Return the reader; where the settings leave it open and there is no compiled core, the user is told why.

    Raises:
        ReaderError: the reader that was asked for does not work here.
    """
    reader = settings.reader.choose()
    if settings.reader is Reader.AUTO and reader is Reader.ORJSON:
        notify(f"reading with orjson, which is slower: {why_absent()}")
    return reader


def _text_size(sources: Sequence[Source]) -> int:
    """Estimate the bytes of event text of all sources."""
    sizes = ((source, source.size) for source in sources)
    return sum(size * (_GZIP_RATIO if is_gzip(source) else 1) for source, size in sizes if size)


def available_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
