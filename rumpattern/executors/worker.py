"""A worker process: reads blocks from standard input, writes their results to standard output, ends with its input."""

from __future__ import annotations

import gc
import os
import sys

from rumpattern.engine import Engine
from rumpattern.executors.wire import receive, send, unpack_block, unpack_definitions
from rumpattern.job.checkpoint.packing import pack_result
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings


def main() -> None:
    """Serve one replay."""
    gc.disable()  # what a block leaves behind has no cycles
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    settings, _ = receive(source)
    engine = Engine(
        unpack_definitions(settings["definitions"]),
        application_name=settings["application_name"],
        event_type_required=True,
    )
    chosen = Settings(*settings["settings"])
    while True:
        try:
            header, data = receive(source)
        except EOFError:
            return
        block = unpack_block(header, data)
        result = pack_result(process_block(engine, block, chosen))
        try:
            send(sink, None, result)
        except BrokenPipeError:
            os._exit(1)  # the replay is gone, and with it whoever could be told


if __name__ == "__main__":
    main()
