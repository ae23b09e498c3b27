"""The model classes where the fast paths may not run: Keras's own training; see `keras_internals.support`."""

from __future__ import annotations

import keras

from amber.backend.bound_arguments import bind, documented_as
from amber.backend.common_model import CommonModel
from amber.backend.history import with_history
from amber.backend.keras_internals.graphs import PlainFunctional

__all__ = ["ChildModel", "SharedModel"]


class SharedModel(CommonModel):
    """A Keras model whose history can be read as a dictionary."""

    @documented_as(keras.Model.fit)
    def fit(self, *args: object, **kwargs: object) -> keras.callbacks.History:
        """Train as `keras.Model.fit` does, with the same arguments, and return its History."""
        options = bind(keras.Model.fit, self, args, kwargs)
        callbacks = options.pop("callbacks", None)
        if not isinstance(callbacks, keras.callbacks.CallbackList):
            callbacks = with_history(callbacks)
        history: keras.callbacks.History = super().fit(callbacks=callbacks, **options)
        return history


class ChildModel(SharedModel, PlainFunctional):
    """`keras.Model(inputs, outputs)` that looks like a Functional from outside; see `PlainFunctional`."""
