"""DeepLIFT: contributions that are propagated from differences of activations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Unpack

import keras
from keras import ops

from amber.backend.gradients import compiled
from amber.backend.inference import without_gradients
from amber.explain.attribution import Multipliers, attribute
from amber.explain.deep_lift.program import Program
from amber.explain.inputs import Given
from amber.explain.references import References
from amber.explain.settings import Checked, Settings, check_settings
from amber.explain.targets import Output, Target
from amber.types import Tensor

__all__ = ["deep_lift"]


def deep_lift(
    model: keras.Model,
    examples: Given,
    output: Output = 0,
    references: References = "zeros",
    **settings: Unpack[Settings],
) -> Given:
    """Return contributions of inputs by DeepLIFT with the rescale rule.

    Shrikumar, Greenside and Kundaje, "Learning important features through propagating activation differences",
    arXiv 1704.02685. The contributions of an example sum to the difference of its output from that of its reference.
    How multipliers pass through each layer is said in `amber.explain.deep_lift.steps` and `rules`.

    Args:
        model: a functional model.
        examples: what the model reads: an array, or arrays by name of input or in their order.
        output: the number to explain: a unit of the first output, the name of an output of one unit, or a pair of both.
        references: `zeros`, `mean`, `shuffles` (the mean over several dinucleotide shuffles of each), or arrays.
        **settings: those of `Settings` but `steps`.

    Returns:
        Array of the shape of the examples, or arrays in their form.

    Raises:
        ConfigError: an unknown output or name of references, or a setting that is unknown or without effect.
        DataError: examples or references that do not fit the model.
        InvalidArchitectureError: a layer with several outputs, or one that masks positions.
    """
    uses = ("shuffles", "seed", "hypothetical")
    checked = check_settings("deep_lift", settings, uses=uses, references=references)
    return attribute(model, examples, output, references, _multipliers, None, checked)


def _multipliers(model: keras.Model, target: Target, settings: Checked) -> Multipliers:
    del settings
    program = Program(model, target.position)
    count = len(model.inputs)

    def propagate(*tensors: object) -> list[Tensor]:
        both = [ops.concatenate(pair) for pair in zip(tensors[:count], tensors[count:], strict=True)]
        output, pull = program(*both)
        # Batches of one size have as many rows as a constant, which a compiled function needs.
        seed = ops.zeros((1, *output.shape[1:]), dtype=output.dtype)
        seed = ops.slice_update(seed, (0, *target.unit), ops.ones((1,) * len(output.shape), dtype=output.dtype))
        return pull(ops.repeat(seed, output.shape[0] // 2, axis=0))

    run = compiled(propagate)

    def multipliers(examples: Sequence[Any], references: Sequence[Any]) -> list[Any]:
        with without_gradients():
            return list(run(*examples, *references))

    return multipliers
