"""A convolution with a chosen kernel equals one with that kernel alone, and so does its gradient."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from amber.backend.selected_conv import convolve_selected

pytestmark = pytest.mark.parity

BATCH, CHANNELS, FILTERS = 3, 2, 4
SIZES = (4, 8, None, 1, 3)


@pytest.mark.parametrize("length", [9, 5, 2])
@pytest.mark.parametrize("token", [0, 1, 3, 4])
def test_values_and_gradients_are_those_of_one_kernel(length: int, token: int) -> None:
    generator = np.random.default_rng(length)
    x = generator.normal(size=(BATCH, length, CHANNELS)).astype("float32")
    kernels = [
        None if size is None else generator.normal(size=(size, CHANNELS, FILTERS)).astype("float32") for size in SIZES
    ]
    weights = generator.normal(size=(BATCH, length, FILTERS)).astype("float32")
    expected, of_x, of_kernel = convolved(x, kernels[token], weights)
    value, gradients = differentiated(x, token, kernels, weights)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
    if gradients is None:
        return
    np.testing.assert_allclose(gradients[0], of_x, rtol=1e-5, atol=1e-5)
    for number, (kernel, found) in enumerate(zip([k for k in kernels if k is not None], gradients[1:], strict=True)):
        is_chosen = number == [k for k, size in enumerate(SIZES) if size is not None].index(token)
        np.testing.assert_allclose(found, of_kernel if is_chosen else np.zeros_like(kernel), rtol=1e-5, atol=1e-5)


def convolved(x: Any, kernel: Any, weights: Any) -> tuple[Any, Any, Any]:
    """What one kernel gives, and the gradients of its weighted sum: of the input and of the kernel."""
    size, length = len(kernel), x.shape[1]
    before = (size - 1) // 2
    padded = np.pad(x, ((0, 0), (before, size - 1 - before), (0, 0)))
    value, of_padded, of_kernel = np.zeros_like(weights), np.zeros_like(padded), np.zeros_like(kernel)
    for tap in range(size):
        seen = padded[:, tap : tap + length]
        value += seen @ kernel[tap]
        of_padded[:, tap : tap + length] += weights @ kernel[tap].T
        of_kernel[tap] = np.einsum("blc,blf->cf", seen, weights)
    return value, of_padded[:, before : before + length], of_kernel


def differentiated(x: Any, token: int, kernels: list[Any], weights: Any) -> tuple[Any, list[Any] | None]:
    """The convolution and, where it is compiled, gradients of its weighted sum: of the input, then of each kernel."""
    given = [kernel for kernel in kernels if kernel is not None]

    def compute(x: Any, given: Any, token: Any) -> Any:
        known = iter(given)
        return convolve_selected(x, token, [None if kernel is None else next(known) for kernel in kernels])

    if keras.config.backend() == "jax":
        import jax

        def total(x: Any, given: Any, token: Any) -> Any:
            value = compute(x, given, token)
            return (value * weights).sum(), value

        run = jax.jit(jax.value_and_grad(total, argnums=(0, 1), has_aux=True))
        (_, value), (of_x, of_kernels) = run(x, given, np.int32(token))
        return value, [of_x, *of_kernels]
    if keras.config.backend() == "torch":
        tensors = [ops.convert_to_tensor(kernel) for kernel in given]
        return ops.convert_to_numpy(compute(ops.convert_to_tensor(x), tensors, ops.convert_to_tensor(token))), None
    import tensorflow as tf

    @tf.function
    def run_with_gradients(x: Any, given: Any, token: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([x, *given])
            value = compute(x, given, token)
            total = tf.reduce_sum(value * weights)
        return value, tape.gradient(total, [x, *given])

    value, gradients = run_with_gradients(
        tf.convert_to_tensor(x), [*map(tf.convert_to_tensor, given)], tf.constant(token, "int32")
    )
    return ops.convert_to_numpy(value), [ops.convert_to_numpy(each) for each in gradients]
