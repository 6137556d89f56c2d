"""Read files, text and Python values to documents: nodes, whose offsets have a line and column."""

from __future__ import annotations

import codecs
import json
import os
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Final, TypeAlias

from rumpattern.dataclass import dataclass
from rumpattern.diagnostics.finding import DefinitionError, Diagnostic, Edit, Place
from rumpattern.jsontext import JsonError, JsonLiteral, SourceText, Span, decode_utf8, parse

if TYPE_CHECKING:
    from rumpattern.jsontext import JsonString, JsonValue

Source: TypeAlias = "str | os.PathLike[str] | Mapping[str, object] | Sequence[Mapping[str, object]]"

BOM: Final = "\ufeff"
_JSON_SUFFIXES: Final = frozenset({".json"})
_YAML_SUFFIXES: Final = frozenset({".yaml", ".yml"})
_NOT_JSON: Final = "RP004"
_MAX_FAULTS: Final = 100_000


@dataclass(frozen=True)
class Document:
    """A document that findings point into.

    Attributes:
        name: its file name; None for text and Python values.
        text: its characters.
        root: its value.
        others: the values after the first, in a YAML file of several documents.
    """

    name: str | None
    text: str
    root: JsonValue
    others: tuple[JsonValue, ...] = ()

    @property
    def roots(self) -> tuple[JsonValue, ...]:
        """The values of all its documents."""
        return (self.root, *self.others)

    @cached_property
    def _source(self) -> SourceText:
        return SourceText(self.text, self.name)

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column, both from 1, of a character offset."""
        return self._source.position(offset)

    def locate(self, offset: int) -> tuple[str | None, int, int]:
        """Return file, line and column of a character offset."""
        return (self.name, *self.position(offset))

    def offset_in_string(self, node: JsonString, index: int) -> int:
        """Return the offset in the text of character ``index`` of a string's value."""
        if node.offset_of is not None:
            return node.offset_of(index)
        return self._source.offset_in_string(node.span, index)

    def edit_in_string(self, node: JsonString, edit: Edit) -> Edit:
        """Translate an edit of a string's value to an edit of the text; the new characters must need no escape."""
        start, end = (self.offset_in_string(node, index) for index in (edit.start, edit.end))
        return Edit(start, end, edit.text)


def read_document(source: Source) -> Document:
    """Read a document.

    Args:
        source: JSON or YAML text (it starts with ``{`` or ``[``, or has more than one line), the path of a file of it,
            or the values of JSON as Python objects.

    Raises:
        DefinitionError: the file cannot be read, or is neither JSON nor YAML.
    """
    return parse_document(*read_text(source))


def read_text(source: Source) -> tuple[str, str | None]:
    """Return the text of a document and the name of its file, as ``read_document`` takes it.

    Raises:
        DefinitionError: the file cannot be read.
    """
    if isinstance(source, str) and is_text(source):
        return source, None
    if isinstance(source, (str, os.PathLike)):
        return _read_file(Path(source)), str(source)
    try:
        return json.dumps(source, default=_plain_container, ensure_ascii=False, allow_nan=False), None
    except (TypeError, ValueError, RecursionError) as error:
        raise DefinitionError([Diagnostic("RP300", f"the definitions are not JSON values: {error}")]) from None


def _plain_container(value: object) -> object:
    """Return a mapping or sequence that ``json`` does not know as a dict or list."""
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return list(value)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")


def parse_document(text: str, name: str | None = None) -> Document:
    """Read a document from its text.

    It is JSON if its name ends in ``.json`` or it starts with ``{`` or ``[``, otherwise YAML. A file whose name ends in
    ``.yaml`` or ``.yml`` is JSON only if it parses as such: a flow collection of YAML starts alike.

    Raises:
        DefinitionError: with the first fault, and the trailing commas before it.
    """
    text = text.removeprefix(BOM)
    suffix = PurePath(name or "").suffix.lower()
    looks_like_json = _starts_as_json(text)
    if suffix in _JSON_SUFFIXES or (looks_like_json and suffix not in _YAML_SUFFIXES):
        return _parse_json(text, name)
    if looks_like_json:
        try:
            return Document(name, text, parse(text))
        except JsonError:
            return _parse_yaml(text, name)
    return _parse_yaml(text, name)


def is_text(source: str) -> bool:
    """Tell whether a string is the text of a document and not a path."""
    return _starts_as_json(source.removeprefix(BOM)) or "\n" in source


def _starts_as_json(text: str) -> bool:
    return text.lstrip(" \t\r\n").startswith(("{", "["))


def _read_file(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        problem = Diagnostic("RP001", message, hint="name a JSON or YAML file of definitions")
    except ValueError as error:
        problem = Diagnostic("RP001", f"{path}: {error}")
    else:
        return decode(data, str(path))
    raise DefinitionError([problem])


def decode(data: bytes, name: str) -> str:
    """Return the text of a document that is called ``name``.

    Raises:
        DefinitionError: it is not UTF-8.
    """
    try:
        return decode_utf8(data)
    except JsonError as error:
        is_utf16 = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
        hint = "it is UTF-16: save it as UTF-8" if is_utf16 else None
        raise DefinitionError([Diagnostic(error.code, f"{name}: {error.message}", hint=hint)]) from None


def _parse_json(text: str, name: str | None) -> Document:
    try:
        return Document(name, text, parse(text))
    except JsonError as error:
        faults = _faults(text) if error.fix else [error]
    source = SourceText(text, name)
    raise DefinitionError([_not_json(fault, source) for fault in faults])


def _faults(text: str) -> list[JsonError]:
    """Return all trailing commas up to the first fault of another kind, and that fault."""
    from rumpattern.pattern.recover import parse_with_faults  # noqa: PLC0415 - only JSON with such a comma needs it

    _, faults = parse_with_faults(text, max_faults=_MAX_FAULTS)
    commas = next((index for index, fault in enumerate(faults) if not fault.fix), len(faults))
    return faults[: commas + 1]


def _not_json(fault: JsonError, source: SourceText) -> Diagnostic:
    place = Place(source.name, *source.position(fault.offset), "$")
    code = _NOT_JSON if fault.code == "RP010" else fault.code
    return Diagnostic(code, f"not valid JSON: {fault.message}", place, fix=fault.fix)


def _parse_yaml(text: str, name: str | None) -> Document:
    from rumpattern.definition.documents.yamltext import YamlError, parse_yaml  # noqa: PLC0415 - only YAML needs PyYAML

    try:
        root, *others = parse_yaml(text) or [JsonLiteral(None, Span(0, 0))]
    except YamlError as error:
        place = Place(name, *SourceText(text).position(error.offset), "$")
        raise DefinitionError([Diagnostic(error.code, f"not valid YAML: {error.message}", place)]) from None
    return Document(name, text, root, tuple(others))
