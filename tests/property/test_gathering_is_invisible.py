"""Law: whichever sources are gathered into blocks, all that is told of each is what is told if it is read by itself."""

from __future__ import annotations

import gzip
import json
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

import rumpattern as rp
from rumpattern.columns.readers import Reader
from rumpattern.engine import Engine
from rumpattern.executors.wire import pack_block, unpack_block
from rumpattern.input import gather
from rumpattern.input.blocks import ReadOptions
from rumpattern.input.formats import MAX_LINE
from rumpattern.input.lines import EventList
from rumpattern.input.sources import find_sources
from rumpattern.job.checkpoint.packing import pack_result, unpack_result
from rumpattern.job.collect import Collector
from rumpattern.job.results import process_block
from rumpattern.job.settings import Settings
from tests.support.core import READERS
from tests.support.definition_strategies import definition_events, definition_lists
from tests.support.replays import TIME
from tests.support.strategies import lines

BOM = b"\xef\xbb\xbf"
LINES = st.lists(lines(definition_events()), max_size=5)


def ndjson(texts):
    return b"\n".join(texts)


def logs_export(texts):
    return b"\n".join(TIME + text if number % 4 < 3 else text for number, text in enumerate(texts))


def log_events(texts):
    return json.dumps({"events": [{"message": text.decode("utf-8", "replace")} for text in texts]}).encode()


def put_events(texts):
    events = [{"id": "1", "type": "t", "timestamp": 60, "details": text.decode("utf-8", "replace")} for text in texts]
    bodies = [json.dumps({"BatchId": "b", "RumEvents": [event]}).encode() for event in events]
    return b"\n".join([b'{"BatchId":"b","RumEvents":[]}', *bodies])


@st.composite
def files(draw):
    """Draw the bytes of a file: mostly lines or documents, at times empty, cut, or of no known form."""
    text = draw(st.sampled_from((ndjson, ndjson, ndjson, logs_export, log_events, put_events)))(draw(LINES))
    text = draw(st.sampled_from((b"", b"", b"", BOM, b"\n", b"\xff\xfe"))) + text
    text += draw(st.sampled_from((b"", b"\n", b"\n", b"\r\n", b"\n \n")))
    if draw(st.booleans()):
        text = text.replace(b"\n", b"\r\n")
    if not draw(st.integers(0, 5)):
        text = text[: draw(st.integers(0, 400))]
    if draw(st.integers(0, 2)):
        return text
    members = gzip.compress(text[:70], mtime=0) + gzip.compress(text[70:], mtime=0)
    return members if draw(st.integers(0, 5)) else members[: draw(st.integers(2, 200))]


class Gathering(NamedTuple):
    """What is gathered, and after how many blocks all is read anew, from where a run can be resumed, if at all."""

    small: int = 0
    gathered: int = 1
    stop: int | None = None


NOTHING = Gathering()


def told(engine, definitions, sources, settings, how=NOTHING):
    """Return all that a run tells, and how much it read of each source."""
    rejects, read = [], [0] * len(sources)
    collector = Collector(definitions, sources, settings, lambda *reject: rejects.append(reject))

    def options_of(index):
        def report(stored):
            read[index] += stored

        return ReadOptions(None, settings.max_line, report_read=report)

    with patch.object(gather, "SMALL", how.small), patch.object(gather, "GATHERED", how.gathered):
        for block in resumed_blocks(sources, options_of, how.stop):
            sent = block if isinstance(block.text, EventList) else unpack_block(*wired(block))
            collector.add(unpack_result(pack_result(process_block(engine, sent, settings))))
    try:
        result = collector.finish("")
    except rp.InputError as error:
        return str(error), read
    return (result.series, result.accounting, result.warnings, result.first_rejects, rejects), read


def resumed_blocks(sources, options_of, stop):
    """Yield the blocks of sources; after ``stop`` of them or more, from the end of one on that is known."""
    blocks = gather.gather_blocks(sources, options_of)
    for number, block in enumerate(blocks, 1):
        yield block
        if stop is not None and number >= stop and block.end is not None:
            assert block.end > (block.source, block.offset)
            yield from gather.gather_blocks(sources, options_of, block.end)
            return


def wired(block):
    """Return a block as a worker gets it."""
    header, body = pack_block(block)
    return json.loads(json.dumps(header)), bytes(body)


@pytest.mark.parametrize("reader", READERS)
@given(
    definitions=definition_lists(),
    contents=st.lists(files(), min_size=1, max_size=8),
    how=st.builds(
        Gathering,
        st.sampled_from((150, 1 << 20, 1 << 20)),
        st.sampled_from((1, 300, 8 << 20, 8 << 20)),
        st.integers(1, 6),
    ),
    settings=st.builds(
        Settings,
        application_name=st.sampled_from((None, "shop")),
        max_line=st.sampled_from((60, MAX_LINE, MAX_LINE)),
    ),
)
def test_each_source_by_itself(reader, definitions, contents, settings, how):
    name = settings.application_name
    engine = Engine(definitions, application_name=name, event_type_required=True, reader=Reader(reader))
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate(contents):
            (Path(folder) / f"{number}").write_bytes(data)
        sources = find_sources([folder])
        replay = partial(told, engine, definitions, sources, settings)
        alone = replay()
        assert replay(how._replace(stop=None)) == alone
        assert replay(how)[0] == alone[0]
