"""Multi-head self-attention of a sequence, as a layer with one input.

Keras's layer takes a query and a value. Both are connected to the same input in a small functional model, so that a
saved network loads without AMBER.
"""

from __future__ import annotations

from collections.abc import Sequence

import keras

from amber.types import Shape


def self_attention(
    num_heads: int,
    key_dim: int | None = None,
    value_dim: int | None = None,
    dropout: float = 0.0,
    use_bias: bool = True,
    output_shape: int | Sequence[int] | None = None,
    use_gate: bool = False,
    flash_attention: bool | None = None,
    use_causal_mask: bool = False,
    kernel_initializer: str | keras.initializers.Initializer = "glorot_uniform",
    bias_initializer: str | keras.initializers.Initializer = "zeros",
    kernel_regularizer: str | keras.regularizers.Regularizer | None = None,
    bias_regularizer: str | keras.regularizers.Regularizer | None = None,
    kernel_constraint: str | keras.constraints.Constraint | None = None,
    bias_constraint: str | keras.constraints.Constraint | None = None,
    seed: int | None = None,
    name: str | None = None,
    *,
    input_shape: Shape | None = None,
    **base: object,
) -> keras.layers.Layer:
    """Return self-attention over a sequence (length, channels) (Vaswani et al., arXiv 1706.03762).

    Args:
        num_heads: number of heads.
        key_dim: size of queries and keys in each head; channels / num_heads by default.
        use_causal_mask: whether a position sees only itself and those before it.
        name: name of the layer.
        input_shape: what the layer will see, without batch.
        value_dim, dropout, use_bias, output_shape, use_gate, flash_attention, kernel_initializer, bias_initializer,
            kernel_regularizer, bias_regularizer, kernel_constraint, bias_constraint, seed: as for
            `keras.layers.MultiHeadAttention`.
        **base: arguments of every layer (`dtype`, `trainable`, `activity_regularizer`).

    Raises:
        ValueError: no `key_dim`, and the channels cannot be divided equally among the heads; or the input is not a
            sequence.
    """
    attention = keras.layers.MultiHeadAttention(
        num_heads,
        _key_dim(num_heads, key_dim, input_shape),
        value_dim=value_dim,
        dropout=dropout,
        use_bias=use_bias,
        output_shape=output_shape,
        use_gate=use_gate,
        flash_attention=flash_attention,
        kernel_initializer=kernel_initializer,
        bias_initializer=bias_initializer,
        kernel_regularizer=kernel_regularizer,
        bias_regularizer=bias_regularizer,
        kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint,
        seed=seed,
        name="attention",
        **base,
    )
    if input_shape is None:
        return attention
    if len(input_shape) != 2:
        raise ValueError(f"Self-attention needs a sequence (length, channels). Received: input_shape={input_shape}")
    sequence = keras.Input(input_shape, name="sequence")
    options = {"use_causal_mask": True} if use_causal_mask else {}
    return keras.Model(sequence, attention(sequence, sequence, **options), name=name)


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
