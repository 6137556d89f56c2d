"""The library itself: what it shares with other rooms, what it refuses, and what is said where it is absent."""

import ctypes
import hashlib
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from rumpattern.columns.fields import Kind
from rumpattern.native import library
from rumpattern.native.library import FILE_NAME, CoreCallError, CoreError, find_library, load_core
from rumpattern.native.structures import LAYOUTS, Fold, Gather, Intersect, LayOut, Number, Scan, Search, Span, TimeRange
from tests.support.core import needs_core
from tests.support.paths import ROOT

SOURCES = ROOT / "rumpattern" / "native"


@needs_core
def test_kinds_are_those_of_columns():
    assert load_core().facts["RUM_KINDS"] == len(Kind)


@needs_core
def test_it_was_built_from_these_sources():
    """A stale library makes every other test meaningless: pip install again."""
    files = sorted(path for path in SOURCES.iterdir() if path.suffix in {".c", ".h"} or path.name == "CMakeLists.txt")
    hashes = "".join(f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n" for path in files)
    assert load_core().sources == hashlib.sha256(hashes.encode()).hexdigest()


@needs_core
@pytest.mark.parametrize("structure", [Scan, Fold, Gather, Intersect, LayOut, Number, Search, TimeRange])
def test_every_entry_refuses_empty_structures(structure):
    entry = {Scan: "scan_lines", LayOut: "lay_out_keys", Number: "read_number", TimeRange: "time_range"}
    name = entry.get(structure, structure.__name__.lower())
    with pytest.raises(CoreCallError, match=rf"the compiled core was handed .* \({name}\)"):
        load_core().call(name, structure())


@needs_core
def test_arrays_are_checked_before_they_are_touched():
    core, ascending = load_core(), np.arange(4.0)
    found = np.zeros(4, np.int32)
    core.call("search", Search(Span.of(ascending), Span.of(ascending), Span.of(found)))
    assert found.tolist() == [1, 2, 3, 4]
    with pytest.raises(CoreCallError, match="too short"):
        core.call("search", Search(Span.of(ascending), Span.of(ascending), Span.of(found[:3])))
    with pytest.raises(CoreCallError, match="not aligned"):
        core.call("search", Search(Span(ascending.ctypes.data + 1, 3), Span.of(ascending), Span.of(found)))
    with pytest.raises(CoreCallError, match="null pointer"):
        core.call("search", Search(Span(None, 3), Span.of(ascending), Span.of(found)))


def replaced(monkeypatch, path):
    monkeypatch.setattr(library, "find_library", lambda: path)
    load_core.cache_clear()
    library.why_absent.cache_clear()


@pytest.fixture(autouse=True)
def _load_again():
    yield
    load_core.cache_clear()
    library.why_absent.cache_clear()


def test_absent(monkeypatch):
    replaced(monkeypatch, None)
    assert library.why_absent() == (
        "the compiled core is absent: it was not built when rumpattern was installed: "
        "with a C compiler, run pip install --force-reinstall --no-cache-dir rumpattern"
    )
    with pytest.raises(CoreError, match="with a C compiler"):
        load_core()


def test_unloadable(monkeypatch, tmp_path):
    path = tmp_path / FILE_NAME
    path.write_bytes(b"no library")
    replaced(monkeypatch, path)
    with pytest.raises(CoreError, match=r"cannot be loaded on this machine \(.*\): is its file system mounted noexec"):
        load_core()


@needs_core
def test_another_version(monkeypatch):
    monkeypatch.setattr(library, "_VERSION", 2)
    load_core.cache_clear()
    with pytest.raises(CoreError, match=r"another version of rumpattern \(RUM_VERSION is 1, not 2\): run pip install"):
        load_core()


@needs_core
@pytest.mark.parametrize("name", LAYOUTS)
def test_another_layout(monkeypatch, name):
    class Longer(LAYOUTS[name]):
        _fields_ = (("more", ctypes.c_int64),)

    monkeypatch.setitem(LAYOUTS, name, Longer)
    load_core.cache_clear()
    with pytest.raises(CoreError, match=rf"another version of rumpattern \({name} is \d+, not \d+\)"):
        load_core()


@needs_core
def test_a_library_of_something_else(monkeypatch, tmp_path):
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        pytest.skip("there is no C compiler")
    (tmp_path / "other.c").write_text("int other(void) { return 1; }")
    path = tmp_path / FILE_NAME
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, tmp_path / "other.c"], check=True)
    replaced(monkeypatch, path)
    with pytest.raises(CoreError, match="belongs to another version of rumpattern"):
        load_core()


def test_without_ctypes(monkeypatch):
    monkeypatch.setattr(library, "find_library", lambda: SOURCES / "core.h")
    monkeypatch.setitem(sys.modules, "ctypes", None)
    load_core.cache_clear()
    with pytest.raises(CoreError, match="this Python has no ctypes"):
        load_core()


@needs_core
def test_instructions_are_chosen_by_a_variable(monkeypatch):
    monkeypatch.setenv("RUMPATTERN_SIMD", "scalar")
    load_core.cache_clear()
    assert load_core().simd == "scalar"
    monkeypatch.setenv("RUMPATTERN_SIMD", "mmx")
    load_core.cache_clear()
    with pytest.raises(CoreError, match="RUMPATTERN_SIMD=mmx names no instructions"):
        load_core()


@needs_core
def test_the_library_is_where_the_package_is_installed(request):
    if request.config.option.core is not None:
        pytest.skip("another library is tested (--core)")
    code = "from rumpattern.native.library import find_library; print(find_library())"
    done = subprocess.run([sys.executable, "-c", code], cwd=os.sep, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(find_library())
