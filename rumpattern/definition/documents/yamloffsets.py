"""The offset in the file of each character of a YAML scalar's value.

The value itself is PyYAML's. This reads the scalar's text once more by the same rules (YAML 1.1, chapter 9: plain,
quoted and block scalars, their escapes, folding, indentation and chomping) and keeps offsets instead of characters.
"""

# An EventPattern is JSON inside a YAML scalar, and a finding in it must name the line and column of the YAML file.
# PyYAML's events have marks for a scalar's first and last character only; folding, escapes and indentation make the
# offset of a character in between a computation of its own. Reading again costs only when there is a finding, so the
# common case stays PyYAML's; the property test of offsets in strings compares each offset with the character there.

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

from rumpattern.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rumpattern.jsontext import Span

BREAKS: Final = "\r\n\x85\u2028\u2029"
_KEPT_BREAKS: Final = "\u2028\u2029"  # folding does not turn them into a space
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
    """The offsets of a scalar's characters: called with an index into ``value`` it returns an offset into ``text``.

    The offset of an escape sequence is that of its first character. The offset of a space or line feed that line breaks
    were folded to is that of the first break that it keeps. The offset behind the value is that of the closing quote,
    or behind the last character.

    Attributes:
        text: the text of the file.
        span: the scalar in it.
        style: the scalar's first character, None for a plain scalar.
        value: the value that PyYAML read.
    """

    text: str
    span: Span
    style: str | None
    value: str

    def __call__(self, index: int) -> int:
        """Return the offset of character ``index`` of the value."""
        offsets = _all_offsets(self)
        return offsets[index] if index < len(offsets) else self._end(offsets)

    def offsets(self) -> Iterator[int]:
        """Yield the offset of each character, and of those that chomping removes."""
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
def _all_offsets(scalar: ScalarOffsets) -> Sequence[int]:
    """Return the offsets of a scalar's characters; the last few results are cached, as in ``jsontext``."""
    return tuple(islice(scalar.offsets(), len(scalar.value)))


def _flow_offsets(units: re.Pattern[str], text: str, start: int, end: int) -> Iterator[int]:
    """Yield the offsets of a plain or quoted scalar between ``start`` and ``end``, which exclude the quotes."""
    for unit in units.finditer(text, start, end):
        match unit.lastgroup:
            case "fold":
                first, *more = (line_break.start() for line_break in _LINE_BREAK.finditer(text, *unit.span("fold")))
                if not more or text[first] in _KEPT_BREAKS:
                    yield first
                yield from more
            case "continued":
                _, *more = (line_break.start() for line_break in _LINE_BREAK.finditer(text, *unit.span("continued")))
                yield from more
            case "escape":
                yield unit.start()
            case _:
                yield from range(*unit.span())


def _block_offsets(text: str, span: Span, value: str, *, folds: bool) -> Iterator[int]:
    """Yield the offsets of a literal or folded scalar with all its line breaks, also those that chomping removes."""
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
    """Return the indentation of a block scalar: that of the first line that is not empty, less that of the value."""
    content = value.lstrip("\n" + _KEPT_BREAKS)
    empty = len(value) - len(content)
    if not content or empty >= len(lines):
        return max((len(line.group("indent")) for line in lines), default=0)
    return len(lines[empty].group("indent")) - (len(content) - len(content.lstrip(" ")))
