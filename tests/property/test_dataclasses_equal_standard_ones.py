"""Law: a class made by ``rumpattern.dataclass`` does what one of the standard library does with the same options."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import math
import pickle
from itertools import product
from typing import Any

import pytest

import rumpattern.dataclass as own

OPTIONS = [dict(zip(("frozen", "slots", "eq"), flags, strict=True)) for flags in product((True, False), repeat=3)]
VALUES = [(1, "a"), (1, "b"), (1, "a", 3.5), (math.nan, "a"), (1, "a", 2.0, [5]), (1, "a", 2.0, [5], "other")]


class Whole:
    """Defaults, a default that is made anew, and what is neither compared nor shown."""

    number: float
    text: str
    limit: float = 2.0
    items: list[int] = dataclasses.field(default_factory=list)
    place: str = dataclasses.field(default="here", compare=False, repr=False)

    def __post_init__(self) -> None:
        """Add to the list that was given or made."""
        self.items.append(7)


class Single:
    """One field that is compared."""

    number: Any
    place: str = dataclasses.field(default="here", compare=False)


class Bare:
    """No field."""


CASES = [(Whole, VALUES), (Single, [(1,), (math.nan,), (2, "there")]), (Bare, [(), ()])]


def made(decorator, cls, options):
    body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    return decorator(**options)(type(cls.__name__, (), body))


@pytest.fixture(params=OPTIONS, ids=lambda options: " ".join(name for name, value in options.items() if value) or "-")
def options(request):
    return request.param


@pytest.mark.parametrize(("cls", "values"), CASES)
def test_the_same(cls, values, options, monkeypatch):
    seen = []
    for decorator in (dataclasses.dataclass, own.dataclass):
        decorated = made(decorator, cls, options)
        monkeypatch.setattr(f"{__name__}.{cls.__name__}", decorated)  # where pickle looks it up
        one, two = ([decorated(*copy.deepcopy(arguments)) for arguments in values] for _ in range(2))
        seen.append(
            {
                "signature": str(inspect.signature(decorated)),
                "annotations": decorated.__init__.__annotations__,
                "match": decorated.__match_args__,
                "slots": getattr(decorated, "__slots__", None),
                "doc": decorated.__doc__,
                "equal": [[a == b for b in [*one, None]] for a in one],
                "equal to another": [[a == b for b in two] for a in one],
                "hash": equal_hashes(one),
                "repr": [repr(a).partition("(")[2] if options["eq"] else repr(a)[-5:] for a in one],
                "dict": [dataclasses.asdict(a) for a in one],
                "replaced": [dataclasses.astuple(dataclasses.replace(a, **changes(a))) for a in one],
                "pickled": [dataclasses.astuple(pickle.loads(pickle.dumps(a))) for a in one],  # noqa: S301 - its own
                "copied": [dataclasses.astuple(copy.copy(a)) for a in one],
                "refused": [refusals(a) for a in one],
            }
        )
    assert repr(seen[0]) == repr(seen[1])


def equal_hashes(instances):
    """Return which of some instances have the same hash, or why they have none."""
    try:
        return [[hash(a) == hash(b) for b in instances] for a in instances]
    except TypeError as error:
        return str(error)


def changes(instance):
    """Return a change of the last field."""
    return {field.name: "elsewhere" for field in dataclasses.fields(instance)[-1:]}


def refusals(instance):
    """Return what is said of changes that a frozen instance refuses."""
    said = []
    for field in dataclasses.fields(instance):
        for change in (lambda name: setattr(instance, name, 1), lambda name: delattr(instance, name)):
            try:
                change(field.name)
            except AttributeError as error:
                said.append((type(error).__name__, str(error)))
    return said


def test_missing_and_unknown_arguments():
    decorated = made(own.dataclass, Whole, {"frozen": True, "slots": True})
    with pytest.raises(TypeError, match=r"Whole\.__init__\(\) missing 1 required positional argument: 'text'"):
        decorated(1)
    with pytest.raises(TypeError, match="unexpected keyword argument 'size'"):
        decorated(1, "a", size=2)


def test_a_default_that_is_made_is_made_each_time():
    decorated = made(own.dataclass, Whole, {})
    assert decorated(1, "a").items is not decorated(1, "a").items
