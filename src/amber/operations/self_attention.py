"""Multi-head self-attention of a sequence, as a layer with one input.

Keras's layer takes a query and a value. Both are connected to the same input in a small functional model, so that a
saved network loads without AMBER.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict, Unpack

import keras

from amber.types import Shape


class AttentionOptions(TypedDict, total=False):
    """Arguments of `keras.layers.MultiHeadAttention` that `self_attention` passes on."""

    value_dim: int | None
    dropout: float
    use_bias: bool
    output_shape: int | Sequence[int] | None
    use_gate: bool
    flash_attention: bool | None
    kernel_initializer: str | keras.initializers.Initializer
    bias_initializer: str | keras.initializers.Initializer
    kernel_regularizer: str | keras.regularizers.Regularizer | None
    bias_regularizer: str | keras.regularizers.Regularizer | None
    kernel_constraint: str | keras.constraints.Constraint | None
    bias_constraint: str | keras.constraints.Constraint | None
    seed: int | None
    dtype: str | keras.DTypePolicy | None
    trainable: bool
    activity_regularizer: str | keras.regularizers.Regularizer | None
    autocast: bool


def self_attention(
    num_heads: int,
    key_dim: int | None = None,
    use_causal_mask: bool = False,
    name: str | None = None,
    *,
    input_shape: Shape | None = None,
    **options: Unpack[AttentionOptions],
) -> keras.layers.Layer:
    """Return self-attention over a sequence (length, channels) (Vaswani et al., arXiv 1706.03762).

    Args:
        num_heads: number of heads.
        key_dim: size of queries and keys in each head; channels / num_heads by default.
        use_causal_mask: whether a position sees only itself and those before it.
        name: name of the layer.
        input_shape: what the layer will see, without batch.
        **options: see `AttentionOptions`.

    Raises:
        ValueError: no `key_dim`, and the channels cannot be divided equally among the heads; or the input is not a
            sequence.
    """
    size = _key_dim(num_heads, key_dim, input_shape)
    attention = keras.layers.MultiHeadAttention(num_heads, size, name="attention", **options)
    if input_shape is None:
        return attention
    if len(input_shape) != 2:
        raise ValueError(f"Self-attention needs a sequence (length, channels). Received: input_shape={input_shape}")
    sequence = keras.Input(input_shape, name="sequence")
    mask = {"use_causal_mask": True} if use_causal_mask else {}
    return keras.Model(sequence, attention(sequence, sequence, **mask), name=name)


def attention_of(layer: keras.layers.Layer) -> keras.layers.MultiHeadAttention:
    """Return the Keras layer inside the result of `self_attention`."""
    if isinstance(layer, keras.layers.MultiHeadAttention):
        return layer
    return layer.get_layer("attention")


def _key_dim(num_heads: int, key_dim: int | None, input_shape: Shape | None) -> int:
    if key_dim is not None:
        return key_dim
    channels = input_shape[-1] if input_shape else num_heads
    if not isinstance(num_heads, int) or num_heads < 1 or not channels or channels % num_heads:
        raise ValueError(
            f"Without key_dim, the channels must be a multiple of num_heads. Received: num_heads={num_heads!r}, "
            f"input_shape={input_shape}"
        )
    return channels // num_heads
