"""The structures of ``core.h`` as ctypes knows them; ``library`` compares every size and offset with the library's.

What each field means is said in ``core.h``. A structure holds addresses: whoever fills one keeps the arrays alive, and
contiguous, for as long as it is used.
"""

# Without postponed annotations: ``layout`` makes a structure's fields of them.

from ctypes import Array, Structure, c_double, c_int32, c_int64, c_uint32, c_uint64, c_void_p
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from typing import TypeAlias

    U32: TypeAlias = int
    U64: TypeAlias = int
    I32: TypeAlias = int
    I64: TypeAlias = int
    F64: TypeAlias = float
    Address: TypeAlias = int | None
    Seeds: TypeAlias = tuple[int, int]
    Limbs: TypeAlias = tuple[int, ...]
else:
    U32, U64, I32, I64, F64, Address = c_uint32, c_uint64, c_int32, c_int64, c_double, c_void_p
    Seeds = c_uint64 * 2
    Limbs = c_int64 * 6


class _Array(Protocol):
    """A numpy array, whose module nothing here needs."""

    @property
    def ctypes(self) -> Any:  # noqa: ANN401 - it has no type that numpy does not define
        """Its address is ``ctypes.data``."""

    @property
    def flags(self) -> Any:  # noqa: ANN401 - as above
        """How it lies in memory."""

    @property
    def size(self) -> int:
        """How many elements it has."""


_Structure = TypeVar("_Structure", bound=type[Structure])


def layout(cls: _Structure) -> _Structure:
    """Give a structure the fields that it is annotated with."""
    cls._fields_ = list(cls.__annotations__.items())
    return cls


_FORMATS = {c_uint32: "u4", c_uint64: "u8", c_int32: "i4", c_int64: "i8", c_double: "f8"}


def record_of(cls: type[Structure]) -> list[tuple[str, str]]:
    """Return the fields of a structure of numbers, from which numpy makes the type of its records."""
    return [(name, _format(kind)) for name, kind in cls.__annotations__.items()]


def _format(kind: Any) -> str:  # noqa: ANN401 - the types of ctypes have none
    if issubclass(kind, Array):
        return f"{kind._length_}{_FORMATS[kind._type_]}"
    return _FORMATS[kind]


@layout
class Span(Structure):
    """The address of an array, and how many elements it has."""

    at: Address
    length: U64

    @classmethod
    def of(cls, array: _Array) -> "Span":
        """Return the span of an array of any shape.

        Raises:
            ValueError: it is not contiguous.
        """
        if not array.flags.c_contiguous:
            raise ValueError("the compiled core takes contiguous arrays")
        return cls(array.ctypes.data, array.size)


@layout
class Table(Structure):
    first: U64
    mask: U64
    factor: U64


@layout
class Member(Structure):
    table: I32
    column: I32


@layout
class Keys(Structure):
    tables: Span
    slots: Span
    texts: Span
    seeds: Seeds


@layout
class LayOut(Structure):
    texts: Span
    key_tables: Span
    begins: Span
    ends: Span
    members: Span
    seeds: Seeds
    tables: Span
    slots: Span


@layout
class Plan(Structure):
    keys: Keys
    members: Span
    types: Keys
    nodes: Span
    wanted: Span
    columns: U64


@layout
class Scratch(Structure):
    kinds: Span
    spans: Span
    quotes: Span
    trail: Span
    shapes: Span
    slots: Span
    entries: Span
    heads: Span


@layout
class Entry(Structure):
    hash: U32
    length: U32
    offset: U64


@layout
class Deferred(Structure):
    line: I64
    offset: I64
    length: I64
    kept: I64


@layout
class Scan(Structure):
    plan: Plan
    scratch: Scratch
    text: Span
    start: U64
    size: U64
    offset: I64
    max_line: I64
    file: I64
    piece: U64
    rows: U64
    kinds: Span
    numbers: Span
    codes: Span
    row_lines: Span
    deferred: Span
    kept: Span
    seeds: Seeds
    has_timestamp_prefix: U64
    row_count: U64
    deferred_count: U64
    blank_count: U64
    line_count: U64
    walked_count: U64
    kept_size: U64


@layout
class Number(Structure):
    text: Span
    value: F64


@layout
class Search(Structure):
    boundaries: Span
    numbers: Span
    found: Span


@layout
class Intersect(Structure):
    sets: Span
    words: U64
    classes: Span
    paths: U64
    rows: U64
    pair_rows: Span
    pair_branches: Span
    start: U64
    count: U64


@layout
class Lookup(Structure):
    first_column: U64
    columns: U64
    first_slot: U64
    mask: U64


@layout
class Test(Structure):
    low: F64
    high: F64
    column: I32
    kinds: U32
    first_member: I32
    members: I32
    first_interval: I32
    intervals: I32
    bit: I32
    unused: I32


@layout
class Probe(Structure):
    lookups: Span
    key_columns: Span
    strides: Span
    slot_keys: Span
    slot_groups: Span
    group_offsets: Span
    entries: Span
    test_offsets: Span
    tests: Span
    members: Span
    lows: Span
    highs: Span
    kinds: Span
    numbers: Span
    ids: Span
    pass_rows: Span
    passes: Span
    pass_bytes: U64
    columns: U64
    rows: U64
    pair_rows: Span
    pair_branches: Span
    start: U64
    count: U64


@layout
class Field(Structure):
    kinds: Span
    numbers: Span
    codes: Span
    field_codes: Span
    label_count: I64
    first_label: I64


@layout
class Folded(Structure):
    begin: I64
    end: I64
    value: I64


@layout
class Group(Structure):
    code: I64
    definition: I64
    size: I64
    period: I64
    minimum: F64
    maximum: F64
    limbs: Limbs


@layout
class TimeRange(Structure):
    field: Field
    max_timestamp: F64
    first: F64
    last: F64


@layout
class Fold(Structure):
    fields: Span
    definitions: Span
    dimension_fields: Span
    dimensions: U64
    matched: Span
    is_odd: Span
    time: U64
    first_period: I64
    period: I64
    seeds: Seeds
    slots: Span
    groups: Span
    labels: Span
    members: Span
    values: Span
    reasons: U64
    counts: Span
    has_failed: Span
    out_of_range: U64
    too_late: U64
    max_value: F64
    max_timestamp: F64
    group_count: U64
    value_count: U64


@layout
class Gather(Structure):
    members: Span
    values: Span
    next: Span
    ordered: Span


@layout
class Fact(Structure):
    name: Address
    value: U64


@layout
class Entries(Structure):
    lay_out_keys: Address
    scan_lines: Address
    scan_file: Address
    search: Address
    intersect: Address
    probe: Address
    time_range: Address
    fold: Address
    gather: Address
    read_number: Address
    find_line_quotes: Address


LAYOUTS: dict[str, type[Structure]] = {
    "rum_span": Span,
    "rum_table": Table,
    "rum_member": Member,
    "rum_keys": Keys,
    "rum_lay_out": LayOut,
    "rum_plan": Plan,
    "rum_scratch": Scratch,
    "rum_entry": Entry,
    "rum_deferred": Deferred,
    "rum_scan": Scan,
    "rum_number": Number,
    "rum_search": Search,
    "rum_intersect": Intersect,
    "rum_lookup": Lookup,
    "rum_test": Test,
    "rum_probe": Probe,
    "rum_field": Field,
    "rum_folded": Folded,
    "rum_group": Group,
    "rum_time_range": TimeRange,
    "rum_fold": Fold,
    "rum_gather": Gather,
    "rum_entries": Entries,
}
"""By their names in ``core.h``."""
