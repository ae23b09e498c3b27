"""The feed-forward supernet: one weight matrix per layer, of which every architecture takes rows and columns.

Tensor `layer_l_w` has a row for every input feature and for every unit of the earlier layers, and a column for
every unit a layer may have. An architecture with fewer units uses the first ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import ModelSpace, Operation
from amber.architect.places import NodePlace
from amber.backend.weight_slices import SlicedMLP
from amber.errors import DataError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.operations import check_layers, make_layer
from amber.supernet.ann_plan import AnnDesign
from amber.supernet.ann_selected import AnnSelection
from amber.supernet.ann_slices import AnnSlices
from amber.supernet.base import Supernet, check_features, coefficient
from amber.supernet.bias import constant_rows, stock_bias
from amber.supernet.feature_blocks import FeatureBlocks
from amber.supernet.forward import View
from amber.supernet.initial import HostHeNormal


@keras.saving.register_keras_serializable(package="amber")
class AnnSupernet(Supernet):
    """Shared weights of every feed-forward network of a space.

    Args:
        model_space: layers with identical dense candidates of one activation.
        inputs: input operations, each with a `name` and shape (features,).
        outputs: dense operations with `units` and `activation`.
        with_input_blocks: whether each layer chooses its input blocks; else the first layer reads all.
        with_skip_connection: whether each layer chooses earlier layers; else it reads the previous one.
        with_output_blocks: whether each output chooses layers; else it reads the last one.
        l1_reg, l2_reg: coefficients of sum|w| and sum(w^2)/2 over the selected rows and columns, biases left
            out, output weights only with output blocks. Rows of all units of a selected layer count.
        feature_model: makes the input blocks of raw data; see FeatureBlocks.
        **base: arguments of `keras.layers.Layer`.

    Raises:
        ModelSpaceError: see AnnDesign.
    """

    def __init__(
        self,
        model_space: Any,
        inputs: Any,
        outputs: Any,
        with_input_blocks: bool = True,
        with_skip_connection: bool = True,
        with_output_blocks: bool = False,
        l1_reg: float = 0.0,
        l2_reg: float = 0.0,
        feature_model: FeatureBlocks | None = None,
        **base: object,
    ) -> None:
        super().__init__(**base)
        self.design = AnnDesign(
            model_space if isinstance(model_space, ModelSpace) else ModelSpace.from_dict(model_space),
            tuple(as_operation(each) for each in inputs),
            tuple(as_operation(each) for each in outputs),
            bool(with_input_blocks),
            bool(with_skip_connection),
            bool(with_output_blocks),
        )
        check_layers(_stock(operation) for operation in self.design.outputs)
        self.l1_reg, self.l2_reg = coefficient(l1_reg, "l1_reg"), coefficient(l2_reg, "l2_reg")
        self.layout = self.design.layout
        self.input_names, self.output_names = self.design.input_names, self.design.output_names
        self.feature_model = feature_model
        if feature_model is not None:
            feature_model.check_blocks(dict(zip(self.input_names, self.design.features, strict=True)))
        self._make_weights()
        self._selection = AnnSelection(self.design)
        self._slices = AnnSlices(self.design, self)
        self._views: dict[tuple[Any, ...], View] = {}
        self.built = True

    def _make_weights(self) -> None:
        design, width = self.design, self.design.max_units
        features = design.starts[-1]
        self.kernels = [
            self._weight(f"layer_{layer}_w", (features + layer * width, width)) for layer in range(design.layers)
        ]
        self.biases = [self._weight(f"layer_{layer}_b", (width,)) for layer in range(design.layers)]
        rows = width * (design.layers if design.with_output_blocks else 1)
        self.output_kernels = [self._weight(f"w_out_{k}", (rows, units)) for k, units in enumerate(design.output_units)]
        self.output_biases = [self._weight(f"b_out_{k}", (units,)) for k, units in enumerate(design.output_units)]

    def _weight(self, name: str, shape: tuple[int, ...]) -> Any:
        return self.add_weight(name=name, shape=shape, initializer=HostHeNormal() if len(shape) > 1 else "zeros")

    def plan(self, arc_seq: Any, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture; nodes that no output reads are kept, as nothing is pruned."""
        return self.design.plan(arc_seq, dropouts)

    def sliced_mlp(self, arc_seq: Any) -> SlicedMLP | None:
        """Return an architecture as slices; None where blocks are made of raw data or weights are penalised."""
        if self.feature_model is not None or self.l1_reg or self.l2_reg or self.dtype_policy.name != "float32":
            return None
        return self._slices(arc_seq)

    def view_for(self, node: ComputationNode) -> View:
        """Return the dense layer whose weights are a node's slices of the shared tensors."""
        key = (node.node_name, node.operation, node.parents)
        view = self._views.get(key)
        if view is None:
            if len(self._views) > 4096:
                self._views.clear()
            view = self._views[key] = _DenseView(*self._tensors(node), node, self._rows(node))
        return view

    def stock_weights(self, node: ComputationNode) -> list[np.ndarray]:
        """Return copies of the node's kernel and bias."""
        units = int(node.operation.get("units"))
        kernel, bias = (ops.convert_to_numpy(tensor)[..., :units].copy() for tensor in self._tensors(node))
        if node.operation.Layer_type == "bias_only":
            features = self.design.features[self.input_names.index(node.parents[0])]
            return [np.zeros((features, units), kernel.dtype), bias]
        return [np.concatenate([kernel[start:stop] for start, stop in self._rows(node)]), bias]

    def stock_layer(self, node: ComputationNode, input_shape: Any) -> keras.layers.Layer:
        """Return a dense layer, or what stands for a layer that reads nothing."""
        if node.operation.Layer_type == "bias_only":
            return stock_bias(node.operation.get("units"), node.operation.get("activation"), node.node_name)
        return make_layer(node.operation, name=node.node_name, input_shape=input_shape)

    def variables_of(self, graph: ComputationGraph) -> list[Any]:
        """Return the tensors that the nodes of a network take slices of, and those of a trainable feature model."""
        found: list[Any] = []
        for node in graph.nodes:
            if "units" in node.operation:
                kernel, bias = self._tensors(node)
                found += [bias] if node.operation.Layer_type == "bias_only" else [kernel, bias]
        return found + (list(self.feature_model.variables) if self.feature_model is not None else [])

    def _tensors(self, node: ComputationNode) -> tuple[Any, Any]:
        if node.place == NodePlace("output"):
            output = self.output_names.index(node.node_name)
            return self.output_kernels[output], self.output_biases[output]
        layer = node.layer
        return self.kernels[layer], self.biases[layer]

    def _rows(self, node: ComputationNode) -> list[tuple[int, int]]:
        """The rows of the shared kernel that a node reads, as (start, stop), in the order of its parents."""
        design, found = self.design, list[tuple[int, int]]()
        if node.operation.Layer_type == "bias_only":
            return found
        for parent in node.parents:
            name = parent.removesuffix("_dropout") if parent not in self.input_names else parent
            if name in design.hidden:
                layer, units = design.hidden[name]
                if node.place != NodePlace("output"):
                    start = design.starts[-1] + layer * design.max_units
                else:
                    start = layer * design.max_units if design.with_output_blocks else 0
                stop = start + units
            else:
                block = self.input_names.index(name)
                start, stop = design.starts[block], design.starts[block + 1]
            if found and found[-1][1] == start:
                found[-1] = (found[-1][0], stop)
            else:
                found.append((start, stop))
        return found

    def run_selected(self, arc: Any, inputs: Mapping[str, Any], training: Any, dropout: Sequence[Any]) -> list[Any]:
        """Compute the outputs of the architectures in a tensor of tokens, shape (tokens,) or (count, tokens)."""
        x = ops.concatenate([inputs[name] for name in self.input_names], axis=-1)
        return self._selection.run(self, arc, x, training, dropout)

    def penalty(self, arc: Any, sampled: bool, training: Any) -> Any:
        """Return the penalty of the selected weights of one architecture."""
        if not self.l1_reg and not self.l2_reg:
            return None
        total = 0.0
        for tensor, mask in self._selection.masked_kernels(self, ops.convert_to_tensor(arc, "int32")):
            chosen = ops.cast(ops.convert_to_tensor(tensor), "float32") * mask
            total += self.l1_reg * ops.sum(ops.abs(chosen)) + self.l2_reg * ops.sum(ops.square(chosen)) / 2
        return total

    def masked_weights(self, arc_seq: Any) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return (kernel, bias) of each layer, and with output blocks of each output, zero where not selected."""
        tokens = np.asarray(self.layout.validate(arc_seq), "int32")
        masks = self._selection.masks(ops.convert_to_tensor(tokens, "int32"))
        tensors = [*zip(self.kernels, self.biases, strict=True)]
        if self.design.with_output_blocks:
            tensors += zip(self.output_kernels, self.output_biases, strict=True)
        pairs = []
        for (kernel, bias), (rows, columns) in zip(tensors, masks, strict=False):
            rows, columns = ops.convert_to_numpy(rows), ops.convert_to_numpy(columns)
            mask = rows[:, None] * columns[None, :]
            pairs.append((ops.convert_to_numpy(kernel) * mask, ops.convert_to_numpy(bias) * columns))
        return pairs

    def dropout_rates(self) -> list[float]:
        """Return no dropout for the inputs and each layer."""
        return [0.0] * (self.design.layers + 1)

    def dropout_position(self, node: ComputationNode) -> int:
        """Return 0 for the inputs, l + 1 for layer l."""
        return 0 if node.place == NodePlace("input") else node.layer + 1

    def check_data(self, inputs: object) -> None:
        """Compare arrays to the blocks, or to what the feature model reads; DataError where they differ."""
        if self.feature_model is not None:
            self.feature_model.check_data(inputs)
        else:
            self._split(inputs)

    def arrange(self, inputs: Any, training: Any = False) -> dict[str, Any]:
        """Return a tensor per block from an (N, F) matrix, a list or a dictionary of blocks, or raw data."""
        if self.feature_model is not None:
            self.feature_model.check_data(inputs)
            return dict(self.feature_model(inputs, training=training))
        return self._split(inputs)

    def _split(self, inputs: Any) -> dict[str, Any]:
        design = self.design
        if isinstance(inputs, Mapping):
            if set(inputs) != set(self.input_names):
                raise DataError(
                    f"The input blocks are {', '.join(self.input_names)}. Received: {', '.join(map(str, inputs))}"
                )
            blocks = {name: inputs[name] for name in self.input_names}
        elif isinstance(inputs, (list, tuple)) and len(inputs) != 1:
            if len(inputs) != len(self.input_names):
                raise DataError(
                    f"The data must hold {len(self.input_names)} blocks ({', '.join(self.input_names)}). "
                    f"Received: {len(inputs)} blocks"
                )
            blocks = dict(zip(self.input_names, inputs, strict=True))
        else:
            matrix = inputs[0] if isinstance(inputs, (list, tuple)) else inputs
            check_features(matrix.shape[1:], (design.starts[-1],), "The matrix of all input features")
            spans = zip(design.starts, design.starts[1:], strict=False)
            blocks = {name: matrix[:, start:stop] for name, (start, stop) in zip(self.input_names, spans, strict=True)}
        for name, features in zip(self.input_names, design.features, strict=True):
            check_features(blocks[name].shape[1:], (features,), f"The input block '{name}'")
        return blocks

    def input_tensors(self) -> list[keras.KerasTensor]:
        """Return one tensor per block, or what the feature model reads."""
        if self.feature_model is not None:
            return self.feature_model.input_tensors()
        return [
            keras.KerasTensor((None, count), name=name)
            for name, count in zip(self.input_names, self.design.features, strict=True)
        ]

    def output_tensors(self) -> list[keras.KerasTensor]:
        """Return one tensor per output."""
        return [
            keras.KerasTensor((None, units), name=name)
            for name, units in zip(self.output_names, self.design.output_units, strict=True)
        ]

    def get_config(self) -> dict[str, Any]:
        """Return the description of the supernet, without weights."""
        design = self.design
        return {
            **super().get_config(),
            "model_space": design.model_space.to_dict(),
            "inputs": [operation.to_dict() for operation in design.inputs],
            "outputs": [operation.to_dict() for operation in design.outputs],
            "with_input_blocks": design.with_input_blocks,
            "with_skip_connection": design.with_skips,
            "with_output_blocks": design.with_output_blocks,
            "l1_reg": self.l1_reg,
            "l2_reg": self.l2_reg,
            "feature_model": keras.saving.serialize_keras_object(self.feature_model) if self.feature_model else None,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> AnnSupernet:
        """Make a supernet of its description."""
        feature_model = config.get("feature_model")
        return cls(
            **{**config, "feature_model": feature_model and keras.saving.deserialize_keras_object(feature_model)}
        )


class _DenseView:
    """A dense layer whose weights are slices of shared tensors: some rows, and the first columns."""

    def __init__(self, kernel: Any, bias: Any, node: ComputationNode, rows: list[tuple[int, int]]) -> None:
        self._kernel, self._bias, self._rows = kernel, bias, rows
        self._units = int(node.operation.get("units"))
        self._activation = keras.activations.get(node.operation.get("activation"))

    def __call__(self, x: Any, training: Any) -> Any:
        bias = ops.convert_to_tensor(self._bias)[: self._units]
        if not self._rows:
            return constant_rows(self._activation(ops.expand_dims(bias, 0)), x)
        kernel = ops.convert_to_tensor(self._kernel)
        pieces = [kernel[start:stop, : self._units] for start, stop in self._rows]
        chosen = pieces[0] if len(pieces) == 1 else ops.concatenate(pieces, axis=0)
        return self._activation(ops.matmul(x, chosen) + bias)


def as_operation(operation: Any) -> Operation:
    """Return an operation given as one or as a dictionary."""
    return operation if isinstance(operation, Operation) else Operation.from_dict(operation)


def _stock(operation: Operation) -> Operation:
    return Operation("dense", units=operation.get("units"), activation=operation.get("activation"))
