"""The rejects of a block, kept in columns: there may be millions of them."""

from __future__ import annotations

from collections import Counter
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from rumpattern.input.formats import Form
from rumpattern.input.rejects import Reject

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rumpattern.arrays import Array


_ROW: Final = np.dtype([("line", "<i8"), ("offset", "<i8"), ("why", "<i4"), ("length", "<i4")])
_AT_ONCE: Final = 4_096
"""Rejects that are made again from columns at a time."""


class Why(NamedTuple):
    """What rejects have in common."""

    code: str
    reason: str
    form: Form
    is_cut: bool


class Rejects:
    """Rejects in the order of their lines."""

    def __init__(self) -> None:
        self._why: dict[Why, int] = {}
        self._parts: list[tuple[Array, bytes]] = []

    def extend(self, rejects: Iterable[Reject], lines_before: int = 0, bytes_before: int = 0) -> None:
        """Take more rejects, with line numbers and offsets less by what comes before their source."""
        rows, texts, why = [], [], self._why
        for one in rejects:
            number = why.setdefault(Why(one.code, one.reason, one.form, one.is_cut), len(why))
            rows.append((one.line - lines_before, one.offset - bytes_before, number, len(one.text)))
            texts.append(one.text)
        if rows:
            self._parts.append((np.array(rows, _ROW), b"".join(texts)))

    def __len__(self) -> int:
        return sum(len(rows) for rows, _ in self._parts)

    def __iter__(self) -> Iterator[Reject]:
        reasons = list(self._why)
        for rows, texts in self._parts:
            begin = 0
            some = (rows[at : at + _AT_ONCE].tolist() for at in range(0, len(rows), _AT_ONCE))
            for line, offset, number, length in chain.from_iterable(some):
                code, reason, form, is_cut = reasons[number]
                yield Reject(line, offset, code, reason, texts[begin : begin + length], form, is_cut)
                begin += length

    def first(self, count: int) -> list[Reject]:
        """Return no more than so many of the rejects."""
        return list(islice(self, count))

    def codes(self) -> Counter[str]:
        """Return how many rejects there are of each code."""
        found: Counter[str] = Counter()
        numbers = np.zeros(len(self._why), np.int64)
        for rows, _ in self._parts:
            numbers += np.bincount(rows["why"], minlength=len(numbers))
        for why, number in zip(self._why, numbers.tolist(), strict=True):
            found[why.code] += number
        return found

    def pack(self) -> tuple[list[tuple[object, ...]], Array, bytes]:
        """Return why they were rejected, the bytes of the rows, and the texts."""
        rows = np.frombuffer(b"".join(rows.tobytes() for rows, _ in self._parts), np.uint8)
        return (
            [(code, reason, form.value, is_cut) for code, reason, form, is_cut in self._why],
            rows,
            b"".join(texts for _, texts in self._parts),
        )

    @classmethod
    def unpack(cls, why: Iterable[Iterable[Any]], rows: Array, texts: bytes) -> Rejects:
        """Return what ``pack`` packed."""
        rejects = cls()
        for code, reason, form, is_cut in why:
            rejects._why[Why(code, reason, Form(form), is_cut)] = len(rejects._why)
        rejects._parts = [(rows.view(_ROW), texts)]
        return rejects
