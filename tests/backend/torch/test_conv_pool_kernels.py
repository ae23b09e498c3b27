"""Pooling and convolution at every padding are Keras' own, values and gradients; ties among zeros included."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from keras import layers

from amber.backend.torch.conv_pool_kernels import Layout, make_convolution, make_inside_average, make_pooling
from amber.operations.average_pooling import average_pooling_1d, average_pooling_2d

MANY = settings(max_examples=150)


def agree(layer: Any, run: Any, x: torch.Tensor) -> None:
    """Output and gradient of a layer and of its function with channels first are the same."""
    found, expected = run(x.movedim(-1, 1), True).movedim(1, -1), layer(x)
    assert found.shape == expected.shape
    weights = torch.randn(expected.shape)
    sides = [torch.autograd.grad((side * weights).sum(), x)[0] for side in (found, expected)]
    np.testing.assert_allclose(found.detach(), expected.detach(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(*sides, rtol=1e-4, atol=1e-5)


def sequence(*shape: int) -> torch.Tensor:
    """Numbers of which half are zero, as after relu."""
    return torch.relu(torch.randn(2, *shape, 4)).requires_grad_()


@MANY
@given(
    st.sampled_from([layers.MaxPooling1D, layers.AveragePooling1D]),
    st.integers(1, 8),
    st.integers(1, 6),
    st.integers(8, 20),
    st.sampled_from(["same", "valid"]),
)
def test_pooling(kind: Any, size: int, stride: int, length: int, padding: str) -> None:
    layer = kind(size, stride, padding=padding)
    agree(layer, make_pooling(layer, Layout.CHANNELS_FIRST, 3), sequence(length))


@MANY
@given(st.integers(1, 8), st.integers(1, 6), st.integers(3, 20))
def test_average_over_the_inside(size: int, stride: int, length: int) -> None:
    layer = average_pooling_1d(size, stride, "same", input_shape=(length, 4))
    if isinstance(layer, keras.Sequential):
        agree(layer, make_inside_average(layer, (None, length, 4)), sequence(length))


def test_average_over_the_inside_in_two_dimensions() -> None:
    layer = average_pooling_2d((4, 2), (1, 2), "same", input_shape=(9, 7, 4))
    agree(layer, make_inside_average(layer, (None, 9, 7, 4)), sequence(9, 7))


def test_only_an_average_over_the_inside_is_taken_for_one() -> None:
    layer = average_pooling_1d(4, 1, "same", input_shape=(9, 4))
    scale = np.asarray(layer.layers[2].scale)
    assert make_inside_average(layer, (None, 9, 4)) is not None
    layer.layers[2].scale = (2 * scale).tolist()
    assert make_inside_average(layer, (None, 9, 4)) is None
    other = keras.Sequential([layers.ZeroPadding1D(2), layers.AveragePooling1D(4, 1), layers.Rescaling(1.0)])
    other.build((None, 9, 4))
    assert make_inside_average(other, (None, 9, 4)) is None


@MANY
@given(
    st.integers(1, 6),
    st.sampled_from([(1, 1), (2, 1), (3, 1), (1, 2), (1, 3)]),
    st.integers(14, 20),
    st.sampled_from(["same", "valid", "causal"]),
    st.sampled_from([1, 2]),
)
def test_convolution(size: int, steps: tuple[int, int], length: int, padding: str, groups: int) -> None:
    stride, dilation = steps
    layer = layers.Conv1D(6, min(size, 4), stride, padding, dilation_rate=dilation, groups=groups, activation="tanh")
    x = sequence(length)
    layer.build(x.shape)
    agree(layer, make_convolution(layer, Layout.CHANNELS_FIRST, 3), x)


@pytest.mark.parametrize("padding", ["same", "valid"])
@pytest.mark.parametrize("stride", [1, 2])
def test_two_dimensions(padding: str, stride: int) -> None:
    x = sequence(9, 10)
    convolution = layers.Conv2D(6, (4, 3), stride, padding, use_bias=False)
    convolution.build(x.shape)
    agree(convolution, make_convolution(convolution, Layout.CHANNELS_FIRST, 4), x)
    for kind in (layers.MaxPooling2D, layers.AveragePooling2D):
        pooling = kind((4, 3), stride, padding)
        agree(pooling, make_pooling(pooling, Layout.CHANNELS_FIRST, 4), x)
