"""IP addresses and CIDR blocks, compared by value and not by spelling."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_IPV4: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_IPV4_BYTES: Final = 4
_BYTE: Final = 256
_MAX_ADDRESS: Final = len("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255")
_LIKE_IPV4: Final = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_LIKE_IPV6: Final = re.compile(r"[0-9a-fA-F]*:[0-9a-fA-F:]*")
_MASK_BITS: Final = re.compile(r"[+-]?[0-9]{1,9}")


class CidrError(ValueError):
    """A text that is not a CIDR block.

    Attributes:
        message: the fault.
        service_message: event-ruler's message for it.
        in_address: whether the address is at fault, and not the form or the mask bits.
    """

    def __init__(self, message: str, service_message: str, *, in_address: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.service_message = service_message
        self.in_address = in_address


def parse_address(text: str) -> bytes | None:
    """Return an IPv4 address as 4 bytes or an IPv6 address as 16, None for any other text.

    The numbers of an IPv4 address are decimal, also with leading zeros, as in event-ruler.
    """
    return _address(text) if len(text) <= _MAX_ADDRESS else None


@lru_cache(maxsize=4096)
def _address(text: str) -> bytes | None:
    if _IPV4.fullmatch(text):
        numbers = [int(part) for part in text.split(".")]
        return bytes(numbers) if max(numbers) < _BYTE else None
    if ":" not in text or "%" in text:
        return None
    from ipaddress import AddressValueError, IPv6Address  # noqa: PLC0415 - slow to import, and few patterns need it

    try:
        return IPv6Address(text).packed
    except AddressValueError:
        return None


def format_address(packed: bytes) -> str:
    """Return the canonical spelling of an address of 4 or 16 bytes."""
    from ipaddress import IPv4Address, IPv6Address  # noqa: PLC0415 - as above

    return str(IPv4Address(packed) if len(packed) == _IPV4_BYTES else IPv6Address(packed))


def parse_cidr(text: str) -> tuple[bytes, int]:
    """Return the network and the mask bits of ``address/bits``; host bits are cleared.

    A block of a single address is refused, as by EventBridge: IPv4 takes 0 to 31 bits, IPv6 0 to 127.

    Raises:
        CidrError: it is not of that form.
    """
    host, slash, mask = text.partition("/")
    if not slash or not mask or "/" in mask:
        raise CidrError("cidr needs an address, one slash and mask bits", "Malformed CIDR, one '/' required")
    if not _MASK_BITS.fullmatch(mask):
        service = "Malformed CIDR, mask bits must be an integer"
        raise CidrError(f'the mask bits must be an integer, not "{mask[:40]}"', service)
    bits = int(mask)
    if bits < 0:
        raise CidrError("the mask bits must not be negative", "Malformed CIDR, mask bits must not be negative")
    packed = parse_address(host)
    if packed is None:
        what = "Invalid" if _LIKE_IPV4.fullmatch(host) or _LIKE_IPV6.fullmatch(host) else "Nonstandard"
        raise CidrError(f'"{host[:40]}" is not an IP address', f"{what} IP address: {host}", in_address=True)
    width = 8 * len(packed)
    if bits >= width:
        family = "IPv4" if len(packed) == _IPV4_BYTES else "IPv6"
        message = f"{family} takes 0 to {width - 1} mask bits, not {bits}: a single address is written without cidr"
        raise CidrError(message, f"{family} mask bits must be < {width}")
    hosts = width - bits
    return (int.from_bytes(packed, "big") >> hosts << hosts).to_bytes(len(packed), "big"), bits
