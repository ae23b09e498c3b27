"""Device, conversion and scopes of Keras on torch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from keras.src.backend.common.masking import get_keras_mask
from keras.src.backend.common.stateless_scope import in_stateless_scope
from keras.src.backend.torch.core import convert_to_tensor, get_device, to_torch_dtype

if TYPE_CHECKING:
    import keras

__all__ = ["convert_to_tensor", "get_device", "get_keras_mask", "replaces_variables", "to_torch_dtype"]


def replaces_variables() -> bool:
    """Say whether a scope is open that replaces variables, or computes without content."""
    return bool(in_stateless_scope() or get_device() == "meta")


def call_context(layer: keras.Layer, training: bool | None) -> object:
    """Open the context of a call of `layer` with `training` set; give the layer to `close_call_context`."""
    context = layer._get_call_context()
    context.set_value("training", training)
    return context


def close_call_context(layer: keras.Layer) -> None:
    """Close what `call_context` opened."""
    layer._maybe_reset_call_context()
