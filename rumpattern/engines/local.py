"""Replay on this machine."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rumpattern.engine import DEFAULT_PERIOD, Engine
from rumpattern.events.sources import find_sources
from rumpattern.job import collect, process_block, read_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rumpattern.definition.model import MetricDefinition
    from rumpattern.events.columns import Reject
    from rumpattern.events.envelopes import Form
    from rumpattern.job import Block, ReplayResult


def replay(
    definitions: Sequence[MetricDefinition],
    sources: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    period: int = DEFAULT_PERIOD,
    workers: int | None = None,
    application_name: str | None = None,
    *,
    input_format: Form | None = None,
    on_reject: Callable[[str, Reject], None] | None = None,
    on_progress: Callable[[int, int, int], None] | None = None,
) -> ReplayResult:
    """Replay exported events into the metrics that RUM would publish.

    Args:
        definitions: what ``load_definitions`` returns.
        sources: files, directories, or ``-`` for standard input.
        period: seconds of one datum.
        workers: processes to use; None decides by the size of the input.
        application_name: the app monitor's name, for events that lack it.
        input_format: the container of all files; None detects it for each.
        on_reject: called with file name and reject for every line that is no event, in order.
        on_progress: called with stored bytes read, events evaluated and lines rejected, as they come.

    Raises:
        InputError: an input that cannot be read, or no line at all.
        ValueError: a period that CloudWatch does not have.
    """
    check_period(period)
    names = [sources] if isinstance(sources, (str, os.PathLike)) else sources
    found = find_sources(names)
    engine = Engine(definitions, application_name=application_name, event_type_required=True)

    def blocks() -> Iterator[Block]:
        for number, source in enumerate(found):
            yield from read_blocks(number, source, input_format, lambda n: on_progress(n, 0, 0) if on_progress else None)

    results = (process_block(engine, block, period) for block in blocks())
    return collect(definitions, found, results, period, on_reject)


_HIGH_RESOLUTION = (1, 5, 10, 20, 30)
_MINUTE = 60


def check_period(period: int) -> None:
    """Check that CloudWatch has a period: 1, 5, 10, 20, 30 or a multiple of 60 seconds (GetMetricStatistics, Period).

    Raises:
        ValueError: it has not.
    """
    if period not in _HIGH_RESOLUTION and (period <= 0 or period % _MINUTE):
        raise ValueError(f"a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds, not {period}")
