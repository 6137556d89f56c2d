"""Which files inputs name."""

import os
import sys

import pytest

import rumpattern as rp
from rumpattern.input.sources import find_sources


def names(*inputs):
    return [source.name for source in find_sources(inputs)]


def test_the_order_of_inputs_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d").mkdir()
    for name in ("d/a", "d/b", "c"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "d" / "link").symlink_to("a")
    assert names("d/link", "d", "c", "c") == names("c", "d", "d/link") == ["c", "d/a", "d/b"]
    assert names("d/link", "./d/b") == ["d/b", "d/link"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are no bytes here")
def test_names_that_are_spelled_alike(tmp_path):
    one, other = tmp_path / os.fsdecode(b"n\xff"), tmp_path / "n\\xff"
    for path in (one, other):
        path.write_text("{}")
    assert find_sources([one, other]) == find_sources([other, one]) == find_sources([tmp_path])


def test_an_empty_name_is_not_the_current_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").write_text("{}")
    with pytest.raises(rp.InputError, match="''"):
        find_sources([""])
