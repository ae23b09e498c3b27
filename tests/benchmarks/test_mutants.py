"""Changes that `make mutants` makes: each is real, and none is of what only people read."""

from __future__ import annotations

import pytest
from benchmarks.mutants.places import changed, places


@pytest.mark.parametrize(
    ("source", "wanted"),
    [
        ("a = b < c", "a = b <= c"),
        ("a = b and c", "a = b or c"),
        ("a = b + c", "a = b - c"),
        ("a = 3", "a = 4"),
        ("a = True", "a = False"),
        ("a = max(b)", "a = min(b)"),
        ("def f():\n    return b", "def f():\n    return None"),
        ("f(b)", "None"),
        ("if a:\n    b", "if not a:\n    b"),
    ],
)
def test_a_place_is_changed(source: str, wanted: str) -> None:
    (place,) = places(source)
    assert changed(source, place) == wanted


@pytest.mark.parametrize(
    "source",
    [
        "def f(a: 'list[3]') -> 'tuple[2]': ...",
        "raise ValueError(f'{1 + 1} of 2', 3 < 4)",
        "logger.info('%d', 1 + 1)",
        "a = 'text'",
        "a = f'{b + c}'",
        "if TYPE_CHECKING:\n    a = 1",
        "a = None",
    ],
)
def test_what_is_not_behaviour_stays(source: str) -> None:
    assert places(source) == []


def test_one_place_at_a_time_is_changed() -> None:
    source = "a = b < c\nd = b < c\n"
    first, second = places(source)
    assert changed(source, first).splitlines() == ["a = b <= c", "d = b < c"]
    assert changed(source, second).splitlines() == ["a = b < c", "d = b <= c"]
