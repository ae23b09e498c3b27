"""The runner of golden edge cases: known by words, else by what was recorded; and what is false fails."""

from __future__ import annotations

from typing import Any

import pytest
from tests.golden_cases import Tally
from tests.golden_edges import Rule, architectures, check_edge, recognise

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasModelBuilder

SPACE = ModelSpace.from_dict([[{"Layer_type": "dense", "units": units} for units in (2, 5)]] * 2)
BUILDER = KerasModelBuilder(Operation("input", shape=(3,)), Operation("dense", units=1), None, SPACE)
RULES = [
    Rule(("long",), lambda: BUILDER([0, 0, 0]), "IndexError"),
    Rule(("array",), lambda: BUILDER([0, 1])),
    Rule(("negative",), lambda: BUILDER([-1, 0]), superseded="A7"),
    Rule(("single",), lambda: BUILDER([0, 0]), "AssertionError", superseded="A21"),
]
NETWORK = {
    "total_params": 3 * 2 + 2 + 2 * 5 + 5 + 6,
    "trainable_params": 29,
    "input_shapes": [[None, 3]],
    "output_shapes": [[None, 1]],
    "layers": [["i", "InputLayer"], ["a", "Dense"], ["b", "Dense"], ["c", "Dense"]],
}


def outcome(case: dict[str, Any]) -> list[Any]:
    told: list[tuple[str, object]] = []
    check_edge("family", case, RULES, [(BUILDER, architectures(BUILDER))], Tally(told))
    return [value for _, value in told]


@pytest.mark.parametrize(
    ("case", "rule"),
    [
        ({"what": "an ARC too long", "error": "IndexError"}, ""),
        ({"what": "never heard of", "error": "IndexError"}, ""),
        ({"what": "array", **NETWORK}, ""),
        ({"what": "never heard of", **NETWORK}, ""),
        ({"what": "a negative token", **NETWORK}, "A7"),
        ({"what": "single", "error": "AssertionError"}, "A21"),
        ({"what": "never heard of", "error": "AssertionError"}, "A21"),
    ],
)
def test_checked(case: dict[str, Any], rule: str) -> None:
    assert outcome(case) == [["family", rule]]


@pytest.mark.parametrize(
    "case",
    [
        {"what": "array", "error": "IndexError"},
        {"what": "too long", **NETWORK},
        {"what": "too long", "error": "MemoryError"},
        {"what": "never heard of", "error": "KeyError"},
        {"what": "array", **NETWORK, "total_params": 30},
        {"what": "never heard of", **NETWORK, "total_params": 30, "trainable_params": 30},
        {"what": "never heard of", **NETWORK, "output_shapes": [[None, 2]]},
        {"what": "a negative token", **NETWORK, "layers": NETWORK["layers"][:3]},
    ],
)
def test_what_is_false_fails(case: dict[str, Any]) -> None:
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        outcome(case)


def test_the_rule_with_most_words() -> None:
    rules = [Rule(("stem",), BUILDER), Rule(("stem", "empty"), BUILDER), Rule(("branch",), BUILDER)]
    assert recognise("An empty Stem", rules) is rules[1] and recognise("stem", rules) is rules[0]
    assert recognise("nothing", rules) is None
