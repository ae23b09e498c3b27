"""DAGs with intermediate outputs, which say what each input block, or each pair of them, is worth alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from amber.architect import Architecture
from amber.architect.places import NodePlace
from amber.checks import finite_number_at_least
from amber.errors import ConfigError
from amber.graph.graph import ComputationGraph, ComputationNode
from amber.graph.models.auxiliary import block_loss_mapping, child_class_of, first_meetings
from amber.graph.models.intermediate import AUX_LOSS_WEIGHT
from amber.modeler.builders.dag.dag import DAG
from amber.types import Tokens

if TYPE_CHECKING:
    import keras


class InputBlockDAG(DAG):
    """A DAG in which every layer that reads an input block, except the last layer, has an intermediate output.

    An intermediate output is the output operation, with weights of its own, on that layer alone: `added_out_1`,
    `added_out_2`, ... in the order of the layers. The model is a DenseAddOutputChild.

    Args:
        add_output: without it there are no intermediate outputs. Where the tokens stand in its place, they are
            the first of `args`, and the outputs are added.
        *args: as DAG.
        aux_loss_weight: weight of their losses beside the final output's 1.
        **kwargs: as DAG; `with_input_blocks` must be True.

    Raises:
        ConfigError: no input blocks, or a weight that is not a finite number of at least 0.
        ModelSpaceError, ArchitectureError: as DAG.
    """

    head_name: ClassVar[str] = "added_out"

    def __init__(
        self,
        add_output: bool | Tokens | None = True,
        *args: Any,
        aux_loss_weight: float = AUX_LOSS_WEIGHT,
        **kwargs: Any,
    ) -> None:
        add_output, args = _apart_from_tokens(add_output, args)
        super().__init__(*args, **kwargs)
        if not self.with_input_blocks:
            raise ConfigError(f"{type(self).__name__} needs with_input_blocks=True. Received: False")
        self.add_output = bool(add_output)
        self.aux_loss_weight = float(finite_number_at_least(aux_loss_weight, "aux_loss_weight", 0))

    def _heads(self, architecture: Architecture, layers: list[ComputationNode]) -> list[ComputationNode]:
        if not self.add_output:
            return []
        reading = {NodePlace("layer", number) for number, bits in enumerate(architecture.inputs[:-1]) if any(bits)}
        return self._heads_on([layer.node_name for layer in layers if layer.place in reading])

    def _heads_on(self, names: list[str]) -> list[ComputationNode]:
        prefix = self.head_name
        return [
            self.output_node.replace(node_name=f"{prefix}_{number}", parents=[name], group=f"{prefix}_{number}")
            for number, name in enumerate(names, start=1)
        ]

    def _head_weight(self) -> float:
        return self.aux_loss_weight

    def model_class(self, graph: ComputationGraph) -> Callable[..., keras.Model] | None:
        """Return the class of children that know what their intermediate outputs are worth."""
        return child_class_of(graph)


class InputBlockAuxLossDAG(InputBlockDAG):
    """A DAG with an intermediate output wherever two input blocks first meet, except at the last layer.

    Two blocks first meet at the first layer, in order, whose ancestors hold both; a block meets itself at the first
    layer that it reaches. Blocks that no layer chose meet nowhere, although the default input joins them. The
    outputs are `add_out_1`, `add_out_2`, ... in the order of the layers.

    Args:
        add_output: must be True, or left out: the tokens may stand in its place.
        *args: as InputBlockDAG.
        **kwargs: as InputBlockDAG.

    Raises:
        ConfigError: `add_output` is not True, or as InputBlockDAG.
    """

    head_name: ClassVar[str] = "add_out"

    def __init__(self, add_output: bool | Tokens | None = True, *args: Any, **kwargs: Any) -> None:
        add_output, args = _apart_from_tokens(add_output, args)
        if not add_output:
            raise ConfigError(f"{type(self).__name__} needs add_output=True. Received: {add_output!r}")
        super().__init__(True, *args, **kwargs)

    @property
    def input_block_loss_mapping(self) -> dict[tuple[str, str], int | None]:
        """Where the loss of the first meeting of two inputs stands; see `child.block_loss_mapping`."""
        return block_loss_mapping(self.graph)

    def _heads(self, architecture: Architecture, layers: list[ComputationNode]) -> list[ComputationNode]:
        roots = set(first_meetings(self._input_names, layers).values())
        last = NodePlace("layer", len(architecture.operations) - 1)
        meeting = [layer.node_name for layer in layers if layer.node_name in roots and layer.place != last]
        return self._heads_on(meeting)


def _apart_from_tokens(add_output: Any, args: tuple[Any, ...]) -> tuple[bool, tuple[Any, ...]]:
    """Return `add_output` and the arguments of DAG, where the tokens may stand first."""
    if add_output is None or isinstance(add_output, (bool, np.bool_, int)):
        return bool(add_output), args
    return True, (add_output, *args)
