"""Where each character of a YAML scalar's value stands in the file.

The value itself is PyYAML's. This reads the scalar's text once more by the same rules (YAML 1.1, chapter 9: plain,
quoted and block scalars, their escapes, folding, indentation and chomping) and keeps offsets instead of characters.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.jsontext import Span

BREAKS: Final = "\r\n\x85\u2028\u2029"
_KEPT_BREAKS: Final = "\u2028\u2029"  # folding makes no space of them
_BREAK: Final = rf"(?:\r\n|[{BREAKS}])"
_FOLD: Final = rf"(?P<fold>[ \t]*+{_BREAK}(?:[ \t]*+{_BREAK})*+)[ \t]*+|[ \t]++"
_PAIR: Final = r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
_UNITS: Final = {
    None: re.compile(rf"{_FOLD}|[^ \t{BREAKS}]++"),
    "'": re.compile(rf"{_FOLD}|(?P<escape>'')|[^' \t{BREAKS}]++"),
    '"': re.compile(
        rf"{_FOLD}|\\(?P<continued>{_BREAK}(?:[ \t]*+{_BREAK})*+)[ \t]*+"
        rf"|(?P<escape>{_PAIR}|\\x..|\\u.{{4}}|\\U.{{8}}|\\.)|[^\\ \t{BREAKS}]++"
    ),
}
_LINE_BREAK: Final = re.compile(_BREAK)
_HEADER: Final = re.compile(rf"[|>][-+0-9]*(?: *#[^{BREAKS}]*)? *{_BREAK}")
_LINE: Final = re.compile(rf"(?P<indent> *)(?P<rest>[^{BREAKS}]*)(?P<end>{_BREAK})?")


@dataclass(frozen=True, slots=True)
class ScalarOffsets:
    """The places of a scalar's characters: called with an index into ``value`` it returns an offset into ``text``.

    ``style`` is the scalar's first character, None for a plain one. A character written as an escape sequence stands
    where the sequence begins; a space or line feed made of line breaks stands at the first of them that it keeps; what
    is behind the value stands at the closing quote or behind the last character.
    """

    text: str
    span: Span
    style: str | None
    value: str

    def __call__(self, index: int) -> int:
        """Return where character ``index`` of the value stands."""
        offsets = _all_offsets(self)
        return offsets[index] if index < len(offsets) else self._end(offsets)

    def offsets(self) -> Iterator[int]:
        """Yield where each character stands, and where characters that chomping leaves out do."""
        if self.style in {"|", ">"}:
            return _block_offsets(self.text, self.span, self.value, folds=self.style == ">")
        quote = 0 if self.style is None else 1
        return _flow_offsets(_UNITS[self.style], self.text, self.span.start + quote, self.span.end - quote)

    def _end(self, offsets: Sequence[int]) -> int:
        if self.style not in {"|", ">"}:
            return self.span.end if self.style is None else self.span.end - 1
        last = len(self.value.rstrip("\n" + _KEPT_BREAKS)) - 1
        return offsets[last] + 1 if 0 <= last < len(offsets) else self.span.start


@lru_cache(maxsize=8)
def _all_offsets(places: ScalarOffsets) -> Sequence[int]:
    """Return the offsets of a scalar's characters; those of the last few are kept, as in ``jsontext``."""
    return tuple(islice(places.offsets(), len(places.value)))


def _flow_offsets(units: re.Pattern[str], text: str, start: int, end: int) -> Iterator[int]:
    """Yield the offsets of a plain or quoted scalar, which goes from ``start`` to ``end`` without its quotes."""
    for unit in units.finditer(text, start, end):
        match unit.lastgroup:
            case "fold":
                first, *more = (found.start() for found in _LINE_BREAK.finditer(text, *unit.span("fold")))
                if not more or text[first] in _KEPT_BREAKS:
                    yield first
                yield from more
            case "continued":
                _, *more = (found.start() for found in _LINE_BREAK.finditer(text, *unit.span("continued")))
                yield from more
            case "escape":
                yield unit.start()
            case _:
                yield from range(*unit.span())


def _block_offsets(text: str, span: Span, value: str, *, folds: bool) -> Iterator[int]:
    """Yield the offsets of a literal or folded scalar with all its line breaks, whatever chomping leaves of them."""
    header = _HEADER.match(text, span.start, span.end)
    lines = [line for line in _LINE.finditer(text, header.end(), span.end) if line.group()] if header else []
    indent = _indent(lines, value)
    blank: list[int] = []
    last: int | None = None
    folded = False
    for line in lines:
        start, end = line.start() + min(indent, len(line.group("indent"))), line.end("rest")
        if start == end:
            blank += [line.end("rest")] if line.group("end") else []
            continue
        spaced = text[start] in " \t"
        if last is not None and not (folded and not spaced and blank):
            yield last
        yield from blank
        yield from range(start, end)
        blank, last = [], end if line.group("end") else None
        folded = folds and not spaced and line.group("end") not in _KEPT_BREAKS
    yield from [last] if last is not None else []
    yield from blank


def _indent(lines: list[re.Match[str]], value: str) -> int:
    """Return the indentation of a block scalar: what the first line that is not empty has more than the value."""
    content = value.lstrip("\n" + _KEPT_BREAKS)
    empty = len(value) - len(content)
    if not content or empty >= len(lines):
        return max((len(line.group("indent")) for line in lines), default=0)
    return len(lines[empty].group("indent")) - (len(content) - len(content.lstrip(" ")))
