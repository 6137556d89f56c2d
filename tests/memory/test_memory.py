"""What is kept of memory that has been freed."""

import os
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest

from rumpattern.memory import give_back_memory, trim

RESIDENT = """
import sys
import numpy as np
from rumpattern.memory import give_back_memory, trim

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6
"""

KEPT = """
if sys.argv[1] == "give back":
    give_back_memory()
large = np.ones(4_000_000)
del large  # from now on glibc keeps what is smaller
before = resident()
arrays = [np.ones(250_000) for _ in range(40)]
del arrays[:-1]  # the last one lies above all others
print(resident() - before)
"""


ON_GLIBC = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries are left as they are")


def printed(program: str, *arguments: str, **variables: str) -> list[float]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")} | variables
    command = [sys.executable, "-c", RESIDENT + program, *arguments]
    return list(map(float, subprocess.run(command, env=environment, capture_output=True, check=True).stdout.split()))


def kept(mode: str, **variables: str) -> float:
    (megabytes,) = printed(KEPT, mode, **variables)
    return megabytes


@pytest.mark.slow
@ON_GLIBC
def test_freed_memory_is_given_back():
    assert kept("as ever") > 30
    assert kept("give back") < 5


@ON_GLIBC
def test_what_the_environment_says_stays():
    variables = {"MALLOC_MMAP_THRESHOLD_": "33554432", "MALLOC_TRIM_THRESHOLD_": "33554432"}
    assert kept("give back", **variables) == pytest.approx(kept("as ever", **variables), abs=2)
    assert kept("give back", **variables) > 30


def no_library(_name):
    raise OSError("Dynamic loading not supported")


HOLES = """
before = resident()
arrays = [np.ones(8_000) for _ in range(1_000)]
del arrays[:-1]
kept = resident() - before
trim()
print(kept, resident() - before)
"""


@ON_GLIBC
def test_memory_below_what_is_in_use_is_given_back():
    before, after = printed(HOLES)
    assert before > 30
    assert after < 5


@pytest.mark.parametrize(("name", "value"), [("_ctypes", None), ("ctypes", SimpleNamespace(CDLL=no_library))])
def test_where_no_function_of_c_can_be_called_nothing_is_done(monkeypatch, name, value):
    monkeypatch.delitem(sys.modules, "ctypes", raising=False)
    monkeypatch.setitem(sys.modules, name, value)
    monkeypatch.setattr(os, "environ", {})
    trim()
    give_back_memory()
    assert not os.environ
