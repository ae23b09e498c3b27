"""The product on JAX: a conditional runs one of its branches, and a gradient of our own runs one as well.

The gradient that JAX makes of a conditional would keep what any branch may need, and copy it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp

from amber.backend.block_dense.layout import BlockLayout

if TYPE_CHECKING:
    from amber.backend.block_dense.layout import BlockDense


Kept = tuple[list[jax.Array], jax.Array, jax.Array, jax.Array]
"""What the gradient needs: blocks, codes, kernel, column."""


def make(layout: BlockLayout) -> BlockDense:
    """Return the function that `block_dense` describes."""

    def run(blocks: Sequence[jax.Array], codes: jax.Array, kernel: jax.Array, column: jax.Array) -> jax.Array:
        def nothing() -> jax.Array:
            return jnp.zeros((blocks[0].shape[0], layout.columns[-1]), blocks[0].dtype)

        products = [_product(layout, size, blocks, codes, kernel) for size in layout.columns]
        return jax.lax.switch(_branch(codes, column), [nothing, *products])

    def forward(
        blocks: Sequence[jax.Array], codes: jax.Array, kernel: jax.Array, column: jax.Array
    ) -> tuple[jax.Array, Kept]:
        return run(blocks, codes, kernel, column), (list(blocks), codes, kernel, column)

    def backward(kept: Kept, gradient: jax.Array) -> tuple[list[jax.Array], None, jax.Array, None]:
        blocks, codes, kernel, column = kept
        by_size = [_gradients(layout, size, blocks, codes, kernel, gradient) for size in layout.columns]

        def nothing() -> tuple[list[jax.Array], jax.Array]:
            return list(map(jnp.zeros_like, blocks)), jnp.zeros_like(kernel)

        of_blocks, of_kernel = jax.lax.switch(_branch(codes, column), [nothing, *by_size])
        return of_blocks, None, of_kernel, None

    differentiable = jax.custom_vjp(run)
    differentiable.defvjp(forward, backward)
    return lambda blocks, codes, kernel, bias, column: differentiable(list(blocks), codes, kernel, column) + bias


def _branch(codes: jax.Array, column: jax.Array) -> jax.Array:
    """0 where no block is read, else 1 + the position of the columns."""
    return jnp.where(jnp.any(codes > 0), 1 + column, 0)


def _product(
    layout: BlockLayout, columns: int, blocks: Sequence[jax.Array], codes: jax.Array, kernel: jax.Array
) -> Callable[[], jax.Array]:
    def compute() -> jax.Array:
        total = jnp.zeros((blocks[0].shape[0], columns), blocks[0].dtype)
        for block, code, start, sizes in zip(blocks, codes, layout.starts, layout.rows, strict=True):

            def add(
                rows: int, total: jax.Array = total, block: jax.Array = block, start: int = start
            ) -> Callable[[], jax.Array]:
                return lambda: total + block[:, :rows] @ kernel[start : start + rows, :columns]

            def same(total: jax.Array = total) -> jax.Array:
                return total

            total = jax.lax.switch(code, [same, *map(add, sizes)])
        return _wide(total, blocks[0].shape[0], layout.columns[-1])

    return compute


def _gradients(
    layout: BlockLayout,
    columns: int,
    blocks: Sequence[jax.Array],
    codes: jax.Array,
    kernel: jax.Array,
    gradient: jax.Array,
) -> Callable[[], tuple[list[jax.Array], jax.Array]]:
    def compute() -> tuple[list[jax.Array], jax.Array]:
        taken = gradient[:, :columns]
        of_blocks, of_kernel, row = [], [], 0
        for block, code, start, sizes in zip(blocks, codes, layout.starts, layout.rows, strict=True):
            if start > row:
                of_kernel.append(jnp.zeros((start - row, columns), kernel.dtype))

            def nothing(block: jax.Array = block) -> tuple[jax.Array, jax.Array]:
                return jnp.zeros_like(block), jnp.zeros((block.shape[1], columns), kernel.dtype)

            def some(
                rows: int, block: jax.Array = block, start: int = start
            ) -> Callable[[], tuple[jax.Array, jax.Array]]:
                return lambda: (
                    _wide(taken @ kernel[start : start + rows, :columns].T, *block.shape),
                    _wide(block[:, :rows].T @ taken, block.shape[1], columns),
                )

            of_block, of_rows = jax.lax.switch(code, [nothing, *map(some, sizes)])
            of_blocks.append(of_block)
            of_kernel.append(of_rows)
            row = start + block.shape[1]
        if row < kernel.shape[0]:
            of_kernel.append(jnp.zeros((kernel.shape[0] - row, columns), kernel.dtype))
        return of_blocks, _wide(jnp.concatenate(of_kernel), *kernel.shape)

    return compute


def _wide(matrix: jax.Array, rows: int, columns: int) -> jax.Array:
    return jnp.pad(matrix, ((0, rows - matrix.shape[0]), (0, columns - matrix.shape[1])))
