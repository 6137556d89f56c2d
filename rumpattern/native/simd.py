"""Loads and stores at memory addresses, and tests of 64 bytes at once, which numba does not have: as LLVM instructions.

Addresses are int64. Nothing here checks bounds: a text ends in a newline or is followed by zeros, which no JSON token
goes beyond, and ``PADDING`` bytes more can be read.

What is done for each event is given addresses instead of arrays, since numba counts the references to every array that
is handed over or taken from a tuple, by atomic instructions; they took as long as reading the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias, TypeVar

import numpy as np
from llvmlite import ir
from numba import config, njit, types
from numba.core import cgutils
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic

from rumpattern.native.cache import cache_folder

Array: TypeAlias = np.ndarray[Any, Any]
Held: TypeAlias = Any
"""An array where Python holds it, its address in compiled code (see ``addresses``)."""
_Function = TypeVar("_Function", bound=Callable[..., Any])


def compiled(function: _Function) -> _Function:
    """Compile a function when it is first called, and keep it on disk; other threads run while it does."""
    folder, before = cache_folder(), config.CACHE_DIR  # type: ignore[attr-defined]
    config.CACHE_DIR = "" if folder is None else str(folder)  # type: ignore[attr-defined]
    try:
        return njit(cache=folder is not None, nogil=True)(function)  # type: ignore[return-value]
    finally:
        config.CACHE_DIR = before  # type: ignore[attr-defined]


def inlined(function: _Function) -> _Function:
    """Compile a function into its callers."""
    return njit(nogil=True, inline="always")(function)  # type: ignore[return-value]


def addresses(value: Any) -> Any:
    """Return a tuple, of tuples, with addresses in the place of arrays; these must be kept as long as it is used."""
    if isinstance(value, np.ndarray):
        return value.ctypes.data
    return type(value)(*map(addresses, value)) if isinstance(value, tuple) else value


@inlined
def signed(word: np.uint64) -> int:
    """Return the bits of a word as a signed number."""
    return np.int64(word)  # type: ignore[return-value]


@inlined
def as_integer(value: float) -> int:
    """Return a double without its fraction, any number if that is none of 64 bits."""
    return np.int64(value)  # type: ignore[return-value]


# --- instructions: each is a function of llvmlite's builder and its arguments ----------------------------------------

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_WIDE = ir.IntType(128)
_BLOCK = ir.VectorType(_BYTE, 64)
_ONE: Final = np.uint64(1)
_HALF: Final = 4
_AT_ONCE: Final = 16
_EVERYWHERE = ir.Constant(ir.VectorType(ir.IntType(32), 64), [0] * 64)


def _of_one(result: Any, argument: Any, build: Callable[[Any, Any], Any]) -> Any:
    @intrinsic
    def operation(_typing: Any, _argument: Any) -> Any:
        return result(argument), lambda _context, builder, _signature, arguments: build(builder, *arguments)

    return operation


def _of_two(result: Any, arguments: Any, build: Callable[[Any, Any, Any], Any]) -> Any:
    @intrinsic
    def operation(_typing: Any, _one: Any, _other: Any) -> Any:
        return result(*arguments), lambda _context, builder, _signature, values: build(builder, *values)

    return operation


def _of_three(result: Any, arguments: Any, build: Callable[[Any, Any, Any, Any], Any]) -> Any:
    @intrinsic
    def operation(_typing: Any, _one: Any, _other: Any, _third: Any) -> Any:
        return result(*arguments), lambda _context, builder, _signature, values: build(builder, *values)

    return operation


def _load(builder: Any, address: Any, kind: Any) -> Any:
    value = builder.load(builder.inttoptr(address, kind.as_pointer()))
    value.align = 1
    return value


def _loader(bits: int) -> Any:
    kind = ir.IntType(bits)
    return _of_one(types.int64, types.int64, lambda b, address: b.zext(_load(b, address, kind), _WORD))


def _storer(bits: int) -> Any:
    kind = ir.IntType(bits)

    def build(builder: Any, address: Any, value: Any) -> Any:
        narrow = value if bits == _WORD.width else builder.trunc(value, kind)
        builder.store(narrow, builder.inttoptr(address, kind.as_pointer()), align=1)
        return value

    return _of_two(types.int64, (types.int64, types.int64), build)


def _store_double(builder: Any, address: Any, value: Any) -> Any:
    builder.store(value, builder.inttoptr(address, ir.DoubleType().as_pointer()))
    return value


def _copy(builder: Any, to: Any, begin: Any) -> Any:
    block = _load(builder, begin, _BLOCK)
    builder.store(block, builder.inttoptr(to, _BLOCK.as_pointer()), align=1)
    return to


def _compare(symbol: str, *, signed: bool = False) -> Any:
    def build(builder: Any, address: Any, byte: Any) -> Any:
        undefined = ir.Constant(_BLOCK, ir.Undefined)
        single = builder.insert_element(undefined, builder.trunc(byte, _BYTE), ir.IntType(32)(0))
        spread = builder.shuffle_vector(single, undefined, _EVERYWHERE)
        compare = builder.icmp_signed if signed else builder.icmp_unsigned
        return builder.bitcast(compare(symbol, _load(builder, address, _BLOCK), spread), _WORD)

    return _of_two(types.uint64, (types.int64, types.int64), build)


def _differing(builder: Any, one: Any, other: Any) -> Any:
    blocks = (_load(builder, address, _BLOCK) for address in (one, other))
    return builder.bitcast(builder.icmp_unsigned("!=", *blocks), _WORD)


def _others(low: int, count: int) -> Any:
    def build(builder: Any, address: Any) -> Any:
        lowest, number = (ir.Constant(_BLOCK, [value] * 64) for value in (low, count))
        shifted = builder.sub(_load(builder, address, _BLOCK), lowest)
        return builder.bitcast(builder.icmp_unsigned(">=", shifted, number), _WORD)

    return _of_one(types.uint64, types.int64, build)


def _put_16_places(builder: Any, to: Any, first: Any, bits: Any) -> Any:
    half, flags = ir.IntType(32), ir.VectorType(ir.IntType(1), 64)
    halves = ir.VectorType(half, 16)
    compress = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
        builder.module, ir.FunctionType(_BLOCK, [_BLOCK, _BLOCK, flags]), "llvm.x86.avx512.mask.compress.v64i8"
    )
    numbers, zeros = ir.Constant(_BLOCK, list(range(64))), ir.Constant(_BLOCK, [0] * 64)
    places = builder.call(compress, [numbers, zeros, builder.bitcast(bits, flags)])
    places = builder.zext(builder.shuffle_vector(places, zeros, ir.Constant(halves, list(range(16)))), halves)
    undefined = ir.Constant(halves, ir.Undefined)
    single = builder.insert_element(undefined, builder.trunc(first, half), half(0))
    spread = builder.shuffle_vector(single, undefined, ir.Constant(halves, [0] * 16))
    builder.store(builder.add(places, spread), builder.inttoptr(to, halves.as_pointer()), align=1)
    return to


def _expected(*, value: bool) -> Any:
    truth = ir.IntType(1)

    def build(builder: Any, condition: Any) -> Any:
        expect = cgutils.get_or_insert_function(  # type: ignore[no-untyped-call]
            builder.module, ir.FunctionType(truth, [truth, truth]), "llvm.expect.i1"
        )
        return builder.call(expect, [condition, truth(value)])

    return _of_one(types.boolean, types.boolean, build)


def _product_high(builder: Any, one: Any, other: Any) -> Any:
    product = builder.mul(builder.zext(one, _WIDE), builder.zext(other, _WIDE))
    return builder.trunc(builder.lshr(product, _WIDE(_WORD.width)), _WORD)


byte_at: Final[Callable[[int], int]] = _loader(8)
"""The byte at an address."""
pair_at: Final[Callable[[int], int]] = _loader(16)
"""The 16-bit number at an address."""
half_at: Final[Callable[[int], int]] = _loader(32)
"""The 32-bit number at an address."""
signed_half_at: Final[Callable[[int], int]] = _of_one(
    types.int64, types.int64, lambda b, address: b.sext(_load(b, address, ir.IntType(32)), _WORD)
)
"""The signed 32-bit number at an address."""
integer_at: Final[Callable[[int], int]] = _loader(64)
"""The signed 64-bit number at an address."""
word_at: Final[Callable[[int], np.uint64]] = _of_one(
    types.uint64, types.int64, lambda b, address: _load(b, address, _WORD)
)
"""The 64-bit number at an address."""
put_byte: Final[Callable[[int, int], int]] = _storer(8)
"""Store the lowest byte of a number at an address."""
put_pair: Final[Callable[[int, int], int]] = _storer(16)
"""Store the lowest 16 bits of a number at an address."""
put_half: Final[Callable[[int, int], int]] = _storer(32)
"""Store the lowest 32 bits of a number at an address."""
put_integer: Final[Callable[[int, int], int]] = _storer(64)
"""Store a number of 64 bits at an address."""
put_double: Final[Callable[[int, float], float]] = _of_two(types.float64, (types.int64, types.float64), _store_double)
"""Store a double at an address, which is a multiple of eight."""


@inlined
def copy_words(to: int, begin: int, length: int) -> None:
    """Copy what begins at an address to another one, before it or elsewhere, in whole words: up to 7 bytes more."""
    for offset in range(0, length, 8):
        put_integer(to + offset, integer_at(begin + offset))


copy_64: Final[Callable[[int, int], int]] = _of_two(types.int64, (types.int64, types.int64), _copy)
"""Store, at the first address, the 64 bytes that are at the second."""
equal_64: Final[Callable[[int, int], np.uint64]] = _compare("==")
"""Which of the 64 bytes at an address are equal to a byte: bit i is about byte i."""
outside_ascii_from_64: Final[Callable[[int, int], np.uint64]] = _compare("<", signed=True)
"""Which of the 64 bytes at an address are smaller than an ASCII character, or no ASCII."""
no_digits_64: Final[Callable[[int], np.uint64]] = _others(ord("0"), 10)
"""Which of the 64 bytes at an address are no digits."""
differing_64: Final[Callable[[int, int], np.uint64]] = _of_two(types.uint64, (types.int64, types.int64), _differing)
"""Which of the 64 bytes at two addresses differ."""
trailing_zeros: Final[Callable[[np.uint64], int]] = _of_one(
    types.int64, types.uint64, lambda builder, word: builder.cttz(word, ir.Constant(ir.IntType(1), 0))
)
"""The number of zero bits below the lowest one bit."""
leading_zeros: Final[Callable[[np.uint64], int]] = _of_one(
    types.int64, types.uint64, lambda builder, word: builder.ctlz(word, ir.Constant(ir.IntType(1), 0))
)
"""The number of zero bits above the highest one bit."""
ones: Final[Callable[[np.uint64], int]] = _of_one(types.int64, types.uint64, lambda builder, word: builder.ctpop(word))
"""The number of one bits."""
_put_first_16: Final[Callable[[int, int, np.uint64], int]] = _of_three(
    types.int64, (types.int64, types.int64, types.uint64), _put_16_places
)
likely: Final[Callable[[bool], bool]] = _expected(value=True)
"""The same condition, which is nearly always true: what is done then follows in the code, without a jump."""
unlikely: Final[Callable[[bool], bool]] = _expected(value=False)
"""The same condition, which is rarely true."""
product_high: Final[Callable[[np.uint64, np.uint64], np.uint64]] = _of_two(
    types.uint64, (types.uint64, types.uint64), _product_high
)
"""The upper 64 of the 128 bits of a product."""
bits_of: Final[Callable[[float], np.uint64]] = _of_one(
    types.uint64, types.float64, lambda builder, value: builder.bitcast(value, _WORD)
)
"""The bits of a double."""
as_double: Final[Callable[[np.uint64], float]] = _of_one(
    types.float64, types.uint64, lambda builder, word: builder.bitcast(word, ir.DoubleType())
)
"""The double that has some bits."""


@inlined
def put_each_place(to: int, first: int, bits: np.uint64) -> None:
    """Do what ``put_places`` does, on any processor."""
    while bits:
        put_half(to, first + trailing_zeros(bits))
        bits &= bits - _ONE
        to += _HALF


@inlined
def put_16_places(to: int, first: int, bits: np.uint64) -> None:
    """Do what ``put_places`` does, up to 16 places by one instruction that some processors have."""
    if likely(ones(bits) <= _AT_ONCE):
        _put_first_16(to, first, bits)
    else:
        put_each_place(to, first, bits)


def can_put_16() -> bool:
    """Tell whether compiled code is for a processor that has the instruction."""
    is_host = config.CPU_NAME is None and config.CPU_FEATURES is None  # type: ignore[attr-defined]
    return is_host and "+avx512vbmi2" in get_host_cpu_features()  # type: ignore[no-untyped-call]


put_places: Final[Callable[[int, int, np.uint64], None]] = put_16_places if can_put_16() else put_each_place
"""Store from an address on, as 32-bit numbers, the place of each one bit plus ``first``; 16 numbers may be written."""
