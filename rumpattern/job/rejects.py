"""The rejects of a block, kept in columns: there may be millions of them."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from rumpattern.events.columns import Reject
from rumpattern.events.forms import Form

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Array = np.ndarray[Any, Any]


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

    def extend(self, rejects: Iterable[Reject]) -> None:
        """Take more rejects."""
        rows, texts, why = [], [], self._why
        for one in rejects:
            kind = why.setdefault(Why(one.code, one.reason, one.form, one.is_cut), len(why))
            rows.append((one.line, one.offset, kind, len(one.text)))
            texts.append(one.text)
        if rows:
            self._parts.append((np.array(rows, np.int64), b"".join(texts)))

    def __len__(self) -> int:
        return sum(len(rows) for rows, _ in self._parts)

    def __iter__(self) -> Iterator[Reject]:
        kinds = list(self._why)
        for rows, texts in self._parts:
            begin = 0
            for line, offset, kind, length in rows.tolist():
                code, reason, form, is_cut = kinds[kind]
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
            numbers += np.bincount(rows[:, 2], minlength=len(numbers))
        for why, number in zip(self._why, numbers.tolist(), strict=True):
            found[why.code] += number
        return found

    def pack(self) -> tuple[list[tuple[object, ...]], Array, bytes]:
        """Return why they were rejected, rows of line, offset, number of the reason and length, and the texts."""
        rows = np.concatenate([np.zeros((0, 4), np.int64), *(rows for rows, _ in self._parts)])
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
        rejects._parts = [(rows, texts)]
        return rejects
