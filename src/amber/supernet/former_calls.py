"""Methods of children with the names, orders and defaults of the first AMBER; what they do is Keras's."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import keras

from amber.backend.weight_files import is_named_otherwise
from amber.errors import ConfigError
from amber.supernet.child import SupernetModel
from amber.supernet.reported import as_reported
from amber.supernet.steps import Steps, fresh_seed, is_array_data, without_list


def _order_of_fit(
    self: Any,
    x: Any = None,
    y: Any = None,
    batch_size: int | None = None,
    nsteps: int | None = None,
    epochs: int = 1,
    verbose: Any = 1,
    callbacks: Any = None,
    validation_data: Any = None,
    **options: Any,
) -> Any:
    """The order of `fit`'s arguments; see FormerCalls.fit."""


def _with_that_order(method: Any) -> Any:
    """Let `help` and `inspect.signature` say what a method of `*arguments` takes."""
    method.__signature__ = inspect.signature(_order_of_fit)
    return method


class FormerCalls(SupernetModel):
    """A child whose arguments, given by position, are in the order of the first AMBER.

    Where that differs from Keras's order, the further arguments of Keras are given by name.
    """

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        metrics: Any = None,
        loss_weights: Any = None,
        **options: Any,
    ) -> None:
        """Compiles like `keras.Model.compile`; metrics come before loss weights, the rest is given by name."""
        super().compile(optimizer=optimizer, loss=loss, metrics=metrics, loss_weights=loss_weights, **options)

    @_with_that_order
    def fit(self, *arguments: Any, **named: Any) -> Any:
        """Trains like `keras.Model.fit`; where a call does not say, as `child_train_op_kwargs` of the builder did.

        Args:
            *arguments: in this order: x, y, batch_size, nsteps, epochs, verbose, callbacks, validation_data.
            **named: the same by name, and every other argument of `keras.Model.fit`. `nsteps` is the number of batches
                of an epoch, of shuffled passes over arrays that go on from epoch to epoch.

        Returns:
            A Keras History that can also be read as a dictionary: `found["loss"]`, `"val_loss" in found`.

        Raises:
            ConfigError: fewer than one epoch.
        """
        given = dict(inspect.signature(_order_of_fit).bind(self, *arguments, **named).arguments)
        del given["self"]
        given.update(given.pop("options", {}))
        epochs = given.get("epochs", 1)
        if isinstance(epochs, bool) or epochs < 1:
            raise ConfigError(
                "epochs must be a positive integer. By position, the arguments of fit are x, y, batch_size, nsteps, "
                f"epochs, verbose, callbacks, validation_data; others are given by name. Received: epochs={epochs!r}"
            )
        if given.get("nsteps") and is_array_data(given.get("x")) and not given.get("validation_split"):
            given = self._in_steps(given)
        return super().fit(**given)

    def _in_steps(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments of `fit` with the data in so many batches for each epoch."""
        self._check_data(given["x"])
        arrays = tuple(given.pop(name) for name in ("x", "y", "sample_weight") if given.get(name) is not None)
        size = given.pop("batch_size", None) or self._batch_size_for(arrays[0]).get("batch_size") or 32
        steps = Steps(arrays, size, given.pop("nsteps"), fresh_seed())
        others = {name: value for name, value in given.items() if name not in ("y", "sample_weight", "shuffle")}
        return {**others, "x": steps}

    @_with_that_order
    def fit_ph(self, *arguments: Any, **named: Any) -> Any:
        """Does what `fit` does, with the same arguments."""
        return self.fit(*arguments, **named)

    @_with_that_order
    def fit_pipe(self, *arguments: Any, **named: Any) -> Any:
        """Does what `fit` does, with the same arguments."""
        return self.fit(*arguments, **named)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compiles a loaded model as the saved one was."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def train_on_batch(self, x: Any = None, y: Any = None, *arguments: Any, **options: Any) -> Any:
        """Trains one step like `keras.Model.train_on_batch`; x and y may be lists of arrays.

        The numbers returned can also be asked for by name, `found["loss"]`.
        """
        as_dictionary = options.pop("return_dict", False)
        found = super().train_on_batch(without_list(x), without_list(y), *arguments, return_dict=True, **options)
        return found if as_dictionary else as_reported(found, self.get_metrics_result())

    def evaluate(self, x: Any = None, y: Any = None, batch_size: Any = None, verbose: Any = 0, **options: Any) -> Any:
        """Evaluates like `keras.Model.evaluate`, on all examples.

        Returns:
            The loss, or a list of the loss and metrics; by name, too: `found["loss"]`, `found["val_loss"]`.
        """
        return super().evaluate(x, y, batch_size, verbose=verbose, **options)

    def evaluate_ph(self, x: Any = None, y: Any = None, batch_size: Any = None, verbose: Any = 0) -> Any:
        """Does what `evaluate` does."""
        return self.evaluate(x, y, batch_size, verbose)

    def evaluate_pipe(self, x: Any = None, y: Any = None, batch_size: Any = None, verbose: Any = 0) -> Any:
        """Does what `evaluate` does."""
        return self.evaluate(x, y, batch_size, verbose)

    def predict(self, x: Any, batch_size: Any = None, verbose: Any = 0, **options: Any) -> Any:
        """Predicts like `keras.Model.predict`, for all examples in their order."""
        return super().predict(x, batch_size, verbose=verbose, **options)

    def predict_ph(self, x: Any, batch_size: Any = None, verbose: Any = 0) -> Any:
        """Does what `predict` does."""
        return self.predict(x, batch_size, verbose)

    def predict_pipe(self, x: Any, batch_size: Any = None, verbose: Any = 0) -> Any:
        """Does what `predict` does."""
        return self.predict(x, batch_size, verbose)

    def save(self, filepath: Any, overwrite: bool = True, **options: Any) -> None:
        """Saves like `keras.Model.save`; to a name that ends in `.h5`, the weights alone, with a warning."""
        if not is_named_otherwise(filepath):
            super().save(filepath, overwrite=overwrite, **options)
            return
        warnings.warn(
            f"{filepath}: the weights of the whole supernet are saved, without an architecture. End its name in "
            ".keras to save the architecture with them, or save one network with supernet.extract(arc).",
            stacklevel=2,
        )
        self.save_weights(filepath, overwrite)
