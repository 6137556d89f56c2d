"""Event lines to a batch, with orjson: the columns of a plan, exact events for what columns cannot say, and rejects.

orjson is fast, but of a repeated key it keeps the last value only, and of a number not its spelling. Of a line that
orjson writes again byte for byte it hides nothing: a dropped key would be missing from what it writes, and a number
with another spelling would be written otherwise. So a chunk of lines is decoded and written again as one array and
compared at once. Only the lines of a chunk that differs are read one by one, and exactly if they differ by more than
white space (``input.exact``). What orjson refuses (a lone surrogate, 1e400) is read exactly too, before it is rejected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
import orjson

from rumpattern.columns.batch import MISSING, Column, EventBatch, build_column, constant_column, kind_mask, odd_rows
from rumpattern.columns.fields import Kind, derived_fields, find, with_fields
from rumpattern.columns.tree import DEEP, Tree
from rumpattern.input.exact import SPACE, has_long_number, load
from rumpattern.input.rejects import Reject, sort_rejects
from rumpattern.jsontext import JsonError, Pairs, load_exact
from rumpattern.memory import without_collection
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from rumpattern.arrays import Flags, Rows
    from rumpattern.columns.tree import Node
    from rumpattern.input.lines import Chunk, EventTexts
    from rumpattern.jsontext import Exact


_NO_MEMBERS: Final[dict[str, object]] = {}
_TYPE: Final = (EVENT_TYPE,)
_MAX_VALUES: Final = 1 << 20
"""Values in the columns of one batch, about: they take some fifty bytes each."""
_MAX_LINES: Final = 1 << 15
"""Lines of one batch, about."""
_LARGE: Final = 1 << 16
"""Bytes from which an event takes much memory, should it need the exact path."""
_MAX_LARGE: Final = 4 << 20
"""Bytes of such events in one batch, about."""


class Decoder:
    """Builds batches for one set of paths; holds no state between batches.

    Args:
        paths: the dotted paths to build columns for.
        by_type: event type to the paths to read from its events; None reads all paths from every event.
        application_name: fills the column of that name where events lack it.
        event_type_required: reject events that have no event_type string, which no RUM event lacks.
    """

    def __init__(
        self,
        paths: Sequence[str],
        *,
        by_type: Mapping[str, frozenset[str]] | None = None,
        application_name: str | None = None,
        event_type_required: bool = False,
    ) -> None:
        self.paths = tuple(paths)
        self.application_name = application_name
        self.event_type_required = event_type_required
        self.is_deep = any(path.count(".") > DEEP for path in self.paths)
        self.all_paths = Tree(frozenset(self.paths))
        self.trees = None if by_type is None else _build_trees(by_type)

    def decode(self, texts: EventTexts) -> EventBatch:
        """Return one batch: a line that is no event becomes a reject, a blank one is counted."""
        return self._decode(texts, texts.chunks())

    def batches(self, texts: EventTexts) -> Iterator[EventBatch]:
        """Yield the same in parts, each of which takes a bounded amount of memory; the first may be empty."""
        max_lines = min(_MAX_LINES, _MAX_VALUES // max(len(self.paths), 1))
        chunks = texts.chunks()
        yield self._decode(texts, chunks, max_lines)
        for chunk in chunks:
            yield self._decode(texts, chain([chunk], chunks), max_lines)

    def _decode(self, texts: EventTexts, chunks: Iterator[Chunk], max_lines: int | None = None) -> EventBatch:
        """Return the batch of the next chunks, or of so many of them that their events take little memory."""
        rows = _Rows(texts)
        count = large = 0
        with without_collection():
            for chunk in chunks:
                count += len(chunk.indices)
                large += sum(size for size in map(len, chunk.texts) if size > _LARGE)
                rows.account(chunk)
                events, indices = _load_plain(chunk.texts), chunk.indices
                if events is None:
                    events, indices = _load_each(chunk, rows)
                self._extract(events, indices, rows)
                if max_lines is not None and (count >= max_lines or large > _MAX_LARGE):
                    break
        return self._finish(rows)

    def _extract(self, events: list[object], indices: Sequence[int], rows: _Rows) -> None:
        """Append events to the rows: each by the tree of its type, all of one tree together."""
        odd: set[int] = set()
        types = [event.get(EVENT_TYPE, MISSING) for event in _objects(events, _TYPE, odd)]
        first = len(rows.indices)
        rows.indices += indices
        rows.types += types
        for tree, selected in self._by_tree(types).items():
            found = rows.read(tree, [events[row] for row in selected], [first + row for row in selected])
            odd.update(selected[index] for index in found)
        rows.odd.update((first + row, events[row]) for row in odd)  # type: ignore[misc]

    def _by_tree(self, types: list[object]) -> dict[Tree, list[int]]:
        """Return which rows of a chunk to read by which tree."""
        if self.trees is not None and set(map(type, types)) == {str}:
            trees = list(map(self.trees.get, types))  # type: ignore[arg-type]
        else:
            trees = list(map(self._tree, types))
        selected: dict[Tree, list[int]] = {}
        for row, tree in enumerate(trees):
            if tree is not None:
                selected.setdefault(tree, []).append(row)
        return selected

    def _tree(self, event_type: object) -> Tree | None:
        """Return the tree to read an event by: its type's, None if that is not read, all paths if it is no string."""
        if self.trees is None or type(event_type) is not str:
            return self.all_paths
        return self.trees.get(event_type)

    def _finish(self, rows: _Rows) -> EventBatch:
        """Return the batch of the rows.

        In this order: the columns, which show the last rows that need the exact path; the events of those rows; which
        rows have an event type; derived fields, which are filled in rows that are neither odd nor to be rejected; and
        at last the rows without an event type become rejects.
        """
        n = len(rows.indices)
        columns = {EVENT_TYPE: build_column(rows.types).without_arrays()}
        odd = set(range(n)) if self.is_deep else {*rows.odd, *odd_rows(columns[EVENT_TYPE], rows.types)}
        read = {}
        for path in self.paths:
            if path != EVENT_TYPE:
                values, read[path] = rows.of_path(path)
                column = build_column(values)
                odd.update(read[path][odd_rows(column, values)].tolist())
                columns[path] = column.scatter(read[path], n)
        events = {row: rows.event(row) for row in sorted(odd)}
        typed = _typed(columns[EVENT_TYPE], events) if self.event_type_required else np.ones(n, np.bool_)
        regular = typed.copy()
        regular[list(odd)] = False
        derived = self.derive_fields(columns, {path: _restrict(regular, rows) for path, rows in read.items()})
        events = {row: self._odd_event(rows, row, event, derived) for row, event in events.items() if typed[row]}
        for row in np.flatnonzero(~typed).tolist():
            rows.reject(rows.indices[row], *_untyped_reason(rows.event(row)))
        batch = EventBatch(
            n, columns, events, rows.indices, sort_rejects(rows.rejects), rows.blank, derived, rows.line_count
        )
        return batch if typed.all() else batch.filter(typed)

    def _odd_event(self, rows: _Rows, row: int, event: Exact, derived: dict[str, Flags]) -> Exact:
        added = derived_fields(event, self.application_name)
        tree = self._tree(rows.types[row])
        for path in added.keys() & tree.paths if tree else ():
            if path not in derived:
                derived[path] = np.zeros(len(rows.indices), np.bool_)
            derived[path][row] = True
        return with_fields(event, added)

    def derive_fields(self, columns: dict[str, Column], read: dict[str, Flags]) -> dict[str, Flags]:
        """Fill in derived fields of rows, ``read`` by path as masks of shape (n,); return in which rows, where any."""
        sources = {path: columns[DERIVED_FIELDS[path]] for path in columns if path in DERIVED_FIELDS}
        if self.application_name is not None and APPLICATION_NAME in columns:
            sources[APPLICATION_NAME] = constant_column(self.application_name, len(columns[APPLICATION_NAME].kinds))
        derived: dict[str, Flags] = {}
        for path, source in sources.items():
            columns[path], rows = columns[path].fill_missing(source, read[path])
            if rows.any():
                derived[path] = rows
        return derived


def _build_trees(by_type: Mapping[str, frozenset[str]]) -> dict[str, Tree]:
    """Return the tree of each event type; types with the same paths share one, and are read together."""
    trees = {paths: Tree(paths) for paths in by_type.values()}
    return {event_type: trees[paths] for event_type, paths in by_type.items()}


def _restrict(mask: Flags, rows: Rows) -> Flags:
    """Return the mask, shape (n,), with False in all rows but ``rows``."""
    result = np.zeros_like(mask)
    result[rows] = mask[rows]
    return result


@dataclass(slots=True)
class _Rows:
    """What has been read of a batch so far.

    Attributes:
        texts: what is decoded.
        rejects: see ``EventBatch``, as for the next two.
        indices: of each row the index of its text in ``texts``.
        types: of each row the event type, as it was decoded.
        odd: row to event, decoded by ``load``, for rows of which it is known that columns cannot say them.
        values: the values of all other paths.
    """

    texts: EventTexts
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    line_count: int = 0
    indices: list[int] = field(default_factory=list)
    types: list[object] = field(default_factory=list)
    odd: dict[int, Exact] = field(default_factory=dict)
    values: dict[Tree, _TreeValues] = field(default_factory=dict)

    def account(self, chunk: Chunk) -> None:
        """Count the lines of a chunk, with those that are not decoded."""
        self.line_count += chunk.line_count
        self.rejects += chunk.rejects
        self.blank += chunk.blank

    def read(self, tree: Tree, events: list[object], rows: list[int]) -> set[int]:
        """Append the values of a tree's paths in some events, which are these rows; return the indices of odd ones."""
        values = self.values.get(tree)
        if values is None:
            values = self.values[tree] = _TreeValues({path: [] for path in tree.paths})
        odd: set[int] = set()
        _walk(tree.root, events, values.by_path, odd)
        values.rows += rows
        return odd

    def of_path(self, path: str) -> tuple[list[object], Rows]:
        """Return all values of a path, and the row of each, shape (values,): ascending for each tree."""
        read = [values for values in self.values.values() if values.by_path.get(path)]
        values = list(chain.from_iterable(tree_values.by_path[path] for tree_values in read))
        return values, np.concatenate([values.row_array for values in read]) if read else np.zeros(0, np.intp)

    def event(self, row: int) -> Exact:
        """Return the event of a row as ``load_exact`` decodes it."""
        text = self.texts.text(self.indices[row])
        if has_long_number(text):
            return load_exact(text)
        return self.odd[row] if row in self.odd else load(text)

    def reject(self, index: int, code: str, reason: str) -> None:
        texts = self.texts
        self.rejects.append(Reject(*texts.position(index), code, reason, texts.line(index), texts.form))


@dataclass
class _TreeValues:
    """The values of one tree's paths, in ``rows`` of a batch."""

    by_path: dict[str, list[object]]
    rows: list[int] = field(default_factory=list)

    @cached_property
    def row_array(self) -> Rows:
        """The rows as an array, once all of them are known."""
        return np.array(self.rows, np.intp)


def _walk(node: Node, values_at_node: list[object], values: dict[str, list[object]], odd: set[int]) -> None:
    """Append the members of values, one an event, to the lists of their paths, and so on to the leaves of the tree.

    ``odd`` gets the indices of events whose members columns cannot say. A whole chunk goes down the tree together, for
    a list comprehension a member is faster than a walk an event.
    """
    parents = _objects(values_at_node, node.children, odd)
    if dotted := node.dotted:
        odd.update(index for index, parent in enumerate(parents) if not parent.keys().isdisjoint(dotted))
    for segment, child in node.children.items():
        members = [parent.get(segment, MISSING) for parent in parents]
        if child.wanted:
            values[child.path] += members
        if child.children:
            _walk(child, members, values, odd)


def _objects(values: list[object], wanted: Collection[str], odd: set[int]) -> list[dict[str, object]]:
    """Return the values that are objects, an empty object for others.

    ``odd`` gets the indices of arrays on the way to a wanted value, and of objects that repeat a wanted key.
    """
    if set(map(type, values)) == {dict}:
        return values  # type: ignore[return-value]
    return [value if type(value) is dict else _object(i, value, wanted, odd) for i, value in enumerate(values)]


def _object(index: int, value: object, wanted: Collection[str], odd: set[int]) -> dict[str, object]:
    if isinstance(value, Pairs):
        keys = Counter(key for key, _ in value)
        if all(keys[key] <= 1 for key in wanted):
            return dict(value)
    elif not isinstance(value, list):
        return _NO_MEMBERS
    odd.add(index)
    return _NO_MEMBERS


# --- lines to events ------------------------------------------------------------------------------------------------


def _load_plain(texts: Sequence[bytes]) -> list[object] | None:
    """Return the events of lines that orjson writes again byte for byte, and so hides nothing of; None if one differs.

    One array of all is written, and compared with the lines joined by commas: two calls instead of two for each line.
    """
    try:
        events = list(map(orjson.loads, texts))
        written = orjson.dumps(events)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    text = b",".join(texts)
    is_same = len(written) == len(text) + 2 and written.startswith(text, 1)  # the array around it has two more bytes
    return events if is_same and set(map(type, events)) <= {dict} else None


def _load_each(chunk: Chunk, rows: _Rows) -> tuple[list[object], list[int]]:
    """Decode line by line; return the events and the indices of the lines that gave one."""
    events: list[object] = []
    indices: list[int] = []
    for index, data in zip(chunk.indices, chunk.texts, strict=True):
        if not data.strip(SPACE):
            rows.blank += 1
            continue
        try:
            events.append(_load_event(data))
            indices.append(index)
        except JsonError as error:
            reason = f"{error.message} (character {error.offset + 1})" if error.code == "RP010" else error.message
            rows.reject(index, error.code, reason)
    return events, indices


def _load_event(data: bytes) -> object:
    """Return one event.

    Raises:
        JsonError: the line is not a JSON object.
    """
    event = load(data)
    if not isinstance(event, (dict, Pairs)):
        raise JsonError("an event is a JSON object", 0, code="RP011")
    return event


# --- events without a type ------------------------------------------------------------------------------------------


def _typed(column: Column, odd: dict[int, Exact]) -> Flags:
    """Return shape (n,): True where the event type is a string, an array, or ambiguous."""
    kinds = column.kinds.copy()
    for row, event in odd.items():
        kinds[row] = find(event, EVENT_TYPE)[0]
    typed: Flags = kind_mask(kinds, Kind.STRING) | (kinds >= int(Kind.ARRAY))
    return typed


_OPEN_TELEMETRY: Final = ("resource.attributes", "attributes.session.id", "resourceLogs", "resourceSpans")


def _untyped_reason(event: Exact) -> tuple[str, str]:
    if any(find(event, path)[0] is not Kind.MISSING for path in _OPEN_TELEMETRY):
        return "RP013", "an OpenTelemetry record (mobile RUM), not a RUM web event"
    return "RP012", "the event has no event_type string"
