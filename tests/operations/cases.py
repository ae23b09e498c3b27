"""One or more examples of every operation of the registry: type name -> [(operation, shapes it is built on)].

A new entry of the registry needs a line here; the tests of this folder fail without it.
"""

from __future__ import annotations

from typing import Any

import keras

from amber.architect import Operation
from amber.modeler.builders.layer_factories import factory_operation

Shapes = list[tuple[int, ...]]
SEQUENCE, IMAGE, VECTOR = [(12, 4)], [(8, 6, 4)], [(20,)]


def _case(kind: str, shapes: Shapes, **attributes: Any) -> tuple[Operation, Shapes]:
    return Operation(kind, **attributes), shapes


EXAMPLES = [
    _case("dense", VECTOR, units=5, activation="relu", filters=9),
    _case("dense", SEQUENCE, units=5, use_bias=False),
    _case("bias_only", VECTOR, units=5, activation="sigmoid"),
    _case("einsum_dense", SEQUENCE, equation="abc,bcd->ad", output_shape=[5], bias_axes="d"),
    _case("einsum_dense", SEQUENCE, equation="...c,cd->...d", output_shape=5),
    _case("embedding", VECTOR, input_dim=7, output_dim=3),
    _case("sfc", SEQUENCE, output_dim=5, symmetric=False),
    _case(
        "sfc",
        [(13, 4)],
        output_dim=5,
        symmetric=True,
        smoothness_penalty=0.1,
        smoothness_l1=True,
        smoothness_second_diff=False,
        curvature_constraint=0.01,
    ),
    _case("conv1d", SEQUENCE, filters=5, kernel_size=3, activation="relu", units=9),
    _case("conv1d", SEQUENCE, filters=6, kernel_size=4, padding="same", strides=2),
    _case("conv1d", SEQUENCE, filters=6, kernel_size=3, dilation=2, groups=2),
    _case("conv1d", SEQUENCE, filters=6, kernel_size=3, padding="causal", use_bias=False),
    _case("conv2d", IMAGE, filters=5, kernel_size=[3, 2]),
    _case("conv2d", IMAGE, filters=5, kernel_size=4, padding="same", strides=2),
    _case("separable_conv1d", SEQUENCE, filters=5, kernel_size=4, padding="same", strides=2, depth_multiplier=2),
    _case("separable_conv1d", SEQUENCE, filters=5, kernel_size=3, dilation=2),
    _case("separable_conv2d", IMAGE, filters=5, kernel_size=[3, 2]),
    _case("conv1d_transpose", SEQUENCE, filters=5, kernel_size=4, strides=2, padding="same"),
    _case("conv1d_transpose", SEQUENCE, filters=5, kernel_size=5, strides=3),
    _case("conv2d_transpose", IMAGE, filters=5, kernel_size=3, strides=2),
    _case("depthwise_conv1d", SEQUENCE, kernel_size=3, depth_multiplier=2, filters=9),
    _case("depthwise_conv1d", SEQUENCE, kernel_size=4, strides=2, padding="same"),
    _case("depthwise_conv2d", IMAGE, kernel_size=[3, 2]),
    _case("denovo", SEQUENCE, filters=5, kernel_size=4),
    _case("denovo", [(12, 20)], filters=5, kernel_size=5, padding="same", strides=2, activation="relu"),
    _case("maxpool1d", SEQUENCE, pool_size=3, filters=9, activation="relu"),
    _case("maxpool1d", SEQUENCE, pool_size=4, strides=1, padding="same"),
    _case("avgpool1d", SEQUENCE, pool_size=3, filters=9),
    _case("avgpool1d", SEQUENCE, pool_size=4, strides=1, padding="same"),
    _case("maxpool2d", IMAGE, pool_size=[2, 2]),
    _case("avgpool2d", IMAGE, pool_size=2, strides=1, padding="same"),
    _case("globalmaxpool1d", SEQUENCE, filters=9),
    _case("globalavgpool1d", SEQUENCE),
    _case("globalmaxpool2d", IMAGE),
    _case("globalavgpool2d", IMAGE),
    _case("lstm", SEQUENCE, units=3, filters=9),
    _case("lstm", SEQUENCE, units=3, return_sequences=True, activation="relu"),
    _case("gru", SEQUENCE, units=3, return_sequences=True),
    _case("gru", SEQUENCE, units=3, reset_after=False),
    _case("simple_rnn", SEQUENCE, units=3),
    _case("bidirectional", SEQUENCE, units=3),
    _case("bidirectional", SEQUENCE, layer="gru", units=3, return_sequences=True, merge_mode="sum", reset_after=True),
    _case("bidirectional", SEQUENCE, layer="rnn", units=3, activation="relu"),
    _case("self_attention", SEQUENCE, num_heads=2),
    _case("self_attention", SEQUENCE, num_heads=2, key_dim=3, value_dim=5, dropout=0.1, use_causal_mask=True),
    _case("identity", SEQUENCE, filters=9),
    _case("flatten", SEQUENCE),
    _case("reshape", SEQUENCE, target_shape=[6, 8]),
    _case("permute", SEQUENCE, dims=[2, 1]),
    _case("repeat_vector", VECTOR, n=3),
    _case("upsampling1d", SEQUENCE, size=2),
    _case("upsampling2d", IMAGE, size=[2, 3]),
    _case("zero_padding1d", SEQUENCE, padding=[1, 2]),
    _case("zero_padding2d", IMAGE, padding=2),
    _case("cropping1d", SEQUENCE, cropping=[1, 2]),
    _case("cropping2d", IMAGE, cropping=[[1, 0], [0, 1]]),
    _case("rescaling", SEQUENCE, scale=0.5, offset=1.0),
    _case("dropout", SEQUENCE, rate=0.2, filters=9),
    _case("spatial_dropout1d", SEQUENCE, rate=0.2),
    _case("spatial_dropout2d", IMAGE, rate=0.2),
    _case("alpha_dropout", SEQUENCE, rate=0.2),
    _case("gaussian_dropout", SEQUENCE, rate=0.2),
    _case("gaussian_noise", SEQUENCE, stddev=0.2),
    _case("batch_normalization", SEQUENCE),
    _case("layer_normalization", SEQUENCE),
    _case("group_normalization", SEQUENCE, groups=2),
    _case("rms_normalization", SEQUENCE),
    _case("unit_normalization", SEQUENCE),
    _case("activation", SEQUENCE, activation="swish"),
    _case("relu", SEQUENCE),
    _case("leaky_relu", SEQUENCE, negative_slope=0.2),
    _case("prelu", SEQUENCE, shared_axes=[1]),
    _case("elu", SEQUENCE),
    _case("softmax", SEQUENCE),
    _case("sparsek_vec", VECTOR),
    _case("sparsek_vec", VECTOR, ratio=0.5),
    _case("concatenate", [(12, 4), (12, 3)]),
    *[_case(kind, SEQUENCE * 2) for kind in ("add", "average", "maximum", "minimum", "multiply")],
    (factory_operation(lambda: keras.layers.Dense(3)), VECTOR),
]
CASES: dict[str, list[tuple[Operation, Shapes]]] = {}
for _operation, _shapes in EXAMPLES:
    CASES.setdefault(_operation.Layer_type, []).append((_operation, _shapes))
# Of these, saved models name a class of AMBER.
CUSTOM = frozenset({"bias_only", "denovo", "sfc", "sparsek_vec"})
# Their function is the user's, and is not written as JSON.
WITHOUT_JSON = frozenset({"callable"})
