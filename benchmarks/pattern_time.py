"""How the time to match grows with the length of a value and with the stars of a wildcard, and what compiling costs.

``python -m benchmarks.pattern_time`` prints three tables. The values are bad ones: they fit until their end.
"""

from __future__ import annotations

import json
import time
from statistics import median
from typing import TYPE_CHECKING

import rumpattern as rp
from rumpattern.columns.batch import build_column
from rumpattern.match.masks import evaluate
from rumpattern.match.predicates import compile_elements

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTHS = (1_000, 10_000, 100_000, 1_000_000)
STARS = (1, 2, 5, 10, 20, 30)
PATTERNS = 1_000
REPEAT = 5


def value(length: int, stars: int = 1) -> str:
    """Return a value in which each part of a wildcard is found late, and the last one not at all."""
    return (("a" * (length // stars - 1) + "b") * stars)[:-1]


def elements(length: int) -> dict[str, object]:
    """Return for each operator one that has to look at all of such a value."""
    almost = "a" * (length - 2) + "b"
    return {
        "exact string": almost,
        "prefix": {"prefix": almost},
        "prefix, any case": {"prefix": {"equals-ignore-case": almost}},
        "suffix": {"suffix": "b" + "a" * (length - 2)},
        "suffix, any case": {"suffix": {"equals-ignore-case": "b" + "a" * (length - 2)}},
        "equals-ignore-case": {"equals-ignore-case": almost},
        "wildcard, 1 star": wildcard(1),
        "wildcard, 10 stars": wildcard(10),
        "anything-but wildcard": {"anything-but": wildcard(10)},
        "cidr": {"cidr": "10.0.0.0/8"},
    }


def wildcard(stars: int) -> dict[str, str]:
    """Return a wildcard of which the last part alone is not found."""
    return {"wildcard": "*" + "aab*" * stars}


def matching(element: object, text: str) -> float:
    """Return the median time in which the engine tests a value that it has not seen before."""
    ((field,),) = rp.parse_pattern({"a": [element]}).branches
    predicate = compile_elements(field.elements)
    times = []
    for _ in range(REPEAT):
        column = build_column([text[:1] + text[1:]])  # a string without a hash yet
        start = time.perf_counter()
        evaluate(predicate, column)
        times.append(time.perf_counter() - start)
    return median(times)


def seconds(run: Callable[[], object]) -> float:
    """Return the median time of some runs."""
    times = []
    for _ in range(REPEAT):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return median(times)


def main() -> None:
    print(f"Microseconds to test one value, by its length in characters (median of {REPEAT})\n")
    print(f"{'operator':<24}" + "".join(f"{length:>12,}" for length in LENGTHS))
    for name in elements(1):
        times = [
            matching(elements(length)[name], value(length, 10 if "10" in name or "but" in name else 1))
            for length in LENGTHS
        ]
        print(f"{name:<24}" + "".join(f"{1e6 * one:>12,.1f}" for one in times))
    print("\nMicroseconds to test one value of 100,000 characters, by the number of stars\n")
    print(f"{'stars':<24}" + "".join(f"{stars:>8}" for stars in STARS))
    print(
        f"{'wildcard':<24}"
        + "".join(f"{1e6 * matching(wildcard(stars), value(100_000, stars)):>8,.0f}" for stars in STARS)
    )
    texts = [json.dumps(pattern(number)) for number in range(PATTERNS)]
    parsed = seconds(lambda: [rp.parse_pattern(text) for text in texts])
    definitions = [rp.MetricDefinition(f"m{i}", pattern=rp.parse_pattern(text)) for i, text in enumerate(texts)]
    compiled = seconds(lambda: rp.compile(definitions))
    print(f"\n{PATTERNS:,} patterns of three fields: parsed in {parsed:.3f} s, compiled in {compiled:.3f} s")


def pattern(number: int) -> dict[str, object]:
    """Return one of many different patterns, as people write them."""
    return {
        "event_type": ["com.amazon.rum.http_event"],
        "metadata": {"pageId": [f"/page/{number}", {"prefix": f"/shop/{number}/"}, {"wildcard": f"*/{number}/pay*"}]},
        "event_details": {"duration": [{"numeric": [">=", number, "<", number + 100]}]},
    }


if __name__ == "__main__":
    main()
