"""What every supernet is: one set of shared weights, from which each architecture takes its part.

A family says how tokens become a graph (`plan`), what part of the shared weights a node is (`view_for`), and how
the same is computed when the tokens are a tensor (`run_selected`, for backends that compile). Everything else
- children, extraction, saving - is written once, on these three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from amber.architect import TokenLayout
from amber.backend.weight_slices import SlicedMLP
from amber.errors import ConfigError, DataError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.supernet.extraction import extract
from amber.supernet.forward import View, run_graph
from amber.supernet.store import load_weights, read_supernet, save_supernet


class Supernet(keras.layers.Layer):
    """Base of the families of supernets.

    Attributes:
        layout: the grammar of the tokens.
        input_names, output_names: names of the blocks read and of the outputs given.
    """

    layout: TokenLayout
    input_names: tuple[str, ...]
    output_names: tuple[str, ...]

    def plan(self, arc_seq: Any, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture; `dropouts` are the rates of its dropout layers, in order."""
        raise NotImplementedError(f"{type(self).__name__} does not define plan().")

    def sliced_mlp(self, arc_seq: Any) -> SlicedMLP | None:
        """Return a network as slices of shared matrices for a backend to run, or None where it has no such form."""
        return None

    def view_for(self, node: ComputationNode) -> View:
        """Return what a node computes with its part of the shared weights."""
        raise NotImplementedError(f"{type(self).__name__} does not define view_for().")

    def dropout_view(self, layer: keras.layers.Dropout) -> View:
        """Return what a dropout layer of a child computes."""
        return lambda x, training: layer(x, training=training)

    def stock_weights(self, node: ComputationNode) -> list[np.ndarray]:
        """Return the weights of the stock layer that computes the same as this node's part."""
        raise NotImplementedError(f"{type(self).__name__} does not define stock_weights().")

    def stock_layer(self, node: ComputationNode, input_shape: Any) -> keras.layers.Layer:
        """Return a fresh stock layer for a node."""
        raise NotImplementedError(f"{type(self).__name__} does not define stock_layer().")

    def run_selected(self, arc: Any, inputs: Mapping[str, Any], training: Any, dropout: Sequence[Any]) -> list[Any]:
        """Compute the outputs of the architecture that a tensor of tokens names.

        Nothing in the computation depends on the tokens but the values of tensors, so that one compiled function
        serves every architecture.
        """
        raise NotImplementedError(f"{type(self).__name__} does not define run_selected().")

    def penalty(self, arc: Any, sampled: bool, training: Any) -> Any:
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
        return rate_list(rates, len(self.dropout_rates()))

    def name_dropouts(self, graph: ComputationGraph, layers: Sequence[Any]) -> dict[str, Any]:
        """Return the dropout layer of each dropout node of a network, by name."""
        nodes = (node for node in graph.nodes if node.operation.Layer_type == "dropout")
        return {node.node_name: layers[self.dropout_position(node)] for node in nodes}

    def arrange(self, inputs: Any, training: Any = False) -> dict[str, Any]:
        """Return the data of one batch as a tensor per input block; DataError for data of another shape."""
        raise NotImplementedError(f"{type(self).__name__} does not define arrange().")

    def check_data(self, inputs: object) -> None:
        """Compare arrays to what a child reads; DataError where they differ."""
        raise NotImplementedError(f"{type(self).__name__} does not define check_data().")

    def dropout_position(self, node: ComputationNode) -> int:
        """Return which of the dropout rates belongs to a dropout node."""
        raise NotImplementedError(f"{type(self).__name__} does not define dropout_position().")

    def input_tensors(self) -> list[keras.KerasTensor]:
        """Return what a child reads, as symbolic tensors."""
        raise NotImplementedError(f"{type(self).__name__} does not define input_tensors().")

    def output_tensors(self) -> list[keras.KerasTensor]:
        """Return what a child gives, as symbolic tensors."""
        raise NotImplementedError(f"{type(self).__name__} does not define output_tensors().")

    def variables_of(self, graph: ComputationGraph) -> list[Any]:
        """Return the shared variables that a network reads."""
        raise NotImplementedError(f"{type(self).__name__} does not define variables_of().")

    def run_graph(
        self, graph: ComputationGraph, inputs: Mapping[str, Any], training: Any, dropout: Mapping[str, Any]
    ) -> list[Any]:
        """Compute the outputs of a planned network, running its operations only.

        Args:
            graph: what `plan` gave, pruned.
            inputs: what `arrange` gave.
            training: whether batch statistics and dropout are used.
            dropout: the dropout layer of each dropout node, by name.
        """

        def view_for(node: ComputationNode) -> View:
            if node.operation.Layer_type == "dropout":
                return self.dropout_view(dropout[node.node_name])
            return self.view_for(node)

        return run_graph(graph, inputs, view_for, training)

    def extract(self, arc_seq: Any, name: str | None = None) -> keras.Model:
        """Return a standalone model of an architecture, with weights of its own; see `extraction.extract`."""
        return extract(self, arc_seq, name=name)

    def save(self, path: str | Path) -> None:
        """Write the description and every weight to one HDF5 file."""
        save_supernet(self, path)

    def load(self, path: str | Path) -> Supernet:
        """Take over every weight of a file that `save` wrote, under any backend; returns the supernet itself.

        Raises:
            StorageError: no such file, or none that `save` wrote.
            ConfigError: the file holds another supernet.
        """
        load_weights(self, path, Supernet)
        return self


def load_supernet(path: str | Path) -> Supernet:
    """Make a supernet of a file that `Supernet.save` wrote, with its weights.

    Raises:
        StorageError: no such file, or not one that `save` wrote.
    """
    return read_supernet(path, Supernet)


def check_features(shape: Sequence[Any], expected: Sequence[int | None], what: str) -> None:
    """Compare the shape of data, without the batch axis, to what is read.

    Raises:
        DataError: another number of axes, or another size of an axis.
    """
    fits = len(shape) == len(expected) and all(
        size is None or want is None or size == want for size, want in zip(shape, expected, strict=False)
    )
    if not fits:
        raise DataError(
            f"{what} must have shape {tuple(expected)} for each sample. Received: {tuple(shape)} (without batch)"
        )


def rate_list(rates: Any, count: int) -> list[float]:
    """Return dropout rates as floats.

    Raises:
        ConfigError: another number of rates, or a rate outside 0 <= rate < 1.
    """
    try:
        values = [float(rate) for rate in rates]
    except (TypeError, ValueError) as error:
        raise ConfigError(f"dropouts must be a list of {count} rates. Received: {rates!r}") from error
    if len(values) != count or not all(0 <= rate < 1 for rate in values):
        raise ConfigError(
            f"dropouts must be {count} rates, at least 0 and below 1. Received: {len(values)} rates, {values}"
        )
    return values


def coefficient(value: Any, name: str) -> float:
    """Return a regularisation coefficient as a float.

    Raises:
        ConfigError: it is not a number, or negative.
    """
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} must be a number, 0 or more. Received: {value!r}") from error
    if not number >= 0 or not np.isfinite(number):
        raise ConfigError(f"{name} must be a number, 0 or more. Received: {value!r}")
    return number


Sampler = Callable[[], Any]
