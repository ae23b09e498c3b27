"""The model classes where the fast paths may not run: Keras's own; see `keras_internals.support`."""

from __future__ import annotations

import keras

from amber.backend.keras_internals.graphs import PlainFunctional as ChildModel

SharedModel = keras.Model

__all__ = ["ChildModel", "SharedModel"]
