"""What decides the shape of a policy: its tokens, its sizes, its masks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, TypedDict

from amber.architect.token_layout import TokenLayout


class PolicyBlocks(TypedDict, total=False):
    """The fields of `PolicySpec` that a kind of controller adds: its input and output blocks, its description."""

    num_inputs: int
    unique_inputs: bool
    num_outputs: int
    unique_outputs: bool
    description_length: int
    description_units: int
    description_activation: str


@dataclass(frozen=True)
class PolicySpec:
    """A policy without its weights. Made by the controllers, which check the values.

    Attributes:
        candidates: operations to choose from, per layer.
        num_inputs: input blocks; 0: no input tokens.
        with_skips: whether layers choose among earlier ones.
        num_outputs: output blocks; 0: no output tokens.
        lstm_size: units of every LSTM layer.
        lstm_layers: how many of them.
        temperature: divides logits; None: 1.
        tanh_constant: logits are squashed to this bound; None: not squashed.
        unique_skips: a layer may be the source of one skip only.
        unique_inputs: an input block is closed once used, and every one is used in the end.
        unique_outputs: an output block reads exactly one layer.
        embedding_owner: per layer the layer whose embedding it uses (itself unless shared).
        description_length: size of the vector that describes the data set; 0: the policy is not conditioned.
        description_units: of the hidden layer over it; 0: no hidden layer.
        description_activation: of the hidden layer.
    """

    candidates: tuple[int, ...]
    num_inputs: int = 0
    with_skips: bool = True
    num_outputs: int = 0
    lstm_size: int = 32
    lstm_layers: int = 2
    temperature: float | None = None
    tanh_constant: float | None = None
    unique_skips: bool = False
    unique_inputs: bool = False
    unique_outputs: bool = False
    embedding_owner: tuple[int, ...] = ()
    description_length: int = 0
    description_units: int = 0
    description_activation: str = "linear"

    @property
    def num_layers(self) -> int:
        """How many layers the space has."""
        return len(self.candidates)

    @property
    def layout(self) -> TokenLayout:
        """The tokens that the policy chooses."""
        return TokenLayout(
            self.candidates,
            num_inputs=self.num_inputs,
            with_skips=self.with_skips,
            num_outputs=self.num_outputs,
        )

    def weight_shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every weight by name, in a fixed order."""
        size = self.lstm_size
        shapes: dict[str, tuple[int, ...]] = {f"lstm_{i}": (2 * size, 4 * size) for i in range(self.lstm_layers)}
        shapes.update(self._first_input_shapes())
        for layer, count in enumerate(self.candidates):
            if self.embedding_owner[layer] == layer:
                shapes[f"embedding_{layer}"] = (count, size)
                shapes[f"softmax_{layer}"] = (size, count)
        if self.num_inputs:
            shapes["input_embedding"] = (self.num_inputs, size)
            shapes["input_softmax"] = (size, self.num_inputs)
        if self.with_skips:
            shapes.update(attention_anchor=(size, size), attention_query=(size, size), attention_v=(size, 1))
        if self.num_outputs:
            shapes["output_softmax"] = (size, self.num_outputs)
        return shapes

    def to_dict(self) -> dict[str, object]:
        """Return a JSON-ready dictionary."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> PolicySpec:
        """The inverse of `to_dict`."""
        arguments: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in values.items()
        }
        return cls(**arguments)

    def _first_input_shapes(self) -> dict[str, tuple[int, ...]]:
        size, units = self.lstm_size, self.description_units
        if not self.description_length:
            return {"start": (1, size)}
        shapes: dict[str, tuple[int, ...]] = {}
        if units:
            shapes["description_hidden_kernel"] = (self.description_length, units)
            shapes["description_hidden_bias"] = (units,)
        shapes["description_kernel"] = (units or self.description_length, size)
        shapes["description_bias"] = (size,)
        return shapes
