"""What is wrong with JSON text, and the decoding of its bytes."""

from __future__ import annotations

from typing import Final

from rumpattern.diagnostics.finding import Edit

MAX_DEPTH: Final = 1_000
MAX_NUMBER_TEXT: Final = 1_000


class JsonError(ValueError):
    """Text that is not JSON.

    ``offset`` counts characters; ``code`` is the kind of fault, a code of the rulebook; ``comma`` is where a comma
    stands that has nothing after it, if that is the fault.
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
        """How to mend the text without a doubt: the comma removed."""
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
