"""In-silico saturation mutagenesis: what each single substitution does to an output."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Unpack

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.gradients import compiled
from amber.backend.inference import without_gradients
from amber.backend.keras_internals.graphs import input_structure
from amber.explain.attribution import check_strands, functional_model
from amber.explain.inputs import Examples, Given, check_sequences, is_sequence, read_examples, reverse_complement
from amber.explain.settings import Checked, Progress, Settings, check_settings
from amber.explain.targets import Output, Target, find_target
from amber.types import Array

Score = Callable[[Sequence[Array]], Array]


@interrupts.guarded()
def mutagenesis(model: keras.Model, examples: Given, output: Output = 0, **settings: Unpack[Settings]) -> Given:
    """Return the change of an output for every substitution of one base.

    Zhou and Troyanskaya, "Predicting effects of noncoding variants", Nature Methods 12 (2015), 931-934.

    Args:
        model: a functional model with at least one input of one-hot sequences, shape (length, 4).
        examples: what the model reads: an array, or arrays by name of input or in their order.
        output: the number to explain: a unit of the first output, the name of an output of one unit, or a pair of both.
        **settings: `batch_size`, `hypothetical`, `both_strands` and `progress` of `Settings`. `hypothetical` subtracts
            from each position the mean of its four values, as motif discovery expects; `both_strands` predicts each
            sequence as the mean of its strands.

    Returns:
        Array of the shape of the examples, or arrays in their form: prediction of the example with this base at this
        position minus that of the example; 0 at the base that is there, and in inputs that are not sequences.

    Raises:
        ConfigError: an unknown output, or a setting that is unknown or without effect.
        DataError: examples that do not fit the model, or without sequences.
    """
    checked = check_settings("mutagenesis", settings, uses=("hypothetical",))
    model = functional_model(model)
    read = read_examples(model, examples)
    check_sequences(read, "mutagenesis")
    target = find_target(model, output)
    if checked.both_strands:
        check_strands(read, target)
    score = _scorer(model, target, checked)
    originals = _in_batches(score, read, checked.batch_size)
    found = []
    for place, array in enumerate(read.arrays):
        effects = np.zeros_like(array)
        if is_sequence(array):
            _fill(effects, score, read, place, originals, checked)
        found.append(effects - effects.mean(axis=-1, keepdims=True) if checked.hypothetical else effects)
    return read.packed(found)


def _scorer(model: keras.Model, target: Target, settings: Checked) -> Score:
    structure = input_structure(model)

    def score(*tensors: object) -> Any:
        return target.select(model(keras.tree.pack_sequence_as(structure, list(tensors)), training=False))

    run = compiled(score)

    def of_strand(arrays: Sequence[Array]) -> Array:
        tensors = [keras.ops.convert_to_tensor(np.ascontiguousarray(array)) for array in arrays]
        with without_gradients():
            return np.asarray(keras.ops.convert_to_numpy(run(*tensors)))

    def of_both(arrays: Sequence[Array]) -> Array:
        mean: Array = (of_strand(arrays) + of_strand(reverse_complement(arrays))) / 2
        return mean

    return of_both if settings.both_strands else of_strand


def _in_batches(score: Score, examples: Examples, size: int) -> Array:
    parts = [score([each[at : at + size] for each in examples.arrays]) for at in range(0, len(examples), size)]
    return np.concatenate(parts)


def _fill(effects: Array, score: Score, examples: Examples, place: int, originals: Array, settings: Checked) -> None:
    """Write the effects of all substitutions in one input."""
    for example, position, base in _substitutions(examples.arrays[place], settings.batch_size, settings.progress):
        interrupts.check()
        kept = len(example)
        # Where networks are compiled a smaller last batch is filled up, so that nothing is compiled again.
        added = 0 if keras.config.backend() == "torch" else settings.batch_size - kept
        rows = np.concatenate([example, np.repeat(example[-1:], added)])
        arrays = [array[rows] for array in examples.arrays]
        arrays[place][np.arange(kept), position] = np.eye(4, dtype=np.float32)[base]
        effects[example, position, base] = score(arrays)[:kept] - originals[example]


def _substitutions(array: Array, size: int, progress: Progress | None) -> Iterator[tuple[Array, Array, Array]]:
    """Yield examples, positions and bases of at most `size` substitutions at a time."""
    total = len(array)
    pending: list[Array] = []
    held = 0
    for row in range(total):
        position, base = np.nonzero(array[row] != 1)
        pending.append(np.stack([np.full(len(position), row), position, base]))
        held += len(position)
        if held >= size or row == total - 1:
            joined = np.concatenate(pending, axis=1)
            whole = joined.shape[1] if row == total - 1 else held - held % size
            for start in range(0, whole, size):
                part = joined[:, start : min(start + size, whole)]
                yield part[0], part[1], part[2]
            pending, held = [joined[:, whole:]], joined.shape[1] - whole
        if progress is not None:
            progress(row + 1, total)
