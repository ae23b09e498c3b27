"""The standalone residual 1-D CNN of an architecture found with the convolutional supernet's layout."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.architect.places import NodePlace
from amber.architect.residual_space import filters_of_layers
from amber.checks import positive_integer, positive_number
from amber.errors import ModelSpaceError
from amber.graph.graph import ComputationGraph
from amber.modeler.architecture_decoder import ResConvNetArchitecture
from amber.modeler.builders import arguments
from amber.modeler.builders.base import ModelBuilder, check_operation
from amber.modeler.builders.residual_blocks import GraphWriter, LayerBlock, without_effect
from amber.modeler.builders.unused import warn_without_effect
from amber.types import Tokens

_FLATTEN = {
    "gap": Operation("globalavgpool1d"),
    "gmp": Operation("globalmaxpool1d"),
    "flatten": Operation("flatten"),
}
_FLATTEN_NAMES = {"gap": "global_average_pooling1d", "gmp": "global_max_pooling1d", "flatten": "flatten"}


class KerasResidualCnnBuilder(ModelBuilder):
    """Builds residual 1-D CNNs: a stem, one searched operation per layer, additive skips, a dense head.

    Where the number of filters changes from one layer to the next, every stored tensor is brought to the new
    width by a 1x1 convolution and shortened by max pooling of `reduction_factor`.

    Args:
        inputs_op: the input operation, shape (length, channels).
        output_op: the output operation.
        fc_units: units of the dense layer before the output.
        flatten_mode: what makes one vector of a sequence, any case. `"Flatten"` keeps where a feature stands, `"GMP"`
            (global max pooling) whether it stands anywhere, `"GAP"` (global average pooling) how much of it there is.
        model_compile_dict: arguments of `keras.Model.compile`, cloned for every child.
        model_space: candidates of type conv1d, maxpool1d, avgpool1d or identity, each with `filters`, the
            same within a layer. `strides` (default 1) and `dilation_rate` (or `dilation`) are honoured.
        dropout_rate: after every layer and in the head; 0 for none.
        wsf: width scale factor, multiplies every number of filters.
        add_conv1_under_pool: put a 1x1 convolution, normalisation and relu before each pooling.
        reduction_factor: pool size and stride where the number of filters changes.
        numbers_ops: further input operations of shape (numbers,), which the dense layer before the output reads beside
            the sequence.

    Raises:
        ModelSpaceError: filters that differ within a layer or are missing, an operation or activation that
            this network does not know, or an argument out of range.

    Example:
        >>> from amber.architect import ModelSpace, Operation
        >>> space = ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 16, "kernel_size": 8}]] * 2)
        >>> builder = KerasResidualCnnBuilder(
        ...     Operation("input", shape=(60, 4)), Operation("dense", units=3, activation="softmax"),
        ...     fc_units=64, flatten_mode="GAP", model_space=space,
        ...     model_compile_dict={"optimizer": "adam", "loss": "sparse_categorical_crossentropy"})
        >>> model = builder(builder.layout.sample(0))
    """

    def __init__(
        self,
        inputs_op: Operation,
        output_op: Operation,
        fc_units: int,
        flatten_mode: str,
        model_compile_dict: Mapping[str, object] | None,
        model_space: ModelSpace,
        dropout_rate: float = 0.2,
        wsf: float = 1,
        add_conv1_under_pool: bool = True,
        reduction_factor: int = 4,
        numbers_ops: Sequence[Operation] = (),
    ) -> None:
        super().__init__(model_space, model_compile_dict)
        self.inputs_op = check_operation(inputs_op, "inputs_op")
        self.output_op = check_operation(output_op, "output_op")
        self.fc_units = positive_integer(fc_units, "fc_units", error=ModelSpaceError)
        self.flatten_mode = _flatten_mode(flatten_mode)
        self.dropout_rate = arguments.dropout_rate(dropout_rate)
        self.wsf = positive_number(wsf, "wsf", error=ModelSpaceError)
        self.add_conv1_under_pool = bool(add_conv1_under_pool)
        self.reduction_factor = positive_integer(reduction_factor, "reduction_factor", error=ModelSpaceError)
        self.numbers_ops = tuple(check_operation(each, "numbers_ops") for each in numbers_ops)
        self.layout = TokenLayout(model_space)
        self.decoder = ResConvNetArchitecture(model_space)
        self.out_filters, self.pool_layers = self.get_out_filters(model_space)
        self._widths = [max(1, round(filters * self.wsf)) for filters in self.out_filters]
        self._blocks = [
            [
                LayerBlock(layer, k, operation, width, self.add_conv1_under_pool)
                for k, operation in enumerate(candidates)
            ]
            for (layer, candidates), width in zip(enumerate(model_space.layers), self._widths, strict=True)
        ]
        self._warn_of_attributes()
        given: dict[str, tuple[object, object]] = {
            "reduction_factor": (self.reduction_factor, 4),
            "add_conv1_under_pool": (self.add_conv1_under_pool, True),
        }
        warn_without_effect("residual_cnn", "KerasResidualCnnBuilder", model_space, given)
        self._head = self._plan_head()
        self._writer = GraphWriter(self._widths[0], self.dropout_rate, self.reduction_factor)

    def _warn_of_attributes(self) -> None:
        """Name attributes of candidates that have no effect, once."""
        operations = [operation for candidates in self.model_space.layers for operation in candidates]
        ignored = sorted(set().union(*map(without_effect, operations)))
        if ignored:
            warnings.warn(
                f"Attributes of candidates without effect in a residual CNN, which chooses them itself: "
                f"{', '.join(ignored)}. A sequential or DAG builder uses them.",
                UserWarning,
                stacklevel=3,
            )

    @staticmethod
    def get_out_filters(model_space: ModelSpace) -> tuple[list[int], list[int]]:
        """Return the filters of each layer, and the layers after which they change.

        Raises:
            ModelSpaceError: a candidate without `filters`, or different ones within a layer.
        """
        out_filters = filters_of_layers(model_space)
        pool_layers = [k for k in range(len(out_filters) - 1) if out_filters[k] != out_filters[k + 1]]
        return out_filters, pool_layers

    def _plan_head(self) -> list[tuple[str, Operation]]:
        head = [(_FLATTEN_NAMES[self.flatten_mode], _FLATTEN[self.flatten_mode])]
        if self.dropout_rate:
            head.append(("dropout", Operation("dropout", rate=self.dropout_rate)))
        return [*head, ("dense", Operation("dense", units=self.fc_units, activation="relu"))]

    def plan(self, arc_seq: Tokens) -> ComputationGraph:
        """Return the network of an architecture; raises ArchitectureError for tokens outside the grammar."""
        architecture = self.layout.decode(arc_seq)
        input_name = self.inputs_op.get("name", "input")
        write = self._writer.start(input_name, self.inputs_op)
        current = write.stem()
        stored: list[str] = []
        last_read = _last_read(architecture.skips)
        for layer, token in enumerate(architecture.operations):
            chosen = [stored[j] for j, bit in enumerate(architecture.skips[layer]) if bit]
            current = write.layer(self._blocks[layer][token], current, chosen)
            stored.append(current)
            if layer in self.pool_layers:
                stored = [
                    write.reduce(layer, source, tensor, self._widths[layer + 1]) if last_read[source] > layer else ""
                    for source, tensor in enumerate(stored)
                ]
                current = stored[-1]
        names = [each.get("name", f"numbers_{place}") for place, each in enumerate(self.numbers_ops)]
        for name, operation in zip(names, self.numbers_ops, strict=True):
            write.add(name, operation, (), NodePlace("input"))
        for name, operation in self._head:
            parents = (current, *names) if operation.Layer_type == "dense" else (current,)
            current = write.add(name, operation, parents, NodePlace("head"))
        output_name = self.output_op.get("name", "output")
        write.add(output_name, self.output_op, (current,), NodePlace("output"))
        return ComputationGraph(write.nodes, [input_name, *names], [output_name])


def _last_read(skips: tuple[tuple[int, ...], ...]) -> list[int]:
    """The last layer that reads each layer; the next one always does."""
    last = list(range(1, len(skips) + 1))
    for layer, row in enumerate(skips):
        for source, bit in enumerate(row):
            if bit:
                last[source] = layer
    return last


def _flatten_mode(flatten_mode: object) -> str:
    mode = flatten_mode.lower() if isinstance(flatten_mode, str) else flatten_mode
    if mode not in _FLATTEN:
        raise ModelSpaceError(
            f"flatten_mode must be 'GAP', 'GMP' or 'Flatten'. Received: {flatten_mode!r}", field=("flatten_mode",)
        )
    return str(mode)
