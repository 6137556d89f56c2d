"""Texts of JSON arrays to the arrays of a column, for a reader that knows distinct texts and not their values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from rumpattern.columns.batch import Arrays, build_arrays
from rumpattern.input.exact import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rumpattern.arrays import Flags


def arrays_from_texts(texts: Sequence[bytes]) -> tuple[Arrays, Flags]:
    """Return the arrays that some texts are, in their order.

    Args:
        texts: n JSON arrays as events spell them, with no white space around them; best distinct ones, since each is
            decoded.

    Returns:
        n arrays; shape (n,), whether columns can say the array exactly: its elements are scalars, and its numbers
        comparable. What stands in the place of the others is any array; their rows take the exact path.

    Raises:
        JsonError: a text is not JSON, or beyond the limits of ``load_exact``.
    """
    values = _load_all(texts)
    arrays, codes, is_exact = build_arrays(values)
    return arrays.take(codes), is_exact


def _load_all(texts: Sequence[bytes]) -> list[Sequence[object]]:
    """Return the values of the texts: at once if orjson writes them again as they are, and so hides nothing of any."""
    joined = b"[%b]" % b",".join(texts)
    try:
        values: list[Sequence[object]] = orjson.loads(joined)
        is_plain = orjson.dumps(values) == joined
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        is_plain = False
    if is_plain:
        return values
    return [load(text) for text in texts]  # type: ignore[misc]
