"""The command, run in this process: starting another one takes half a second, hundreds of times over.

What only a process of its own can show (closed streams, signals, what is imported) is tested with one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, chdir
from io import TextIOWrapper
from tempfile import TemporaryFile
from typing import TYPE_CHECKING
from unittest.mock import patch

from rumpattern.cli.main import main
from tests.support.core import without_notice
from tests.support.paths import ROOT

if TYPE_CHECKING:
    from pathlib import Path

PACKAGE_PATH = {"PYTHONPATH": str(ROOT)}
"""The variable by which a process in any folder imports this package."""


def run_command(
    *arguments: str | Path, stdin: bytes = b"", folder: Path = ROOT, width: int = 80
) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a folder; with bytes for its standard input it is a process of its own.

    What it says of an absent core is left out.
    """
    words = ["rumpattern", *map(str, arguments)]
    if stdin:
        command = [sys.executable, "-m", *words]
        environment = {**os.environ, **PACKAGE_PATH, "COLUMNS": str(width)}
        done = subprocess.run(command, cwd=folder, env=environment, input=stdin, capture_output=True, check=False)
        return subprocess.CompletedProcess(words, done.returncode, done.stdout, _without_notice(done.stderr))
    with ExitStack() as stack:
        # files, not buffers: the command asks its streams for their descriptors
        streams = {name: TextIOWrapper(stack.enter_context(TemporaryFile())) for name in ("stdin", "stdout", "stderr")}
        handler = signal.getsignal(signal.SIGTERM)
        stack.callback(signal.signal, signal.SIGTERM, handler)
        stack.enter_context(chdir(folder))
        stack.enter_context(patch.dict(os.environ, COLUMNS=str(width)))
        for name, value in {"argv": words, **streams}.items():
            stack.enter_context(patch.object(sys, name, value))
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        outputs = []
        for name in ("stdout", "stderr"):
            streams[name].flush()
            streams[name].buffer.seek(0)
            outputs.append(streams[name].buffer.read())
    assert isinstance(code, int)
    return subprocess.CompletedProcess(words, code, outputs[0], _without_notice(outputs[1]))


def _without_notice(said: bytes) -> bytes:
    return without_notice(said.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
