"""Shared weights as arrays of NumPy, with what the optimizer keeps of them, for the time of an epoch.

Every layer has one array of shape (1 + slots, 1 + rows, width): its weights first, then the slots. The bias is the row
before the kernel's, so that a layer is one product with a row of ones before its inputs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        optimizer: built for the variables.
        slots: names of its slots.
        trained: the variables. A kernel that is not among them, as its layer reads nothing of it, is left alone.
    """

    def __init__(
        self, optimizer: keras.optimizers.Optimizer, slots: tuple[str, ...], trained: Sequence[keras.Variable]
    ) -> None:
        self._optimizer, self._slots = optimizer, slots
        self._trained = {id(variable) for variable in trained}
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
            for variable, part in self._parts(layer, array):
                # The backend may keep the memory that it is given.
                variable.assign(part.copy())

    def _read(self, layer: DenseSlice) -> Array:
        rows, width = layer.kernel.shape
        array = np.zeros((1 + len(self._slots), 1 + rows, width), "float32")
        for variable, part in self._parts(layer, array):
            part[...] = keras.ops.convert_to_numpy(variable)
        return array

    def _parts(self, layer: DenseSlice, array: Array) -> Iterator[tuple[keras.Variable, Array]]:
        """Yield bias and kernel, then each slot of both, each with its part of an array."""
        for variable, rows in ((layer.bias, 0), (layer.kernel, slice(1, None))):
            if id(variable) in self._trained:
                yield variable, array[0, rows]
                for number, kind in enumerate(self._slots, 1):
                    yield slot(self._optimizer, kind, variable), array[number, rows]


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
