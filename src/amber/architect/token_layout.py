"""The grammar of `arc_seq`: the only place that knows the order of tokens.

Layer-major: `[op] [input bits] [skip bits from earlier layers]` for each layer, then, output-major, one bit
per layer for each output block. Every sampler drives every builder through this class.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from amber.architect.architecture import Architecture
from amber.architect.model_space import ModelSpace
from amber.architect.places import TokenPlace
from amber.errors import ArchitectureError, ModelSpaceError
from amber.files import limits
from amber.types import Tokens
from amber.wording import shown


class TokenLayout:
    """Name, range and order of every token for one builder.

    | family | arguments |
    |---|---|
    | sequential, branched, convolutional supernet without skips | `with_skips=False` |
    | residual CNN, convolutional supernet | (defaults) |
    | DAG family | `num_inputs=I` if input blocks, `with_skips` |
    | feed-forward supernet | the same, `num_outputs=O` if output blocks |
    | multi-input/multi-output | `num_inputs=I`, `num_outputs=O` |

    Args:
        model_space: the space, or the number of candidates of each layer.
        num_inputs: I, input blocks that each layer may choose (0: no input tokens).
        with_skips: whether each layer may choose among all earlier layers.
        num_outputs: O, output blocks that choose layers (0: no output tokens).

    Attributes:
        places: what each token chooses, in order.

    Raises:
        ModelSpaceError: a space without layers, or a layer without candidates.
    """

    def __init__(
        self,
        model_space: ModelSpace | Sequence[int],
        *,
        num_inputs: int = 0,
        with_skips: bool = True,
        num_outputs: int = 0,
    ) -> None:
        self.candidates: tuple[int, ...] = _candidate_counts(model_space)
        self.num_layers = len(self.candidates)
        self.num_inputs = _count(num_inputs, "num_inputs")
        self.num_outputs = _count(num_outputs, "num_outputs")
        self.with_skips = bool(with_skips)
        _check_length(self._length())
        self.places, self._sizes = self._lay_out()
        self._names = tuple(map(str, self.places))

    @property
    def names(self) -> list[str]:
        """Token names in order: `L3.op`, `L3.input.0`, `L3.skip.1`, `out0.L2`."""
        return list(self._names)

    @property
    def sizes(self) -> list[int]:
        """How many values each token may take, in order; tokens run from 0 to size - 1."""
        return list(self._sizes)

    def __len__(self) -> int:
        return len(self._names)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TokenLayout):
            return NotImplemented
        return self._names == other._names and self._sizes == other._sizes

    def __hash__(self) -> int:
        return hash((self._names, self._sizes))

    def __repr__(self) -> str:
        return (
            f"TokenLayout({list(self.candidates)}, num_inputs={self.num_inputs}, "
            f"with_skips={self.with_skips}, num_outputs={self.num_outputs})"
        )

    def validate(self, arc_seq: object) -> tuple[int, ...]:
        """Check tokens and return them as plain integers.

        Args:
            arc_seq: a list, tuple or one-dimensional array of integers.

        Raises:
            ArchitectureError: wrong length, a token that is not an integer (bool, float, nested list), or one
                out of range: says position, token name, allowed range and what was received.
        """
        tokens = _as_list(arc_seq)
        if len(tokens) != len(self._names):
            raise ArchitectureError(
                f"An architecture of this layout has {len(self)} tokens ({self._summary()}). "
                f"Received: {len(tokens)} tokens"
            )
        if all([type(token) is int and 0 <= token < size for token, size in zip(tokens, self._sizes, strict=True)]):
            return tuple(tokens)
        return tuple(
            _check_token(token, position, self._names[position], self._sizes[position])
            for position, token in enumerate(tokens)
        )

    def sample(self, rng: np.random.Generator | int) -> tuple[int, ...]:
        """Draw every token uniformly from its range.

        Args:
            rng: a NumPy generator, or an integer seed.
        """
        generator = np.random.default_rng(rng)
        return tuple(int(token) for token in generator.integers(0, self._sizes))

    def decode(self, arc_seq: Tokens) -> Architecture:
        """Return what the tokens say; raises ArchitectureError like `validate`."""
        tokens = self.validate(arc_seq)
        operations, inputs, skips = [], [], []
        position = 0
        for layer in range(self.num_layers):
            operations.append(tokens[position])
            position += 1
            inputs.append(tokens[position : position + self.num_inputs])
            position += self.num_inputs
            width = layer if self.with_skips else 0
            skips.append(tokens[position : position + width])
            position += width
        outputs = [
            tokens[position + k * self.num_layers : position + (k + 1) * self.num_layers]
            for k in range(self.num_outputs)
        ]
        return Architecture(tuple(operations), tuple(inputs), tuple(skips), tuple(outputs))

    def encode(self, architecture: Architecture) -> tuple[int, ...]:
        """The inverse of `decode`.

        Raises:
            ArchitectureError: a row is missing or has the wrong length, or a token is out of range.
        """
        layers = self.num_layers
        inputs = architecture.inputs or ((),) * layers
        skips = architecture.skips or ((),) * layers
        _check_rows("operations", [architecture.operations], [layers])
        _check_rows("inputs", inputs, [self.num_inputs] * layers)
        _check_rows("skips", skips, [layer if self.with_skips else 0 for layer in range(layers)])
        _check_rows("outputs", architecture.outputs, [layers] * self.num_outputs)
        tokens: list[Any] = []
        for layer in range(layers):
            tokens += [architecture.operations[layer], *inputs[layer], *skips[layer]]
        for row in architecture.outputs:
            tokens += list(row)
        return self.validate(tokens)

    def _length(self) -> int:
        skips = self.num_layers * (self.num_layers - 1) // 2 if self.with_skips else 0
        return self.num_layers * (1 + self.num_inputs + self.num_outputs) + skips

    def _lay_out(self) -> tuple[tuple[TokenPlace, ...], tuple[int, ...]]:
        places: list[TokenPlace] = []
        sizes: list[int] = []
        for layer, count in enumerate(self.candidates):
            places.append(TokenPlace("op", layer))
            sizes.append(count)
            places += [TokenPlace("input", layer, block) for block in range(self.num_inputs)]
            sizes += [2] * self.num_inputs
            if self.with_skips:
                places += [TokenPlace("skip", layer, earlier) for earlier in range(layer)]
                sizes += [2] * layer
        for output in range(self.num_outputs):
            places += [TokenPlace("out", layer, output) for layer in range(self.num_layers)]
            sizes += [2] * self.num_layers
        return tuple(places), tuple(sizes)

    def _summary(self) -> str:
        parts = [f"{self.num_layers} operations"]
        if self.num_inputs:
            parts.append(f"{self.num_layers}x{self.num_inputs} input bits")
        if self.with_skips:
            parts.append(f"{self.num_layers * (self.num_layers - 1) // 2} skip bits")
        if self.num_outputs:
            parts.append(f"{self.num_outputs}x{self.num_layers} output bits")
        return ", ".join(parts)


def _candidate_counts(model_space: ModelSpace | Sequence[int]) -> tuple[int, ...]:
    if isinstance(model_space, ModelSpace):
        model_space.validate()
        return tuple(len(candidates) for candidates in model_space.layers)
    counts = tuple(_count(count, "candidates of a layer") for count in model_space)
    if not counts or min(counts) < 1:
        raise ModelSpaceError(
            f"A layout needs at least one layer with at least one candidate each. Received: {list(counts)}"
        )
    return counts


def _count(value: object, name: str) -> int:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)) or value < 0:
        raise ModelSpaceError(f"{name} must be a non-negative integer. Received: {value!r}")
    return int(value)


def _check_length(tokens: int) -> None:
    if tokens > limits.TOKENS:
        raise ModelSpaceError(
            f"An architecture may have at most {limits.TOKENS:,} tokens, with those of skip connections, inputs and "
            f"outputs. Received: {tokens:,}"
        )


def _as_list(arc_seq: object) -> list[Any]:
    if isinstance(arc_seq, np.ndarray):
        if arc_seq.ndim != 1:
            raise ArchitectureError(
                f"An architecture must be one-dimensional. Received: an array of shape {arc_seq.shape}"
            )
        return list(arc_seq)
    if isinstance(arc_seq, (list, tuple, range)):
        return list(arc_seq)
    raise ArchitectureError(
        f"An architecture must be a list, tuple or one-dimensional array of integers. Received: {shown(arc_seq)}"
    )


def _check_token(token: object, position: int, name: str, size: int) -> int:
    if isinstance(token, (int, np.integer)) and not isinstance(token, bool) and 0 <= token < size:
        return int(token)
    raise ArchitectureError(
        f"Token {position} ({name}) must be an integer from 0 to {size - 1}. Received: {shown(token)}"
    )


def _check_rows(field: str, rows: Sequence[Sequence[int]], widths: list[int]) -> None:
    received = [len(row) for row in rows]
    if received != widths:
        raise ArchitectureError(f"Architecture.{field} must have rows of lengths {widths}. Received: {received}")
