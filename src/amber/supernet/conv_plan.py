"""What a convolutional supernet's architecture means: its checks, and its graph.

A stem, one searched operation per layer with additive skips and normalisation, and a dense head. Every node that
has weights is named after them, so the name says which shared layer it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.architect.places import NodePlace
from amber.errors import ConfigError, ModelSpaceError
from amber.graph.cost import input_shape
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder
from amber.operations import OPERATIONS
from amber.supernet.conv_branch import NORMALISE, Branch, convolution, make_branch, pool

STEM_DEFAULTS = {"has_stem_conv": True, "stem_kernel_size": 8, "flatten_op": "flatten", "fc_units": 1000}
FLATTEN = {"flatten": "flatten", "gap": "globalavgpool1d", "global_avg_pool": "globalavgpool1d"}


@dataclass(frozen=True)
class ConvDesign:
    """A checked description of a convolutional supernet; makes graphs of tokens.

    Attributes:
        model_space: candidates of type conv1d, maxpool1d, avgpool1d or identity, all with `filters`.
        input: the input operation, shape (length, channels), or (channels, length) for `NCW`.
        output: a dense operation with `units` and `activation`.
        stem: `has_stem_conv`, `stem_kernel_size`, `flatten_op` and `fc_units`; see STEM_DEFAULTS.
        with_skips: whether each layer chooses earlier layers to add.
        reduction_factor: pool size and stride where the number of filters changes.
        add_conv1_under_pool: a 1x1 convolution, normalisation and relu before each pooling.
        data_format: `NWC` or `NCW`, of the input only.

    Raises:
        ModelSpaceError: filters missing or mixed within a layer, unknown types or attributes, pools of a layer
            with different strides.
        ConfigError: an unknown option of the stem, or one out of range.
    """

    model_space: ModelSpace
    input: Operation
    output: Operation
    stem: Mapping[str, Any] = field(default_factory=dict)
    with_skips: bool = True
    reduction_factor: int = 4
    add_conv1_under_pool: bool = True
    data_format: str = "NWC"

    def __post_init__(self) -> None:
        self.model_space.validate()
        object.__setattr__(self, "stem", _check_stem(self.stem))
        if self.data_format not in ("NWC", "NCW"):
            raise ConfigError(f"data_format must be 'NWC' or 'NCW'. Received: {self.data_format!r}")
        if isinstance(self.reduction_factor, bool) or not isinstance(self.reduction_factor, int):
            raise ConfigError(f"reduction_factor must be a positive integer. Received: {self.reduction_factor!r}")
        if self.reduction_factor < 1:
            raise ConfigError(f"reduction_factor must be a positive integer. Received: {self.reduction_factor}")
        for layer in range(self.layers):
            self._check_strides(layer)
        _ = self.channels, self.branches, self.layout
        if self.output.Layer_type != "dense" or not isinstance(self.output.get("activation"), str):
            raise ModelSpaceError(
                f"The output is a dense operation with 'units' and 'activation'. Received: {self.output}"
            )
        if self.input_name == self.output_name:
            raise ModelSpaceError(f"Input and output need different names. Received: {self.input_name!r} twice")

    def _check_strides(self, layer: int) -> None:
        candidates = self.model_space.layers[layer]
        strides = [op.get("strides", 1) or 1 for op in candidates if op.Layer_type.endswith("pool1d")]
        different = sorted({str(stride) for stride in strides})
        if len(different) > 1:
            raise ModelSpaceError(
                f"Layer {layer}: all pools of a layer have the same strides. Received: {', '.join(different)}",
                field=(layer,),
            )
        if strides and strides[0] != 1 and len(strides) < len(candidates):
            raise ModelSpaceError(
                f"Layer {layer}: strides other than 1 need every candidate to be a pool, because the others keep "
                f"the length. Received: strides={strides[0]!r} beside {len(candidates) - len(strides)} others",
                field=(layer,),
            )
        if strides and strides[0] != 1 and layer and self.with_skips:
            raise ModelSpaceError(
                f"Layer {layer}: with skip connections only the pools of layer 0 may have strides other than 1, "
                f"because sums need equal lengths. Received: strides={strides[0]!r}",
                field=(layer,),
            )

    @cached_property
    def layout(self) -> TokenLayout:
        """The grammar of the tokens."""
        return TokenLayout(self.model_space, with_skips=self.with_skips)

    @cached_property
    def layers(self) -> int:
        """How many layers there are."""
        return len(self.model_space)

    @cached_property
    def _filters(self) -> tuple[list[int], list[int]]:
        return KerasResidualCnnBuilder.get_out_filters(self.model_space)

    @property
    def out_filters(self) -> list[int]:
        """Filters of each layer."""
        return self._filters[0]

    @property
    def pool_layers(self) -> list[int]:
        """The layers after which the number of filters changes."""
        return self._filters[1]

    @cached_property
    def input_name(self) -> str:
        """Name of the input node."""
        return str(self.input.get("name", "input"))

    @cached_property
    def output_name(self) -> str:
        """Name of the output node."""
        return str(self.output.get("name", NodePlace("output")))

    @cached_property
    def shape(self) -> tuple[int | None, ...]:
        """Shape of the input as it is given, without the batch axis."""
        shape = input_shape(self.input)
        if len(shape) != 2 or shape[self._channel_axis] is None:
            raise ModelSpaceError(
                f"The input of a convolutional supernet has shape (length, channels), or with data_format 'NCW' "
                f"(channels, length). Received: {self.input}"
            )
        return shape

    @property
    def _channel_axis(self) -> int:
        return 1 if self.data_format == "NWC" else 0

    @cached_property
    def channels(self) -> int:
        """Channels of the input."""
        return int(self.shape[self._channel_axis] or 0)

    def width_into(self, layer: int) -> int:
        """Return the channels that layer `layer` reads."""
        return self.channels if layer == 0 and not self.stem["has_stem_conv"] else self.out_filters[layer]

    @cached_property
    def branches(self) -> list[list[Branch]]:
        """Every candidate of every layer, as a chain of nodes."""
        return [
            [
                make_branch(layer, token, operation, self.width_into(layer), self.add_conv1_under_pool)
                for token, operation in enumerate(candidates)
            ]
            for layer, candidates in enumerate(self.model_space.layers)
        ]

    def plan(self, arc_seq: Any, dropouts: Sequence[float]) -> ComputationGraph:
        """Return the network of an architecture, without what no output reads.

        Args:
            arc_seq: tokens of `layout`.
            dropouts: rates of each layer, of the flattened features and of the dense layer, L + 2 in all.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        architecture = self.layout.decode(arc_seq)
        write = _Writer(dropouts)
        current = self._begin(write)
        stored: list[str] = []
        for layer, token in enumerate(architecture.operations):
            group = NodePlace("layer", layer)
            for name, operation in self.branches[layer][token].chain:
                current = write.add(name, operation, (current,), group)
            if self.with_skips and layer:
                chosen = [stored[j] for j, bit in enumerate(architecture.skips[layer]) if bit]
                if chosen:
                    current = write.add(f"layer_{layer}_skip_add", Operation("add"), (current, *chosen), group)
                current = write.add(f"layer_{layer}_skip_bn", NORMALISE, (current,), group)
            current = write.drop(layer, f"layer_{layer}", current, group)
            stored.append(current)
            if layer in self.pool_layers:
                stored = [
                    self._reduce(write, layer, source, tensor) if self.with_skips or source == layer else tensor
                    for source, tensor in enumerate(stored)
                ]
                current = stored[-1]
        self._end(write, current)
        return ComputationGraph(write.nodes, [self.input_name], [self.output_name]).prune()

    def _begin(self, write: _Writer) -> str:
        _ = self.shape
        current = write.add(self.input_name, self.input.replace(name=...), (), NodePlace("input"))
        if self.data_format == "NCW":
            current = write.add("channels_last", Operation("permute", dims=[2, 1]), (current,), NodePlace("input"))
        if self.stem["has_stem_conv"]:
            kernel = convolution(self.out_filters[0], self.stem["stem_kernel_size"])
            current = write.add("stem_conv", kernel, (current,), NodePlace("stem"))
            current = write.add("stem_bn", NORMALISE, (current,), NodePlace("stem"))
        return current

    def _reduce(self, write: _Writer, layer: int, source: int, tensor: str) -> str:
        name, group = f"layer_{layer}_pool_from_{source}", NodePlace("reduction", source)
        current = write.add(f"{name}_conv", convolution(self.out_filters[layer + 1], 1), (tensor,), group)
        factor = self.reduction_factor
        return write.add(name, pool("maxpool1d", factor, factor), (current,), group)

    def _end(self, write: _Writer, current: str) -> None:
        flatten = Operation(FLATTEN[self.stem["flatten_op"]])
        current = write.add("flatten", flatten, (current,), NodePlace("head"))
        current = write.drop(self.layers, "flatten", current, NodePlace("head"))
        dense = Operation("dense", units=self.stem["fc_units"], activation="relu", kernel_initializer="he_normal")
        current = write.add("fc", dense, (current,), NodePlace("head"))
        current = write.drop(self.layers + 1, "fc", current, NodePlace("head"))
        write.add(self.output_name, self.output.replace(name=...), (current,), NodePlace("output"))


class _Writer:
    """Writes the nodes of one network."""

    def __init__(self, dropouts: Sequence[float]) -> None:
        self.nodes: list[ComputationNode] = []
        self._dropouts = dropouts

    def add(self, name: str, operation: Operation, parents: tuple[str, ...], group: NodePlace) -> str:
        self.nodes.append(ComputationNode(operation, name, parents=parents, group=group))
        return name

    def drop(self, position: int, name: str, parent: str, group: NodePlace) -> str:
        rate = self._dropouts[position]
        return self.add(f"{name}_dropout", Operation("dropout", rate=rate), (parent,), group) if rate else parent


def _check_stem(stem: Mapping[str, Any] | None) -> dict[str, Any]:
    given = dict(stem or {})
    unknown = sorted(set(given) - set(STEM_DEFAULTS))
    if unknown:
        raise ConfigError(f"stem_config knows {', '.join(STEM_DEFAULTS)}. Received: {', '.join(map(str, unknown))}")
    options: dict[str, Any] = {**STEM_DEFAULTS, **given}
    for key in ("stem_kernel_size", "fc_units"):
        if isinstance(options[key], bool) or not isinstance(options[key], int) or options[key] < 1:
            raise ConfigError(f"stem_config['{key}'] must be a positive integer. Received: {options[key]!r}")
    flatten = options["flatten_op"]
    options["flatten_op"] = flatten.lower() if isinstance(flatten, str) else flatten
    if options["flatten_op"] not in FLATTEN:
        raise ConfigError(f"stem_config['flatten_op'] must be one of {', '.join(FLATTEN)}. Received: {flatten!r}")
    options["has_stem_conv"] = bool(options["has_stem_conv"])
    return options


def _register_permute() -> None:
    import keras

    from amber.operations import register_operation

    if "permute" not in OPERATIONS:
        register_operation("permute", keras.layers.Permute, required=("dims",))


_register_permute()
