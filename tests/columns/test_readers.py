"""Which reader is chosen, and what is said when the extra is missing."""

import sys

import pytest
from click.testing import CliRunner

from rumpattern.cli.main import cli
from rumpattern.columns.readers import Reader
from rumpattern.native import cache

HUGE = 1 << 40


@pytest.fixture
def without_numba(monkeypatch):
    monkeypatch.setitem(sys.modules, "numba", None)


def test_small_input_is_read_by_orjson():
    assert Reader.AUTO.choose(10_000_000) is Reader.ORJSON


def test_large_input_is_scanned():
    pytest.importorskip("numba", reason="the extra fast is not installed")
    assert Reader.AUTO.choose(HUGE) is Reader.SCAN
    assert Reader.ORJSON.choose(HUGE) is Reader.ORJSON


def test_without_the_extra(without_numba):
    assert Reader.AUTO.choose(HUGE) is Reader.ORJSON
    with pytest.raises(ModuleNotFoundError, match=r"rumpattern\[fast\]"):
        Reader.SCAN.choose(0)


def test_the_command_names_the_extra(without_numba):
    arguments = ["replay", "-d", "fixtures/definitions/extended.json", "fixtures/events", "--reader", "scan"]
    done = CliRunner().invoke(cli, arguments)
    assert done.exit_code == 2
    assert "install rumpattern[fast]" in done.output


def test_code_is_kept_by_the_text_of_its_source(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cache.cache_folder.cache_clear()
    try:
        folder = cache.cache_folder()
        assert folder.is_dir()
        assert folder.parent == tmp_path / "rumpattern"
        assert not cache.is_compiled()
        (folder / "block.scan_lines-1.py311.1.nbc").touch()
        assert cache.is_compiled()
    finally:
        cache.cache_folder.cache_clear()


def test_no_place_to_keep_code(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    cache.cache_folder.cache_clear()
    try:
        assert cache.cache_folder() is None
        assert not cache.is_compiled()
    finally:
        cache.cache_folder.cache_clear()
