"""The product on TensorFlow: slices as long as the tokens say, put together and multiplied once.

For a small network every operation counts, so what belongs to all blocks is computed as one vector.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from amber.backend.block_dense.layout import BlockLayout


def make(layout: BlockLayout) -> Callable[..., Any]:
    """Returns the function that `block_dense` describes."""
    sizes = np.zeros((len(layout.rows), 1 + max(map(len, layout.rows))), "int32")
    for block, rows in enumerate(layout.rows):
        sizes[block, 1 : 1 + len(rows)] = rows
    widths = sizes.max(axis=1)
    block_of = np.repeat(np.arange(len(widths)), widths)
    place = np.concatenate([np.arange(width) for width in widths])
    row_of = np.array(layout.starts)[block_of] + place

    def run(blocks: Sequence[Any], codes: Any, kernel: Any, column: Any) -> Any:
        lengths = tf.gather(sizes, codes, axis=1, batch_dims=1)
        columns = tf.gather(layout.columns, column)
        rows = tf.boolean_mask(tf.constant(row_of), place < tf.gather(lengths, block_of))
        whole = kernel.shape[1]

        # The gradient of a slice of a kernel would be a kernel of zeros for every slice.
        @tf.custom_gradient
        def multiply(kernel: Any, *blocks: Any) -> Any:
            each = tf.unstack(lengths)
            read = tf.concat([block[:, :n] for block, n in zip(blocks, each, strict=True)], 1)
            taken = tf.gather(kernel, rows)[:, :columns]

            def gradients(upstream: Any) -> Any:
                upstream = upstream[:, :columns]
                of_taken = _wide(tf.matmul(read, upstream, transpose_a=True), whole - columns, whole)
                of_kernel = tf.scatter_nd(rows[:, None], of_taken, kernel.shape)
                parts = tf.split(tf.matmul(upstream, taken, transpose_b=True), lengths, axis=1, num=len(widths))
                rests = tf.unstack(widths - lengths)
                return of_kernel, *map(_wide, parts, rests, map(int, widths))

            return _wide(tf.matmul(read, taken), whole - columns, whole), gradients

        return multiply(tf.convert_to_tensor(kernel), *blocks)

    return run


def _wide(matrix: Any, rest: Any, columns: int) -> Any:
    widened = tf.pad(matrix, [[0, 0], [0, rest]])
    widened.set_shape((None, columns))
    return widened
