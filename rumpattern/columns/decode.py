"""Event lines to a batch, with orjson: the columns of a plan, exact events for what columns cannot say, and rejects.

orjson is fast, but of a repeated key it keeps the last value only, and of a number not its spelling. Of a line that
orjson writes again byte for byte it hides nothing: a dropped key would be missing from what it writes, and a number
with another spelling would be written otherwise. So the lines of a chunk are joined to one array, which is decoded,
written again and compared at once. Only the lines of a chunk that differs are read one by one, and exactly if they
differ by more than white space (``input.exact``). What orjson refuses (a lone surrogate, 1e400) is read exactly too,
before it is rejected.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
import orjson

from rumpattern.columns.batch import MISSING, Column, EventBatch, build_column, constant_column, kind_mask, odd_rows
from rumpattern.columns.fields import Kind, derived_fields, find, with_fields
from rumpattern.columns.tree import DEEP, Tree
from rumpattern.input.exact import SPACE, has_long_number, load
from rumpattern.input.lines import MARK, Chunk, JoinedLines
from rumpattern.input.rejects import Reject, sort_rejects
from rumpattern.jsontext import JsonError, Pairs, load_exact
from rumpattern.memory import without_collection
from rumpattern.rum.names import APPLICATION_NAME, DERIVED_FIELDS, EVENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from rumpattern.arrays import Flags, Rows
    from rumpattern.columns.tree import Node
    from rumpattern.input.lines import EventTexts
    from rumpattern.jsontext import Exact


_Reader: TypeAlias = "tuple[int, _TreeValues | None]"
"""The number of an event type, and where the values of its events go: None if they are not read."""
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

    def _decode(
        self, texts: EventTexts, chunks: Iterator[Chunk | JoinedLines], max_lines: int | None = None
    ) -> EventBatch:
        """Return the batch of the next chunks, or of so many of them that their events take little memory."""
        rows = _Rows(texts, _Readers(self._tree))
        count = large = 0
        with without_collection():
            for chunk in chunks:
                count += chunk.line_count
                rows.account(chunk)
                events = load_joined(chunk) if isinstance(chunk, JoinedLines) else _load_plain(chunk.texts)
                indices = chunk.indices
                if events is None:
                    events, indices = _load_each(chunk, rows)
                rows.indices += indices
                self._extract(events, rows)
                del events  # so that those of the next chunk take their place, which is in the processor's cache
                if isinstance(chunk, Chunk):  # joined lines are short
                    large += sum(size for size in map(len, chunk.texts) if size > _LARGE)
                if max_lines is not None and (count >= max_lines or large > _MAX_LARGE):
                    break
            return self._finish(rows)

    def _extract(self, events: list[Exact], rows: _Rows) -> None:
        """Append what is read of some events, each by the tree of its type."""
        first = len(rows.types)
        try:
            readers = [rows.readers[event[EVENT_TYPE]] for event in events]  # type: ignore[index, call-overload]
        except (KeyError, TypeError):  # one is missing or no string, or an event repeats keys
            members = [_members(event, _TYPE) for event in events]
            readers = [rows.readers.of(event.get(EVENT_TYPE, MISSING)) for event, _ in members]
            rows.odd.update((first + row, events[row]) for row, (_, is_odd) in enumerate(members) if is_odd)
        for event, (_, values) in zip(events, readers, strict=True):
            if values is not None:
                try:
                    values.append(values.read(event))
                except (AttributeError, LookupError, TypeError):
                    values.append_any(event)
        rows.types += [number for number, _ in readers]

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
        types, type_of_row = rows.readers.types, np.array(rows.types, np.intp)
        column_of_types = build_column(types).without_arrays()
        columns = {EVENT_TYPE: column_of_types.take(type_of_row)}
        rows_by_tree = rows.readers.rows_by_tree(type_of_row)
        rows.odd.update(rows.readers.odd_events(rows_by_tree))
        odd = set(range(n)) if self.is_deep else set(rows.odd)
        odd.update(np.flatnonzero(np.isin(type_of_row, odd_rows(column_of_types, types))).tolist())
        read = {}
        for path in self.paths:
            if path != EVENT_TYPE:
                values, read[path] = rows.readers.of_path(path, rows_by_tree)
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
        tree = self._tree(rows.readers.types[rows.types[row]])
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
        readers: what has been read of the rows, by event type.
        rejects: see ``EventBatch``, as for the next two.
        indices: of each row the index of its text in ``texts``.
        types: of each row the number of its event type.
        odd: row to event, decoded by ``load``, for rows of which it is known that columns cannot say them.
    """

    texts: EventTexts
    readers: _Readers
    rejects: list[Reject] = field(default_factory=list)
    blank: int = 0
    line_count: int = 0
    indices: list[int] = field(default_factory=list)
    types: list[int] = field(default_factory=list)
    odd: dict[int, Exact] = field(default_factory=dict)

    def account(self, chunk: Chunk | JoinedLines) -> None:
        """Count the lines of a chunk, with those that are not decoded."""
        self.line_count += chunk.line_count
        self.rejects += chunk.rejects
        self.blank += chunk.blank

    def event(self, row: int) -> Exact:
        """Return the event of a row as ``load_exact`` decodes it."""
        text = self.texts.text(self.indices[row])
        if has_long_number(text):
            return load_exact(text)
        return self.odd[row] if row in self.odd else load(text)

    def reject(self, index: int, code: str, reason: str) -> None:
        texts = self.texts
        self.rejects.append(Reject(*texts.position(index), code, reason, texts.line(index), texts.form))


class _Readers(dict[str, "_Reader"]):
    """How events of each type are read, and what has been read; types are numbered in the order in which they come.

    Attributes:
        types: the event type of each number; one that is no string has a number for each event.
        trees: the tree that its events are read by, None if they are not read.
        by_tree: what has been read by each tree.
    """

    def __init__(self, tree_of: Callable[[object], Tree | None]) -> None:
        super().__init__()
        self.tree_of = tree_of
        self.types: list[object] = []
        self.trees: list[Tree | None] = []
        self.by_tree: dict[Tree, _TreeValues] = {}

    def __missing__(self, event_type: str) -> _Reader:
        if type(event_type) is not str:  # 1 and true would be the same key
            raise KeyError
        reader = self[event_type] = self._add(event_type)
        return reader

    def of(self, event_type: object) -> _Reader:
        """Return the reader of an event type that may be no string, a new one for each event that has none."""
        return self[event_type] if type(event_type) is str else self._add(event_type)

    def _add(self, event_type: object) -> _Reader:
        tree = self.tree_of(event_type)
        self.types.append(event_type)
        self.trees.append(tree)
        values = None if tree is None else self.by_tree.setdefault(tree, _TreeValues(tree))
        return len(self.types) - 1, values

    def rows_by_tree(self, type_of_row: Rows) -> dict[Tree, Rows]:
        """Return the rows that each tree reads, ascending."""
        numbers = {tree: number for number, tree in enumerate(self.by_tree)}
        tree_of_type = np.array([len(numbers) if tree is None else numbers[tree] for tree in self.trees], np.intp)
        tree_of_row = tree_of_type[type_of_row]
        order = np.argsort(tree_of_row, kind="stable")
        ends = np.cumsum(np.bincount(tree_of_row, minlength=len(numbers)))
        return dict(zip(numbers, np.split(order, ends), strict=False))  # what is behind the last end is not read

    def of_path(self, path: str, rows_by_tree: Mapping[Tree, Rows]) -> tuple[list[object], Rows]:
        """Return all values of a path, and the row of each, shape (values,): ascending for each tree."""
        read = [
            (values.by_path[path], rows_by_tree[tree])
            for tree, values in self.by_tree.items()
            if path in values.by_path
        ]
        values = list(chain.from_iterable(of_tree for of_tree, _ in read))
        return values, np.concatenate([rows for _, rows in read]) if read else np.zeros(0, np.intp)

    def odd_events(self, rows_by_tree: Mapping[Tree, Rows]) -> Iterator[tuple[int, Exact]]:
        """Yield the rows that columns cannot say, as far as that was seen when they were read, with their events."""
        for tree, values in self.by_tree.items():
            yield from zip(rows_by_tree[tree][list(values.odd)].tolist(), values.odd.values(), strict=True)


class _TreeValues:
    """The values of a tree's paths, a tuple for each event that it reads.

    Attributes:
        tree: the tree.
        read: see ``Tree.read``.
        append: add the values of an event.
        odd: the events that columns cannot say, by their numbers in order.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.read = tree.read
        self.odd: dict[int, Exact] = {}
        self._values: list[tuple[object, ...]] = []
        self.append = self._values.append

    def append_any(self, event: Exact) -> None:
        """Add the values of an event that may be of any form."""
        values: dict[str, object] = {}
        if _read_members(self.tree.root, event, values):
            self.odd[len(self._values)] = event
        self.append(tuple(values.get(path, MISSING) for path in self.tree.paths))

    @cached_property
    def by_path(self) -> dict[str, tuple[object, ...]]:
        """The values of each path, once all of them are known."""
        by_path = dict(zip(self.tree.paths, zip(*self._values, strict=True), strict=True))
        self._values.clear()  # it takes as much memory
        return by_path


def _read_members(node: Node, value: object, values: dict[str, object]) -> bool:
    """Add the values at and below the children of a node, given its own; return whether columns cannot say one."""
    members, is_odd = _members(value, node.children)
    is_odd |= not node.dotted.isdisjoint(members)
    for segment, child in node.children.items():
        member = members.get(segment, MISSING)
        if child.wanted:
            values[child.path] = member
        if child.children:
            is_odd |= _read_members(child, member, values)
    return is_odd


def _members(value: object, wanted: Collection[str]) -> tuple[Mapping[str, object], bool]:
    """Return the members of an object, none for other values; and whether one that is wanted cannot be said.

    That is so in arrays on the way to a wanted value, and where a wanted key is repeated.
    """
    match value:
        case dict():
            return value, False
        case Pairs():
            keys = Counter(key for key, _ in value)
            is_odd = any(keys[key] > 1 for key in wanted)
            return {} if is_odd else dict(value), is_odd
        case _:
            return {}, isinstance(value, list)


# --- lines to events ------------------------------------------------------------------------------------------------


def load_joined(lines: JoinedLines) -> list[Exact] | None:
    """Return the event of each line, None if one is none or something is hidden in it.

    orjson writes the array again. If both texts are the same but for white space, it hid nothing. The mark is in the
    array's text only where lines end, line_count - 1 times; so if the mark is between the items so many times, each of
    these is one of those, and no line ends within an item: what stands between two of them is one line, and one event.
    To count lines and items would not do: ``{"a":[{}`` and ``{}]}`` would be one event together, and ``{},{}`` two.
    """
    try:
        items = orjson.loads(lines.array)
        written = orjson.dumps(items)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    if written != lines.array and written.translate(None, SPACE) != lines.array.translate(None, SPACE):
        return None
    events, marks = items[::2], items[1::2]
    is_split = len(events) == lines.line_count and marks.count(MARK) == len(marks) == lines.line_count - 1
    return events if is_split and set(map(type, events)) == {dict} else None


def _load_plain(texts: Sequence[bytes]) -> list[Exact] | None:
    """Return the events of lines that orjson writes again byte for byte, and so hides nothing of; None if one differs.

    One array of all is written, and compared with the lines joined by commas: two calls instead of two for each line.
    These are lines that could not be joined; those that differ by white space are read one by one.
    """
    try:
        events = list(map(orjson.loads, texts))
        written = orjson.dumps(events)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return None
    text = b",".join(texts)
    is_same = len(written) == len(text) + 2 and written.startswith(text, 1)  # the array around it has two more bytes
    return events if is_same and set(map(type, events)) <= {dict} else None


def _load_each(chunk: Chunk | JoinedLines, rows: _Rows) -> tuple[list[Exact], list[int]]:
    """Decode line by line; return the events and the indices of the lines that gave one."""
    events: list[Exact] = []
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


def _load_event(data: bytes) -> Exact:
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
