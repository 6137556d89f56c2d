"""Ctrl-C, wherever it comes: what is raised in the midst of the work comes out of it."""

import subprocess
import sys

import pytest

from tests.support.core import READERS


@pytest.mark.slow
@pytest.mark.parametrize("reader", READERS)
def test_no_interruption_is_lost(reader):
    command = [sys.executable, "-m", "tests.support.interrupted", reader]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    times, lost = map(int, output.split())
    assert times > 50
    assert lost == 0
