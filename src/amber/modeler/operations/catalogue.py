"""The operations AMBER knows from the start."""

from __future__ import annotations

import keras

from amber.modeler.operations import flops
from amber.modeler.operations.average_pooling import average_pooling_1d, average_pooling_2d
from amber.modeler.operations.registry import register_operation

layers = keras.layers

_CONVOLUTION = {
    "required": ("filters", "kernel_size"),
    "search_only": ("units",),
    "renamed": {"dilation": "dilation_rate"},
    "flops": flops.convolution,
}
_POOL_UNUSED = ("filters", "units", "activation", "kernel_size")
_PASSIVE_UNUSED = ("filters", "units", "activation", "kernel_size", "padding", "strides", "pool_size")

register_operation("dense", layers.Dense, required=("units",), search_only=("filters",), flops=flops.dense)
register_operation("conv1d", layers.Conv1D, **_CONVOLUTION)  # type: ignore[arg-type]
register_operation("conv2d", layers.Conv2D, **_CONVOLUTION)  # type: ignore[arg-type]

for _name, _layer in {
    "maxpool1d": layers.MaxPooling1D,
    "avgpool1d": average_pooling_1d,
    "maxpool2d": layers.MaxPooling2D,
    "avgpool2d": average_pooling_2d,
}.items():
    register_operation(_name, _layer, search_only=_POOL_UNUSED)

for _name, _layer in {
    "globalmaxpool1d": layers.GlobalMaxPooling1D,
    "globalavgpool1d": layers.GlobalAveragePooling1D,
    "globalmaxpool2d": layers.GlobalMaxPooling2D,
    "globalavgpool2d": layers.GlobalAveragePooling2D,
    "flatten": layers.Flatten,
    "identity": layers.Identity,
}.items():
    register_operation(_name, _layer, search_only=_PASSIVE_UNUSED)

register_operation("dropout", layers.Dropout, required=("rate",))
register_operation("gaussian_noise", layers.GaussianNoise, required=("stddev",))
register_operation("lstm", layers.LSTM, required=("units",), search_only=("filters",))
register_operation("batch_normalization", layers.BatchNormalization, aliases=("batchnorm", "batchnormalization"))
register_operation("activation", layers.Activation, required=("activation",))
register_operation("leaky_relu", layers.LeakyReLU)

register_operation("concatenate", layers.Concatenate, takes_list=True)
for _name, _layer in {
    "add": layers.Add,
    "average": layers.Average,
    "maximum": layers.Maximum,
    "minimum": layers.Minimum,
    "multiply": layers.Multiply,
}.items():
    register_operation(_name, _layer, takes_list=True)
