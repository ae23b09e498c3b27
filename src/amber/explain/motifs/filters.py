"""Motifs of the filters of a network's first convolution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.inference import without_gradients
from amber.backend.keras_internals.graphs import Functional, calls_in_order, functional_of
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
    """Return one motif for each filter of the first convolution that reads sequences; in a mean of networks of each.

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
    shapes = {place: array.shape[1:] for place, array in enumerate(read.arrays) if is_sequence(array)}
    places = {id(tensor): place for place, tensor in enumerate(model.inputs) if place in shapes}
    # A network that reads both strands is called twice.
    layers = dict(_first_convolutions(model, places, shapes))
    if not layers:
        raise ConfigError(
            "Motifs of filters need a convolution (conv1d, without dilation) that reads sequences directly. Received: "
            f"{', '.join(type(call.layer).__name__ for call in calls_in_order(model)[:5])}, ..."
        )
    motifs: list[Motif] = []
    for network, (layer, place) in enumerate(layers.items(), start=1):
        prefix = f"network_{network}_" if len(layers) > 1 else ""
        motifs += _motifs_of(layer, read.arrays[place], share, batch_size, prefix)
    return motifs


def _motifs_of(
    layer: keras.layers.Conv1D, sequences: Array, share: float, batch_size: int, prefix: str
) -> Iterator[Motif]:
    activations = []
    for start in range(0, len(sequences), batch_size):
        interrupts.check()
        with without_gradients():
            found = layer(keras.ops.convert_to_tensor(sequences[start : start + batch_size]))
        activations.append(np.asarray(keras.ops.convert_to_numpy(found)))
    window = (_offset(layer), layer.strides[0], layer.kernel_size[0])
    for number, values in enumerate(np.moveaxis(np.concatenate(activations), -1, 0)):
        motif = _filter_motif(f"{prefix}filter_{number}", values, sequences, window, share)
        if motif is not None:
            yield motif


def _first_convolutions(
    model: keras.Model, places: Mapping[int, int], shapes: Mapping[int, tuple[int, ...]]
) -> Iterator[tuple[keras.layers.Conv1D, int]]:
    """Yield the first convolution of a model, or of each network in it, that reads sequences, and which input it reads.

    Args:
        model: a functional model.
        places: identity of a tensor -> the input of the whole model that it is, or is the other strand of.
        shapes: of these inputs, without batch.
    """
    for call in calls_in_order(model):
        layer = functional_of(call.layer)
        if isinstance(layer, Functional):
            yield from _first_convolutions(layer, _places_inside(layer, call.inputs, places, shapes), shapes)
        elif type(layer) is keras.layers.Conv1D and call.inputs[0] in places and layer.dilation_rate[0] == 1:
            yield layer, places[call.inputs[0]]
            return


def _places_inside(
    network: Functional, given: Sequence[int], places: Mapping[int, int], shapes: Mapping[int, tuple[int, ...]]
) -> dict[int, int]:
    """Return which inputs of the whole model the inputs of a network in it are.

    What a layer such as the other strand has made of an input is known by its shape, where only one input has it.
    """
    found: dict[int, int] = {}
    for tensor, source in zip(network.inputs, given, strict=False):
        alike = [place for place, shape in shapes.items() if tuple(shape) == tuple(tensor.shape[1:])]
        known = [place for place in alike if places.get(source) == place] or alike
        if len(known) == 1:
            found[id(tensor)] = known[0]
    return found


def _offset(layer: keras.layers.Conv1D) -> int:
    """Return how many positions the first window lies before the sequence."""
    size = int(layer.kernel_size[0])
    if layer.padding == "causal":
        return size - 1
    return (size - 1) // 2 if layer.padding == "same" and layer.strides[0] == 1 else 0


def _filter_motif(
    name: str, values: Array, sequences: Array, window: tuple[int, int, int], share: float
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
    return Motif(name, counts / counts.sum(axis=1, keepdims=True), sites=len(rows), seqlets=seqlets)
