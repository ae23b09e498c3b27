"""Shapes, parameters and FLOPs that are known without Keras are those that Keras has."""

from __future__ import annotations

from typing import Any

import pytest

from amber.architect import Operation
from amber.architect.operation_shapes import RULES, known_cost
from amber.errors import InvalidArchitectureError, ModelSpaceError
from amber.graph.cost import measure_operation

_SHAPES = [(12, 5), (6,), (7, 3), (2, 2), (2, 3, 4)]
_CONVOLUTIONS: list[dict[str, Any]] = [
    {"kernel_size": 3},
    {"kernel_size": [7], "padding": "valid"},
    {"kernel_size": 4, "padding": "SAME", "strides": 3},
    {"kernel_size": 3, "dilation": 2, "use_bias": False},
    {"kernel_size": 3, "dilation_rate": 3, "padding": "same"},
    {"kernel_size": 20},
]
_IMAGE_WINDOWS: list[dict[str, Any]] = [
    {"kernel_size": 1},
    {"kernel_size": [2, 1], "use_bias": False},
    {"kernel_size": 3},
    {"kernel_size": 2, "padding": "same", "strides": 2},
    {"kernel_size": [1, 2], "dilation_rate": 2},
]
# Of these only misfits are known.
_WITHOUT_COST = ("conv2d_transpose", "einsum_dense")
_CASES: dict[str, list[dict[str, Any]]] = {
    "dense": [{"units": 3}, {"units": 2, "use_bias": False, "activation": "relu"}],
    "conv1d": [{"filters": 4, **each} for each in _CONVOLUTIONS]
    + [
        {"filters": 2, "kernel_size": 3, "padding": "causal"},
        {"filters": 6, "kernel_size": 2, "groups": 3},
        {"filters": 5, "kernel_size": 2, "groups": 5},
    ],
    "conv1d_transpose": [
        {"filters": 4, "kernel_size": 2},
        {"filters": 3, "kernel_size": 2, "strides": 3},
        {"filters": 3, "kernel_size": 5, "strides": 2, "padding": "same", "use_bias": False},
    ],
    "conv2d": [{"filters": 4, **each} for each in _IMAGE_WINDOWS] + [{"filters": 4, "kernel_size": 1, "groups": 2}],
    "conv2d_transpose": [{"filters": 4, "kernel_size": 1}],
    "depthwise_conv2d": [*_IMAGE_WINDOWS, {"kernel_size": 1, "depth_multiplier": 3}],
    "separable_conv2d": [{"filters": 4, **each} for each in _IMAGE_WINDOWS],
    "maxpool2d": [{}, {"pool_size": 1}, {"pool_size": [2, 3], "padding": "same"}, {"pool_size": 2, "strides": 1}],
    "avgpool2d": [{}, {"pool_size": 1}, {"pool_size": [1, 2]}],
    "cropping2d": [{}, {"cropping": 0}, {"cropping": [0, 1]}, {"cropping": [[0, 1], [1, 0]]}, {"cropping": 2}],
    "zero_padding2d": [{}, {"padding": [0, 1]}, {"padding": [[0, 1], [1, 2]]}],
    "upsampling2d": [{}, {"size": [1, 3]}],
    "self_attention": [
        {"num_heads": 1},
        {"num_heads": 3},
        {"num_heads": 2, "key_dim": 4, "use_bias": False},
        {"num_heads": 2, "key_dim": 3, "value_dim": 5},
    ],
    "embedding": [{"input_dim": 4, "output_dim": 3}],
    "permute": [{"dims": [2, 1]}, {"dims": [1]}, {"dims": [3, 1, 2]}],
    "group_normalization": [{}, {"groups": 1}, {"groups": 2, "scale": False}, {"groups": -1}],
    "bidirectional": [
        {"units": 3},
        {"units": 2, "layer": "gru", "return_sequences": True},
        {"units": 2, "layer": "simple_rnn", "merge_mode": "sum", "use_bias": False},
    ],
    "denovo": [{"filters": 3, "kernel_size": 2}, {"filters": 3, "kernel_size": 3, "strides": 2, "padding": "same"}],
    "sfc": [{"output_dim": 3, "symmetric": True}, {"output_dim": 2, "symmetric": False}],
    "rescaling": [{"scale": 2.0}],
    "einsum_dense": [{"equation": "xyz,zw->xyw", "output_shape": [12, 3]}],
    "spatial_dropout1d": [{"rate": 0.1}],
    "spatial_dropout2d": [{"rate": 0.1}],
    "separable_conv1d": [{"filters": 4, **each} for each in _CONVOLUTIONS]
    + [{"filters": 2, "kernel_size": 2, "depth_multiplier": 3}],
    "depthwise_conv1d": [*_CONVOLUTIONS, {"kernel_size": 2, "depth_multiplier": 2}],
    "maxpool1d": [{}, {"pool_size": 3}, {"pool_size": 3, "strides": 2}, {"pool_size": 5, "padding": "same"}],
    "avgpool1d": [{}, {"pool_size": 3, "strides": 1}, {"pool_size": 13}],
    "lstm": [{"units": 3}, {"units": 2, "return_sequences": True, "use_bias": False}],
    "gru": [{"units": 3}, {"units": 2, "return_sequences": True}],
    "simple_rnn": [{"units": 3}],
    "batch_normalization": [{}, {"scale": False}],
    "layer_normalization": [{}, {"center": False}],
    "dropout": [{"rate": 0.1}],
    "alpha_dropout": [{"rate": 0.1}],
    "gaussian_dropout": [{"rate": 0.1}],
    "gaussian_noise": [{"stddev": 0.1}],
    "activation": [{"activation": "relu"}],
    "reshape": [{"target_shape": [6]}, {"target_shape": [3, 2]}, {"target_shape": [-1, 4]}, {"target_shape": [4, 15]}],
    "repeat_vector": [{"n": 3}],
    "cropping1d": [{"cropping": 2}, {"cropping": [1, 3]}, {}],
    "zero_padding1d": [{"padding": 2}, {"padding": [1, 0]}, {}],
    "upsampling1d": [{"size": 3}, {}],
}


@pytest.mark.parametrize("kind", sorted(RULES))
@pytest.mark.parametrize("shape", _SHAPES)
def test_what_is_known_is_what_keras_has(kind: str, shape: tuple[int, ...]) -> None:
    for attributes in _CASES.get(kind, [{}]):
        operation = Operation(kind, **attributes)
        try:
            counted = measure_operation(operation, (shape,))
        except (InvalidArchitectureError, ModelSpaceError):
            if kind in _WITHOUT_COST and len(shape) > 1:
                continue
            with pytest.raises(InvalidArchitectureError, match="cannot be built on"):
                known_cost(operation, shape)
            continue
        known = known_cost(operation, shape)
        if known is None:
            assert kind in _WITHOUT_COST
            continue
        found = (known.shape, known.parameters, known.flops)
        assert found == (counted.output_shape, counted.parameters, counted.flops), attributes


@pytest.mark.parametrize(
    "operation",
    [
        Operation("self_attention", num_heads=2, use_gate=True),
        Operation("conv1d_transpose", filters=4, kernel_size=2, strides=2, output_padding=1),
        Operation("batch_normalization", axis=1),
        Operation("add"),
        Operation("of_a_plug_in"),
    ],
)
def test_other_operations_are_not_known(operation: Operation) -> None:
    assert known_cost(operation, (12, 4)) is None


def test_equation_of_other_axes_is_refused() -> None:
    with pytest.raises(InvalidArchitectureError, match="reads 2 axes, and there are 3"):
        known_cost(Operation("einsum_dense", equation="ab,bc->ac", output_shape=4), (12, 5))


@pytest.mark.parametrize(
    "operation",
    [Operation("gru"), Operation("dense", units="many"), Operation("maxpool1d", pool_size="two")],
    ids=["missing", "text", "text of a pool"],
)
def test_what_is_missing_or_of_a_wrong_kind_is_left_to_the_check_of_operations(operation: Operation) -> None:
    assert known_cost(operation, (20, 4)) is None
