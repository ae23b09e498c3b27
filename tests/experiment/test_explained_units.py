"""What the numbers that are explained are called."""

from __future__ import annotations

import keras
import pytest

from amber.data import Target
from amber.data.targets.target import Labels, Numbers
from amber.errors import ConfigError
from amber.experiment.explained_units import chosen_units, units_of_model


def model(*sizes: int) -> keras.Model:
    given = keras.Input((3,))
    return keras.Model(given, [keras.layers.Dense(size)(given) for size in sizes])


@pytest.mark.parametrize(
    ("target", "size", "titles"),
    [
        (Target("y", ("free", "bound")), 1, {"y: bound": 0}),
        (Target("y", ("free", "bound"), softmax=True), 2, {"y: bound": 1}),
        (Target("y", ("a", "b", "c")), 3, {"y: a": 0, "y: b": 1, "y: c": 2}),
        (Target("y", labels=Labels(("Abf1", "Reb1"))), 2, {"y: Abf1": 0, "y: Reb1": 1}),
        (Target("y", labels=Labels(("Abf1",))), 1, {"y: Abf1": 0}),
        (Target("y", numbers=Numbers(("plus", "minus"))), 2, {"y: plus": 0, "y: minus": 1}),
        (Target("y"), 1, {"y": 0}),
    ],
)
def test_numbers_are_called_by_class_label_or_name(target: Target, size: int, titles: dict[str, int]) -> None:
    assert dict(units_of_model(model(size), [target])) == {title: (0, unit) for title, unit in titles.items()}


def test_a_label_is_chosen_by_its_name() -> None:
    targets = [Target("y", labels=Labels(("Abf1", "Reb1"))), Target("z", ("no", "yes"))]
    units = units_of_model(model(2, 1), targets)
    assert chosen_units(units, ["Reb1", "z: yes"], targets).shown == [("y: Reb1", (0, 1)), ("z: yes", (1, 0))]
    for name in ("no", "z: no"):
        with pytest.raises(ConfigError, match=r"y: Abf1, y: Reb1, z: yes\. Of two classes the second stands for both"):
            chosen_units(units, [name], targets)
    with pytest.raises(ConfigError, match=r"z: yes\. Received: 1"):
        chosen_units(units, ["1"], targets)


def test_the_first_of_many_are_explained() -> None:
    names = tuple(f"l{number}" for number in range(20))
    targets = [Target("y", labels=Labels(names))]
    units = units_of_model(model(20), targets)
    chosen = chosen_units(units, [], targets)
    assert len(chosen.shown) == 12 and "The first 12 of 20" in chosen.left_out
    assert chosen_units(units, ["l19"], targets).shown == [("y: l19", (0, 19))]
