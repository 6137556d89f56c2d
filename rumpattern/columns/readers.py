"""The two readers, which decode event lines to the same batches: one starts at once, the other runs faster."""

from __future__ import annotations

from enum import StrEnum
from importlib.util import find_spec
from typing import Final

_WORTH_SCANNING: Final = 256 << 20
"""Bytes of event text from which loading compiled code pays."""


class ReaderError(RuntimeError):
    """A reader that is installed and does not work."""


class Reader(StrEnum):
    """Who decodes lines: orjson, compiled code (extra ``fast``), or whichever of them pays."""

    AUTO = "auto"
    ORJSON = "orjson"
    SCAN = "scan"

    def choose(self, size: int) -> Reader:
        """Return the reader to use for about ``size`` bytes of event text.

        Raises:
            ModuleNotFoundError: the extra is asked for and not installed.
        """
        is_installed = find_spec("numba") is not None
        if self is Reader.AUTO:
            return Reader.SCAN if is_installed and size >= _WORTH_SCANNING else Reader.ORJSON
        if self is Reader.SCAN and not is_installed:
            raise ModuleNotFoundError("the scan reader needs numba: install rumpattern[fast], or take another reader")
        return self
