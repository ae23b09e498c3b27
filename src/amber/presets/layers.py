"""Layers that several presets offer, sized by length and number of examples.

The middle candidate of a layer is the one that works most often, so that the middle candidates together are a good
first network.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

from amber.presets.facts import DataFacts, Layer

# Motif widths: of a factor's core, of most factors (8 to 12), of the long ones (CTCF: 19), and DanQ's 26.
KERNELS = (4, 8, 12, 19, 26)
NORMALISED: Layer = [{"Layer_type": "batch_normalization"}]
IDENTITY = {"Layer_type": "identity"}


def kernels(length: int) -> list[int]:
    """Return the widths of the first filters, at most half the sequence."""
    return [size for size in KERNELS if size <= max(1, length // 2)] or [1]


def first_convolution(facts: DataFacts, length: int) -> Layer:
    """Return convolutions that read motifs: every number of filters with every width."""
    filters = facts.by_examples((16, 32, 64), (32, 64, 128), (64, 128, 256))
    return [convolution(number, size) for number, size in product(filters, kernels(length))]


def further_convolution(facts: DataFacts) -> Layer:
    """Return narrow and dilated convolutions over the first filters' output, or none."""
    few, more = facts.by_examples((16, 32), (32, 64), (64, 128))
    return [
        IDENTITY,
        convolution(few, 3),
        convolution(few, 7),
        convolution(more, 3),
        convolution(more, 7),
        convolution(more, 5, dilation_rate=2),
        convolution(more, 5, dilation_rate=4),
    ]


def convolution(filters: int, size: int, **more: object) -> dict[str, object]:
    """Return a convolution that keeps the length, with relu."""
    return {
        "Layer_type": "conv1d",
        "filters": filters,
        "kernel_size": size,
        **more,
        "padding": "same",
        "activation": "relu",
    }


def pools(length: int, positions: Iterable[int]) -> Layer:
    """Return max pools that leave about these numbers of positions, without repeats."""
    sizes = sorted({max(1, round(length / number)) for number in positions})
    return [{"Layer_type": "maxpool1d", "pool_size": size, "padding": "same"} for size in sizes]


def dropouts(rates: Sequence[float]) -> Layer:
    """Return dropout at several rates; rate 0 is no dropout."""
    return [{"Layer_type": "dropout", "rate": rate} if rate else IDENTITY for rate in rates]


def summaries(positions: int, along: bool = False) -> Layer:
    """Return operations that reduce a sequence to one vector: mean, maximum, or all positions where these are few.

    Where an output lies `along` the sequence, all positions are kept.
    """
    if along:
        return [{"Layer_type": "flatten"}]
    found: Layer = [{"Layer_type": "globalavgpool1d"}, {"Layer_type": "globalmaxpool1d"}]
    return [*found, {"Layer_type": "flatten"}] if positions <= 256 else found


def head(facts: DataFacts) -> list[Layer]:
    """Return the layers before the output: dropout, and a dense layer or none."""
    units = facts.by_examples((16, 32), (32, 64, 128), (64, 128, 256))
    dense = [{"Layer_type": "dense", "units": number, "activation": "relu"} for number in units]
    return [dropouts((0, 0.2, 0.4)), [IDENTITY, *dense]]
