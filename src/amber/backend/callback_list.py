"""A list of callbacks that does nothing between batches, for when none of them asks to be called there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from amber.backend.interrupts import check
from amber.backend.keras_internals.fit import SynchronousCallbackList, is_default
from amber.types import Tensor

_BATCH_HOOKS = tuple(
    f"on_{kind}batch_{when}" for kind in ("", "train_", "test_", "predict_") for when in ("begin", "end")
)


class BatchlessCallbackList(SynchronousCallbackList):
    """Keras' list without its thread pool and without any work per batch but a look whether Ctrl-C was pressed."""

    def on_train_batch_begin(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        """Look whether Ctrl-C was pressed."""
        check()

    def on_train_batch_end(self, batch: int, logs: Mapping[str, Tensor] | None = None) -> None:
        """Do nothing."""

    on_test_batch_begin = on_predict_batch_begin = on_train_batch_begin
    on_test_batch_end = on_predict_batch_end = on_train_batch_end


def callback_list(
    callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList | None,
    model: keras.Model,
    add_history: bool,
    **params: object,
) -> keras.callbacks.CallbackList:
    """Return a BatchlessCallbackList, or the callbacks as given if one of them watches batches.

    Args:
        callbacks: as given to `fit`, `evaluate` or `predict`.
        model: the model they are used with.
        add_history: whether a History is added if there is none.
        **params: verbose, epochs and steps; with a progress bar (`verbose` not 0) batches are watched.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList) or params["verbose"] != 0:
        return callbacks
    given = keras.tree.flatten(callbacks) if callbacks else []
    if any(not is_default(getattr(callback, hook)) for callback in given for hook in _BATCH_HOOKS):
        return callbacks
    return BatchlessCallbackList(given, add_history=add_history, add_progbar=False, model=model, **params)
