"""The product on TensorFlow: slices as long as the tokens say, put together and multiplied once.

For a small network every operation counts, so what belongs to all blocks is computed as one tensor.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from amber.backend.block_dense.layout import BlockLayout

if TYPE_CHECKING:
    from amber.backend.block_dense.layout import BlockDense


def make(layout: BlockLayout) -> BlockDense:
    """Return the function that `block_dense` describes."""
    sizes = np.zeros((len(layout.rows), 1 + max(map(len, layout.rows))), "int32")
    for block, rows in enumerate(layout.rows):
        sizes[block, 1 : 1 + len(rows)] = rows
    one_width = len(layout.columns) == 1

    def run(
        blocks: Sequence[tf.Tensor], codes: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor, column: tf.Tensor
    ) -> tf.Tensor:
        block_of, place = _rows_of(layout, kernel.shape[0])
        lengths = tf.gather(sizes, codes, axis=1, batch_dims=1)
        columns = tf.gather(layout.columns, column)
        # oneDNN aborts on a product of nothing.
        reads = tf.reduce_any(lengths > 0)

        # The gradient of a slice of a kernel would be a kernel of zeros for every slice.
        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def multiply(
            kernel: tf.Tensor, bias: tf.Tensor, *blocks: tf.Tensor
        ) -> tuple[tf.Tensor, Callable[[tf.Tensor], tuple[tf.Tensor, ...]]]:
            def product() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
                pieces = _columns(blocks, np.zeros(len(blocks), "int32"), lengths)
                read = pieces[0] if len(pieces) == 1 else tf.concat(pieces, 1)
                taken = tf.gather(kernel, tf.where(place < tf.gather(lengths, block_of))[:, 0])
                taken = taken if one_width else taken[:, :columns]
                return tf.matmul(read, taken), read, taken

            def nothing() -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
                zeros = tf.zeros((tf.shape(blocks[0])[0], columns), kernel.dtype)
                return zeros, zeros[:, :0], kernel[:0]

            result, read, taken = tf.cond(reads, product, nothing)

            def gradients(upstream: tf.Tensor) -> tuple[tf.Tensor, ...]:
                rest = layout.columns[-1] - columns

                def some() -> tuple[tf.Tensor, ...]:
                    of_taken = tf.matmul(read, upstream, transpose_a=True)
                    # A row of zeros stands for every row that is not read.
                    paddings = [[0, 1], [0, rest]]
                    is_read = place < tf.gather(lengths, block_of)
                    source = tf.where(is_read, tf.cumsum(tf.cast(is_read, tf.int32)) - 1, tf.shape(taken)[0])
                    of_kernel = tf.gather(tf.pad(of_taken, paddings), source)
                    of_read = tf.matmul(upstream, taken, transpose_b=True)
                    parts = _columns([of_read] * len(blocks), tf.cumsum(lengths, exclusive=True), lengths)
                    rests = tf.stack([tf.shape(block)[1] for block in blocks]) - lengths
                    return of_kernel, *_widened(parts, rests)

                of_kernel, *of_blocks = tf.cond(reads, some, lambda: tuple(map(tf.zeros_like, (kernel, *blocks))))
                return of_kernel, tf.pad(tf.reduce_sum(upstream, 0), [[0, rest]]), *of_blocks

            result.set_shape((None, layout.columns[0] if one_width else None))
            return tf.nn.bias_add(result, bias if one_width else bias[:columns]), gradients

        return multiply(tf.convert_to_tensor(kernel), tf.convert_to_tensor(bias), *blocks)

    return run


def _rows_of(layout: BlockLayout, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The block of each row of a kernel, and its place in it; a place no block reaches for rows of none."""
    block_of, place = np.zeros(count, "int32"), np.full(count, np.iinfo("int32").max, "int32")
    for block, (start, rows) in enumerate(zip(layout.starts, layout.rows, strict=True)):
        block_of[start : start + rows[-1]] = block
        place[start : start + rows[-1]] = np.arange(rows[-1])
    return block_of, place


def _columns(matrices: Sequence[tf.Tensor], starts: tf.Tensor, lengths: tf.Tensor) -> list[tf.Tensor]:
    """So many columns of each matrix."""
    begins = tf.unstack(tf.stack([tf.zeros_like(lengths), starts], 1))
    limits = tf.unstack(tf.stack([-tf.ones_like(lengths), lengths], 1))
    return [tf.slice(*each) for each in zip(matrices, begins, limits, strict=True)]


def _widened(matrices: Sequence[tf.Tensor], rests: tf.Tensor) -> list[tf.Tensor]:
    """Each matrix with so many columns of zeros after its own."""
    nothing = tf.zeros_like(rests)
    paddings = tf.reshape(tf.stack([nothing, nothing, nothing, rests], 1), (-1, 2, 2))
    return [*map(tf.pad, matrices, tf.unstack(paddings, num=len(matrices)))]
