"""The design of a convolutional supernet: checks, the statement of what an architecture uses, and its graph.

A stem, one searched operation per layer with additive skips and normalisation, and a dense head. `follow` goes
through this statement; its executors make the graph, the tensors of a selected architecture, and the bank of layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol, TypeVar

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.architect.places import NodePlace
from amber.architect.shared_cnn_space import check_pool_strides
from amber.errors import ModelSpaceError
from amber.graph.cost import input_shape
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder
from amber.supernet.conv_branch import NORMALISE, ConvPart, Reduction, convolution, make_branch, pool, stated
from amber.supernet.settings import FLATTEN, ConvSettings
from amber.types import Tokens

T = TypeVar("T")


@dataclass(frozen=True)
class ConvDesign:
    """A checked description of a convolutional supernet; makes graphs from tokens.

    Attributes:
        model_space: candidates of type conv1d, maxpool1d, avgpool1d or identity, all with `filters`.
        input: the input operation, shape (length, channels), or (channels, length) for `NCW`.
        output: a dense operation with `units` and `activation`.
        settings: skips, stem, reductions and the order of axes.

    Raises:
        ModelSpaceError: filters missing or mixed within a layer, unknown types or attributes, pools of a layer
            with different strides.
    """

    model_space: ModelSpace
    input: Operation
    output: Operation
    settings: ConvSettings

    def __post_init__(self) -> None:
        self.model_space.validate()
        for layer in range(self.layers):
            check_pool_strides(self.model_space, layer, with_skips=self.settings.with_skip_connection)
        _ = self.channels, self.parts
        if self.output.Layer_type != "dense" or not isinstance(self.output.get("activation"), str):
            raise ModelSpaceError(
                f"The output must be a dense operation with 'units' and 'activation'. Received: {self.output}"
            )
        if self.input_name == self.output_name:
            raise ModelSpaceError(f"Input and output need different names. Received: {self.input_name!r} twice")

    @cached_property
    def layout(self) -> TokenLayout:
        """The grammar of the tokens."""
        return TokenLayout(self.model_space, with_skips=self.settings.with_skip_connection)

    @cached_property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.model_space)

    @cached_property
    def out_filters(self) -> list[int]:
        """Filters of each layer."""
        return KerasResidualCnnBuilder.get_out_filters(self.model_space)[0]

    @cached_property
    def pool_layers(self) -> list[int]:
        """The layers after which the number of filters changes."""
        return KerasResidualCnnBuilder.get_out_filters(self.model_space)[1]

    @cached_property
    def input_name(self) -> str:
        """Name of the input node."""
        return str(self.input.get("name", "input"))

    @cached_property
    def output_name(self) -> str:
        """Name of the output node."""
        return str(self.output.get("name", "output"))

    @property
    def input_shapes(self) -> dict[str, tuple[int | None, ...]]:
        """Shape of the input, by its name."""
        return {self.input_name: input_shape(self.input)}

    @property
    def output_widths(self) -> dict[str, int]:
        """Units of the output, by its name."""
        return {self.output_name: int(self.output.get("units"))}

    @cached_property
    def channels(self) -> int:
        """Channels of the input."""
        shape, axis = input_shape(self.input), 1 if self.settings.data_format == "NWC" else 0
        if len(shape) != 2 or shape[axis] is None:
            raise ModelSpaceError(
                f"The input of a convolutional supernet must have shape (length, channels), or with data_format 'NCW' "
                f"(channels, length). Received: {self.input}"
            )
        return int(shape[axis] or 0)

    @cached_property
    def stem_nodes(self) -> tuple[ComputationNode, ...]:
        """The convolution and normalisation before the layers, or none."""
        if not self.settings.stem_config["has_stem_conv"]:
            return ()
        kernel = convolution(self.out_filters[0], self.settings.stem_config["stem_kernel_size"])
        return (stated("stem_conv", kernel, NodePlace("stem")), stated("stem_bn", NORMALISE, NodePlace("stem")))

    @cached_property
    def parts(self) -> tuple[ConvPart, ...]:
        """Every layer, with its candidates and the earlier layers that it may add."""
        token = {name: position for position, name in enumerate(self.layout.names)}
        found, with_skips = [], self.settings.with_skip_connection
        for layer, candidates in enumerate(self.model_space.layers):
            width = self.channels if not layer and not self.stem_nodes else self.out_filters[layer]
            branches = [
                make_branch(layer, k, operation, width, self.settings.add_conv1_under_pool)
                for k, operation in enumerate(candidates)
            ]
            place, joins = NodePlace("layer", layer), with_skips and layer > 0
            reduced = range(0 if with_skips else layer, layer + 1 if layer in self.pool_layers else 0)
            part = ConvPart(
                layer,
                token[f"L{layer}.op"],
                tuple(branches),
                tuple(token[f"L{layer}.skip.{earlier}"] for earlier in range(layer)) if joins else (),
                stated(f"layer_{layer}_skip_add", Operation("add"), place) if joins else None,
                stated(f"layer_{layer}_skip_bn", NORMALISE, place) if joins else None,
                tuple(self._reduction(layer, source) for source in reduced),
            )
            found.append(part)
        return tuple(found)

    def _reduction(self, layer: int, source: int) -> Reduction:
        name, place = f"layer_{layer}_pool_from_{source}", NodePlace("reduction", source)
        pooling = pool("maxpool1d", *[self.settings.reduction_factor] * 2)
        kernel = convolution(self.out_filters[layer + 1], 1)
        return Reduction(source, (stated(f"{name}_conv", kernel, place), stated(name, pooling, place)))

    @cached_property
    def head_nodes(self) -> tuple[ComputationNode, ComputationNode, ComputationNode]:
        """The nodes that flatten the features, the dense layer, and the output."""
        stem = self.settings.stem_config
        dense = Operation("dense", units=stem["fc_units"], activation="relu", kernel_initializer="he_normal")
        return (
            stated("flatten", Operation(FLATTEN[stem["flatten_op"]]), NodePlace("head")),
            stated("fc", dense, NodePlace("head")),
            stated(self.output_name, self.output.replace(name=...), NodePlace("output")),
        )

    @cached_property
    def dropouts(self) -> dict[str, int]:
        """The position of the rate of every dropout node that a network may have, by name."""
        names = [*(f"layer_{layer}" for layer in range(self.layers)), "flatten", "fc"]
        return {f"{name}_dropout": position for position, name in enumerate(names)}

    def plan(self, arc_seq: Tokens, dropouts: Sequence[float]) -> ComputationGraph:
        """Return the network of an architecture, without nodes that no output reads.

        Args:
            arc_seq: tokens of `layout`.
            dropouts: rates of each layer, of the flattened features and of the dense layer, L + 2 in all.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        writer = _GraphWriter(self.layout.validate(arc_seq), [*zip(self.dropouts, dropouts, strict=True)])
        current = writer.write(stated(self.input_name, self.input.replace(name=...), NodePlace("input")))
        if self.settings.data_format == "NCW":
            current = writer.write(
                stated("channels_last", Operation("permute", dims=[2, 1]), NodePlace("input")), current
            )
        follow(self, writer, current)
        return ComputationGraph(writer.nodes, [self.input_name], [self.output_name]).prune()


class Executor(Protocol[T]):
    """Carries out the statement of a convolutional family: as a graph, as tensors, or as the bank of layers."""

    def apply(self, node: ComputationNode, x: T) -> T:
        """Return the output of a node."""

    def choose(self, part: ConvPart, x: T) -> T:
        """Return the output of the chosen candidate of a layer."""

    def add(self, part: ConvPart, x: T, earlier: Sequence[T]) -> T:
        """Return the sum with the chosen earlier layers."""

    def drop(self, position: int, x: T) -> T:
        """Return the output of the dropout at that position."""


def follow(design: ConvDesign, executor: Executor[T], x: T) -> T:
    """Follow the network from its input to its output, and return what the executor makes of the output.

    Args:
        design: states the network.
        executor: does what is stated.
        x: the input, as the executor understands it.
    """
    for node in design.stem_nodes:
        x = executor.apply(node, x)
    given: list[T] = []
    for part in design.parts:
        x = executor.choose(part, x)
        if part.norm is not None:
            x = executor.apply(part.norm, executor.add(part, x, given))
        given.append(executor.drop(part.number, x))
        for reduction in part.reductions:
            for node in reduction.chain:
                given[reduction.source] = executor.apply(node, given[reduction.source])
        x = given[-1]
    flatten, dense, output = design.head_nodes
    flat = executor.drop(design.layers, executor.apply(flatten, x))
    return executor.apply(output, executor.drop(design.layers + 1, executor.apply(dense, flat)))


class _GraphWriter:
    """Writes the nodes of one network; a tensor is represented by the name of its node."""

    def __init__(self, tokens: Sequence[int], dropouts: Sequence[tuple[str, float]]) -> None:
        self.nodes: list[ComputationNode] = []
        self._tokens, self._dropouts = tokens, dropouts

    def write(self, node: ComputationNode, *parents: str) -> str:
        self.nodes.append(
            ComputationNode(node.operation, node.node_name, parents=parents, group=node.place or node.group)
        )
        return node.node_name

    def apply(self, node: ComputationNode, x: str) -> str:
        return self.write(node, x)

    def choose(self, part: ConvPart, x: str) -> str:
        for node in part.branches[self._tokens[part.token]].chain:
            x = self.apply(node, x)
        return x

    def add(self, part: ConvPart, x: str, earlier: Sequence[str]) -> str:
        chosen = [name for name, token in zip(earlier, part.skips, strict=True) if self._tokens[token]]
        if part.add is None or not chosen:
            return x
        return self.write(part.add, x, *chosen)

    def drop(self, position: int, x: str) -> str:
        name, rate = self._dropouts[position]
        place = NodePlace("layer", position) if position < len(self._dropouts) - 2 else NodePlace("head")
        return self.write(stated(name, Operation("dropout", rate=rate), place), x) if rate else x
