"""Replay on this machine: in this process, or if it pays on all cores.

Compiled code runs in threads. orjson, which keeps other threads waiting, runs in worker processes.

Workers are started as programs of their own, so that a caller needs no ``if __name__ == "__main__"`` guard. Results are
taken in the order of their blocks: the number of workers changes nothing but the time.
"""

from __future__ import annotations

import gc
import os
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rumpattern.aggregate.cardinality import MAX_SERIES
from rumpattern.aggregate.histogram import MAX_EXACT_VALUES
from rumpattern.columns.fields import Kind
from rumpattern.columns.readers import Reader, ReaderError
from rumpattern.derive.policy import PUBLISHED, dimension_reason
from rumpattern.diagnostics.wording import printable
from rumpattern.engine import DEFAULT_PERIOD, Engine
from rumpattern.executors.processes import _in_workers
from rumpattern.executors.threads import _in_order
from rumpattern.executors.wire import pack_definitions
from rumpattern.input.blocks import read_blocks
from rumpattern.input.formats import Form
from rumpattern.input.lines import MAX_LINE
from rumpattern.input.sources import GZIP_MAGIC, find_sources
from rumpattern.job.checkpoint.state import Checkpoint, check_folder, identify
from rumpattern.job.collect import collect
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings
from rumpattern.native.cache import cache_folder, is_compiled
from rumpattern.rum.limits import HIGH_RESOLUTION_PERIODS, MAX_PERIOD, STANDARD_PERIOD
from rumpattern.version import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.input.blocks import Block
    from rumpattern.input.rejects import Reject
    from rumpattern.input.sources import Source
    from rumpattern.job.accounts import FileAccount
    from rumpattern.job.collect import ReplayResult
    from rumpattern.job.results import BlockResult


_WORTH_WORKERS: Final = 64 << 20
"""Bytes of input from which starting processes pays."""
_GZIP_RATIO: Final = 7
_BUFFERS_MORE: Final = 2
"""Buffers besides those that are read: one is being filled, and one waits to be read."""
_YOUNG: Final = 50_000
"""Objects made since the garbage collector has looked last when it looks again."""


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
        period: seconds of one datum.
        workers: cores to use, by threads or processes; None decides by the size of the input.
        application_name: the app monitor's name, for events that lack it.
        input_format: the name of the container of all files (see ``Form``); None detects it for each.
        reader: "orjson", "scan" (which needs the extra ``fast``), or "auto", which decides by the size of the input.
        state: a folder in which the run keeps its progress: if it is ended, the same call goes on where it was. Delete
            the folder (``job.state.clear``) when the result is safe.
        max_series: sets of dimension values of one definition; if it makes more, its data are counted and left out.
        exact_values: distinct values of one datum that are kept as they are; of more, counts of buckets are kept (see
            ``distribution``).
        max_line: bytes of a line, its newline left out; a longer one is rejected.
        on_reject: called with file name and reject for every line that is no event, in order.
        on_progress: called with stored bytes read, events evaluated and lines rejected, as they come.
        on_notice: called with a sentence when there is something to wait for.

    Raises:
        InputError: an input that cannot be read, or no line at all.
        ValueError: a period that CloudWatch does not have, a name that it refuses as a dimension value, an unknown
            container or reader, or fewer than one worker, series, exact value or byte of a line.
        ModuleNotFoundError: the reader needs an extra that is not installed.
        ReaderError: the reader that was asked for does not work.
    """
    settings = Settings(period, exact_values, max_series, max_line)
    _check(settings, application_name, workers)
    named = [sources] if isinstance(sources, (str, os.PathLike)) else list(sources)
    found = find_sources(named)
    form = None if input_format is None else Form(input_format)
    reported = on_progress or _ignore
    size = _text_size(found)
    engine, chosen = _engine(definitions, application_name, Reader(reader), size, on_notice or _ignore)
    count = workers or (available_cores() if size >= _WORTH_WORKERS else 1)

    buffers = 1 if count == 1 else count + _BUFFERS_MORE
    in_runs = chosen is Reader.SCAN and count > 1

    read = [0] * len(found)

    def advance(number: int, stored: int) -> None:
        read[number] += stored
        reported(stored, 0, 0)

    def blocks(first: int, start: int) -> Generator[Block]:
        for number, source in enumerate(found[first:], first):
            report_read = partial(advance, number)
            yield from read_blocks(number, source, form, report_read, buffers, start, max_line, in_runs=in_runs)
            start = 0

    def done(given: Iterator[Block]) -> Generator[BlockResult]:
        run = partial(process_block, engine, settings=settings)
        if count == 1:
            yield from map(run, given)
        elif chosen is Reader.SCAN:
            yield from _in_order(run, given, count)
        else:
            task = {"application_name": application_name, "settings": settings}
            yield from _in_workers(run, given, count, {**task, "definitions": pack_definitions(definitions)})
        engine.clear()

    def results(given: Iterator[BlockResult], kept: Checkpoint | None) -> Iterator[BlockResult]:
        for result in given if kept is None else kept.record(given):
            reported(0, result.evaluated, len(result.rejects))
            yield result

    with ExitStack() as stack:  # whatever happens, no thread stays
        stack.enter_context(_undisturbed_heap())
        kept = None
        if state is not None:
            identity = _identity(definitions, found, settings, application_name, input_format)
            kept = stack.enter_context(_state(Path(state), named, identity, on_notice or _ignore))
        given = stack.enter_context(closing(blocks(*(kept.position if kept else (0, 0)))))
        processed = stack.enter_context(closing(done(given)))
        result = collect(definitions, found, results(processed, kept), settings, on_reject)
    _tell_sizes(result.accounting.files, found, read)
    result.reader = chosen.value
    return result


def _tell_sizes(accounts: Sequence[FileAccount], sources: Sequence[Source], read: Sequence[int]) -> None:
    """Put in how many bytes were read of sources that have no size."""
    for account, source, stored in zip(accounts, sources, read, strict=True):
        if not source.is_regular:
            account.bytes = stored


def _identity(
    definitions: Sequence[MetricDefinition],
    sources: Sequence[Source],
    settings: Settings,
    application_name: str | None,
    input_format: str | None,
) -> dict[str, object]:
    """Return what must be as it was for a run to go on; the keys are told."""
    return {
        "version": __version__,
        "definitions": pack_definitions(definitions),
        "period": settings.period,
        "number of exact values": settings.exact_values,
        "longest line": settings.max_line,
        "application name": application_name,
        "input format": input_format,
        "sources": identify(sources),
    }


def _state(
    folder: Path,
    inputs: Sequence[str | os.PathLike[str]],
    identity: Mapping[str, Any],
    notify: Callable[[str], None],
) -> Checkpoint:
    """Return the progress of a run, which is only to be gone on with if everything is as it was."""
    check_folder(folder, inputs)
    state = Checkpoint(folder, identity)
    if state.parts:
        sources = identity["sources"]
        done, start = state.position
        where = f", {printable(sources[done]['name'])} from byte {start:,} on" if start else ""
        notify(f"going on where an earlier run was ended: {done:,} of {len(sources):,} files are done{where}")
    return state


def _check(settings: Settings, application_name: str | None, workers: int | None) -> None:
    check_period(settings.period)
    check_application_name(application_name)
    numbers = {
        "workers": workers,
        "max_series": settings.max_series,
        "exact_values": settings.exact_values,
        "max_line": settings.max_line,
    }
    for name, number in numbers.items():
        if number is not None and number < 1:
            raise ValueError(f"{name} is at least 1, not {number}")


@contextmanager
def _undisturbed_heap() -> Iterator[None]:
    """Keep the garbage collector from what there is already: numba alone has a million objects to look at each time.

    What a block leaves behind has no cycles, so that there is no need to look for them often either.
    """
    if gc.get_freeze_count():  # somebody else does
        yield
        return
    threshold, *others = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(threshold and max(threshold, _YOUNG), *others)
    try:
        yield
    finally:
        gc.set_threshold(threshold, *others)
        gc.unfreeze()


def _engine(
    definitions: Sequence[MetricDefinition],
    application_name: str | None,
    reader: Reader,
    size: int,
    notify: Callable[[str], None],
) -> tuple[Engine, Reader]:
    """Return the engine for input of some size, with the reader that it got; if that was not asked for, it works."""
    chosen = reader.choose(size)
    if chosen is Reader.SCAN and not is_compiled():
        often = "once" if cache_folder() else "each time, for there is no folder to keep it in"
        notify(f"compiling the reader for this machine, {often}; this takes about ten seconds")
    compiled = partial(Engine, definitions, application_name=application_name, event_type_required=True)
    try:
        return compiled(reader=chosen), chosen
    except ReaderError as error:
        if reader is not Reader.AUTO:
            raise
        notify(f"{error}; reading with orjson")
    return compiled(), Reader.ORJSON


def check_period(period: int) -> None:
    """Check that CloudWatch has a period: 1, 5, 10, 20, 30 or a multiple of 60 seconds, up to a day.

    Source: GetMetricData, MetricStat, Period; PutMetricAlarm for the longest.

    Raises:
        ValueError: it has not.
    """
    if period not in HIGH_RESOLUTION_PERIODS and (not 0 < period <= MAX_PERIOD or period % STANDARD_PERIOD):
        raise ValueError(f"a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds up to a day, not {period}")


def check_application_name(name: str | None) -> None:
    """Check that a name can be the value of the application_name dimension.

    Raises:
        ValueError: it cannot.
    """
    reason = PUBLISHED if name is None else dimension_reason(Kind.STRING, name)
    if reason != PUBLISHED:
        raise ValueError(f"CloudWatch refuses {name!a} as a dimension value: {reason}")


def _ignore(*_progress: object) -> None:
    """Take progress and notices that nobody asked for."""


def _text_size(sources: Sequence[Source]) -> int:
    """Return about how many bytes of text there are."""
    return sum(source.size * (_GZIP_RATIO if _is_gzip(source) else 1) for source in sources)


def available_cores() -> int:
    """Return how many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _is_gzip(source: Source) -> bool:
    if source.path is None or not source.is_regular:
        return False
    try:
        with source.path.open("rb") as file:
            return file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
    except OSError:  # whoever reads the file tells of it
        return False
