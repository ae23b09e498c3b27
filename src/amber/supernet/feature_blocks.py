"""The channels of a Keras model as named input blocks of a feed-forward supernet.

A convolutional network trained before computes a feature map. Its channels are divided into clusters, and each
cluster becomes one input block, so that a search finds which clusters matter together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from amber.architect import Operation
from amber.errors import ConfigError, DataError
from amber.files.bounded import open_regular
from amber.supernet.base import check_features
from amber.types import Tensor


@keras.saving.register_keras_serializable(package="amber")
class FeatureBlocks(keras.layers.Layer):
    """Gives one block of features for each cluster of channels.

    Args:
        model: a functional or sequential Keras model with one input; it is copied, with its weights.
        assignment: cluster of each channel, integers 0, 1, ... without gaps, or the path of a `.npy` file that
            holds them. None: all channels make one block.
        target_layer: name of the layer whose output is the feature map; by default the model's output.
        trainable: whether training a supernet trains the model too.
        names: names of the blocks; `Input_0`, `Input_1`, ... by default.
        **base: arguments of `keras.layers.Layer`.

    Raises:
        ConfigError: a model that cannot be copied, no such layer, or clusters that do not fit the channels.

    The feature map has shape (length, channels) or (channels,) without the batch axis. In a block the positions
    of each channel lie side by side: its shape is (channels of the cluster * length,).
    """

    def __init__(
        self,
        model: keras.Model,
        assignment: Any = None,
        target_layer: str | None = None,
        trainable: bool = False,
        names: Sequence[str] | None = None,
        **base: object,
    ) -> None:
        super().__init__(**base)
        self.model = _copy_up_to(model, target_layer)
        self.model.trainable = bool(trainable)
        self._trains = bool(trainable)
        shape = self.model.output.shape[1:]
        if len(shape) not in (1, 2) or None in shape:
            raise ConfigError(
                f"A feature map must have shape (length, channels) or (channels,), all known. Received: {tuple(shape)}"
            )
        self._length = int(shape[0]) if len(shape) == 2 else 1
        self._assignment = _check_assignment(assignment, int(shape[-1]))
        self.channels = [
            np.flatnonzero(self._assignment == cluster) for cluster in range(int(self._assignment.max()) + 1)
        ]
        self.block_names = tuple(names) if names is not None else tuple(f"Input_{k}" for k in range(len(self.channels)))
        if len(set(self.block_names)) != len(self.channels):
            raise ConfigError(
                f"There must be {len(self.channels)} different block names. Received: {list(self.block_names)}"
            )
        self.built = True

    @property
    def features(self) -> dict[str, int]:
        """Features of each block, by name."""
        counts = (len(channels) * self._length for channels in self.channels)
        return dict(zip(self.block_names, counts, strict=True))

    @property
    def input_node_for_nas(self) -> list[Operation]:
        """The input operations to give to a builder, one per block."""
        return [Operation("input", shape=(count,), name=name) for name, count in self.features.items()]

    def call(self, inputs: Any, training: Any = False) -> dict[str, Any]:
        """Return the blocks of a batch, by name."""
        features = self.model(inputs, training=training if self._trains else False)
        return {
            name: self._block(features, channels)
            for name, channels in zip(self.block_names, self.channels, strict=True)
        }

    def _block(self, features: Tensor, channels: np.ndarray) -> Tensor:
        chosen = ops.take(features, ops.convert_to_tensor(channels, "int32"), axis=-1)
        if len(features.shape) == 2:
            return chosen
        return ops.reshape(ops.transpose(chosen, (0, 2, 1)), (-1, len(channels) * self._length))

    def check_blocks(self, features: Mapping[str, int]) -> None:
        """Check that the blocks are those that a builder was given.

        Raises:
            ConfigError: other names or other sizes.
        """
        if dict(features) != self.features:
            raise ConfigError(
                f"The feature model gives the blocks {self.features}; give its `input_node_for_nas` as inputs_op. "
                f"Received: {dict(features)}"
            )

    def check_data(self, inputs: object) -> None:
        """Check that the shape of a batch fits the model; raise DataError where it does not."""
        if not hasattr(inputs, "shape"):
            raise DataError(f"The feature model reads one array. Received: {type(inputs).__name__}")
        check_features(inputs.shape[1:], self.model.input.shape[1:], "The input of the feature model")

    def input_tensors(self) -> list[keras.KerasTensor]:
        """Return the input of the model, as a symbolic tensor."""
        return [keras.KerasTensor(self.model.input.shape, dtype=self.model.input.dtype, name="input")]

    def stock_copy(self) -> keras.Model:
        """Return a model of stock layers, with its own weights, from raw data to the list of blocks."""
        model = keras.models.clone_model(self.model)
        model.set_weights(self.model.get_weights())
        model.trainable = self._trains
        features = model.output
        blocks = [
            self._stock_block(features, name, channels)
            for name, channels in zip(self.block_names, self.channels, strict=True)
        ]
        return keras.Model(model.input, blocks, name=f"{self.name}_blocks")

    def _stock_block(self, features: Tensor, name: str, channels: np.ndarray) -> Tensor:
        # No stock layer picks channels by index; a product with zeros and ones does.
        pick = keras.layers.Dense(len(channels), use_bias=False, trainable=False, name=f"{name}_channels")
        chosen = pick(features)
        kernel = np.zeros((len(self._assignment), len(channels)), "float32")
        kernel[channels, np.arange(len(channels))] = 1
        pick.set_weights([kernel])
        if len(features.shape) == 2:
            return chosen
        return keras.layers.Flatten(name=f"{name}_flat")(keras.layers.Permute((2, 1), name=f"{name}_turned")(chosen))

    def get_config(self) -> dict[str, object]:
        """Return the arguments; the model without its weights."""
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.model),
            "assignment": self._assignment.tolist(),
            "trainable": self._trains,
            "names": list(self.block_names),
        }

    @classmethod
    def from_config(cls, config: dict[str, object]) -> FeatureBlocks:
        """Make the layer from its arguments."""
        return cls(**{**config, "model": keras.saving.deserialize_keras_object(config["model"])})


def _copy_up_to(model: keras.Model, target_layer: str | None) -> keras.Model:
    if not isinstance(model, keras.Model):
        raise ConfigError(f"A feature model must be a Keras model. Received: {model!r}")
    try:
        output = model.output if target_layer is None else model.get_layer(target_layer).output
        cut = keras.Model(model.input, output)
        copy = keras.models.clone_model(cut)
        copy.set_weights(cut.get_weights())
    except (ValueError, AttributeError) as error:
        raise ConfigError(
            f"The feature model must be a built functional or sequential Keras model: {error} "
            f"Received: {model.name!r}, target_layer={target_layer!r}"
        ) from error
    if len(copy.inputs) != 1 or len(copy.outputs) != 1:
        raise ConfigError(
            f"A feature model must have one input and one output. Received: {len(copy.inputs)} and {len(copy.outputs)}"
        )
    return copy


def _check_assignment(assignment: object, channels: int) -> np.ndarray:
    if assignment is None:
        return np.zeros(channels, "int64")
    if isinstance(assignment, (str, os.PathLike)):
        with open_regular(assignment, what="an array of cluster numbers", error=ConfigError) as file:
            clusters = np.load(file, allow_pickle=False)
    else:
        clusters = np.asarray(assignment)
    fits = clusters.shape == (channels,) and np.issubdtype(clusters.dtype, np.integer)
    if not fits or set(np.unique(clusters)) != set(range(len(np.unique(clusters)))):
        raise ConfigError(
            f"assignment must hold one cluster number for each of {channels} channels, 0, 1, ... without gaps. "
            f"Received: {clusters.tolist()}"
        )
    return clusters.astype("int64")
