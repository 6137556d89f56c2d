"""The compiled reader when something goes wrong around it: Ctrl-C, and code that cannot be kept or loaded."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

import rumpattern as rp
from rumpattern.synth import events as synth
from tests.support.paths import DEFINITIONS, EVENTS, ROOT

pytest.importorskip("numba", reason="the extra fast is not installed")

from rumpattern.columns.readers import Reader, ReaderError
from rumpattern.native import cache

EXTENDED = DEFINITIONS / "extended.json"
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_loading_is_interrupted_at_its_end(number, monkeypatch):
    steps = []

    def interrupted(*_):
        signal.raise_signal(number)
        steps.append("goes on")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("rumpattern.engine._try_out", interrupted)
    before = signal.signal(number, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            rp.Engine([rp.MetricDefinition("m")], reader=Reader.SCAN)
        assert signal.getsignal(number) is interrupt
    finally:
        signal.signal(number, before)
    assert steps == ["goes on"]


@pytest.fixture(params=["*", "fold.*"])
def damaged_cache(tmp_path, request):
    """Give a cache folder whose files, or some, are cut short, for the processes that a test starts."""
    rp.Engine([rp.MetricDefinition("m")], reader=Reader.SCAN)
    folder = cache.cache_folder()
    assert folder is not None
    copy = tmp_path / "rumpattern" / folder.name
    shutil.copytree(folder, copy)
    files = [path for path in copy.rglob(request.param) if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[:100])
    return {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}


def replay(tmp_path, environment, reader):
    events = tmp_path / "events.ndjson"
    synth.write(events, 50, seed=1)
    command = [sys.executable, "-m", "rumpattern", "replay", "-d", str(EXTENDED), str(events), "--reader", reader]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_damaged_code_is_one_sentence(damaged_cache, tmp_path):
    done = replay(tmp_path, damaged_cache, "scan")
    assert done.returncode == 2
    assert "the scan reader does not work" in done.stderr
    assert f"delete {tmp_path / 'rumpattern'}" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_without_a_compiler_it_is_left_out(tmp_path):
    environment = {**os.environ, "NUMBA_DISABLE_JIT": "1"}
    assert replay(tmp_path, environment, "auto").returncode == 0
    done = replay(tmp_path, environment, "scan")
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: ")
    assert "the scan reader does not work (NotImplementedError: " in done.stderr


def test_wrong_results_are_noticed(monkeypatch):
    monkeypatch.setattr(
        "rumpattern.engine._TRIAL_EVENTS", b'{"event_type":"t","event_timestamp":60000,"v":1,"d":"x"}\n'
    )
    with pytest.raises(ReaderError, match="compiled code gives wrong results"):
        rp.Engine([rp.MetricDefinition("m")], reader=Reader.SCAN)


@pytest.mark.slow
def test_a_change_anywhere_makes_another_folder(tmp_path):
    package = tmp_path / "rumpattern"
    shutil.copytree(ROOT / "rumpattern", package, ignore=shutil.ignore_patterns("__pycache__"))
    ask = "from rumpattern.native.cache import cache_folder; print(cache_folder())"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    folders = []
    for text in (b"", b"\n", b""):
        with (package / "derive.py").open("ab") as file:
            file.write(text)
        command = [sys.executable, "-c", ask]
        folders.append(subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, check=True).stdout)
    assert folders[0] != folders[1] == folders[2]


@pytest.mark.slow
def test_without_being_asked_for_it_is_left_out(damaged_cache, tmp_path, monkeypatch):
    assert replay(tmp_path, damaged_cache, "auto").returncode == 0
    notices = []
    monkeypatch.setattr("rumpattern.columns.readers._WORTH_SCANNING", 0)
    monkeypatch.setattr("rumpattern.columns.scan.scan_lines", None)
    result = rp.replay(rp.load_definitions(EXTENDED), EVENTS, on_notice=notices.append)
    assert result.reader == "orjson"
    assert result.accounting.evaluated > 2000
    assert "reading with orjson" in notices[-1]
