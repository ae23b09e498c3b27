"""The base of supernets: one set of shared weights, of which each architecture uses a part.

A family states as typed data what an architecture takes of the shared weights (`take`), and reads that statement to
compute it (`run`), to compute it when the tokens are a tensor (`run_selected`, for backends that compile), and to draw
it as a graph (`plan`). Everything else - children, extraction, saving - is written once, on these.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import keras
import numpy as np
from keras import ops

from amber.architect import TokenLayout
from amber.backend.step_wrappers import compiles
from amber.checks import settings_or_default, split_settings
from amber.errors import ConfigError, DataError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.supernet.extraction import standalone
from amber.supernet.settings import SupernetSettings
from amber.supernet.store import load_weights, read_supernet, save_supernet
from amber.types import Shape, Tensor, TensorTree, Tokens


class Design(Protocol):
    """The checked description of a supernet."""

    @property
    def layout(self) -> TokenLayout:
        """The grammar of the tokens."""

    @property
    def input_shapes(self) -> Mapping[str, tuple[int | None, ...]]:
        """Shape of each input block without the batch axis, by name."""

    @property
    def output_widths(self) -> Mapping[str, int]:
        """Units of each output, by name."""


class Supernet(keras.layers.Layer):
    """Base class of the families of supernets.

    Attributes:
        design: what it is made by.
        settings: as given, or the defaults.
        feature_model: FeatureBlocks that make the blocks from raw data, or None.
        scores_by_data: whether fixed children are scored by one model that takes tokens as data.
    """

    design: Design
    # Without a default: on torch one of the class would hide the layer that an instance is given.
    feature_model: Any
    scores_by_data = compiles()
    settings_class: type[SupernetSettings] = SupernetSettings

    def __init__(self, settings: SupernetSettings | None = None, **base: Any) -> None:
        chosen: Any = settings_or_default(settings, self.settings_class, base, type(self).__name__)
        super().__init__(**base)
        self.settings = chosen

    def get_config(self) -> dict[str, object]:
        """Return the settings and the arguments of the layer in one flat dictionary."""
        return {**super().get_config(), **asdict(self.settings)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:
        """Make a supernet of what `get_config` returned."""
        settings, others = split_settings(cls.settings_class, config)
        if others.get("feature_model"):
            others["feature_model"] = keras.saving.deserialize_keras_object(others["feature_model"])
        return cls(**others, settings=settings)

    @property
    def penalises(self) -> bool:
        """Whether large weights are penalised."""
        return bool(self.settings.l1_reg or self.settings.l2_reg)

    @property
    def layout(self) -> TokenLayout:
        """The grammar of the tokens."""
        return self.design.layout

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the input blocks."""
        return tuple(self.design.input_shapes)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        return tuple(self.design.output_widths)

    def plan(self, arc_seq: Tokens, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture; `dropouts` are the rates of its dropout layers, in order."""
        raise NotImplementedError(f"{type(self).__name__} does not define plan().")

    def take(self, arc_seq: Tokens, dropouts: Sequence[float]) -> Any:
        """Return the part of the shared weights that an architecture uses, without layers that no output reads.

        Args:
            arc_seq: tokens of `layout`.
            dropouts: the rates of its dropout layers, in order.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define take().")

    @property
    def runs_sliced(self) -> bool:
        """Whether `take` returns a SlicedMLP that a backend may run by itself."""
        return False

    def run(self, taken: Any, inputs: Mapping[str, Any], training: Any, dropout: Sequence[Any]) -> list[Any]:
        """Compute the outputs of one architecture, running its operations only.

        Args:
            taken: what `take` returned.
            inputs: what `arrange` returned.
            training: whether batch statistics and dropout are used.
            dropout: the dropout layers in order, None for a rate of 0.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define run().")

    def variables_of(self, taken: Any) -> list[Any]:
        """Return the shared variables that an architecture reads."""
        raise NotImplementedError(f"{type(self).__name__} does not define variables_of().")

    def stock_layer(self, node: ComputationNode, input_shape: Shape) -> keras.layers.Layer:
        """Return a fresh stock layer for a node."""
        raise NotImplementedError(f"{type(self).__name__} does not define stock_layer().")

    def stock_weights(self, graph: ComputationGraph, taken: Any) -> dict[str, list[np.ndarray]]:
        """Return copies of the weights for the equivalent stock layers, by the names of a graph's nodes."""
        raise NotImplementedError(f"{type(self).__name__} does not define stock_weights().")

    def run_selected(
        self, arc: object, inputs: Mapping[str, object], training: object, dropout: Sequence[object]
    ) -> list[Any]:
        """Compute the outputs of the architecture that a tensor of tokens names.

        The tokens change only the values of tensors, so that one compiled function serves every architecture.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define run_selected().")

    def penalty(self, arc: Tensor, sampled: bool, training: bool | Tensor | None) -> Tensor | None:
        """Return the weight penalty added to the loss, a scalar, or None where there is none."""
        raise NotImplementedError(f"{type(self).__name__} does not define penalty().")

    def dropout_rates(self) -> list[float]:
        """Return the default rates of the dropout layers of a child."""
        raise NotImplementedError(f"{type(self).__name__} does not define dropout_rates().")

    def check_dropouts(self, rates: object) -> list[float]:
        """Return the rates of the dropout layers of a child, checked.

        Raises:
            ConfigError: another number of rates, or a rate outside 0 <= rate < 1.
        """
        count = len(self.dropout_rates())
        try:
            values = [float(rate) for rate in rates]  # type: ignore[attr-defined]
        except (TypeError, ValueError):
            values = []
        if len(values) != count or not all(0 <= rate < 1 for rate in values):
            raise ConfigError(f"dropouts must be {count} rates, at least 0 and below 1. Received: {rates!r}")
        return values

    def arrange(self, inputs: Any, training: Any = False) -> dict[str, Any]:
        """Return a tensor per input block, from a list or a dictionary of blocks, one array, or raw data.

        Raises:
            DataError: data of another shape.
        """
        if self.feature_model is not None:
            self.feature_model.check_data(inputs)
            return dict(self.feature_model(inputs, training=training))
        blocks = self._by_name(inputs)
        for name, shape in self.design.input_shapes.items():
            check_features(blocks[name].shape[1:], shape, f"The input '{name}'")
        return blocks

    def check_data(self, inputs: object) -> None:
        """Check that arrays fit what a child reads; raise DataError where they do not."""
        if self.feature_model is not None:
            self.feature_model.check_data(inputs)
        else:
            self.arrange(inputs)

    def split(self, array: object) -> list[Any]:
        """Return the input blocks that one array holds."""
        return [array]

    def _by_name(self, inputs: TensorTree) -> dict[str, Any]:
        names = ", ".join(self.input_names)
        if isinstance(inputs, Mapping):
            if set(inputs) != set(self.input_names):
                raise DataError(f"The inputs are {names}. Received: {', '.join(map(str, inputs))}")
            return {name: inputs[name] for name in self.input_names}
        listed = list(inputs) if isinstance(inputs, (list, tuple)) else [inputs]
        listed = self.split(listed[0]) if len(listed) == 1 else listed
        if len(listed) != len(self.input_names):
            raise DataError(
                f"The data must hold {len(self.input_names)} inputs ({names}). Received: {len(listed)} of them"
            )
        return dict(zip(self.input_names, listed, strict=True))

    def input_tensors(self) -> list[keras.KerasTensor]:
        """Return the inputs of a child, as symbolic tensors."""
        if self.feature_model is not None:
            tensors: list[keras.KerasTensor] = self.feature_model.input_tensors()
            return tensors
        return [keras.KerasTensor((None, *shape), name=name) for name, shape in self.design.input_shapes.items()]

    def output_tensors(self) -> list[keras.KerasTensor]:
        """Return the outputs of a child, as symbolic tensors."""
        return [keras.KerasTensor((None, units), name=name) for name, units in self.design.output_widths.items()]

    def weight_penalty(self, kernels: Iterable[object]) -> Any:
        """Return l1_reg * sum|w| + l2_reg * sum(w^2) / 2 over kernels, a scalar."""
        total, l1, l2 = 0.0, self.settings.l1_reg, self.settings.l2_reg
        for kernel in kernels:
            total += l1 * ops.sum(ops.abs(kernel)) + l2 * ops.sum(ops.square(kernel)) / 2
        return total

    def extract(self, arc_seq: Tokens, name: str | None = None) -> keras.Model:
        """Return a standalone model of an architecture.

        It predicts what the supernet predicts for the architecture, and owns copies of its weights. It can be trained
        further, saved to `.keras`, exported to ONNX, and loaded where AMBER is not installed. It is not compiled.

        Args:
            arc_seq: tokens of `layout`.
            name: name of the model.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that describe no network.
        """
        rates = self.dropout_rates()
        graph = self.plan(arc_seq, rates).prune()
        weights = self.stock_weights(graph, self.take(arc_seq, rates))
        return standalone(graph, self.stock_layer, weights, self.feature_model, name)

    def save(self, path: str | Path) -> None:
        """Write the description and every weight to one HDF5 file."""
        save_supernet(self, path)

    def load(self, path: str | Path) -> Supernet:
        """Load every weight from a file that `save` wrote under any backend, and return the supernet itself.

        Raises:
            StorageError: no such file, or not one that `save` wrote.
            ConfigError: the file holds another supernet.
        """
        load_weights(self, path, Supernet)
        return self


def load_supernet(path: str | Path) -> Supernet:
    """Load a supernet, with its weights, from a file that `Supernet.save` wrote.

    Raises:
        StorageError: no such file, or not one that `save` wrote.
    """
    return read_supernet(path, Supernet)


def dropped(dropout: Sequence[Any], position: int, x: Any, training: Any) -> Any:
    """Apply the dropout layer at a position; return the input where there is none."""
    layer = dropout[position] if dropout else None
    return x if layer is None else layer(x, training=training)


def check_features(shape: Sequence[Any], expected: Sequence[int | None], what: str) -> None:
    """Check the shape of data, without the batch axis.

    Raises:
        DataError: another number of axes, or another size of an axis.
    """
    fits = len(shape) == len(expected) and all(
        size is None or want is None or size == want for size, want in zip(shape, expected, strict=False)
    )
    if not fits:
        raise DataError(
            f"{what} must have shape {tuple(expected)} for each example. Received: {tuple(shape)} (without batch)"
        )


Sampler = Callable[[], Any]
