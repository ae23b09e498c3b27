"""The product on JAX: a conditional runs one of its branches, and a gradient of our own runs one as well.

The gradient that JAX makes of a conditional would keep what any branch may need, and copy it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from amber.backend.block_dense.layout import BlockLayout


def make(layout: BlockLayout) -> Callable[..., Any]:
    """Return the function that `block_dense` describes."""

    def run(blocks: Sequence[Any], codes: Any, kernel: Any, column: Any) -> Any:
        def nothing() -> Any:
            return jnp.zeros((blocks[0].shape[0], layout.columns[-1]), blocks[0].dtype)

        products = [_product(layout, size, blocks, codes, kernel) for size in layout.columns]
        return jax.lax.switch(_branch(codes, column), [nothing, *products])

    def forward(blocks: Sequence[Any], codes: Any, kernel: Any, column: Any) -> Any:
        return run(blocks, codes, kernel, column), (list(blocks), codes, kernel, column)

    def backward(kept: Any, gradient: Any) -> Any:
        blocks, codes, kernel, column = kept
        by_size = [_gradients(layout, size, blocks, codes, kernel, gradient) for size in layout.columns]

        def nothing() -> Any:
            return list(map(jnp.zeros_like, blocks)), jnp.zeros_like(kernel)

        of_blocks, of_kernel = jax.lax.switch(_branch(codes, column), [nothing, *by_size])
        return of_blocks, None, of_kernel, None

    differentiable = jax.custom_vjp(run)
    differentiable.defvjp(forward, backward)
    return lambda blocks, codes, kernel, bias, column: differentiable(list(blocks), codes, kernel, column) + bias


def _branch(codes: Any, column: Any) -> Any:
    """0 where no block is read, else 1 + the position of the columns."""
    return jnp.where(jnp.any(codes > 0), 1 + column, 0)


def _product(layout: BlockLayout, columns: int, blocks: Any, codes: Any, kernel: Any) -> Callable[[], Any]:
    def compute() -> Any:
        total = jnp.zeros((blocks[0].shape[0], columns), blocks[0].dtype)
        for block, code, start, sizes in zip(blocks, codes, layout.starts, layout.rows, strict=True):

            def add(rows: int, total: Any = total, block: Any = block, start: int = start) -> Callable[[], Any]:
                return lambda: total + block[:, :rows] @ kernel[start : start + rows, :columns]

            def same(total: Any = total) -> Any:
                return total

            total = jax.lax.switch(code, [same, *map(add, sizes)])
        return _wide(total, blocks[0].shape[0], layout.columns[-1])

    return compute


def _gradients(
    layout: BlockLayout, columns: int, blocks: Any, codes: Any, kernel: Any, gradient: Any
) -> Callable[[], Any]:
    def compute() -> Any:
        taken = gradient[:, :columns]
        of_blocks, of_kernel, row = [], [], 0
        for block, code, start, sizes in zip(blocks, codes, layout.starts, layout.rows, strict=True):
            if start > row:
                of_kernel.append(jnp.zeros((start - row, columns), kernel.dtype))

            def nothing(block: Any = block) -> Any:
                return jnp.zeros_like(block), jnp.zeros((block.shape[1], columns), kernel.dtype)

            def some(rows: int, block: Any = block, start: int = start) -> Callable[[], Any]:
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


def _wide(matrix: Any, rows: int, columns: int) -> Any:
    return jnp.pad(matrix, ((0, rows - matrix.shape[0]), (0, columns - matrix.shape[1])))
