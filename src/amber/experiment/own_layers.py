"""Layers of a user's own in a space: the best network is saved, so all of them must be such that it can be loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.experiment.configuration.reading import Configuration

if TYPE_CHECKING:
    from amber.architect import Operation
    from amber.search import Objective

# Architectures that are planned to learn the shapes that layers will see, where layers are made by them.
_SAMPLES = 20


def check_own_layers(configuration: Configuration, objective: Objective) -> None:
    """Check that the candidates with layers of a user's own can be saved and loaded.

    Raises:
        ConfigError: one cannot; names its line, why and what to write.
    """
    from amber.graph.saved_layers import check_saved_layer, check_saved_layers, is_of_user
    from amber.operations import OPERATIONS

    places: dict[Operation, tuple[int, int]] = {}
    for layer, candidates in enumerate(objective.builder.model_space.layers):
        for position, operation in enumerate(candidates):
            if is_of_user(operation):
                places.setdefault(operation, (layer, position))
    by_shape = [each for each in places if OPERATIONS.get(each.Layer_type).needs_shape]
    for operation, place in places.items():
        if operation not in by_shape:
            try:
                check_saved_layer(operation)
            except ModelSpaceError as error:
                error.field = place
                raise configuration.space_error(error) from error
    if not _is_ours(objective.builder):
        _check_own_builder(configuration, objective)
    rng = np.random.default_rng(configuration.config.seed)
    for _ in range(_SAMPLES if by_shape else 0):
        try:
            check_saved_layers(objective.builder.plan(objective.layout.sample(rng)))
        except InvalidArchitectureError:
            continue
        except ModelSpaceError as error:
            raise configuration.space_error(error) from error


def _is_ours(builder: object) -> bool:
    return type(getattr(builder, "called", builder)).__module__.partition(".")[0] == "amber"


def _check_own_builder(configuration: Configuration, objective: Objective) -> None:
    """Check the layers of one network that a builder of a user's own makes, if it makes one."""
    from amber.backend.randomness import preserved
    from amber.graph.saved_layers import check_saved_model

    with preserved():
        try:
            model = objective.builder(objective.layout.sample(np.random.default_rng(configuration.config.seed)))
        except Exception:  # of the user's own code, or an architecture that is not a network: its trial says so
            return
        with configuration.placing(("builder", "type")):
            check_saved_model(model)
