"""Numbers by compiled code: the very double, and none where its shortest spelling says another number."""

from random import Random

import numpy as np
import pytest

from rumpattern.jsontext import comparable

pytest.importorskip("numba", reason="the extra fast is not installed")

from rumpattern.native.layout import PADDING
from rumpattern.native.numbers import number_of


def read(text):
    buffer = np.frombuffer(text.encode() + bytes(PADDING), np.uint8)
    return number_of(buffer.ctypes.data, buffer.ctypes.data + len(text))


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


def test_numbers_are_those_that_compare():
    for text in spellings(20_000):
        number = read(text)
        if not np.isnan(number):
            assert number == comparable(text), text


def test_what_browsers_write_is_read():
    random = Random(8)  # noqa: S311 - as above
    texts = [repr(random.uniform(0.001, 10 ** random.randint(0, 7))) for _ in range(20_000)]
    assert [text for text in texts if read(text) != float(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "9007199254740993",
        "0.1000000000000000055511151231257827",
        "0.30000000000000002",
        "0.10000000000000001",
        "1.0000000000000000",
        "123456789012345678",
        "100000000000000000000",
    ],
)
def test_numbers_that_are_left(text):
    assert np.isnan(read(text))


@pytest.mark.parametrize(
    "text", ["0", "-0", "0.0", "1", "-1.5", "999999999999999", "0.30000000000000004", "2151.8000000059606"]
)
def test_numbers_that_are_read(text):
    assert read(text) == float(text)
