"""The built-in operations.

One line here makes a layer known to every builder; `tests/operations` needs a case for each.
Attributes that model spaces give although the layer does not take them (`filters` on a pool) are `search_only`:
they are accepted and do not reach the layer.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Unpack

import keras

from amber.operations import flops
from amber.operations.average_pooling import average_pooling_1d, average_pooling_2d
from amber.operations.layers import DenovoMotif, SeparableFC, SparseTopK
from amber.operations.recurrent import bidirectional, recurrent_attributes
from amber.operations.registry import OperationOptions, register_operation
from amber.operations.self_attention import AttentionOptions, self_attention

layers = keras.layers

# Values that Keras takes without a word, or meets in training only.
_SHARE = (0.0, 1.0)
_NOT_NEGATIVE = (0.0, math.inf)
_DROPOUTS = {"dropout": _SHARE, "recurrent_dropout": _SHARE}
# `filters` and `units` are search-only everywhere unless said otherwise; the first AMBER ignored more on these types.
_POOL_UNUSED = ("filters", "units", "activation", "kernel_size")
_PASSIVE_UNUSED = (*_POOL_UNUSED, "padding", "strides", "pool_size")


def _register(
    types: Mapping[str, Callable[..., keras.Layer]],
    *,
    aliases: tuple[str, ...] = (),
    **options: Unpack[OperationOptions],
) -> None:
    """Register types with the same options, each also under its name without underscores."""
    for name, make in types.items():
        bare = name.replace("_", "")
        register_operation(name, make, aliases=(*aliases, *((bare,) if bare != name else ())), **options)


def _register_dense() -> None:
    _register({"dense": layers.Dense}, required=("units",), search_only=("filters",), flops=flops.dense)
    _register({"einsum_dense": layers.EinsumDense}, required=("equation", "output_shape"), flops=flops.einsum_dense)
    _register({"embedding": layers.Embedding}, required=("input_dim", "output_dim"))
    _register({"sfc": SeparableFC}, required=("output_dim", "symmetric"), flops=flops.separable_fc)


def _register_convolutions() -> None:
    renamed = {"dilation": "dilation_rate"}
    with_filters = (
        ({"conv1d": layers.Conv1D, "conv2d": layers.Conv2D}, flops.convolution),
        (
            {"separable_conv1d": layers.SeparableConv1D, "separable_conv2d": layers.SeparableConv2D},
            flops.separable_convolution,
        ),
        (
            {"conv1d_transpose": layers.Conv1DTranspose, "conv2d_transpose": layers.Conv2DTranspose},
            flops.transposed_convolution,
        ),
    )
    for types, count in with_filters:
        _register(types, required=("filters", "kernel_size"), search_only=("units",), renamed=renamed, flops=count)
    _register(
        {"depthwise_conv1d": layers.DepthwiseConv1D, "depthwise_conv2d": layers.DepthwiseConv2D},
        required=("kernel_size",),
        renamed=renamed,
        flops=flops.convolution,
    )
    _register({"denovo": DenovoMotif}, required=("filters", "kernel_size"), search_only=("units",), flops=flops.denovo)


def _register_pooling() -> None:
    windows = {
        "maxpool1d": layers.MaxPooling1D,
        "avgpool1d": average_pooling_1d,
        "maxpool2d": layers.MaxPooling2D,
        "avgpool2d": average_pooling_2d,
    }
    _register_pools(windows, _POOL_UNUSED)
    everything = {
        "globalmaxpool1d": layers.GlobalMaxPooling1D,
        "globalavgpool1d": layers.GlobalAveragePooling1D,
        "globalmaxpool2d": layers.GlobalMaxPooling2D,
        "globalavgpool2d": layers.GlobalAveragePooling2D,
    }
    _register_pools(everything, _PASSIVE_UNUSED)


def _register_pools(pools: Mapping[str, Callable[..., keras.Layer]], search_only: tuple[str, ...]) -> None:
    """Register pools, each also under the names that Keras gives its class and its layers."""
    for name, make in pools.items():
        spelt = name.replace("global", "global_").replace("max", "max_").replace("avg", "average_")
        spelt = spelt.replace("pool", "pooling")
        register_operation(name, make, search_only=search_only, aliases=(spelt, spelt.replace("_", "")))


def _register_sequence_layers() -> None:
    recurrent: OperationOptions = {
        "required": ("units",),
        "search_only": ("filters",),
        "ranges": _DROPOUTS,
        "flops": flops.recurrent,
    }
    _register({"lstm": layers.LSTM, "gru": layers.GRU}, **recurrent)
    _register({"simple_rnn": layers.SimpleRNN}, aliases=("rnn",), **recurrent)
    _register(
        {"bidirectional": bidirectional},
        required=("units",),
        accepts=recurrent_attributes(),
        search_only=("filters",),
        ranges=_DROPOUTS,
        flops=flops.bidirectional,
    )
    _register(
        {"self_attention": self_attention},
        required=("num_heads",),
        accepts=tuple(AttentionOptions.__annotations__),
        ranges={"dropout": _SHARE},
        flops=flops.self_attention,
        aliases=("multi_head_attention", "multihead_attention", "multi_head_self_attention"),
    )


def _register_passive_layers() -> None:
    _register({"identity": layers.Identity, "flatten": layers.Flatten}, search_only=_PASSIVE_UNUSED)
    _register({"reshape": layers.Reshape}, required=("target_shape",))
    _register({"permute": layers.Permute}, required=("dims",))
    _register({"repeat_vector": layers.RepeatVector}, required=("n",))
    resizing = {
        "upsampling1d": layers.UpSampling1D,
        "upsampling2d": layers.UpSampling2D,
        "zero_padding1d": layers.ZeroPadding1D,
        "zero_padding2d": layers.ZeroPadding2D,
        "cropping1d": layers.Cropping1D,
        "cropping2d": layers.Cropping2D,
    }
    _register(resizing)
    _register({"rescaling": layers.Rescaling}, required=("scale",))


def _register_noise() -> None:
    dropouts = {
        "dropout": layers.Dropout,
        "spatial_dropout1d": layers.SpatialDropout1D,
        "spatial_dropout2d": layers.SpatialDropout2D,
        "alpha_dropout": layers.AlphaDropout,
        "gaussian_dropout": layers.GaussianDropout,
    }
    _register(dropouts, required=("rate",))
    _register({"gaussian_noise": layers.GaussianNoise}, required=("stddev",))


def _register_normalisation() -> None:
    with_epsilon = {"epsilon": _NOT_NEGATIVE}
    _register(
        {"batch_normalization": layers.BatchNormalization},
        aliases=("batchnorm",),
        ranges={"momentum": _SHARE, **with_epsilon},
    )
    _register({"layer_normalization": layers.LayerNormalization}, aliases=("layernorm",), ranges=with_epsilon)
    _register({"group_normalization": layers.GroupNormalization}, aliases=("groupnorm",), ranges=with_epsilon)
    _register({"rms_normalization": layers.RMSNormalization}, aliases=("rmsnorm",), ranges=with_epsilon)
    _register({"unit_normalization": layers.UnitNormalization}, aliases=("unitnorm",))


def _register_activations() -> None:
    _register({"activation": layers.Activation}, required=("activation",))
    activations = {
        "relu": layers.ReLU,
        "leaky_relu": layers.LeakyReLU,
        "prelu": layers.PReLU,
        "softmax": layers.Softmax,
    }
    _register(activations)
    _register({"elu": layers.ELU}, ranges={"alpha": _NOT_NEGATIVE})
    _register({"sparsek_vec": SparseTopK})


def _register_merges() -> None:
    merges = {
        "concatenate": layers.Concatenate,
        "add": layers.Add,
        "average": layers.Average,
        "maximum": layers.Maximum,
        "minimum": layers.Minimum,
        "multiply": layers.Multiply,
    }
    _register(merges, takes_list=True)


_register_dense()
_register_convolutions()
_register_pooling()
_register_sequence_layers()
_register_passive_layers()
_register_noise()
_register_normalisation()
_register_activations()
_register_merges()
