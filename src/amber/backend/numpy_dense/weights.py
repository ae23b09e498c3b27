"""Shared weights as arrays of NumPy, with what the optimizer keeps of them, for the time of an epoch.

Every layer has one array of shape (1 + slots, 1 + rows, width): its weights first, then the slots. The bias is the row
before the kernel's, so that a layer is one product with a row of ones before its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import keras
import numpy as np

from amber.backend.keras_internals.steps import slot
from amber.types import Array

if TYPE_CHECKING:
    from amber.backend.weight_slices import DenseSlice


class HeldWeights:
    """Copies of the variables of layers, read when a layer is first asked for, and written back together.

    Args:
        optimizer: built, with slots for the variables.
        slots: names of its slots.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, slots: tuple[str, ...]) -> None:
        self._optimizer, self._slots = optimizer, slots
        self._held: dict[int, tuple[DenseSlice, Array]] = {}

    def __call__(self, layer: DenseSlice) -> Array:
        """Return the array of a layer, shape (1 + slots, 1 + rows, width); what is written to it is kept."""
        held = self._held.get(layer.number)
        if held is None:
            held = self._held[layer.number] = layer, self._read(layer)
        return held[1]

    def write_back(self) -> None:
        """Write all arrays to their variables."""
        for layer, array in self._held.values():
            for number, (kernel, bias) in enumerate(self._variables(layer)):
                # The backend may keep the memory that it is given.
                kernel.assign(array[number, 1:].copy())
                bias.assign(array[number, 0].copy())

    def _read(self, layer: DenseSlice) -> Array:
        rows, width = layer.kernel.shape
        array = np.empty((1 + len(self._slots), 1 + rows, width), "float32")
        for number, (kernel, bias) in enumerate(self._variables(layer)):
            array[number, 1:] = keras.ops.convert_to_numpy(kernel)
            array[number, 0] = keras.ops.convert_to_numpy(bias)
        return array

    def _variables(self, layer: DenseSlice) -> Iterator[tuple[keras.Variable, keras.Variable]]:
        """Yield kernel and bias, then each slot of both."""
        yield layer.kernel, layer.bias
        for kind in self._slots:
            yield slot(self._optimizer, kind, layer.kernel), slot(self._optimizer, kind, layer.bias)


class Scratch:
    """Memory that is used again at every step, one piece for each name, and grows as it must."""

    def __init__(self) -> None:
        self._made: dict[str, Array] = {}

    def __call__(self, name: str, *shape: int) -> Array:
        """Return an array of a shape; its values are left from before."""
        count = 1
        for size in shape:
            count *= size
        made = self._made.get(name)
        if made is None or made.size < count:
            made = self._made[name] = np.empty(count, "float32")
        return made[:count].reshape(shape)
