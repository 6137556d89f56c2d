"""Find and open the compiled core, check that it is the one this code was written for, and say why it is absent.

Where there is no core everything works without it, by orjson and numpy; ``why_absent`` is what users are then told.
The core is opened once in a process, by whoever first asks for it.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rumpattern.native import PADDING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from ctypes import CDLL, Structure

    from rumpattern.native.structures import Entries

FILE_NAME: Final = {"darwin": "librumpattern.dylib", "win32": "librumpattern.dll"}.get(sys.platform, "librumpattern.so")
SIMD_VARIABLE: Final = "RUMPATTERN_SIMD"
"""The environment variable that names the set of instructions to use: scalar, sse2, avx2, avx512 or neon."""
_VERSION: Final = 1
"""``RUM_VERSION`` in ``core.h``."""
_REINSTALL: Final = "pip install --force-reinstall --no-cache-dir rumpattern"
_STATUSES: Final = (
    "no error",
    "a null pointer",
    "an array that is not aligned",
    "an array that is too short",
    "a number that is out of range",
    "a file that cannot be read on",
    "files, which this system cannot read by position",
)
"""What ``enum rum_status`` stands for."""
UNREADABLE: Final = 5
"""``RUM_UNREADABLE``: the only status that says something about the input."""


class CoreError(RuntimeError):
    """There is no compiled core that can be used; the message says why and what to do."""


class CoreCallError(RuntimeError):
    """The core refused what it was handed: a mistake of the caller's, found before anything was touched."""


@dataclass(frozen=True, slots=True)
class Core:
    """The opened core.

    Attributes:
        path: its file.
        simd: the set of instructions that it uses.
        sources: the hash of the sources that it was built from.
        facts: sizes, offsets and constants by their names in the sources.
        entries: by name; each takes one structure and returns a status.
    """

    path: Path
    simd: str
    sources: str
    facts: Mapping[str, int]
    entries: Mapping[str, Callable[[Structure], int]]

    def call(self, entry: str, structure: Structure, *allowed: int) -> int:
        """Call an entry with a structure and return its status, which is 0 or one of those allowed.

        Other threads run meanwhile.

        Raises:
            CoreCallError: the core refused the structure.
        """
        status = self.entries[entry](structure)
        if status and status not in allowed:
            raise CoreCallError(f"the compiled core was handed {_STATUSES[status]} ({entry})")
        return status


def find_library() -> Path | None:
    """Return the file of the core, None if there is none: beside this module, or where an editable install has it."""
    beside = Path(__file__).with_name(FILE_NAME)
    if beside.is_file():
        return beside
    from importlib.resources import files  # noqa: PLC0415 - slow to import, and only needed here

    found = Path(str(files(__package__).joinpath(FILE_NAME)))
    return found if found.is_file() else None


@cache
def load_core() -> Core:
    """Return the core.

    Raises:
        CoreError: there is none that can be used.
    """
    path = find_library()
    if path is None:
        raise CoreError(f"it was not built when rumpattern was installed: with a C compiler, run {_REINSTALL}")
    return _open(path, os.environ.get(SIMD_VARIABLE, ""))


@cache
def why_absent() -> str | None:
    """Return in one sentence why there is no compiled core and what to do; None if there is one."""
    try:
        load_core()
    except CoreError as error:
        return f"the compiled core is absent: {error}"
    return None


def _open(path: Path, simd: str) -> Core:
    try:
        import ctypes  # noqa: PLC0415 - not every Python has it, and only the core needs it

        library = ctypes.CDLL(str(path))
    except ImportError as error:
        raise CoreError(f"this Python has no ctypes ({error}): take one that was built with libffi") from error
    except OSError as error:
        reason = f"{path} cannot be loaded on this machine ({error})"
        raise CoreError(f"{reason}: is its file system mounted noexec? Else run {_REINSTALL}") from error
    try:
        facts = _read_facts(library)
    except AttributeError:
        facts = {}
    if faults := [*_layout_faults(facts)]:
        raise CoreError(f"{path} belongs to another version of rumpattern ({faults[0]}): run {_REINSTALL}")
    library.rum_best.restype = library.rum_sources.restype = ctypes.c_char_p
    name = simd or library.rum_best().decode()
    entries = _entries_for(library, name)
    if entries is None:
        raise CoreError(f"{SIMD_VARIABLE}={name} names no instructions that this processor and {path} have: unset it")
    return Core(path, name, library.rum_sources().decode(), facts, entries)


def _read_facts(library: CDLL) -> dict[str, int]:
    import ctypes  # noqa: PLC0415 - see _open

    from rumpattern.native.structures import Fact  # noqa: PLC0415 - see _open

    library.rum_abi.restype = ctypes.POINTER(Fact)
    facts: dict[str, int] = {}
    for fact in library.rum_abi():
        if fact.name is None:
            break
        facts[ctypes.string_at(fact.name).decode()] = fact.value
    return facts


def _layout_faults(facts: Mapping[str, int]) -> Iterator[str]:
    """Yield in what the library's layouts are others than those of ``structures``."""
    from ctypes import sizeof  # noqa: PLC0415 - see _open

    from rumpattern.native.structures import LAYOUTS  # noqa: PLC0415 - see _open

    expected = {"RUM_VERSION": _VERSION, "RUM_PADDING": PADDING, "RUM_STATUSES": len(_STATUSES)}
    for name, structure in LAYOUTS.items():
        expected[name] = sizeof(structure)
        for field in structure.__annotations__:
            expected[f"{name}.{field}"] = getattr(structure, field).offset
    for name, value in expected.items():
        if facts.get(name) != value:
            yield f"{name} is {facts.get(name)}, not {value}"
    for name in facts:
        if name.startswith("rum_") and name.partition(".")[0] in LAYOUTS and name not in expected:
            yield f"{name} is unknown"


def _entries_for(library: CDLL, simd: str) -> dict[str, Callable[[Structure], int]] | None:
    import ctypes  # noqa: PLC0415 - see _open

    from rumpattern.native.structures import Entries  # noqa: PLC0415 - see _open

    library.rum_entries_for.restype = ctypes.POINTER(Entries)
    library.rum_entries_for.argtypes = [ctypes.c_char_p]
    table = library.rum_entries_for(simd.encode("utf-8", "surrogateescape"))
    return dict(_functions(table.contents)) if table else None


def _functions(entries: Entries) -> Iterator[tuple[str, Callable[[Structure], int]]]:
    import ctypes  # noqa: PLC0415 - see _open

    for name in type(entries).__annotations__:
        function = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p)(getattr(entries, name))
        yield name, _by_reference(function)


def _by_reference(function: Callable[..., int]) -> Callable[[Structure], int]:
    from ctypes import byref  # noqa: PLC0415 - see _open

    return lambda structure: function(byref(structure))
