"""A dense layer of which only the blocks that an architecture takes are computed, though nothing is recompiled.

A supernet's kernel has a block of rows for everything a layer may read, and a column for every unit it may have; an
architecture takes a tenth of it. Masks of zeros would compute all of it. On JAX, whose shapes are fixed, every block
is a choice among products of a few sizes; on TensorFlow slices have the sizes that the tokens say.
"""

from __future__ import annotations

from collections.abc import Sequence

from amber.backend.block_dense.layout import BlockDense, BlockLayout, code_of, two_sizes

__all__ = ["BlockDense", "BlockLayout", "block_dense", "code_of", "gives_taken_columns", "sizes_for"]

# Of a network with more layers every pair is compiled in one size only.
_FEW_LAYERS = 8


def sizes_for(units: Sequence[int], layers: int) -> tuple[int, ...]:
    """Return the sizes, ascending, in which the backend reads blocks of so many units."""
    if _backend() != "jax":
        return tuple(sorted(set(units)))
    return two_sizes(units) if layers <= _FEW_LAYERS else (max(units),)


def block_dense(layout: BlockLayout) -> BlockDense | None:
    """Return a function that multiplies and adds a bias; None where the backend has none (torch takes slices instead).

    The function takes

    * a tensor for each block, shape (batch, all rows of the block), zero beyond the rows that are read; where
      `gives_taken_columns`, it may have those rows only,
    * an integer for each block, a vector: 0 where it is not read, else 1 + the position of its rows in the layout,
    * the kernel, shape (rows, columns), and the bias, shape (columns,),
    * an integer scalar: the position of the columns in the layout,

    and returns shape (batch, columns taken), or (batch, all columns), of which those beyond mean nothing.
    """
    backend = _backend()
    if backend == "jax":
        from amber.backend.block_dense.on_jax import make
    elif backend == "tensorflow":
        from amber.backend.block_dense.on_tensorflow import make
    else:
        return None
    made: BlockDense = make(layout)
    return made


def gives_taken_columns() -> bool:
    """Whether the function gives the columns taken only; else it gives all of them."""
    return _backend() == "tensorflow"


def _backend() -> str:
    import keras

    return str(keras.config.backend())
