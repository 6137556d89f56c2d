"""The fuzz target over its corpus, built with the sanitizers: no finding, and all instructions give the same."""

import shutil
import subprocess

import pytest

from tests.support import corpus
from tests.support.core import needs_core
from tests.support.paths import ROOT

pytestmark = [needs_core, pytest.mark.slow]


@pytest.mark.parametrize("flags", ["", "-DRUM_PORTABLE"], ids=["this compiler", "a compiler without vectors"])
def test_the_corpus_has_no_finding(tmp_path, monkeypatch, flags):
    if shutil.which("cmake") is None:
        pytest.skip("there is no cmake")
    monkeypatch.setenv("CFLAGS", flags)
    build = tmp_path / "build"
    for command in (["cmake", "-S", ROOT / "tests" / "native", "-B", build], ["cmake", "--build", build]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "warning" not in done.stdout + done.stderr
    count = corpus.write(tmp_path / "corpus")
    done = subprocess.run([build / "fuzz", tmp_path / "corpus"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{count} inputs\n"), done.stderr
