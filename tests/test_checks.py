"""Checks of arguments: what passes, and what the refusal says."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from amber import checks
from amber.errors import ConfigError, ModelSpaceError


@pytest.mark.parametrize("value", [True, 0, -1, 1.0, "3", None, float("nan")])
def test_what_is_not_a_positive_integer_is_refused_by_name(value: object) -> None:
    with pytest.raises(ConfigError, match="epochs must be a positive integer. Received: ") as refusal:
        checks.positive_integer(value, "epochs")
    assert refusal.value.field == ("epochs",)


@pytest.mark.parametrize("value", [True, 0, -2.5, float("inf"), float("nan"), "1", np.bool_(True)])
def test_what_is_not_a_positive_number_is_refused(value: object) -> None:
    with pytest.raises(ModelSpaceError, match="wsf must be a positive number"):
        checks.positive_number(value, "wsf", error=ModelSpaceError)


def test_a_value_of_the_right_kind_is_returned() -> None:
    assert checks.positive_integer(3, "epochs") == 3
    assert checks.integer_at_least(0, "steps", 0) == 0
    assert checks.positive_number(0.5, "wsf") == 0.5
    assert checks.finite_number_at_least(0, "weight", 0) == 0


def test_the_least_integer_is_said() -> None:
    with pytest.raises(ConfigError, match="prefetch must be an integer of at least 2. Received: 1"):
        checks.integer_at_least(1, "prefetch", 2)


def test_a_number_of_a_thousand_digits_is_not_shown_whole() -> None:
    with pytest.raises(ConfigError) as refusal:
        checks.positive_integer(-(10**1000), "epochs")
    assert len(str(refusal.value)) < 200


@dataclass(frozen=True)
class Sizes:
    """Settings of nothing in particular."""

    length: int = 3
    width: int = 4


def test_settings_are_made_of_options_that_they_have() -> None:
    assert checks.settings_from(Sizes, {"width": 5}, "Box") == Sizes(3, 5)
    with pytest.raises(ConfigError, match="Box has no argument of that name. Did you mean 'length'.*lenght=1"):
        checks.settings_from(Sizes, {"width": 5, "lenght": 1}, "Box")
    with pytest.raises(ConfigError, match="^Box has no argument of that name. Received: colour='red'$"):
        checks.settings_from(Sizes, {"colour": "red"}, "Box")


def test_a_flat_dictionary_is_split() -> None:
    flat = {"name": "box", "width": 5}
    assert checks.split_settings(Sizes, flat) == (Sizes(3, 5), {"name": "box"})
    assert flat == {"name": "box", "width": 5}


def test_settings_are_those_given_or_the_defaults() -> None:
    given = Sizes(1)
    assert checks.settings_or_default(given, Sizes, {"name": "box"}, "Box") is given
    assert checks.settings_or_default(None, Sizes, {}, "Box") == Sizes()
    with pytest.raises(ConfigError, match=r"The settings of Box are Sizes\(\.\.\.\), or None. Received: 3"):
        checks.settings_or_default(3, Sizes, {}, "Box")
    with pytest.raises(ConfigError, match=r"Box takes width .* settings=Sizes\(width=\.\.\.\). Received: width=2"):
        checks.settings_or_default(given, Sizes, {"width": 2}, "Box")
