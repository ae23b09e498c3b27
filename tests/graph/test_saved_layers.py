"""Layers of a user's own that could not be loaded again are known before anything is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import pytest

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.graph.saved_layers import check_saved_layer, is_of_user
from amber.operations import OPERATIONS, register_operation


class NotRegistered(keras.layers.Layer):
    def call(self, inputs: Any) -> Any:
        return inputs * 2


@keras.saving.register_keras_serializable("saved_layers")
class Registered(keras.layers.Layer):
    def __init__(self, factor: float, **options: Any) -> None:
        super().__init__(**options)
        self.factor = factor

    def call(self, inputs: Any) -> Any:
        return inputs * self.factor

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable("saved_layers")
class Forgetful(Registered):
    def get_config(self) -> dict[str, Any]:
        return keras.layers.Layer.get_config(self)


@keras.saving.register_keras_serializable("saved_layers")
class Holding(keras.layers.Layer):
    def __init__(self, function: Any = None, **options: Any) -> None:
        super().__init__(**options)
        self.function = function or (lambda inputs: inputs * 3)

    def call(self, inputs: Any) -> Any:
        return self.function(inputs)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "function": self.function}


@keras.saving.register_keras_serializable("saved_layers")
def doubled(inputs: Any) -> Any:
    return inputs * 2


Make = Callable[..., keras.layers.Layer]
LOST: dict[str, Make] = {
    "not registered": lambda name=None: NotRegistered(name=name),
    "forgetful": lambda name=None: Forgetful(2.0, name=name),
    "holds a lambda": lambda name=None: Holding(name=name),
    "lambda layer": lambda name=None: keras.layers.Lambda(lambda inputs: inputs, name=name),
    "lambda activation": lambda name=None: keras.layers.Dense(3, activation=lambda inputs: inputs, name=name),
    "unwritable": lambda name=None: Registered(1j, name=name),  # type: ignore[arg-type]
}
KEPT: dict[str, Make] = {
    "registered": lambda name=None: Registered(2.0, name=name),
    "named function": lambda name=None: Holding(doubled, name=name),
    "of Keras": lambda name=None: keras.layers.Dense(3, "gelu", name=name),
}


@pytest.fixture
def register() -> Iterator[Callable[[Make], Operation]]:
    def registered(make: Make) -> Operation:
        register_operation("of_mine", make, replace=True)
        return Operation("of_mine")

    yield registered
    OPERATIONS._entries.pop("of_mine", None)
    OPERATIONS.version += 1


@pytest.mark.parametrize("name", LOST)
def test_layer_that_could_not_be_loaded_is_refused(name: str, register: Callable[[Make], Operation]) -> None:
    operation = register(LOST[name])
    assert is_of_user(operation)
    with pytest.raises(ModelSpaceError, match=r"of_mine.*register_keras_serializable.*get_config.*Received"):
        check_saved_layer(operation)


@pytest.mark.parametrize("name", KEPT)
def test_layer_that_can_be_loaded_is_none_the_worse(name: str, register: Callable[[Make], Operation]) -> None:
    check_saved_layer(register(KEPT[name]))


def test_layers_of_ours_and_of_keras_are_no_user_s() -> None:
    assert not any(map(is_of_user, (Operation("dense", units=2), Operation("sfc"), Operation("input"))))
