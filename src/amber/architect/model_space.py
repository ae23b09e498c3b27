"""What may be built: ordered layers, each with its candidate operations.

What may be changed here: how spaces are edited and stored. The order of tokens lives in `token_layout`.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import yaml

from amber.architect.operation import Operation
from amber.architect.places import at_candidate
from amber.architect.read_only import ReadOnlyList
from amber.display import html_table
from amber.errors import ModelSpaceError
from amber.files import limits
from amber.files.bounded_yaml import parse_yaml_text
from amber.files.strict_json import parse_json
from amber.types import JsonObject
from amber.wording import shown


class ModelSpace:
    """An ordered map from layer index to candidate operations.

    Candidates are handed out as copies, which refuse to be edited; `add_layer`, `add_state` and `delete_state` change a
    space.

    Args:
        **ignored: accepted for compatibility and not used.

    Example:
        >>> space = ModelSpace.from_dict([[{"Layer_type": "dense", "units": 3}], [{"Layer_type": "identity"}]])
        >>> str(space)
        'StateSpace with 2 layers and 1 total combinations'
    """

    def __init__(self, **ignored: object) -> None:
        self._layers: dict[int, tuple[Operation, ...]] = {}

    def add_layer(self, layer_id: int, ops: Iterable[Operation] | None = None) -> bool:
        """Set the candidates of a layer, replacing what was there.

        Returns:
            Whether the layers are now numbered 0, 1, ... without a hole.

        Raises:
            ModelSpaceError: `layer_id` is not a non-negative integer, or a candidate is not an Operation.
        """
        index = _check_layer_id(layer_id)
        self._layers[index] = tuple(_check_operation(op, index, k) for k, op in enumerate(ops or ()))
        return self._is_dense()

    def add_state(self, layer_id: int, op: Operation) -> None:
        """Append one candidate to a layer that exists."""
        index = self._resolve(layer_id)
        self._layers[index] += (_check_operation(op, index, len(self._layers[index])),)

    def delete_state(self, layer_id: int, idx: int) -> None:
        """Remove candidate `idx` of a layer."""
        index = self._resolve(layer_id)
        candidates = list(self._layers[index])
        if not -len(candidates) <= idx < len(candidates):
            raise ModelSpaceError(f"Layer {index} has candidates 0 to {len(candidates) - 1}. Received: idx={idx!r}")
        del candidates[idx]
        self._layers[index] = tuple(candidates)

    def delete_layer(self, layer_id: int) -> bool:
        """Remove a layer; later layers move up by one, so no hole is left. Returns True."""
        index = self._resolve(layer_id)
        remaining = [ops for key, ops in sorted(self._layers.items()) if key != index]
        self._layers = dict(enumerate(remaining))
        return True

    @property
    def layers(self) -> tuple[tuple[Operation, ...], ...]:
        """All layers in order, each a tuple of candidates."""
        return tuple(ops for _, ops in sorted(self._layers.items()))

    def validate(self) -> None:
        """Check that the space names at least one network.

        Raises:
            ModelSpaceError: no layers, a hole in their numbers, or a layer without candidates.
        """
        if not self._layers:
            raise ModelSpaceError("A model space needs at least one layer. Received: 0 layers")
        if not self._is_dense():
            raise ModelSpaceError(
                f"Layers must be numbered 0 to {len(self) - 1} without a hole. Received: {sorted(self._layers)}"
            )
        for index, candidates in sorted(self._layers.items()):
            if not candidates:
                raise ModelSpaceError(f"Layer {index} has no candidates; expected at least one operation. Received: []")

    def get_space_size(self) -> int:
        """Return the product of the candidate counts (connections are not counted)."""
        return math.prod(len(candidates) for candidates in self._layers.values())

    def get_random_model_states(self, seed: int | np.random.Generator | None = None) -> list[Operation]:
        """Return one random candidate per layer.

        Args:
            seed: an integer or a NumPy generator; None: others each time.
        """
        self.validate()
        rng = np.random.default_rng(seed)
        return [candidates[int(rng.integers(len(candidates)))] for candidates in self.layers]

    def describe(self) -> str:
        """Return the space as text: each layer, then its candidates indented by two spaces."""
        lines: list[str] = []
        for index, candidates in sorted(self._layers.items()):
            lines.append(f"Layer {index}")
            lines.extend(f"  {operation}" for operation in candidates)
            lines.append("-" * 10)
        return "\n".join(lines)

    def print_state_space(self) -> None:
        """Print what `describe` returns."""
        sys.stdout.write(f"{self.describe()}\n")

    def _repr_html_(self) -> str:
        """Return the space as a table for notebooks."""
        rows = [(index, "; ".join(map(_in_words, candidates))) for index, candidates in sorted(self._layers.items())]
        return html_table(f"Model space of {len(self)} layers", ("layer", "candidates"), rows)

    def to_dict(self) -> list[list[JsonObject]]:
        """Return a list of layers, each a list of operation dictionaries, ready for JSON."""
        return [[operation.to_dict() for operation in candidates] for candidates in self.layers]

    @classmethod
    def from_dict(cls, description: Sequence[object] | Mapping[int, object] | Mapping[str, object]) -> ModelSpace:
        """Make a space of a list of layers (or a dictionary from layer index to layer).

        Args:
            description: each layer a list of operations, or of dictionaries with a `Layer_type` key.

        Raises:
            ModelSpaceError: names the layer and candidate that cannot be read.
        """
        space = ModelSpace()
        layers = _numbered_layers(description)
        check_size(len(layers), sum(len(each) for _, each in layers if isinstance(each, Sequence)))
        for index, candidates in layers:
            if isinstance(candidates, (str, bytes, Mapping)) or not isinstance(candidates, Iterable):
                raise ModelSpaceError(f"Layer {index} must be a list of operations. Received: {shown(candidates)}")
            operations = []
            for position, candidate in enumerate(candidates):
                with at_candidate(index, position):
                    operations.append(candidate if isinstance(candidate, Operation) else Operation.from_dict(candidate))
            space.add_layer(index, operations)
        return space

    def to_json(self) -> str:
        """Return the space as JSON text."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_json(cls, text: str) -> ModelSpace:
        """Read what `to_json` wrote."""
        return cls.from_dict(parse_json(text, what="a model space", error=ModelSpaceError))

    def to_yaml(self) -> str:
        """Return the space as YAML text."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, default_flow_style=None)

    @classmethod
    def from_yaml(cls, text: str) -> ModelSpace:
        """Read what `to_yaml` wrote, or the same by hand."""
        return cls.from_dict(parse_yaml_text(text, source="", error=ModelSpaceError)[0])

    def __len__(self) -> int:
        return len(self._layers)

    def __iter__(self) -> Iterator[list[Operation]]:
        return (self[layer] for layer in sorted(self._layers))

    def __getitem__(self, layer_id: int) -> list[Operation]:
        index = self._resolve(layer_id)
        return ReadOnlyList(
            self._layers[index],
            f"use space.add_state({index}, op), space.delete_state({index}, position) or space[{index}] = ops",
        )

    def __setitem__(self, layer_id: int, ops: Iterable[Operation]) -> None:
        self.add_layer(layer_id, ops)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ModelSpace):
            return NotImplemented
        return self._layers == other._layers

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        return f"StateSpace with {len(self)} layers and {self.get_space_size()} total combinations"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({[list(candidates) for candidates in self.layers]!r})"

    def _is_dense(self) -> bool:
        return bool(self._layers) and len(self._layers) - 1 == max(self._layers)

    def _resolve(self, layer_id: int) -> int:
        index = _as_integer(layer_id)
        if index is not None and index < 0:
            index += len(self._layers)
        if index is None or index not in self._layers:
            raise LayerIndexError(
                f"layer_id out of range: the layers are {sorted(self._layers)}. Received: {layer_id!r}"
            )
        return index


def check_size(layers: int, candidates: int) -> None:
    """Check how large a space is that somebody else may have written.

    Raises:
        ModelSpaceError: more layers, or more candidates in all of them, than `amber.files.limits` allows.
    """
    for count, limit, what in ((layers, limits.LAYERS, "layers"), (candidates, limits.CANDIDATES, "candidates")):
        if count > limit:
            raise ModelSpaceError(f"A model space may have at most {limit:,} {what}. Received: {count:,}")


class LayerIndexError(ModelSpaceError, IndexError):
    """A layer that the space does not have; an IndexError, so that iteration by index ends."""


def _numbered_layers(description: object) -> list[tuple[int, object]]:
    if isinstance(description, Mapping):
        try:
            return sorted(((int(key), value) for key, value in description.items()), key=lambda pair: pair[0])
        except (TypeError, ValueError) as error:
            raise ModelSpaceError(
                f"The keys of a space must be layer indices. Received: {shown(list(description))}"
            ) from error
    if isinstance(description, (str, bytes)) or not isinstance(description, Sequence):
        raise ModelSpaceError(
            f"A model space must be a list of layers or a dictionary of them. Received: {shown(description)}"
        )
    return list(enumerate(description))


def _as_integer(value: object) -> int | None:
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        return None
    return int(value)


def _check_layer_id(layer_id: object) -> int:
    index = _as_integer(layer_id)
    if index is None or index < 0:
        raise ModelSpaceError(f"layer_id must be a non-negative integer. Received: {layer_id!r}")
    return index


def _check_operation(candidate: object, layer: int, position: int) -> Operation:
    if not isinstance(candidate, Operation):
        raise ModelSpaceError(f"Layer {layer}, candidate {position} must be an Operation. Received: {candidate!r}")
    return candidate


def _in_words(operation: Operation) -> str:
    """Return an operation as a table shows it, such as `conv1d (filters 8, kernel_size 4)`."""
    inside = ", ".join(f"{name} {value}" for name, value in operation.Layer_attributes.items())
    return f"{operation.Layer_type} ({inside})" if inside else operation.Layer_type
