"""``dataclass`` as the standard library has it, made in a fifth of the time.

The standard library compiles up to seven functions for each class, which takes half a millisecond in Python 3.11: for
the 87 classes that a replay loads 45 ms, and DuckDB's whole process takes 190 for a small file. Here only ``__init__``
is compiled, for its signature and its speed: what the other methods do can be said once for all classes. The standard
library still reads the fields, so ``fields``, ``replace``, ``asdict`` and ``match`` work. A test holds both equal.
"""

from __future__ import annotations

import dataclasses
from operator import attrgetter
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:  # for type checkers it is the one that they know
    from collections.abc import Callable
    from dataclasses import dataclass
    from typing import NoReturn

    from _typeshed import DataclassInstance
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, slots: bool = False, eq: bool = True
    ) -> Callable[[type], type] | type:
        """Make a dataclass of a class; options mean what they mean in the standard library."""

        def make(cls: type) -> type:
            made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, slots=slots)
            made.__init__ = _initializer(made, "_set(self, {0!r}, {1})" if frozen else "self.{0} = {1}")
            made.__repr__ = _representation
            if eq:
                made.__eq__, made.__hash__ = _comparison(made, is_hashable=frozen)
            if frozen:
                made.__setattr__, made.__delattr__ = _refuse_assignment, _refuse_deletion
            if frozen and slots:
                made.__getstate__, made.__setstate__ = _state, _restore
            return made

        return make if cls is None else make(cls)


__all__ = ["dataclass"]


class _Made:
    """The default of a parameter whose value is made anew for each instance, as signatures show it."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE: Final = _Made()


def _initializer(cls: type[DataclassInstance], assignment: str) -> Callable[..., None]:
    """Return the ``__init__`` of a class; ``assignment`` is the form of a statement that takes a name and a value."""
    names: dict[str, object] = {"_set": object.__setattr__, "_MADE": _MADE}
    parameters, lines = ["self"], []
    for index, field in enumerate(dataclasses.fields(cls)):
        value = field.name
        if field.default_factory is not dataclasses.MISSING:
            names[f"_{index}"] = field.default_factory
            parameters.append(f"{field.name}=_MADE")
            value = f"_{index}() if {value} is _MADE else {value}"
        elif field.default is not dataclasses.MISSING:
            names[f"_{index}"] = field.default
            parameters.append(f"{field.name}=_{index}")
        else:
            parameters.append(field.name)
        lines.append(assignment.format(field.name, value))
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    code = f"def __init__({', '.join(parameters)}):\n  " + "\n  ".join(lines or ["pass"])
    exec(code, names)  # noqa: S102 - it is made of the names of fields, as in the standard library
    initializer: Callable[..., None] = names["__init__"]  # type: ignore[assignment]
    initializer.__qualname__ = f"{cls.__qualname__}.__init__"
    initializer.__annotations__ = {field.name: field.type for field in dataclasses.fields(cls)} | {"return": None}
    return initializer


def _comparison(
    cls: type[DataclassInstance], *, is_hashable: bool
) -> tuple[Callable[[object, object], bool], Callable[[object], int] | None]:
    """Return ``__eq__`` and ``__hash__``, of the tuple of the fields that are compared."""
    names = [field.name for field in dataclasses.fields(cls) if field.compare]
    key = attrgetter(*names) if len(names) > 1 else _short_key(names)

    def equal(self: object, other: object) -> bool:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return equal, (lambda self: hash(key(self))) if is_hashable else None


def _short_key(names: list[str]) -> Callable[[object], tuple[object, ...]]:
    """Return a function to the tuple of one field or none; of one, attrgetter would return the value itself.

    In a tuple a NaN equals itself.
    """
    if not names:
        return lambda _self: ()
    value = attrgetter(*names)
    return lambda self: (value(self),)


def _representation(self: DataclassInstance) -> str:
    shown = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{self.__class__.__qualname__}({shown})"


def _refuse_assignment(_self: object, name: str, _value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_deletion(_self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: DataclassInstance) -> list[object]:
    """Return the values of all fields: what pickle and copy would set is refused."""
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: DataclassInstance, state: list[object]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
