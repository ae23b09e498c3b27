"""Which part of the shared weights a feed-forward architecture takes, stated once.

A `DensePart` says of a layer or an output which rows of its kernel it may read, which columns it may take, and which
tokens decide. Everything reads this statement: the graph, the slices of one architecture (`AnnSlices`), the masks and
blocks of an architecture given as a tensor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from amber.architect import TokenLayout
from amber.backend.weight_slices import DenseSlice, SlicedMLP
from amber.types import Tensor

_Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Read:
    """Rows of a shared kernel that stand for an input block, or for an earlier layer with all of its units.

    Attributes:
        source: number of the block or layer.
        start, stop: the rows.
        token: position of the token that says whether they are read; None: always.
    """

    source: int
    start: int
    stop: int
    token: int | None


@dataclass(frozen=True)
class DensePart:
    """A layer or an output.

    Attributes:
        name: `L0`, `L1`, ... for a layer; the name of an output.
        inputs, layers: input blocks and earlier layers that it may read, in the order of their rows. The rows of
            input blocks are also their columns in the matrix of all inputs.
        rows: of its kernel, those that it never reads among them.
        units: how many of the first columns it takes, for each value of its token.
        token: position of the token that chooses them; None for an output, which has one choice.
        activation: name of a Keras activation.
    """

    name: str
    inputs: tuple[Read, ...]
    layers: tuple[Read, ...]
    rows: int
    units: tuple[int, ...]
    token: int | None
    activation: str

    def units_of(self, tokens: Sequence[int]) -> int:
        """Return the columns that an architecture takes."""
        return self.units[0 if self.token is None else tokens[self.token]]


def chosen(reads: Sequence[Read], tokens: Sequence[int]) -> list[Read]:
    """Return the reads that an architecture makes."""
    return [read for read in reads if read.token is None or tokens[read.token]]


def switch(read: Read, tokens: int) -> int:
    """Return the position, among the tokens followed by two constants, of the one that says whether rows are read."""
    return tokens + 1 if read.token is None else read.token


def with_constants(arc: Tensor) -> Any:
    """Return a tensor of tokens, shape (..., tokens), followed by 0 (never) and 1 (always)."""
    first = arc[..., :1]
    return ops.concatenate([arc, ops.zeros_like(first), ops.ones_like(first)], axis=-1)


class AnnSlices:
    """Makes the slices that an architecture takes directly from its tokens.

    The network is that of `AnnDesign.plan`, without its graph: planning a graph at each training step would be too
    slow.

    Args:
        layout: the grammar of the tokens.
        parts: layers, then outputs.
        weights: shared kernel and bias of each part.
        features: of each input block.

    Attributes:
        weights: what was given.
    """

    def __init__(
        self,
        layout: TokenLayout,
        parts: Sequence[DensePart],
        weights: Sequence[tuple[Any, Any]],
        features: tuple[int, ...],
    ) -> None:
        self._layout, self._parts, self.weights, self._features = layout, parts, weights, features
        self._layers = [part for part in parts if part.token is not None]
        self._activations = [keras.activations.get(part.activation) for part in parts]

    def __call__(self, arc_seq: Any) -> SlicedMLP:
        """Return the slices of an architecture; layers that no output reads are left out.

        Raises:
            ArchitectureError: tokens outside the grammar.
        """
        tokens = self._layout.validate(arc_seq)
        layers = len(self._layers)
        units = [part.units[tokens[part.token]] for part in self._layers]  # type: ignore[index]
        earlier = [chosen(part.layers, tokens) for part in self._parts]
        wanted = {read.source for reads in earlier[layers:] for read in reads}
        for number in reversed(range(layers)):
            if number in wanted:
                wanted.update([read.source for read in earlier[number]])
        places: dict[int, int] = {}
        slices: list[DenseSlice] = []
        for number in [*sorted(wanted), *range(layers, len(self._parts))]:
            part, reads = self._parts[number], earlier[number]
            columns = _joined([(read.start, read.stop) for read in chosen(part.inputs, tokens)])
            spans = _joined([*columns, *[(read.start, read.start + units[read.source]) for read in reads]])
            before = tuple([places[read.source] for read in reads])
            places[number] = len(slices)
            taken = units[number] if number < layers else part.units[0]
            kernel, bias = self.weights[number]
            slices.append(DenseSlice(number, kernel, bias, spans, columns, before, taken, self._activations[number]))
        outputs = tuple([places[number] for number in range(layers, len(self._parts))])
        return SlicedMLP(tuple(slices), outputs, self._features)


def _joined(spans: Sequence[tuple[int, int]]) -> _Spans:
    """Return all spans, with adjacent ones joined."""
    found: list[tuple[int, int]] = []
    for start, stop in spans:
        if found and found[-1][1] == start:
            found[-1] = (found[-1][0], stop)
        else:
            found.append((start, stop))
    return tuple(found)
