"""A callable without arguments that makes a layer, in the place of an operation."""

from __future__ import annotations

from collections.abc import Callable

import keras

from amber.architect import Operation
from amber.errors import ModelSpaceError
from amber.operations import OPERATIONS, register_operation

FACTORY_TYPE = "callable"


class LayerFactory:
    """A function that makes layers, as a value that an Operation can hold: equal to itself only, and never copied."""

    def __init__(self, make: Callable[[], keras.layers.Layer]) -> None:
        self.make = make

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LayerFactory) and self.make is other.make

    def __hash__(self) -> int:
        return id(self.make)

    def __deepcopy__(self, memo: dict[int, object]) -> LayerFactory:
        return self

    def __repr__(self) -> str:
        return repr(self.make)


def factory_operation(make: Callable[[], keras.layers.Layer]) -> Operation:
    """Return the operation whose layers a function makes; it cannot be written as JSON.

    Raises:
        ModelSpaceError: the function does not return a new Keras layer each time.
    """
    try:
        first, second = make(), make()
    except Exception as error:  # the function is the user's, and may raise anything
        raise ModelSpaceError(f"The callable {make!r} must return a layer. Received: {error!r}") from error
    if not isinstance(first, keras.layers.Layer) or first is second:
        received = "the same layer twice" if isinstance(first, keras.layers.Layer) else repr(first)
        raise ModelSpaceError(f"The callable {make!r} must return a new Keras layer each time. Received: {received}")
    return Operation(FACTORY_TYPE, function=LayerFactory(make))


def _make(function: LayerFactory, name: str | None = None) -> keras.layers.Layer:
    layer = function.make()
    if name is not None:
        # Layers that were given no name are numbered by Keras over all networks; in a network, its node names it.
        layer.name = name
    return layer


if FACTORY_TYPE not in OPERATIONS:
    register_operation(FACTORY_TYPE, _make, required=("function",))
