"""Build networks initialised from supernet weights."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from amber.graph.models.compiling import clone_compile_arguments
from amber.search.objective import Objective
from amber.supernet.base import Supernet
from amber.training.recalibration import recalibrate
from amber.types import TensorTree

if TYPE_CHECKING:
    from amber.modeler.builders.protocol import Builder


class InheritedWeightsBuilder:
    """Builds the networks of another builder with weights taken out of a supernet.

    Like once-for-all networks (Cai et al. 2020) and unlike ENAS, what the shared training taught is not thrown away.
    Batch normalisation has the momentum and epsilon of the supernet.

    Args:
        builder: of stand-alone networks; its tokens, plans and compile arguments hold.
        supernet: of the same networks.
        calibration: training features on which normalisation statistics are estimated for each network.
    """

    def __init__(self, builder: Any, supernet: Supernet, calibration: Any) -> None:
        self.builder, self.supernet, self.calibration = builder, supernet, calibration
        self.layout, self.model_space = builder.layout, builder.model_space
        self.model_compile_dict = builder.model_compile_dict

    def plan(self, arc_seq: Any) -> Any:
        """Return the network of an architecture, as the other builder plans it."""
        return self.builder.plan(arc_seq)

    def __call__(self, arc_seq: Any) -> Any:
        """Return a compiled model with weights of its own.

        Raises:
            ArchitectureError: tokens outside the grammar.
            InvalidArchitectureError: tokens that describe no network.
        """
        return self.from_graph(self.plan(arc_seq), arc_seq)

    def from_graph(self, graph: Any, arc_seq: Any) -> Any:
        """Return the compiled model of a planned architecture, with weights of its own."""
        model = recalibrate(self.supernet.extract(arc_seq), self.calibration)
        model.compile(**clone_compile_arguments(self.model_compile_dict))
        return model

    def __reduce__(self) -> tuple[Callable[..., InheritedWeightsBuilder], tuple[Any, ...]]:
        """Send it to a worker: the supernet as its description and plain arrays, which workers share."""
        weights = [np.asarray(keras.ops.convert_to_numpy(weight)) for weight in self.supernet.weights]
        description = keras.saving.serialize_keras_object(self.supernet)
        return _received, (self.builder, description, weights, self.calibration)


def _received(
    builder: Builder, description: object, weights: Sequence[np.ndarray], calibration: Callable[[], TensorTree] | None
) -> InheritedWeightsBuilder:
    """Make a builder of what was sent."""
    supernet = keras.saving.deserialize_keras_object(description)
    supernet.set_weights(weights)
    return InheritedWeightsBuilder(builder, supernet, calibration)


def with_inherited_weights(objective: Objective, supernet: Supernet, calibration: object) -> Objective:
    """Return an objective that trains the same networks from the weights of a supernet on."""
    changed = copy.copy(objective)
    changed.builder = InheritedWeightsBuilder(objective.builder, supernet, calibration)
    return changed
