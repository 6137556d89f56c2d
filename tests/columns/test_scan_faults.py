"""The compiled reader when something goes wrong around it: Ctrl-C."""

import signal
import subprocess
import sys
import time

import pytest

from tests.support.core import needs_core

pytestmark = needs_core

SCAN_FOR_EVER = """
import signal
import sys
from rumpattern.columns.decode import Decoder
from rumpattern.input.lines import TextLines
from rumpattern.columns.scan import Scanner
scanner = Scanner(Decoder(("a",)))
signal.signal(signal.SIGINT, signal.default_int_handler)  # whoever runs tests in the background ignores it
block = b'{"event_type":"t","a":1}\\n' * 200_000
scanner.decode(TextLines(block))
print("ready", flush=True)
try:
    while True:
        scanner.decode(TextLines(block))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as on POSIX systems")
def test_ctrl_c_ends_a_scan_cleanly():
    for number in range(4):
        process = subprocess.Popen([sys.executable, "-c", SCAN_FOR_EVER], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.05 + 0.03 * number)
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
        process.stdout.close()
