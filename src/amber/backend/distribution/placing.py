"""A model on the devices of a placement."""

from __future__ import annotations

import keras

from amber.backend.distribution.placed_model import PlacedFunctional
from amber.backend.distribution.placement import Placement


def place(model: keras.Model, placement: Placement) -> keras.Model:
    """Return a model that was made within the scope of a placement as one that enters it by itself where it must."""
    placed = _class_of_models()(model.input, model.output, name=model.name)
    placed.placement = placement
    return placed


def _class_of_models() -> type[PlacedFunctional]:
    if keras.config.backend() != "torch":
        return PlacedFunctional
    from amber.backend.distribution.shared_model import SharedFunctional

    return SharedFunctional
