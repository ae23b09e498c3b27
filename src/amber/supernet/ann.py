"""The feed-forward supernet: one weight matrix per layer, of which every architecture takes rows and columns.

Tensor `layer_l_w` has a row for every input feature and for every unit of the earlier layers, and a column for
every unit a layer may have. An architecture with fewer units uses the first ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import ModelSpace, Operation
from amber.backend.weight_slices import DenseSlice, SlicedMLP
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.operations import check_layers, make_layer
from amber.supernet.ann_plan import AnnDesign
from amber.supernet.ann_selected import AnnSelection
from amber.supernet.ann_slices import AnnSlices, DensePart
from amber.supernet.base import Supernet, check_features, dropped
from amber.supernet.bias import constant_rows, stock_bias
from amber.supernet.feature_blocks import FeatureBlocks
from amber.supernet.initial import HostHeNormal
from amber.supernet.settings import AnnSettings
from amber.types import Shape, Tensor, Tokens


@keras.saving.register_keras_serializable(package="amber")
class AnnSupernet(Supernet):
    """Shared weights of every feed-forward network of a space.

    Args:
        model_space: layers with identical dense candidates of one activation.
        inputs: input operations, each with a `name` and shape (features,).
        outputs: dense operations with `units` and `activation`.
        settings: which connections are searched, and the penalty; None: the defaults.
        feature_model: makes the input blocks from raw data; see FeatureBlocks.
        **base: arguments of `keras.layers.Layer`.

    Raises:
        ModelSpaceError: see AnnDesign.
    """

    design: AnnDesign
    settings: AnnSettings
    settings_class = AnnSettings

    def __init__(
        self,
        model_space: Any,
        inputs: Any,
        outputs: Any,
        settings: AnnSettings | None = None,
        feature_model: FeatureBlocks | None = None,
        **base: object,
    ) -> None:
        super().__init__(settings, **base)
        self.design = AnnDesign(
            model_space if isinstance(model_space, ModelSpace) else ModelSpace.from_dict(model_space),
            tuple(as_operation(each) for each in inputs),
            tuple(as_operation(each) for each in outputs),
            self.settings,
        )
        check_layers(_stock(operation) for operation in self.design.outputs)
        self.feature_model = feature_model
        if feature_model is not None:
            feature_model.check_blocks(dict(zip(self.input_names, self.design.features, strict=True)))
        parts, features, tokens = self.design.parts, self.design.starts[-1], len(self.layout)
        self._slices = AnnSlices(self.layout, parts, self._make_weights(parts), self.design.features)
        self._selection = AnnSelection(parts, features, tokens)
        self.built = True

    def _make_weights(self, parts: Sequence[DensePart]) -> list[tuple[Any, Any]]:
        """Make kernel and bias of each part; of layers and of outputs all kernels come before all biases."""
        layers, pairs = self.design.layers, list[tuple[Any, Any]]()
        for kind, kernel, bias in (
            (parts[:layers], "layer_{}_w", "layer_{}_b"),
            (parts[layers:], "w_out_{}", "b_out_{}"),
        ):
            widths = [max(part.units) for part in kind]
            kernels = [
                self._weight(kernel.format(k), (part.rows, width))
                for k, (part, width) in enumerate(zip(kind, widths, strict=True))
            ]
            pairs += zip(
                kernels, [self._weight(bias.format(k), (width,)) for k, width in enumerate(widths)], strict=True
            )
        return pairs

    @property
    def kernels(self) -> list[Any]:
        """The shared kernel of each layer."""
        return [kernel for kernel, _ in self._slices.weights[: self.design.layers]]

    def _weight(self, name: str, shape: tuple[int, ...]) -> keras.Variable:
        return self.add_weight(name=name, shape=shape, initializer=HostHeNormal() if len(shape) > 1 else "zeros")

    def plan(self, arc_seq: Tokens, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture; nodes that no output reads are kept, as nothing is pruned."""
        return self.design.plan(arc_seq, dropouts)

    def take(self, arc_seq: Tokens, dropouts: Sequence[float] = ()) -> SlicedMLP:
        """Return the rows and columns that an architecture takes; layers that no output reads are left out."""
        return self._slices(arc_seq)

    @property
    def runs_sliced(self) -> bool:
        """Whether a backend may run the slices: not with a feature model, nor where weights are penalised."""
        return self.feature_model is None and not self.penalises and self.dtype_policy.name == "float32"

    def run(self, taken: SlicedMLP, inputs: Mapping[str, Any], training: Any, dropout: Sequence[Any]) -> list[Any]:
        """Compute the outputs of one architecture."""
        starts, spans = self.design.starts, {span for layer in taken.layers for span in layer.columns}
        blocks = [
            dropped(dropout, 0, inputs[name], training) if any(a <= start < b for a, b in spans) else inputs[name]
            for name, start in zip(self.input_names, starts, strict=False)
        ]
        matrix = _joined(blocks, -1)
        given: list[Any] = []
        for layer in taken.layers:
            read = [matrix[:, start:stop] for start, stop in layer.columns] + [given[j] for j in layer.earlier]
            result, is_hidden = _dense(layer, read, matrix), layer.number < self.design.layers
            given.append(dropped(dropout, layer.number + 1, result, training) if is_hidden else result)
        return [given[position] for position in taken.outputs]

    def stock_weights(self, graph: ComputationGraph, taken: SlicedMLP) -> dict[str, list[np.ndarray]]:
        """Return copies of the kernel and bias of every dense node."""
        nodes = [node.node_name for node in graph.nodes if "units" in node.operation]
        return {name: self._stock(layer) for name, layer in zip(nodes, taken.layers, strict=True)}

    def _stock(self, layer: DenseSlice) -> list[np.ndarray]:
        kernel, bias = (ops.convert_to_numpy(each)[..., : layer.units].copy() for each in (layer.kernel, layer.bias))
        if not layer.spans:
            return [np.zeros((self.design.features[0], layer.units), kernel.dtype), bias]
        return [np.concatenate([kernel[start:stop] for start, stop in layer.spans]), bias]

    def stock_layer(self, node: ComputationNode, input_shape: Shape) -> keras.layers.Layer:
        """Return a dense layer, or its replacement where the layer reads nothing."""
        if node.operation.Layer_type == "bias_only":
            return stock_bias(node.operation.get("units"), node.operation.get("activation"), node.node_name)
        return make_layer(node.operation, name=node.node_name, input_shape=input_shape)

    def variables_of(self, taken: SlicedMLP) -> list[Any]:
        """Return the tensors that an architecture takes slices of, and those of a trainable feature model."""
        found = [
            each for layer in taken.layers for each in ((layer.kernel, layer.bias) if layer.spans else (layer.bias,))
        ]
        return found + (list(self.feature_model.variables) if self.feature_model is not None else [])

    def run_selected(
        self, arc: object, inputs: Mapping[str, object], training: object, dropout: Sequence[object]
    ) -> list[Any]:
        """Compute the outputs of the architectures in a tensor of tokens, shape (tokens,) or (count, tokens)."""
        x = ops.concatenate([inputs[name] for name in self.input_names], axis=-1)
        return self._selection.run(self._slices.weights, arc, x, training, dropout)

    def penalty(self, arc: Tensor, sampled: bool, training: bool | Tensor | None) -> Tensor | None:
        """Return the penalty of the selected weights of one architecture."""
        if not self.penalises:
            return None
        chosen = []
        for (kernel, _), (rows, columns) in self._masked(ops.convert_to_tensor(arc, "int32")):
            mask = ops.expand_dims(rows, -1) * ops.expand_dims(columns, -2)
            chosen.append(ops.cast(ops.convert_to_tensor(kernel), "float32") * mask)
        return self.weight_penalty(chosen)

    def _masked(self, arc: Any) -> list[tuple[tuple[Any, Any], tuple[Any, Any]]]:
        """Kernel and bias of each layer (and, with output blocks, each output), with masks of rows and columns."""
        count = len(self.design.parts) if self.settings.with_output_blocks else self.design.layers
        return [*zip(self._slices.weights[:count], self._selection.masks(arc)[:count], strict=True)]

    def dropout_rates(self) -> list[float]:
        """Return no dropout for the inputs and each layer."""
        return [0.0] * (self.design.layers + 1)

    def split(self, array: Any) -> list[Any]:
        """Return the input blocks of the (N, F) matrix of all features."""
        starts = self.design.starts
        check_features(array.shape[1:], (starts[-1],), "The matrix of all input features")
        return [array[:, start:stop] for start, stop in pairwise(starts)]

    def get_config(self) -> dict[str, object]:
        """Return the description of the supernet, without weights."""
        return {
            **super().get_config(),
            "model_space": self.design.model_space.to_dict(),
            "inputs": [operation.to_dict() for operation in self.design.inputs],
            "outputs": [operation.to_dict() for operation in self.design.outputs],
            "feature_model": keras.saving.serialize_keras_object(self.feature_model) if self.feature_model else None,
        }


def _dense(layer: DenseSlice, read: list[Any], inputs: Any) -> Any:
    """Compute a layer from the tensors that it reads; without any, its bias for every example."""
    bias = ops.convert_to_tensor(layer.bias)[: layer.units]
    if not read:
        return constant_rows(layer.activation(ops.expand_dims(bias, 0)), inputs)
    kernel = ops.convert_to_tensor(layer.kernel)
    rows = [kernel[start:stop, : layer.units] for start, stop in layer.spans]
    return layer.activation(ops.matmul(_joined(read, -1), _joined(rows, 0)) + bias)


def _joined(pieces: list[Any], axis: int) -> Any:
    return pieces[0] if len(pieces) == 1 else ops.concatenate(pieces, axis=axis)


def as_operation(operation: Any) -> Operation:
    """Return an operation given as one or as a dictionary."""
    return operation if isinstance(operation, Operation) else Operation.from_dict(operation)


def _stock(operation: Operation) -> Operation:
    return Operation("dense", units=operation.get("units"), activation=operation.get("activation"))
