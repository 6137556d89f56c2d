"""The error of JSON text, its limits, and the decoding of its bytes."""

from __future__ import annotations

from typing import Final

from rumpattern.diagnostics.finding import Edit

MAX_DEPTH: Final = 1_000
"""Levels of nesting."""
MAX_NUMBER_TEXT: Final = 1_000
"""Characters of a number."""


class JsonError(ValueError):
    """Text that is not JSON, or beyond a limit.

    Attributes:
        message: the fault.
        offset: where it is, in characters; in bytes if they are not UTF-8.
        code: the code of the rulebook for the kind of fault.
        service_message: the beginning of event-ruler's message for it.
        comma: the offset of the trailing comma, if that is the fault.
    """

    def __init__(self, message: str, offset: int, *, code: str = "RP010", service_message: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset
        self.code = code
        self.service_message = service_message or message
        self.comma: int | None = None

    @property
    def fix(self) -> tuple[Edit, ...]:
        """The edits that remove the fault: those that delete a trailing comma, otherwise none."""
        return () if self.comma is None else (Edit(self.comma, self.comma + 1, ""),)


def decode_utf8(data: bytes) -> str:
    """Decode UTF-8 strictly.

    Raises:
        JsonError: with the byte offset of the first wrong byte.
    """
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        message = f"byte 0x{data[error.start]:02x} at offset {error.start} is not UTF-8 ({error.reason})"
        raise JsonError(message, error.start, code="RP014") from None
