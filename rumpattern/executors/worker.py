"""A worker process: reads blocks from standard input, writes their results to standard output, ends with its input."""

from __future__ import annotations

import gc
import os
import sys

from rumpattern.definition.model import MetricDefinition
from rumpattern.engine import Engine
from rumpattern.executors.wire import receive, send, unpack_block
from rumpattern.job.checkpoint.packing import pack_result
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings


def main() -> None:
    """Serve one replay."""
    gc.disable()  # what a block leaves behind has no cycles
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    task, _ = receive(source)
    settings = Settings.from_json(task["settings"])
    engine = Engine(
        [MetricDefinition.from_request(request) for request in task["definitions"]],
        application_name=settings.application_name,
        event_type_required=True,
    )
    while True:
        try:
            header, data = receive(source)
        except EOFError:
            return
        result = pack_result(process_block(engine, unpack_block(header, data), settings))
        try:
            send(sink, None, result)
        except BrokenPipeError:
            os._exit(1)  # the replay has ended, and nobody is left to report to


if __name__ == "__main__":
    main()
