"""Where fixtures are, and the data that lie beside the project: tests that read these skip where they are absent."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
DEFINITIONS = FIXTURES / "definitions"
EVENTS = FIXTURES / "events"
OUTSIDE_DATA = ROOT.parent / "shared" / "data"
JSON_TEST_SUITE = OUTSIDE_DATA / "json-test-suite" / "test_parsing"
