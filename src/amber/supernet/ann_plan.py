"""The design of a feed-forward supernet: checks, what layers and outputs may read, and the graph of an architecture.

Layer l reads the selected input blocks and the selected earlier layers; nothing is pruned, so a layer (or an
output) that reads nothing computes its bias alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.architect.places import NodePlace, at_candidate
from amber.checks import is_integer
from amber.errors import ModelSpaceError
from amber.graph.cost import input_shape
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.supernet.ann_slices import DensePart, Read, chosen
from amber.supernet.settings import AnnSettings
from amber.types import Tokens

ACTIVATIONS = ("relu", "linear", "softmax", "sigmoid", "leaky_relu", "elu", "tanh")
_READ = frozenset({"units", "activation", "name", "filters"})


@dataclass(frozen=True)
class AnnDesign:
    """A checked description of a feed-forward supernet; makes graphs from tokens.

    Attributes:
        model_space: layers with identical candidates.
        inputs: the input operations, each with a name and shape (features,).
        outputs: the output operations, each with a name, units and activation.
        settings: which connections are searched.

    Raises:
        ModelSpaceError: candidates that differ between layers, are not dense, have different activations, or
            no units; an input that is not a row of features; an output without units or activation.
    """

    model_space: ModelSpace
    inputs: tuple[Operation, ...]
    outputs: tuple[Operation, ...]
    settings: AnnSettings

    def __post_init__(self) -> None:
        self.model_space.validate()
        _check_candidates(self.model_space)
        for kind, operations in (("input", self.inputs), ("output", self.outputs)):
            if not operations:
                raise ModelSpaceError(f"A feed-forward supernet needs at least one {kind}. Received: none")
        for operation in self.outputs:
            _check_output(operation)
        names = [*self.input_names, *self.output_names]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ModelSpaceError(f"Inputs and outputs need different names. Received: {', '.join(repeated)} twice")

    @cached_property
    def layout(self) -> TokenLayout:
        """The grammar of the tokens."""
        return TokenLayout(
            self.model_space,
            num_inputs=len(self.inputs) if self.settings.with_input_blocks else 0,
            with_skips=self.settings.with_skip_connection,
            num_outputs=len(self.outputs) if self.settings.with_output_blocks else 0,
        )

    @cached_property
    def layers(self) -> int:
        """Number of layers."""
        return len(self.model_space)

    @cached_property
    def units(self) -> tuple[int, ...]:
        """Units of each candidate."""
        return tuple(int(operation.get("units")) for operation in self.model_space.layers[0])

    @cached_property
    def activation(self) -> str:
        """The activation that all candidates share."""
        return _activation(self.model_space.layers[0][0])

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Names of the input blocks."""
        return tuple(str(operation.get("name", f"input_{k}")) for k, operation in enumerate(self.inputs))

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """Names of the outputs."""
        single = len(self.outputs) == 1
        return tuple(
            str(operation.get("name", "output" if single else f"output_{k}"))
            for k, operation in enumerate(self.outputs)
        )

    @cached_property
    def features(self) -> tuple[int, ...]:
        """Features of each input block."""
        return tuple(_features(operation) for operation in self.inputs)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The column of the input matrix at which each block begins, and the number of columns."""
        return tuple(accumulate(self.features, initial=0))

    @property
    def input_shapes(self) -> dict[str, tuple[int]]:
        """Shape of each input block, by name."""
        return {name: (count,) for name, count in zip(self.input_names, self.features, strict=True)}

    @property
    def output_widths(self) -> dict[str, int]:
        """Units of each output, by name."""
        return {
            name: int(operation.get("units")) for name, operation in zip(self.output_names, self.outputs, strict=True)
        }

    @cached_property
    def parts(self) -> tuple[DensePart, ...]:
        """Every layer, then every output: what it may read and take of its shared kernel."""
        token = {name: position for position, name in enumerate(self.layout.names)}
        features, width, found = self.starts[-1], max(self.units), list[DensePart]()
        for layer in range(self.layers):
            inputs = [
                Read(block, start, stop, token.get(f"L{layer}.input.{block}"))
                for block, (start, stop) in enumerate(pairwise(self.starts))
                if self.settings.with_input_blocks or not layer
            ]
            earlier = [
                Read(j, features + j * width, features + (j + 1) * width, token.get(f"L{layer}.skip.{j}"))
                for j in range(0 if self.settings.with_skip_connection else max(0, layer - 1), layer)
            ]
            rows, choice = features + layer * width, token[f"L{layer}.op"]
            found.append(
                DensePart(f"L{layer}", tuple(inputs), tuple(earlier), rows, self.units, choice, self.activation)
            )
        first = 0 if self.settings.with_output_blocks else self.layers - 1
        for output, (name, operation) in enumerate(zip(self.output_names, self.outputs, strict=True)):
            layers = [
                Read(j, (j - first) * width, (j - first + 1) * width, token.get(f"out{output}.L{j}"))
                for j in range(first, self.layers)
            ]
            units, activation = (int(operation.get("units")),), operation.get("activation")
            found.append(DensePart(name, (), tuple(layers), len(layers) * width, units, None, activation))
        return tuple(found)

    def plan(self, arc_seq: Tokens, dropouts: Sequence[float] | None = None) -> ComputationGraph:
        """Return the network of an architecture.

        Args:
            arc_seq: tokens of `layout`.
            dropouts: rates of the inputs and of each layer, L + 1 in all; None for no dropout.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        tokens = self.layout.validate(arc_seq)
        rates = list(dropouts) if dropouts is not None else [0.0] * (self.layers + 1)
        nodes = [
            ComputationNode(operation.replace(name=...), name, group=NodePlace("input"))
            for operation, name in zip(self.inputs, self.input_names, strict=True)
        ]
        blocks = [_drop(nodes, name, rates[0], NodePlace("input")) for name in self.input_names]
        layers: list[str] = []
        for part in self.parts:
            operation = Operation("dense", units=part.units_of(tokens), activation=part.activation)
            parents = [blocks[read.source] for read in chosen(part.inputs, tokens)]
            parents += [layers[read.source] for read in chosen(part.layers, tokens)]
            if part.token is None:
                nodes.append(_node(operation, part.name, parents, self.input_names[0], NodePlace("output")))
                continue
            name, place = f"{part.name}_{operation.short_name}", NodePlace("layer", len(layers))
            nodes.append(_node(operation, name, parents, self.input_names[0], place))
            layers.append(_drop(nodes, name, rates[len(layers) + 1], place))
        return ComputationGraph(nodes, self.input_names, self.output_names)


def _node(operation: Operation, name: str, parents: list[str], first_input: str, group: NodePlace) -> ComputationNode:
    if parents:
        return ComputationNode(operation, name, parents=parents, group=group)
    alone = Operation("bias_only", units=operation.get("units"), activation=operation.get("activation"))
    return ComputationNode(alone, name, parents=(first_input,), group=group)


def _drop(nodes: list[ComputationNode], name: str, rate: float, group: NodePlace) -> str:
    if not rate:
        return name
    nodes.append(ComputationNode(Operation("dropout", rate=rate), f"{name}_dropout", parents=(name,), group=group))
    return f"{name}_dropout"


def _check_candidates(space: ModelSpace) -> None:
    first = space.layers[0]
    for position, operation in enumerate(first):
        with at_candidate(0, position):
            if operation.Layer_type != "dense":
                raise ModelSpaceError(f"a feed-forward supernet must be made of dense layers. Received: {operation}")
            unread = sorted(set(operation.Layer_attributes) - _READ)
            if unread:
                raise ModelSpaceError(
                    "a feed-forward supernet reads 'units' and 'activation' only and would ignore "
                    f"{', '.join(unread)}. Received: {operation}",
                    field=tuple(unread[:1]),
                )
            _units(operation)
            _activation(operation)
    activations = sorted({_activation(operation) for operation in first})
    if len(activations) > 1:
        raise ModelSpaceError(
            f"All candidates of a feed-forward supernet must share one activation. Received: {', '.join(activations)}"
        )
    for layer, candidates in enumerate(space.layers):
        if candidates != first:
            raise ModelSpaceError(
                f"Layer {layer} must have the same candidates as layer 0, because all layers share one shape. "
                f"Received: {[str(operation) for operation in candidates]}",
                field=(layer,),
            )


def _check_output(operation: Operation) -> None:
    if operation.Layer_type != "dense":
        raise ModelSpaceError(f"An output of a feed-forward supernet must be a dense layer. Received: {operation}")
    _units(operation, "The output: ")
    if not isinstance(operation.get("activation"), str):
        raise ModelSpaceError(f"The output needs an 'activation', such as 'linear'. Received: {operation}")
    unread = sorted(set(operation.Layer_attributes) - _READ)
    if unread:
        raise ModelSpaceError(
            f"The output needs 'units' and 'activation'; it would ignore {', '.join(unread)}. Received: {operation}"
        )


def _units(operation: Operation, where: str = "") -> int:
    units = operation.get("units")
    if not is_integer(units) or units < 1:
        raise ModelSpaceError(f"{where}'units' must be a positive integer. Received: {operation}")
    return units


def _activation(operation: Operation) -> str:
    activation = operation.get("activation", "linear")
    if not isinstance(activation, str) or activation.lower() not in ACTIVATIONS:
        raise ModelSpaceError(f"the activation must be one of {', '.join(ACTIVATIONS)}. Received: {operation}")
    return activation.lower()


def _features(operation: Operation) -> int:
    shape = input_shape(operation)
    if len(shape) != 1 or shape[0] is None:
        raise ModelSpaceError(
            f"An input block of a feed-forward supernet must have shape (n,), features only. Received: {operation}"
        )
    return shape[0]
