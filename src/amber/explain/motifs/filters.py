"""Motifs of the filters of a network's first convolution."""

from __future__ import annotations

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.inference import without_gradients
from amber.backend.keras_internals.graphs import calls_in_order
from amber.checks import is_number, positive_integer
from amber.data.motifs.motif import Motif, Seqlet
from amber.errors import ConfigError
from amber.explain.attribution import functional_model
from amber.explain.inputs import Given, check_sequences, is_sequence, read_examples
from amber.types import Array
from amber.wording import shown

_FEWEST_SITES = 10


@interrupts.guarded()
def filter_motifs(model: keras.Model, examples: Given, share: float = 0.5, batch_size: int = 256) -> list[Motif]:
    """Return one motif for each filter of the first convolution that reads sequences.

    As Kelley, Snoek and Rinn (Basset, Genome Research 26 (2016), 990-999) do: the bases under each place where a filter
    exceeds a share of its largest activation over all examples are aligned. Filters with fewer than ten such places
    give none.

    Args:
        model: a functional model.
        examples: what the model reads.
        share: of the largest activation, above which a place counts.
        batch_size: examples at a time.

    Raises:
        ConfigError: no convolution along sequences reads an input directly; a share that is not between 0 and 1, or a
            batch size that is not a positive integer.
        DataError: examples that do not fit, or without sequences.
    """
    batch_size = positive_integer(batch_size, "batch_size")
    if not is_number(share) or not 0 < share < 1:
        raise ConfigError(f"share must be a number above 0 and below 1. Received: {shown(share)}", field=("share",))
    model = functional_model(model)
    read = read_examples(model, examples)
    check_sequences(read, "filter_motifs")
    place, layer = _first_convolution(model, [is_sequence(array) for array in read.arrays])
    sequences = read.arrays[place]
    activations = []
    for start in range(0, len(sequences), batch_size):
        with without_gradients():
            found = layer(keras.ops.convert_to_tensor(sequences[start : start + batch_size]))
        activations.append(np.asarray(keras.ops.convert_to_numpy(found)))
    offset = _offset(layer)
    motifs = [
        _filter_motif(number, values, sequences, (offset, layer.strides[0], layer.kernel_size[0]), share)
        for number, values in enumerate(np.moveaxis(np.concatenate(activations), -1, 0))
    ]
    return [motif for motif in motifs if motif is not None]


def _first_convolution(model: keras.Model, holds_sequences: list[bool]) -> tuple[int, keras.layers.Conv1D]:
    inputs = [id(tensor) for tensor in model.inputs]
    for call in calls_in_order(model):
        if type(call.layer) is keras.layers.Conv1D and call.inputs[0] in inputs:
            place = inputs.index(call.inputs[0])
            if holds_sequences[place] and call.layer.dilation_rate[0] == 1:
                return place, call.layer
    raise ConfigError(
        "Motifs of filters need a convolution (conv1d, without dilation) that reads sequences directly. Received: "
        f"{', '.join(type(call.layer).__name__ for call in calls_in_order(model)[:5])}, ..."
    )


def _offset(layer: keras.layers.Conv1D) -> int:
    """Return how many positions the first window lies before the sequence."""
    size = int(layer.kernel_size[0])
    if layer.padding == "causal":
        return size - 1
    return (size - 1) // 2 if layer.padding == "same" and layer.strides[0] == 1 else 0


def _filter_motif(
    number: int, values: Array, sequences: Array, window: tuple[int, int, int], share: float
) -> Motif | None:
    offset, stride, size = window
    largest = values.max()
    if largest <= 0:
        return None
    rows, positions = np.nonzero(values > share * largest)
    starts = positions * stride - offset
    inside = (starts >= 0) & (starts + size <= sequences.shape[1])
    rows, starts = rows[inside], starts[inside]
    if len(rows) < _FEWEST_SITES:
        return None
    aligned = sequences[rows[:, None], starts[:, None] + np.arange(size)]
    counts = aligned.sum(axis=0, dtype=np.float64) + 0.25
    seqlets = [Seqlet(int(row), int(start), int(start) + size, False) for row, start in zip(rows, starts, strict=True)]
    return Motif(f"filter_{number}", counts / counts.sum(axis=1, keepdims=True), sites=len(rows), seqlets=seqlets)
