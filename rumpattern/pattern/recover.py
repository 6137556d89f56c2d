"""Parse JSON with faults: report each fault, repair it if one repair is likely, and continue.

Where no repair is likely the parser stops and closes what is open, so that one mistake is not reported as many.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from rumpattern.jsontext import JsonError, JsonFault, JsonString, NodeBuilder, Parser, Span

if TYPE_CHECKING:
    from rumpattern.jsontext import Frame, JsonValue

_MAX_FAULTS: Final = 100
_STRUCTURE: Final = frozenset(",]}\n")
_OPENING: Final = frozenset('"[{')
_VALUE_STARTS: Final = frozenset('"{[-0123456789tfn')
_NAME_MARKS: Final = frozenset("_$-.")


def parse_with_faults(text: str, max_faults: int = _MAX_FAULTS) -> tuple[JsonValue, list[JsonError]]:
    """Parse one JSON text; an unreadable value becomes a ``JsonFault``. Stop after ``max_faults`` faults.

    Returns:
        The value, and the faults in the order of the text; without faults the value is that of ``jsontext.parse``.
    """
    parser = _Recovering(text, max_faults)
    return parser.parse(), parser.faults


class _StopError(Exception):
    """No repair is likely; the fault has been reported."""


class _Recovering(Parser):
    """A parser that continues after faults; ``lost`` is whether text was skipped or a bracket guessed."""

    # The steps of Parser that can fail are overridden, each with the repairs of its own mistakes:
    #   value         a word, single quotes, a wrong number: skip to the next , ] } or line break, and keep a JsonFault
    #   continues     a missing or superfluous comma, a wrong closing bracket
    #   member_key    single quotes, no quotes, = instead of :, a missing colon
    # After ``lost`` the structure is a guess, so that a wrong end or a missing bracket would be a consequence of an
    # earlier fault and is not reported. A fault is recorded before its repair: what follows may stop the parser.

    def __init__(self, text: str, max_faults: int) -> None:
        super().__init__(text, NodeBuilder())
        self.max_faults = max_faults
        self.faults: list[JsonError] = []
        self.lost = False

    def parse(self) -> JsonValue:
        try:
            value = self.outermost()
        except _StopError:
            return self.close_all()
        if self.offset != len(self.text) and not self.lost:
            self.faults.append(self.no_end())
        return value  # type: ignore[return-value]

    def note(self, fault: JsonError) -> None:
        self.faults.append(fault)
        if len(self.faults) >= self.max_faults:
            raise _StopError

    def stop(self, fault: JsonError) -> _StopError:
        if not (self.lost and fault.offset >= len(self.text)):
            self.faults.append(fault)
        return _StopError()

    def close_all(self) -> JsonValue:
        """Close all open containers here, the innermost with a fault as its last value; return the outermost."""
        value: object = JsonFault(Span(self.offset, self.offset))
        while self.stack:
            frame = self.stack.pop()
            if not frame.is_object:
                frame.content.append(value)
            elif frame.key is not None:
                frame.content.append((frame.key, value))
            value = self.finish(frame) if frame.content else value
        return value  # type: ignore[return-value]

    # --- values -----------------------------------------------------------------------------------------------------

    def value(self) -> object:
        start = self.offset
        try:
            return super().value()
        except JsonError as fault:
            return self.instead_of_value(start, fault)

    def instead_of_value(self, start: int, fault: JsonError) -> object:
        char = self.text[start : start + 1]
        if not char or fault.code == "RP015":
            raise self.stop(fault)
        self.note(fault)
        self.lost = self.lost or not self.stack
        if char == "'":
            return self.single_quoted(start)
        if char == '"':
            self.skip_string(start)
        elif char not in ",]}":
            self.skip_to_structure()
            self.lost = self.lost or not _OPENING.isdisjoint(self.text[start : self.offset])
        return JsonFault(Span(start, self.offset))

    def skip_string(self, start: int) -> None:
        """Skip a string that contains a fault; stop if it does not end on its line."""
        self.offset = start + 1
        while self.peek() != '"':
            if self.peek() in ("", "\n"):
                raise _StopError
            self.offset += 2 if self.peek() == "\\" else 1
        self.offset += 1

    def single_quoted(self, start: int) -> JsonString | JsonFault:
        end = self.text.find("'", start + 1)
        if end < 0 or "\n" in self.text[start:end]:
            raise _StopError
        self.offset = end + 1
        inside = self.text[start + 1 : end]
        return JsonFault(Span(start, self.offset)) if "\\" in inside else JsonString(inside, Span(start, self.offset))

    def skip_to_structure(self) -> None:
        while self.peek() and self.peek() not in _STRUCTURE:
            self.offset += 1

    # --- separators and names ---------------------------------------------------------------------------------------

    def continues(self, frame: Frame) -> bool:
        frame.key = None
        try:
            more = super().continues(frame)
        except JsonError as fault:
            return self.continues_after(frame, fault)
        return more and not self.closes_after_comma(frame)

    def closes_after_comma(self, frame: Frame) -> bool:
        """Read the closing bracket after a trailing comma."""
        self.skip_space()
        if self.peek() != frame.close:
            return False
        self.note(self.no_key(frame, "}") if frame.is_object else self.no_value(self.offset, "]", None))
        self.offset += 1
        return True

    def continues_after(self, frame: Frame, fault: JsonError) -> bool:
        char = self.peek()
        if char and char in "]}":
            if not (self.faults and self.faults[-1].offset == self.offset):  # where a value is missing too
                self.note(fault)
            self.lost = True
            if not self.left_open(char):
                self.offset += 1
            return False
        if char and (char in "\"'" or (char in _VALUE_STARTS and not frame.is_object)):
            self.note(fault)  # the comma is missing
            return True
        start = self.offset
        self.skip_to_structure()
        if self.peek() not in (",", frame.close) or not _OPENING.isdisjoint(self.text[start : self.offset]):
            raise self.stop(fault)
        self.note(fault)
        return self.continues(frame)

    def left_open(self, char: str) -> bool:
        """Tell whether an unexpected closing bracket closes the enclosing container.

        Only then is the bracket of this container missing; with a bracket for each open container, one is misspelled.
        """
        marks, offset = 0, self.offset
        while marks < len(self.stack) and offset < len(self.text) and self.text[offset] in "]} \t\r\n":
            marks += self.text[offset] in "]}"
            offset += 1
        return len(self.stack) > 1 and self.stack[-2].close == char and marks < len(self.stack)

    def member_key(self, frame: Frame) -> None:
        frame.key = None
        frame.key = self.any_key(frame)
        self.skip_space()
        if self.peek() not in (":", "="):
            fault = self.no_colon()
            if self.peek() not in _VALUE_STARTS:
                raise self.stop(fault)
            self.note(fault)
            return
        if self.peek() == "=":
            self.note(self.no_colon())
        self.offset += 1
        self.skip_space()

    def any_key(self, frame: Frame) -> object:
        """Read a member name, which may be in single quotes, without quotes, or contain a fault."""
        start, char = self.offset, self.peek()
        if char == '"':
            try:
                return self.string(as_key=True)
            except JsonError as fault:
                self.note(fault)
                self.skip_string(start)
                return JsonString(self.text[start + 1 : self.offset - 1], Span(start, self.offset))
        if char == ",":
            self.note(self.no_key(frame, char))
            self.offset += 1
            self.skip_space()
            if self.peek() == frame.close:
                raise _StopError
            return self.any_key(frame)
        if char == "'":
            self.note(self.no_key(frame, char))
            key = self.single_quoted(start)
            return key if isinstance(key, JsonString) else JsonString("", key.span)
        while self.peek().isalnum() or self.peek() in _NAME_MARKS:
            self.offset += 1
        if self.offset == start:
            raise self.stop(self.no_key(frame, char))
        word, self.offset = self.text[start : self.offset], start
        self.note(self.no_key(frame, char))
        self.offset += len(word)
        return JsonString(word, Span(start, self.offset))
