"""Structured views of token lists: faces of TokenLayout under the names users know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from amber.architect import Architecture, ModelSpace, TokenLayout
from amber.display import PlainRepr
from amber.errors import ArchitectureError, ModelSpaceError
from amber.types import Array, Tokens


class ResConvNetArchitecture(PlainRepr):
    """Tokens of a residual CNN: one operation per layer, and skips from all earlier layers.

    Args:
        model_space: the space, or the number of candidates of each layer.
    """

    def __init__(self, model_space: ModelSpace | Sequence[int]) -> None:
        self.model_space = model_space
        self.layout = TokenLayout(model_space)

    def decode(self, arc_seq: Tokens) -> tuple[list[int], list[list[int]]]:
        """Return the operations, length L, and the skip bits of layers 1 to L-1.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        architecture = self.layout.decode(arc_seq)
        return list(architecture.operations), [list(bits) for bits in architecture.skips[1:]]

    def encode(self, operations: Sequence[int], res_con: Sequence[Sequence[int]]) -> list[int]:
        """The inverse of `decode`; neither argument is changed."""
        skips = ((), *(tuple(bits) for bits in res_con))
        inputs = ((),) * len(operations)
        return list(self.layout.encode(Architecture(tuple(operations), inputs, skips)))

    def sample(self, seed: int | np.random.Generator) -> list[int]:
        """Draw operations and skips uniformly.

        Args:
            seed: an integer or a NumPy generator.
        """
        return list(self.layout.sample(np.random.default_rng(seed)))


class MultiIOArchitecture(PlainRepr):
    """Tokens of a multi-input/multi-output network.

    Args:
        num_layers: the number of layers (then operation tokens are only checked to be non-negative), or the space.
        num_inputs: I, input blocks; may be 0.
        num_outputs: O, output blocks; may be 0.
        model_space: the same as `num_layers`, under the name it has where it is a space.

    Raises:
        ModelSpaceError: both `num_layers` and `model_space`, or neither.
    """

    def __init__(
        self,
        num_layers: ModelSpace | Sequence[int] | int | None = None,
        num_inputs: int = 0,
        num_outputs: int = 0,
        *,
        model_space: ModelSpace | Sequence[int] | int | None = None,
    ) -> None:
        if (num_layers is None) == (model_space is None):
            both = "both" if model_space is not None else "neither"
            raise ModelSpaceError(f"Give num_layers (a number, or the model space) or model_space. Received: {both}")
        space: Any = num_layers if model_space is None else model_space
        self.model_space = space
        if isinstance(space, (int, np.integer)):
            if space < 1:
                raise ModelSpaceError(f"A network needs at least one layer. Received: {space}")
            space = [_ANY_TOKEN] * int(space)
        self.layout = TokenLayout(space, num_inputs=num_inputs, num_outputs=num_outputs)
        self.num_inputs, self.num_outputs = num_inputs, num_outputs

    @property
    def num_layers(self) -> int:
        """L, the number of layers."""
        return self.layout.num_layers

    def decode(self, arc_seq: Tokens) -> tuple[list[int], np.ndarray, list[list[int]], np.ndarray]:
        """Return operations (L), inputs (L, I), skips of layers 1 to L-1, and outputs (O, L).

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        found = self.layout.decode(arc_seq)
        layers = self.num_layers
        return (
            list(found.operations),
            np.array(found.inputs, dtype=int).reshape(layers, self.num_inputs),
            [list(bits) for bits in found.skips[1:]],
            np.array(found.outputs, dtype=int).reshape(self.num_outputs, layers),
        )

    def encode(
        self,
        operations: Sequence[int],
        inputs: Sequence[Sequence[int]] | Array,
        skips: Sequence[Sequence[int]],
        outputs: Sequence[Sequence[int]] | Array,
    ) -> list[int]:
        """The inverse of `decode`; no argument is changed."""
        architecture = Architecture(
            tuple(operations),
            tuple(tuple(row) for row in np.asarray(inputs).reshape(self.num_layers, self.num_inputs).tolist()),
            ((), *(tuple(bits) for bits in skips)),
            tuple(tuple(row) for row in np.asarray(outputs).reshape(self.num_outputs, self.num_layers).tolist()),
        )
        return list(self.layout.encode(architecture))

    def sample(self, seed: int | np.random.Generator) -> list[int]:
        """Draw an architecture in which each input goes to one layer and each output reads one layer.

        Args:
            seed: an integer or a NumPy generator.

        Raises:
            ArchitectureError: made from a number of layers only, so the candidates are not known.
        """
        if self.layout.candidates[0] == _ANY_TOKEN:
            raise ArchitectureError("Sampling needs the candidates of each layer: pass the model space.")
        rng = np.random.default_rng(seed)
        found = self.layout.decode(self.layout.sample(rng))
        layers = self.num_layers
        inputs = np.zeros((layers, self.num_inputs), dtype=int)
        inputs[rng.integers(layers, size=self.num_inputs), np.arange(self.num_inputs)] = 1
        outputs = np.zeros((self.num_outputs, layers), dtype=int)
        outputs[np.arange(self.num_outputs), rng.integers(layers, size=self.num_outputs)] = 1
        return self.encode(list(found.operations), inputs, found.skips[1:], outputs)


_ANY_TOKEN = 2**31 - 1

DECODERS = {"ResConvNetArchitecture": ResConvNetArchitecture, "MultiIOArchitecture": MultiIOArchitecture}


def get_decoder(decoder: object) -> Any:
    """Return a decoder class by name, or the callable given.

    Raises:
        ModelSpaceError: an unknown name; lists the known ones.
    """
    if callable(decoder):
        return decoder
    if decoder in DECODERS:
        return DECODERS[decoder]
    raise ModelSpaceError(f"The decoder must be one of {', '.join(DECODERS)} or callable. Received: {decoder!r}")


__all__ = ["MultiIOArchitecture", "ResConvNetArchitecture", "get_decoder"]
