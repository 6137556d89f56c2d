"""Profiles of Hypothesis, and the fixtures that tests of several folders use."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import rumpattern as rp
from rumpattern.native import library
from tests.support.command import run_command
from tests.support.examples import CI_EXAMPLES, FAST_EXAMPLES
from tests.support.fixture_events import FORMS, Event, read_events
from tests.support.paths import DEFINITIONS, EVENTS

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable

THOROUGH = int(os.environ.get("RUMPATTERN_THOROUGH", "0"))
FAST_TIER = "not slow"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let another build of the compiled core be tested, such as the sanitized one."""
    parser.addoption("--core", type=Path, metavar="FILE", help="the library of the compiled core to test")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples a law draws: few in the fast tier, random ones if RUMPATTERN_THOROUGH says how many."""
    if config.option.core is not None:
        library.find_library = lambda: config.option.core
    always = settings(deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])
    settings.register_profile("ci", parent=always, max_examples=CI_EXAMPLES, derandomize=True)
    settings.register_profile("fast", parent=always, max_examples=FAST_EXAMPLES, derandomize=True)
    settings.register_profile("thorough", parent=always, max_examples=THOROUGH or CI_EXAMPLES, print_blob=True)
    is_fast = FAST_TIER in config.option.markexpr
    settings.load_profile("thorough" if THOROUGH else "fast" if is_fast else "ci")


@pytest.fixture(scope="session")
def run() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """Give a function that runs the command in the project's folder, with bytes for its standard input."""
    return run_command


@pytest.fixture(scope="session")
def views() -> list[rp.MetricDefinition]:
    """Give a definition that counts views."""
    return rp.load_definitions([{"Name": "Views", "Namespace": "S", "EventPattern": '{"event_type": ["view"]}'}])


@pytest.fixture(scope="session")
def definitions() -> list[rp.MetricDefinition]:
    """Give the definitions of two fixtures, extended and custom metrics."""
    names = "extended.json", "custom.json"
    return [definition for name in names for definition in rp.load_definitions(DEFINITIONS / name)]


@pytest.fixture(scope="session")
def events_by_file() -> dict[str, list[Event]]:
    """Give the events of every file of fixtures/events in the shape of CloudWatch Logs, ids in both of their places."""
    return {name: read_events(EVENTS / name, form) for name, form in FORMS.items()}
