"""Examples as a flat list of arrays in the order of a network's inputs, and back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import keras
import numpy as np

from amber.errors import DataError
from amber.types import Array, Inputs
from amber.wording import shown

Given: TypeAlias = Inputs | Sequence[Array]
"""Examples of a network: one array, a dictionary by name of input, or a list in the order of inputs."""


@dataclass(frozen=True)
class Examples:
    """Examples of a network.

    Attributes:
        arrays: float32, one for each input of the network, in its order; examples along the first axis.
        names: the names of the inputs.
        form: how the caller gave them, and gets results: `one`, `named` or `list`.
    """

    arrays: tuple[Array, ...]
    names: tuple[str, ...]
    form: str

    def __len__(self) -> int:
        return len(self.arrays[0])

    def packed(self, arrays: Sequence[Array]) -> Any:
        """Return arrays, one for each input, in the form in which the examples were given."""
        if self.form == "named":
            return dict(zip(self.names, arrays, strict=True))
        return arrays[0] if self.form == "one" else list(arrays)

    def replace(self, arrays: Sequence[Array]) -> Examples:
        """Return other examples in the same form."""
        return Examples(tuple(arrays), self.names, self.form)


def read_examples(model: keras.Model, given: Given) -> Examples:
    """Return examples in the order of a model's inputs.

    Raises:
        DataError: arrays that do not fit the inputs of the model, values that are not finite numbers, or no examples.
    """
    names = tuple(tensor.name for tensor in model.inputs)
    arrays: list[Any]
    if isinstance(given, Mapping):
        if set(given) != set(names):
            raise DataError(f"The inputs are {', '.join(map(repr, names))}. Received: {', '.join(map(repr, given))}")
        form, arrays = "named", [given[name] for name in names]
    elif isinstance(given, (list, tuple)):
        form, arrays = "list", list(given)
    else:
        form, arrays = "one", [given]
    if len(arrays) != len(names):
        raise DataError(f"Expected one array for each of {len(names)} inputs. Received: {len(arrays)}")
    read = [_read(array, tensor, name) for array, tensor, name in zip(arrays, model.inputs, names, strict=True)]
    if len({len(array) for array in read}) != 1 or not len(read[0]):
        raise DataError(f"Expected as many examples in each input, at least 1. Received: {[len(a) for a in read]}")
    return Examples(tuple(read), names, form)


def _read(array: Array, tensor: keras.KerasTensor, name: str) -> Array:
    try:
        read = np.asarray(array, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Input '{name}' must be an array of numbers; what `amber.load` returns explains sequences as text. "
            f"Received: {shown(array)}"
        ) from error
    shape = tuple(tensor.shape[1:])
    fits = read.ndim == len(shape) + 1 and all(
        want is None or have == want for have, want in zip(read.shape[1:], shape, strict=True)
    )
    if not fits:
        raise DataError(f"Input '{name}' must have the shape (examples, *{shape}). Received: {read.shape}")
    if not np.isfinite(read).all():
        raise DataError(f"Input '{name}' must hold finite numbers. Received: NaN or infinity")
    return read


def is_sequence(array: Array) -> bool:
    """Say whether an array has the shape of one-hot nucleotide sequences: (examples, length, 4)."""
    return array.ndim == 3 and array.shape[-1] == 4


def check_sequences(examples: Examples, setting: str) -> None:
    """Check that at least one input holds nucleotide sequences.

    Raises:
        DataError: none does; names the setting that needs them.
    """
    if not any(map(is_sequence, examples.arrays)):
        shapes = {name: array.shape[1:] for name, array in zip(examples.names, examples.arrays, strict=True)}
        raise DataError(
            f"`{setting}` needs one-hot sequences of the shape (length, 4). Numbers are explained without it: by "
            f"`deep_lift`, against `zeros` or `mean`. Received: {shapes}"
        )


def reverse_complement(arrays: Sequence[Array]) -> list[Array]:
    """Return sequences turned round along positions and channels (A-T, C-G in the order ACGT); other arrays as is."""
    return [array[:, ::-1, ::-1] if is_sequence(array) else array for array in arrays]
