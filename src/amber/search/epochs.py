"""Several `fit` of one epoch each, which are one training for callbacks and optimizer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras

_HOOKS = [
    *(f"on_{kind}_batch_{end}" for kind in ("train", "test", "predict") for end in ("begin", "end")),
    *(f"on_{kind}_{end}" for kind in ("epoch", "test", "predict", "batch") for end in ("begin", "end")),
]


class OneTraining(keras.callbacks.Callback):
    """Tells a callback of the first beginning only, and of the end when `end` is called."""

    def __init__(self, callback: keras.callbacks.Callback) -> None:
        super().__init__()
        self._callback = callback
        self._begun = False
        self._logs: Mapping[str, Any] | None = None
        for name in _HOOKS:
            # The methods themselves: Keras looks whether they do anything, and skips those that do not.
            setattr(self, name, getattr(callback, name))

    def set_params(self, params: Mapping[str, Any]) -> None:
        """Passes the parameters on."""
        self._callback.set_params(params)

    def set_model(self, model: Any) -> None:
        """Passes the model on."""
        self._callback.set_model(model)

    def on_train_begin(self, logs: Mapping[str, Any] | None = None) -> None:
        """Passes on the first."""
        if not self._begun:
            self._begun = True
            self._callback.on_train_begin(logs)

    def on_train_end(self, logs: Mapping[str, Any] | None = None) -> None:
        """Keeps what is passed on by `end`."""
        self._logs = logs

    def end(self) -> None:
        """Tells that training has ended."""
        self._callback.on_train_end(self._logs)


@contextlib.contextmanager
def finalised_once(model: Any) -> Iterator[None]:
    """Has the optimizer put its averaged weights (`use_ema`) into the model at the end, not after every `fit`."""
    optimizer = model.optimizer
    optimizer.finalize_variable_values = lambda variables: None
    try:
        yield
    finally:
        del optimizer.finalize_variable_values
    optimizer.finalize_variable_values(model.trainable_weights)
