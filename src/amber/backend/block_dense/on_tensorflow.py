"""The product on TensorFlow: slices as long as the tokens say, put together and multiplied once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from amber.backend.block_dense.layout import BlockLayout


def make(layout: BlockLayout) -> Callable[..., Any]:
    """Returns the function that `block_dense` describes."""
    row_sizes = [(0, *sizes) for sizes in layout.rows]

    def run(blocks: Sequence[Any], codes: Sequence[Any], kernel: Any, column: Any) -> Any:
        lengths = [tf.gather(sizes, code) for sizes, code in zip(row_sizes, codes, strict=True)]
        columns = tf.gather(layout.columns, column)
        rows = tf.concat([tf.range(start, start + n) for start, n in zip(layout.starts, lengths, strict=True)], 0)
        widths = [block.shape[1] for block in blocks]

        # The gradient of a slice of a kernel would be a kernel of zeros for every slice.
        @tf.custom_gradient  # type: ignore[untyped-decorator]
        def multiply(kernel: Any, *blocks: Any) -> Any:
            read = tf.concat([block[:, :n] for block, n in zip(blocks, lengths, strict=True)], 1)
            taken = tf.gather(kernel, rows)[:, :columns]

            def gradients(upstream: Any) -> Any:
                upstream = upstream[:, :columns]
                of_read = tf.split(tf.matmul(upstream, taken, transpose_b=True), lengths, axis=1, num=len(widths))
                of_taken = _wide(tf.matmul(read, upstream, transpose_a=True), kernel.shape[1])
                of_kernel = tf.scatter_nd(rows[:, None], of_taken, kernel.shape)
                return of_kernel, *[_wide(part, width) for part, width in zip(of_read, widths, strict=True)]

            return _wide(tf.matmul(read, taken), kernel.shape[1]), gradients

        return multiply(tf.convert_to_tensor(kernel), *blocks)

    return run


def _wide(matrix: Any, columns: int) -> Any:
    widened = tf.pad(matrix, [[0, 0], [0, columns - tf.shape(matrix)[1]]])
    widened.set_shape((None, columns))
    return widened
