"""The decoded choices of one architecture."""

from __future__ import annotations

from dataclasses import dataclass

from amber.display import one_line

Bits = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Architecture:
    """What a list of tokens says, by meaning instead of by position.

    Attributes:
        operations: one candidate index per layer, shape (L,).
        inputs: per layer one bit for each input block, shape (L, I); rows are empty without input blocks.
        skips: per layer one bit for each earlier layer; row l has length l (all empty without skips).
        outputs: per output block one bit for each layer, shape (O, L).
    """

    operations: tuple[int, ...]
    inputs: Bits = ()
    skips: Bits = ()
    outputs: Bits = ()
    __repr__ = one_line
