"""From multipliers of a network to contributions of its inputs, in batches.

A *multiplier* says how much the explained number changes per unit of an input: a gradient, its mean along a path, or
what DeepLIFT propagates. A contribution is a multiplier times the difference from the reference.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import keras
import numpy as np

from amber.backend import interrupts
from amber.backend.keras_internals.graphs import Functional, functional_of
from amber.errors import ConfigError
from amber.explain.inputs import Examples, Given, check_sequences, is_sequence, read_examples, reverse_complement
from amber.explain.references import References, ReferenceSource
from amber.explain.settings import Checked
from amber.explain.targets import Output, Target, find_target
from amber.types import Array
from amber.wording import shown

Multipliers: TypeAlias = Callable[[Sequence[Any], Sequence[Any]], list[Any]]
"""From tensors of examples and of their references, one for each input, to multipliers of the same shapes; compiled."""
MultipliersOf: TypeAlias = Callable[[keras.Model, Target, Checked], Multipliers]
Combine: TypeAlias = Callable[[Array, Array, Array], Array]
"""From multipliers, examples and references to what each reference says of its example."""


@interrupts.guarded()
def attribute(
    model: keras.Model,
    examples: Given,
    output: Output,
    references: References,
    multipliers_of: MultipliersOf,
    combine: Combine | None,
    settings: Checked,
) -> Any:
    """Return attributions of examples, in the form and shape of the examples.

    Args:
        model: a functional model.
        examples: what the model reads.
        output: which number is explained; see `amber.explain.targets.Output`.
        references: see `amber.explain.references.References`.
        multipliers_of: makes the function of multipliers for a model.
        combine: what becomes of them; contributions, or hypothetical ones where the settings ask, by default.
        settings: those of the method, checked.

    Raises:
        ConfigError: an unknown output or name of references; a model that is not functional.
        DataError: examples or references that do not fit.
    """
    model = functional_model(model)
    read = read_examples(model, examples)
    target = find_target(model, output)
    if settings.hypothetical:
        check_sequences(read, "hypothetical")
    if settings.both_strands:
        check_strands(read, target)
    source = ReferenceSource(read, references, settings)
    run = _Runner(multipliers_of(model, target, settings))
    combined = combine or (_hypothetical if settings.hypothetical else _contributions)
    found = [np.empty_like(array) for array in read.arrays]
    size = max(1, settings.batch_size // source.count)
    for start in range(0, len(read), size):
        interrupts.check()
        stop = min(start + size, len(read))
        rows = [array[start:stop] for array in read.arrays]
        part = _attribute_rows(run, combined, rows, source.of(start, stop), settings.both_strands)
        for whole, piece in zip(found, part, strict=True):
            whole[start:stop] = piece
        if settings.progress is not None:
            settings.progress(stop, len(read))
    return read.packed(found)


def functional_model(model: keras.Model) -> keras.Model:
    """Return a functional model: the one given, or the one inside a Sequential.

    Raises:
        ConfigError: another kind of model.
    """
    is_model = isinstance(model, keras.Model)
    found = functional_of(model) if is_model and model.built else model
    if not isinstance(found, Functional):
        raise ConfigError(
            "Attributions need a functional Keras model, such as `keras.Model(inputs, outputs)` or what a builder of "
            "AMBER gives; of a child of a supernet take `extract()`, of what `amber.load` returns `network`. "
            f"Received: {type(model).__name__ if is_model else shown(model)}"
        )
    return found


def check_strands(examples: Examples, target: Target) -> None:
    """Check that both strands can be explained.

    Raises:
        DataError: no input holds sequences.
        ConfigError: the explained number belongs to a position, which lies elsewhere on the other strand.
    """
    check_sequences(examples, "both_strands")
    if len(target.unit) > 1:
        raise ConfigError(
            "`both_strands` needs an output of one axis: a position of a profile lies elsewhere on the other strand. "
            f"Received: unit={target.unit}"
        )


class _Runner:
    """Multipliers of arrays, in batches of one size."""

    def __init__(self, multipliers: Multipliers) -> None:
        self._multipliers = multipliers
        self._size = 0

    def __call__(self, examples: Sequence[Array], references: Sequence[Array]) -> list[Array]:
        rows = len(examples[0])
        self._size = max(self._size, rows)
        # A smaller last batch is filled up, so that nothing is compiled again.
        first, second = ([_tensor(each, self._size) for each in group] for group in (examples, references))
        return [np.asarray(keras.ops.convert_to_numpy(each))[:rows] for each in self._multipliers(first, second)]


def _tensor(array: Array, size: int) -> object:
    missing = size - len(array)
    filled = np.concatenate([array, np.repeat(array[-1:], missing, axis=0)]) if missing else array
    return keras.ops.convert_to_tensor(np.ascontiguousarray(filled))


def _attribute_rows(
    run: _Runner, combine: Combine, rows: Sequence[Array], references: Sequence[Array], both_strands: bool
) -> list[Array]:
    count = references[0].shape[1]
    repeated = [np.repeat(each, count, axis=0) for each in rows]
    flat = [each.reshape(-1, *each.shape[2:]) for each in references]
    parts = _combined(run, combine, repeated, flat)
    if both_strands:
        turned = _combined(run, combine, reverse_complement(repeated), reverse_complement(flat))
        parts = [(one + other) / 2 for one, other in zip(parts, reverse_complement(turned), strict=True)]
    return [part.reshape(-1, count, *part.shape[1:]).mean(axis=1) for part in parts]


def _combined(run: _Runner, combine: Combine, rows: Sequence[Array], references: Sequence[Array]) -> list[Array]:
    multipliers = run(rows, references)
    return [combine(*each) for each in zip(multipliers, rows, references, strict=True)]


def _contributions(multipliers: Array, examples: Array, references: Array) -> Array:
    contributions: Array = multipliers * (examples - references)
    return contributions


def _hypothetical(multipliers: Array, examples: Array, references: Array) -> Array:
    """What each base would contribute in the place of the one that stands there; other inputs as they are."""
    if not is_sequence(examples):
        return _contributions(multipliers, examples, references)
    hypothetical: Array = multipliers - (multipliers * references).sum(axis=-1, keepdims=True)
    return hypothetical
