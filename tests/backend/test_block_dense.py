"""A product of chosen blocks equals the product with masks, and so does its gradient."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from amber.backend.block_dense import BlockLayout, block_dense, code_of, gives_taken_columns, sizes_for
from amber.backend.block_dense.layout import two_sizes

pytestmark = pytest.mark.parity

# Rows 0-2 are read whole or not; rows 3 and 10-12 by nobody.
LAYOUT = BlockLayout(starts=(0, 4), rows=((3,), (2, 6)), columns=(2, 5))
ROWS, COLUMNS, BATCH = 13, 5, 4


def test_two_sizes_are_the_largest_and_the_cheapest() -> None:
    assert two_sizes((8, 32, 128)) == (32, 128)
    assert two_sizes((7,)) == (7,)
    assert [code_of(units, (32, 128)) for units in (8, 32, 128)] == [0, 0, 1]


def test_sizes_hold_every_number_of_units() -> None:
    for layers in (2, 20):
        sizes = sizes_for((4, 9, 3), layers)
        assert list(sizes) == sorted(sizes)
        assert sizes[-1] == 9


@pytest.mark.parametrize("codes", [(1, 1), (0, 2), (1, 0), (0, 0)])
@pytest.mark.parametrize("column", [0, 1])
def test_values_and_gradients_are_those_of_masks(codes: tuple[int, int], column: int) -> None:
    product = block_dense(LAYOUT)
    if keras.config.backend() == "torch":
        assert product is None
        return
    generator = np.random.default_rng(3)
    kernel = generator.normal(size=(ROWS, COLUMNS)).astype("float32")
    bias = generator.normal(size=COLUMNS).astype("float32")
    lengths = [(0, *rows)[code] for rows, code in zip(LAYOUT.rows, codes, strict=True)]
    blocks = []
    for rows, length in zip(LAYOUT.rows, lengths, strict=True):
        block = generator.normal(size=(BATCH, rows[-1])).astype("float32")
        block[:, length:] = 0.0
        blocks.append(block)
    taken = LAYOUT.columns[column]
    given = taken if gives_taken_columns() else COLUMNS
    # What is beyond the columns taken means nothing, and so has no gradient.
    weights = generator.normal(size=(BATCH, given)).astype("float32") * (np.arange(given) < taken)
    expected = np.zeros((BATCH, taken), "float32") + bias[:taken]
    of_bias = np.zeros_like(bias)
    of_bias[:taken] = weights.sum(0)[:taken]
    of_kernel = np.zeros_like(kernel)
    of_blocks = [np.zeros_like(block) for block in blocks]
    for number, (block, start, length) in enumerate(zip(blocks, LAYOUT.starts, lengths, strict=True)):
        part = kernel[start : start + length, :taken]
        expected += block[:, :length] @ part
        of_kernel[start : start + length, :taken] = block[:, :length].T @ weights[:, :taken]
        of_blocks[number][:, :length] = weights[:, :taken] @ part.T
    value, gradients = differentiated(product, blocks, codes, kernel, bias, column, weights)
    assert value.shape == (BATCH, given)
    np.testing.assert_allclose(value[:, :taken], expected, rtol=1e-5, atol=1e-6)
    for found, wanted in zip(gradients, [of_kernel, of_bias, *of_blocks], strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-6)


def test_a_layer_that_reads_nothing_gives_its_bias() -> None:
    product = block_dense(BlockLayout(starts=(0,), rows=((3,),), columns=(1,)))
    if keras.config.backend() == "torch":
        assert product is None
        return
    block, kernel = np.zeros((BATCH, 3), "float32"), np.ones((3, 1), "float32")
    inputs = [*map(ops.convert_to_tensor, (block, np.array([0], "int32"), kernel, np.int32(0)))]

    bias = ops.convert_to_tensor(np.array([2.0], "float32"))

    def compute(block: Any, codes: Any, kernel: Any, column: Any) -> Any:
        return product([block], codes, kernel, bias, column)

    if keras.config.backend() == "jax":
        import jax as library

        compiled = library.jit(compute)
    else:
        import tensorflow as library

        compiled = library.function(compute, reduce_retracing=True)
    np.testing.assert_allclose(compiled(*inputs), np.full((BATCH, 1), 2.0))


def differentiated(product: Any, blocks: Any, codes: Any, kernel: Any, bias: Any, column: int, weights: Any) -> Any:
    """The layer, and the gradients of its weighted sum: of the kernel, of the bias, then of each block."""
    numbers = np.array(codes, "int32"), np.int32(column)
    if keras.config.backend() == "jax":
        import jax

        def total(kernel: Any, bias: Any, blocks: Any, codes: Any, column: Any) -> Any:
            value = product(blocks, codes, kernel, bias, column)
            return (value * weights).sum(), value

        (_, value), (of_kernel, of_bias, of_blocks) = jax.jit(
            jax.value_and_grad(total, argnums=(0, 1, 2), has_aux=True)
        )(kernel, bias, blocks, *numbers)
        return value, [of_kernel, of_bias, *of_blocks]
    import tensorflow as tf

    @tf.function
    def compute(kernel: Any, bias: Any, blocks: Any, codes: Any, column: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch([kernel, bias, *blocks])
            value = product(blocks, codes, kernel, bias, column)
            total = tf.reduce_sum(value * weights)
        return value, tape.gradient(total, [kernel, bias, *blocks])

    tensors = [tf.convert_to_tensor(each) for each in (kernel, bias, *blocks)]
    value, gradients = compute(*tensors[:2], tensors[2:], *map(tf.convert_to_tensor, numbers))
    return ops.convert_to_numpy(value), [ops.convert_to_numpy(each) for each in gradients]
