"""The compiled core in tests: those that need it are skipped, with its own reason, where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rumpattern.columns import scan
from rumpattern.native.library import why_absent

if TYPE_CHECKING:
    from rumpattern.columns.scan import _Layout, _Scratch
    from rumpattern.native.library import Core

HAS_CORE = why_absent() is None
READERS = ("orjson", "scan") if HAS_CORE else ("orjson",)
needs_core = pytest.mark.skipif(not HAS_CORE, reason=why_absent() or "")
NOTICE = f"reading with orjson, which is slower: {why_absent()}"
"""What a replay says first where there is no core, on standard error."""


def without_notice(said: str) -> str:
    """Return what a command says on standard error where the core is there."""
    return said if HAS_CORE else said.replace(f"{NOTICE}\n", "")


def keep_scratch(monkeypatch: pytest.MonkeyPatch) -> list[_Scratch]:
    """Return a list to which every scratch memory is appended that a scanner makes from now on."""
    made: list[_Scratch] = []
    make = scan._Scratch  # noqa: SLF001 - a test may look inside

    def keep(core: Core, layout: _Layout, rows: int) -> _Scratch:
        made.append(make(core, layout, rows))
        return made[-1]

    monkeypatch.setattr(scan, "_Scratch", keep)
    return made
