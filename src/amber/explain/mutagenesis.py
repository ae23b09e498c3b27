"""In-silico saturation mutagenesis: what each single substitution does to an output."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Unpack

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.gradients import compiled
from amber.backend.inference import without_gradients
from amber.backend.keras_internals.graphs import input_structure
from amber.explain.attribution import check_strands, functional_model
from amber.explain.inputs import Examples, Given, check_sequences, is_sequence, read_examples, reverse_complement
from amber.explain.settings import Checked, Settings, check_settings
from amber.explain.substitutions import ONE_HOT, Scores, SubstitutedModel, substituted_model
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
            _fill(effects, _scores_after(model, target, read, place, score, checked), originals, array, checked)
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


def _scores_after(
    model: keras.Model, target: Target, examples: Examples, place: int, score: Score, settings: Checked
) -> Callable[[slice], Scores]:
    """Return a function of some of the examples, which gives their scores after substitutions in one input."""
    # Elsewhere networks are compiled, and would be again for each number of examples.
    is_torch = keras.config.backend() == "torch"
    substituted = substituted_model(model, place, target) if is_torch else None

    def of(part: slice) -> Scores:
        arrays = [array[part] for array in examples.arrays]
        if substituted is not None:
            return _of_strands(substituted, arrays, settings.both_strands)
        return _of_copies(score, arrays, place, 0 if is_torch else settings.batch_size)

    return of


def _of_copies(score: Score, arrays: Sequence[Array], place: int, least: int) -> Scores:
    """Return scores of whole sequences; fewer than `least` are filled up, so that nothing is compiled again."""

    def scores(rows: Array, positions: Array, bases: Array) -> Array:
        filled = np.concatenate([rows, np.repeat(rows[-1:], max(least - len(rows), 0))])
        copies = [array[filled] for array in arrays]
        copies[place][np.arange(len(rows)), positions] = ONE_HOT[bases]
        return score(copies)[: len(rows)]

    return scores


def _of_strands(substituted: SubstitutedModel, arrays: Sequence[Array], both_strands: bool) -> Scores:
    """Return scores of which only what changes is computed."""
    last = arrays[substituted.plan.place].shape[1] - 1
    with without_gradients():
        forward = substituted.of(arrays)
        backward = substituted.of(reverse_complement(arrays)) if both_strands else None

    def scores(rows: Array, positions: Array, bases: Array) -> Array:
        with without_gradients():
            found = forward(rows, positions, bases)
            return found if backward is None else (found + backward(rows, last - positions, 3 - bases)) / 2

    return scores


def _fill(
    effects: Array, scores_after: Callable[[slice], Scores], originals: Array, array: Array, settings: Checked
) -> None:
    """Write the effects of all substitutions in one input."""
    size = settings.batch_size
    # As many examples at a time as give a few full batches.
    several = -(-4 * size // max(3 * array.shape[1], 1))
    for first in range(0, len(array), several):
        part = slice(first, first + several)
        scores = scores_after(part)
        rows, positions, bases = np.nonzero(array[part] != 1)
        for start in range(0, len(rows), size):
            interrupts.check()
            batch = slice(start, start + size)
            row, position, base = rows[batch], positions[batch], bases[batch]
            effects[first + row, position, base] = scores(row, position, base) - originals[first + row]
        if settings.progress is not None:
            for done in range(first, min(first + several, len(array))):
                settings.progress(done + 1, len(array))
