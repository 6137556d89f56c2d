"""The two readers, which decode event lines to the same batches: one by the compiled core, one by orjson."""

from __future__ import annotations

from enum import StrEnum

from rumpattern.native.library import load_core, why_absent


class ReaderError(RuntimeError):
    """A reader that was asked for and cannot work here."""


class Reader(StrEnum):
    """Who decodes lines: orjson, the compiled core, or the core where there is one and else orjson."""

    AUTO = "auto"
    ORJSON = "orjson"
    SCAN = "scan"

    def choose(self) -> Reader:
        """Return the reader to use.

        Raises:
            ReaderError: the core is asked for and absent.
        """
        reason = None if self is Reader.ORJSON else why_absent()
        if self is Reader.AUTO:
            return Reader.ORJSON if reason else Reader.SCAN
        if reason:
            raise ReaderError(f"the scan reader does not work here, take the reader orjson: {reason}")
        return self

    def reason(self) -> str:
        """Return in a few words why ``choose`` returns the reader that it does."""
        if self is Reader.ORJSON:
            return "asked for"
        return why_absent() or f"the compiled core, with {load_core().simd} instructions"
