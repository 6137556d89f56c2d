"""Numbers by the compiled core: those that compare as doubles are the very double, and all others are left out."""

import locale
from contextlib import suppress
from random import Random

import numpy as np
import pytest

from rumpattern.jsontext import comparable
from rumpattern.native import PADDING
from rumpattern.native.library import CoreCallError, load_core
from rumpattern.native.structures import Number, Span
from tests.support.core import needs_core

pytestmark = needs_core


def read(text):
    buffer = np.frombuffer(text.encode() + bytes(PADDING), np.uint8)
    number = Number(Span.of(buffer))
    load_core().call("read_number", number)
    return number.value


def neighbour(random, text):
    """Return a decimal of the same length whose last digits are others."""
    whole, _, fraction = text.partition(".")
    digits = str(int(whole + fraction) + random.choice([-3, -2, -1, 0, 1, 2, 3])).rjust(len(whole + fraction), "0")
    return f"{digits[: len(whole)]}.{digits[len(whole) :]}"


def spellings(count):
    random = Random(7)  # noqa: S311 - texts to read, not secrets
    for _ in range(count):
        text = repr(random.uniform(0, 10 ** random.randint(0, 7)))
        if "e" not in text:
            yield text
            yield f"-{text}"
            yield neighbour(random, text)
        length = random.randint(1, 19)
        digits = "".join(random.choices("0123456789", k=length))
        places = random.randint(0, length)
        whole = digits[:places].lstrip("0") or "0"
        yield f"{whole}.{digits[places:]}" if places < length else whole


def with_exponents(count):
    random = Random(9)  # noqa: S311 - as above
    for _ in range(count):
        digits = "".join(random.choices("0123456789", k=random.randint(1, 40))).lstrip("0") or "0"
        zeros = "0" * random.choice([0, 0, 1, 7, 30]) if digits != "0" else ""
        text = random.choice([digits, f"{digits}{zeros}", f"0.{zeros}{digits}", f"{digits}.{zeros}{digits[:3]}"])
        yield text
        yield f"{text}{random.choice(['e', 'E', 'e+', 'e-'])}{random.choice([0, 1, 5, 20, 300, 323, 324, 400, 10**6])}"
        yield repr(random.random() * 10 ** random.randint(-300, 300))


def at_powers_of_two():
    """Yield doubles between which distances change, with their 17 digits and the decimals next to them."""
    for exponent in range(-1074, 1024):
        digits, _, power = f"{2.0**exponent:.16e}".partition("e")
        last = int(digits.replace(".", ""))
        for number in range(last - 9, last + 10):
            yield f"{number}e{int(power) - 16}"
            yield f"{number // 10}e{int(power) - 15}"


def test_numbers_are_those_that_compare():
    for text in [*at_powers_of_two(), *spellings(20_000), *with_exponents(5_000)]:
        number, expected = read(text), comparable(text)
        assert np.isnan(number) if expected is None else number == expected, text


EDGES = (
    "9007199254740993",
    "0.1000000000000000055511151231257827",
    "0.30000000000000002",
    "0.30000000000000004",
    "0.10000000000000001",
    "1.0000000000000000",
    "1.0000000000000000000000000000000000000000",
    "123456789012345678",
    "1234567890123456800",
    "9223372036854775807",
    "18446744073709551616",
    "100000000000000000000",
    "100000000000000000001",
    "0",
    "0.0",
    "0e5",
    "0.000e-999999999999999999999",
    "1e-400",
    "1e400",
    "5e-324",
    "4e-324",
    "4.9406564584124654e-324",
    "2.2250738585072011e-308",
    "1.7976931348623157e308",
    "1.7976931348623159e308",
    "999999999999999",
    "2151.8000000059606",
    "1" + "0" * 300,
    "1" + "0" * 310,
    "0." + "0" * 400 + "1",
    "1" * 999,
    "1E+3",
    "1e-7",
    "12.5e-1",
)


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("text", EDGES)
def test_edges(text, sign):
    number, expected = read(sign + text), comparable(sign + text)
    assert np.isnan(number) if expected is None else (number, np.signbit(number)) == (expected, np.signbit(expected))


@pytest.mark.parametrize("text", ["", "-", "01", "1.", ".5", "+1", "1e", "1e+", "--1", "1e5.", "0x1", "1" * 1001])
def test_what_is_no_number_is_refused(text):
    with pytest.raises(CoreCallError, match="out of range"):
        read(text)


def test_the_locale_changes_nothing():
    before = locale.setlocale(locale.LC_NUMERIC)
    for name in ("de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"):
        with suppress(locale.Error):
            locale.setlocale(locale.LC_NUMERIC, name)
            break
    else:
        pytest.skip("there is no locale with a decimal comma")
    try:
        assert read("1.5e-7") == 1.5e-7
        assert read("123456789012345.5e-3") == 123456789012.3455
    finally:
        locale.setlocale(locale.LC_NUMERIC, before)
