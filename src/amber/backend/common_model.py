"""What models of AMBER do on every version of Keras: streamed arrays, and weights in files of any name."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import keras

from amber.backend.batch_order import in_batches, is_streamed
from amber.backend.bound_arguments import bind, documented_as
from amber.backend.weight_files import is_keras_2, is_named_otherwise, load_anywhere, save_anywhere

if TYPE_CHECKING:
    from pathlib import Path


class CommonModel(keras.Model):
    """A Keras model that evaluates and predicts streamed arrays, and keeps weights in files of any name."""

    @documented_as(keras.Model.evaluate)
    def evaluate(self, *args: Any, **kwargs: Any) -> Any:
        """Evaluate as `keras.Model.evaluate` does, with the same arguments; streamed arrays are read in batches."""
        if not is_streamed(args[0] if args else kwargs.get("x")):
            return super().evaluate(*args, **kwargs)
        options = bind(keras.Model.evaluate, self, args, kwargs)
        given = [options.pop(name, None) for name in ("x", "y", "sample_weight")]
        data = tuple(part for part in given if part is not None)
        return super().evaluate(in_batches(data, options.pop("batch_size", None)), **options)

    @documented_as(keras.Model.predict)
    def predict(self, *args: Any, **kwargs: Any) -> Any:
        """Predict as `keras.Model.predict` does, with the same arguments; streamed arrays are read in batches."""
        if not is_streamed(args[0] if args else kwargs.get("x")):
            return super().predict(*args, **kwargs)
        options = bind(keras.Model.predict, self, args, kwargs)
        return super().predict(in_batches((options.pop("x"),), options.pop("batch_size", None)), **options)

    def save_weights(self, filepath: str | Path, overwrite: bool = True, max_shard_size: float | None = None) -> None:
        """Save the weights as `keras.Model.save_weights` does; a name that ends in `.h5` or `.hdf5` will do."""
        if max_shard_size is None and is_named_otherwise(filepath):
            save_anywhere(super().save_weights, filepath, overwrite)
        else:
            super().save_weights(filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: str | Path, skip_mismatch: bool = False, **options: object) -> None:
        """Load weights as `keras.Model.load_weights` does, from a file of any name that `save_weights` wrote."""
        load = functools.partial(super().load_weights, skip_mismatch=skip_mismatch, **options)
        if is_named_otherwise(filepath) and not is_keras_2(filepath):
            load_anywhere(load, filepath)
        else:
            load(filepath)
