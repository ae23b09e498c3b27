"""Keras models whose history does not keep them alive, and which call no callbacks that nobody needs.

What `fit` returns holds the numbers, not the network: a search that keeps the histories of a thousand children does not
keep their weights. Where no callback watches batches, none is called between them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import keras

from amber.backend.bound_arguments import bind, documented_as
from amber.backend.common_model import CommonModel
from amber.backend.history import DetachedHistory, with_history
from amber.backend.interrupts import check
from amber.backend.keras_internals.fit import (
    SynchronousCallbackList,
    get_data_adapter,
    is_default,
    train_validation_split,
)
from amber.backend.keras_internals.graphs import PlainFunctional
from amber.backend.keras_internals.models import check_compiled
from amber.types import Tensor, TensorTree

if TYPE_CHECKING:
    from amber.backend.keras_internals.fit import DataAdapter

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


class BaseModel(CommonModel):
    """A Keras model whose history does not keep it alive, and which calls no callbacks that nobody needs."""

    # Whether `shuffle` of `fit` may be a BatchOrder.
    takes_batch_order = True

    @documented_as(keras.Model.fit)
    def fit(self, *args: object, **kwargs: object) -> DetachedHistory:
        """Train as `keras.Model.fit` does, with the same arguments, and return its History."""
        check_compiled(self, "fit")
        options = bind(keras.Model.fit, self, args, kwargs)
        split = options.pop("validation_split", 0.0)
        data = options.pop("x", None), options.pop("y", None), options.pop("sample_weight", None)
        validation = options.pop("validation_data", None)
        if split and validation is None:
            data, validation = train_validation_split(data, validation_split=split)
        batch_size, steps = options.get("batch_size"), options.get("steps_per_epoch")
        adapter = self._adapter_for(
            *data,
            batch_size=batch_size,
            steps_per_epoch=steps,
            shuffle=options.pop("shuffle", True),
            class_weight=options.pop("class_weight", None),
        )
        if validation is not None:
            options["validation_data"] = self._adapter_for(
                *keras.utils.unpack_x_y_sample_weight(validation),
                batch_size=options.get("validation_batch_size") or batch_size,
                steps_per_epoch=options.get("validation_steps"),
            )
        callbacks = callback_list(
            options.pop("callbacks", None),
            self,
            keeps_history=True,
            verbose=options.get("verbose", "auto"),
            epochs=options.get("epochs", 1),
            steps=steps or adapter.num_batches,
        )
        is_quiet = isinstance(callbacks, BatchlessCallbackList)
        adapters = [adapter, *([options["validation_data"]] if validation is not None else [])]
        # A stride must not run past the steps that were asked for.
        limited = steps or options.get("validation_steps") or keras.config.max_steps_per_epoch()
        with self._quietly(is_quiet, () if limited else adapters):
            return self._fit_adapter(adapter, callbacks, options)

    def _fit_adapter(self, adapter: DataAdapter, callbacks: Any, options: dict[str, Any]) -> DetachedHistory:
        """Train on the data of an adapter; `callbacks` is a list or Keras's, `options` are the others of `fit`."""
        history: DetachedHistory = super().fit(x=adapter, callbacks=callbacks, **options)
        return history

    def _adapter_for(
        self, x: TensorTree, y: TensorTree = None, sample_weight: TensorTree = None, **options: Any
    ) -> DataAdapter:
        """The Keras data adapter of any data `fit` accepts."""
        return get_data_adapter(x, y, sample_weight=sample_weight, **options)

    def _quietly(self, is_quiet: bool, adapters: Sequence[DataAdapter] = ()) -> AbstractContextManager[None]:
        """Entered around a training.

        Args:
            is_quiet: whether nobody watches the batches.
            adapters: of the data, where all of their batches are taken, so that several may be one call.
        """
        return nullcontext()


class BaseFunctional(BaseModel, PlainFunctional):
    """`keras.Model(inputs, outputs)` that looks like a Functional from outside; see `PlainFunctional`."""


def has_positions(model: keras.Model) -> bool:
    """Return whether an input is a sequence or an image, not a vector."""
    return any(len(each.shape) > 2 for each in model.inputs)


def callback_list(
    callbacks: Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList | None,
    model: keras.Model,
    keeps_history: bool,
    **params: object,
) -> Sequence[keras.callbacks.Callback] | keras.callbacks.CallbackList:
    """Return a BatchlessCallbackList, or a list of the callbacks if one of them watches batches.

    Args:
        callbacks: as given to `fit`, `evaluate` or `predict`.
        model: the model they are used with.
        keeps_history: whether a DetachedHistory is added if there is no history.
        **params: verbose, epochs and steps; with a progress bar (`verbose` not 0) batches are watched.
    """
    if isinstance(callbacks, keras.callbacks.CallbackList):
        return callbacks
    given = keras.tree.flatten(callbacks) if callbacks else []
    if keeps_history:
        given = with_history(given)
    if params["verbose"] != 0:
        return given
    if any(not is_default(getattr(callback, hook)) for callback in given for hook in _BATCH_HOOKS):
        return given
    return BatchlessCallbackList(given, add_history=keeps_history, add_progbar=False, model=model, **params)
