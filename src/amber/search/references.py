"""Reference networks as the first trials of a search: planned for its data, trained and scored like every candidate.

A trial of one has its name in `Trial.reference`, and no tokens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from amber.architect import Operation
from amber.backend.precision import computing_in
from amber.errors import ConfigError
from amber.graph.cost import check_size
from amber.graph.graph import ComputationGraph
from amber.graph.models.compiling import clone_compile_arguments
from amber.modeler.references import reference_network
from amber.search.candidate import Candidate


def plan_reference(builder: Any, name: str) -> ComputationGraph:
    """Plan a reference network that reads and ends in what the networks of a builder do.

    Args:
        builder: has `inputs_op`, one sequence, and `output_op`.
        name: of the network, as in `amber.modeler.references`.

    Raises:
        ConfigError: the builder has no such operations, or more than one input.
        ModelSpaceError: an unknown name, or an input that is not a sequence.
    """
    inputs = _operations(getattr(builder, "inputs_op", None))
    outputs = _operations(getattr(builder, "output_op", None)) or _operations(getattr(builder, "outputs_op", None))
    if len(inputs) != 1 or not outputs:
        raise ConfigError(
            "A search starts with reference networks where a builder has inputs_op, one sequence, and output_op. "
            f"Received: {len(inputs)} inputs and {len(outputs)} outputs of a {type(builder).__name__}"
        )
    return reference_network(name, inputs[0], outputs)


def reference_candidates(builder: Any, names: Sequence[str]) -> dict[str, Candidate]:
    """Return the planned networks by name, in the order given.

    Raises:
        ConfigError: a name is given twice, or the builder does not suit.
        ModelSpaceError: an unknown name, or an input that is not a sequence.
        InvalidArchitectureError: the network does not fit the data.
    """
    found: dict[str, Candidate] = {}
    for given in names:
        name = str(given).strip().lower()
        if name in found:
            raise ConfigError(f"start_with names each reference network once. Received: {name} twice")
        graph = plan_reference(builder, name)
        check_size(graph.cost)
        found[name] = Candidate((), graph.fingerprint(), graph.cost.parameters, graph.cost.flops, graph)
    return found


def build_reference(builder: Any, graph: ComputationGraph) -> keras.Model:
    """Return the model of a reference network, compiled as the builder compiles."""
    with computing_in(getattr(builder, "precision", None)):
        model = graph.build()
    arguments: Mapping[str, Any] | None = getattr(builder, "model_compile_dict", None)
    if arguments is not None:
        model.compile(**clone_compile_arguments(arguments))
    return model


class ReferenceBuilder:
    """Plans and builds one reference network, whatever the tokens, in place of the builder of a search.

    Args:
        builder: of the search.
        name: of the network.
    """

    def __init__(self, builder: Any, name: str) -> None:
        self._builder, self._name = builder, name
        self.layout = builder.layout
        self.model_space = builder.model_space
        self.model_compile_dict = getattr(builder, "model_compile_dict", None)
        self.precision = getattr(builder, "precision", None)

    def plan(self, arc_seq: object) -> ComputationGraph:
        """Return the reference network."""
        return plan_reference(self._builder, self._name)

    def __call__(self, arc_seq: object) -> keras.Model:
        """Return its compiled model."""
        return build_reference(self, self.plan(arc_seq))


def builder_of(builder: Any, reference: str | None) -> Any:
    """Return what plans and builds the network of a trial: the builder, or that of its reference network."""
    return ReferenceBuilder(builder, reference) if reference else builder


def _operations(given: object) -> list[Operation]:
    if isinstance(given, Operation):
        return [given]
    return [each for each in given if isinstance(each, Operation)] if isinstance(given, (list, tuple)) else []
