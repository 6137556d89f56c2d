"""Which reader is chosen, and what is said where there is no compiled core."""

import pytest
from click.testing import CliRunner

import rumpattern as rp
from rumpattern.cli.main import cli
from rumpattern.columns import readers
from rumpattern.columns.readers import Reader, ReaderError
from tests.support.core import needs_core
from tests.support.paths import DEFINITIONS, EVENTS

REASON = "the compiled core is absent: no compiler, run pip"


@pytest.fixture
def without_core(monkeypatch):
    monkeypatch.setattr(readers, "why_absent", lambda: REASON)
    monkeypatch.setattr("rumpattern.run.why_absent", lambda: REASON)


@needs_core
def test_the_core_reads_where_there_is_one():
    assert Reader.AUTO.choose() is Reader.SCAN.choose() is Reader.SCAN
    assert Reader.ORJSON.choose() is Reader.ORJSON


def test_without_the_core_orjson_reads(without_core):
    assert Reader.AUTO.choose() is Reader.ORJSON.choose() is Reader.ORJSON
    with pytest.raises(ReaderError, match="take the reader orjson: the compiled core is absent"):
        Reader.SCAN.choose()


def test_the_command_says_why_it_cannot(without_core):
    arguments = ["replay", "-d", "fixtures/definitions/extended.json", "fixtures/events", "--reader", "scan"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert REASON in done.output


def test_a_replay_says_once_why_it_is_slower(without_core):
    notices = []
    definitions = rp.load_definitions(DEFINITIONS / "extended.json")
    result = rp.replay(definitions, EVENTS, on_notice=notices.append)
    assert (result.reader, notices) == ("orjson", [f"reading with orjson, which is slower: {REASON}"])
    rp.replay(definitions, EVENTS, reader="orjson", on_notice=notices.append)
    assert len(notices) == 1
