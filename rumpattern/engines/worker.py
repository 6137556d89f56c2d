"""A worker process: reads blocks from standard input, writes their results to standard output, ends with its input."""

from __future__ import annotations

import gc
import sys

from rumpattern.engine import Engine
from rumpattern.engines.wire import pack_result, receive, send, unpack_block, unpack_definitions
from rumpattern.job import process_block


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
    while True:
        try:
            header, data = receive(source)
        except EOFError:
            return
        send(sink, *pack_result(process_block(engine, unpack_block(header, data), settings["period"])))


if __name__ == "__main__":
    main()
