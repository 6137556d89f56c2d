"""IP addresses as event patterns compare them: by value, whatever their spelling."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from typing import Final

_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_BYTE: Final = 256


@lru_cache(maxsize=4096)
def address(text: str) -> bytes | None:
    """Return an IPv4 address as 4 bytes or an IPv6 address as 16, None for any other text.

    The numbers of an IPv4 address are decimal, leading zeros and all.
    """
    if _IPV4.fullmatch(text):
        numbers = [int(part) for part in text.split(".")]
        return bytes(numbers) if max(numbers) < _BYTE else None
    if ":" not in text or "%" in text:
        return None
    try:
        return IPv6Address(text).packed
    except AddressValueError:
        return None
