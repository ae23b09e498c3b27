"""The convolutional supernet: candidates with their own weights in every layer, and skip connections between layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import ModelSpace
from amber.errors import ConfigError, ModelSpaceError
from amber.graph.cost import measure
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.operations import check_layers, make_layer
from amber.supernet.ann import as_operation
from amber.supernet.base import Supernet
from amber.supernet.conv_bank import listed_weights, make_bank, plain_layers, stock_weights
from amber.supernet.conv_plan import ConvDesign, follow
from amber.supernet.conv_selected import ConvSelection, SelectedLayer
from amber.supernet.conv_views import ConvViews
from amber.supernet.settings import ConvSettings
from amber.types import Shape, Tensor, Tokens


@keras.saving.register_keras_serializable(package="amber")
class ConvSupernet(Supernet):
    """Shared weights of every residual 1-D CNN of a space.

    Args:
        model_space: candidates of type conv1d, maxpool1d, avgpool1d or identity, each with `filters`, the same
            within a layer. Convolutions keep the length.
        input_op: the input operation, shape (length, channels), or (channels, length) for `NCW`.
        output_op: a dense operation with `units` and `activation`.
        settings: skips, dropout, penalty, stem and reductions; None: the defaults.
        fixed_arc: tokens of the only architecture; only its weights are made.
        **base: arguments of `keras.layers.Layer`.

    Raises:
        ModelSpaceError, ConfigError: see ConvDesign.

    Without a stem, identities (and pools without convolution) of layer 0 become 1x1 convolutions if the input
    has another number of channels than the layer.
    """

    design: ConvDesign
    settings: ConvSettings
    settings_class = ConvSettings

    def __init__(
        self,
        model_space: Any,
        input_op: Any,
        output_op: Any,
        settings: ConvSettings | None = None,
        fixed_arc: Sequence[int] | None = None,
        **base: object,
    ) -> None:
        super().__init__(settings, **base)
        self.feature_model = None
        self.design = ConvDesign(
            model_space if isinstance(model_space, ModelSpace) else ModelSpace.from_dict(model_space),
            as_operation(input_op),
            as_operation(output_op),
            self.settings,
        )
        check_layers([self.design.output])
        self.fixed_arc = None if fixed_arc is None else self.layout.validate(fixed_arc)
        # On torch, too: Keras goes through a new model once before it is evaluated, which takes as long as scoring. A
        # supernet of one architecture has nothing to choose.
        self.scores_by_data = self.fixed_arc is None
        self.bank, plain = self._make_bank(), plain_layers()
        self._views = ConvViews(self.bank, plain)
        self._choices = [SelectedLayer(part.branches, self.bank, plain) for part in self.design.parts]
        self.built = True

    def _make_bank(self) -> dict[str, keras.Layer]:
        first = self.fixed_arc or (0,) * len(self.layout)
        graph = self.plan(first)
        (features,) = measure(graph).nodes["flatten"].output_shape
        if features is None:
            raise ModelSpaceError(
                f"flatten_op 'flatten' needs an input of known length; give one, or use 'gap' or 'gmp'. "
                f"Received: {self.design.input}"
            )
        only = None if self.fixed_arc is None else [node.node_name for node in graph.nodes]
        return make_bank(self.design, features, only, self.dtype_policy.name)

    @property
    def weights(self) -> list[Any]:
        """Every shared weight, in the order of the network: stem, layers with their candidates, head."""
        return [weight for layer in self.bank.values() for weight in listed_weights(layer)]

    def plan(self, arc_seq: Tokens, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture; reductions that nothing reads are left out."""
        if self.fixed_arc is not None and self.layout.validate(arc_seq) != self.fixed_arc:
            raise ConfigError(
                f"This supernet was made with train_fixed_arc; it only has the weights of {list(self.fixed_arc)} only. "
                f"Received: {list(arc_seq)}"
            )
        return self.design.plan(arc_seq, self.dropout_rates() if dropouts is None else list(dropouts))

    def take(self, arc_seq: Any, dropouts: Sequence[float]) -> ComputationGraph:
        """Return the nodes of an architecture, whose names identify the shared layers."""
        return self.plan(arc_seq, dropouts)

    def run(
        self, taken: ComputationGraph, inputs: Mapping[str, Any], training: Any, dropout: Sequence[Any]
    ) -> list[Any]:
        """Compute the output of one architecture, in the order of axes that the backend prefers."""
        name, positions = self.design.input_name, self.design.dropouts
        given = {name: self._views.turn(inputs[name], self.settings.data_format)}
        for node in taken.nodes[1:]:
            read = [given[parent] for parent in node.parents]
            position = positions.get(node.node_name)
            view = self._views(node) if position is None else self._views.dropout(dropout[position])
            given[node.node_name] = view(read if node.operation.Layer_type == "add" else read[0], training)
        return [given[name] for name in taken.outputs]

    def stock_weights(self, graph: ComputationGraph, taken: ComputationGraph) -> dict[str, list[np.ndarray]]:
        """Return copies of the weights of every node's layer."""
        names = [node.node_name for node in graph.nodes if node.node_name in self.bank]
        return {name: stock_weights(self.bank[name]) for name in names}

    def stock_layer(self, node: ComputationNode, input_shape: Shape) -> keras.layers.Layer:
        """Return a fresh layer of the node's operation."""
        return make_layer(node.operation, name=node.node_name, input_shape=input_shape)

    def variables_of(self, taken: ComputationGraph) -> list[Any]:
        """Return the weights of the layers of an architecture."""
        return [weight for node in taken.nodes for weight in self._views.weights_of(node)]

    def run_selected(
        self, arc: object, inputs: Mapping[str, object], training: object, dropout: Sequence[object]
    ) -> list[Any]:
        """Compute the output of the architecture in a tensor of tokens, shape (tokens,)."""
        x = inputs[self.design.input_name]
        x = ops.transpose(x, (0, 2, 1)) if self.settings.data_format == "NCW" else x
        selection = ConvSelection(self._choices, self._views.apply, ops.convert_to_tensor(arc), training, dropout)
        return [follow(self.design, selection, x)]

    def penalty(self, arc: Tensor, sampled: bool, training: bool | Tensor | None) -> Tensor | None:
        """Return the penalty of the kernels: of all for a sampled child, of its own for a fixed child in training."""
        if not self.penalises or not (sampled or training):
            return None
        names = self.bank if sampled else [node.node_name for node in self.plan(np.asarray(arc)).nodes]
        kernels = [self.bank[name].kernel for name in names if isinstance(self.bank.get(name), keras.layers.Conv1D)]
        return self.weight_penalty(ops.cast(ops.convert_to_tensor(kernel), "float32") for kernel in kernels)

    def dropout_rates(self) -> list[float]:
        """Return the rate 1 - keep_prob for each layer, the flattened features and the dense layer."""
        return [round(1.0 - self.settings.keep_prob, 12)] * (self.design.layers + 2)

    def get_config(self) -> dict[str, object]:
        """Return the description of the supernet, without weights."""
        return {
            **super().get_config(),
            "model_space": self.design.model_space.to_dict(),
            "input_op": self.design.input.to_dict(),
            "output_op": self.design.output.to_dict(),
            "fixed_arc": None if self.fixed_arc is None else list(self.fixed_arc),
        }
