"""Mix the networks of the best model with a linear model of the inputs, where validation data favour it.

Few examples and effects of single positions are what a linear model is good at and what networks are bad at. The term
keeps a search from ending in something worse than the linear model it is compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from amber.data.baselines.linear_term import LinearModel, fit_linear, losses
from amber.data.targets.target import by_class, units_of
from amber.experiment.final.scoring import predictions
from amber.experiment.task_spec import TaskSpec, activation_of

if TYPE_CHECKING:
    import keras

    from amber.data import Dataset

# Weights of the linear model that are tried, from small to large; networks always take part.
WEIGHTS = tuple(tenth / 10 for tenth in range(10))


def with_linear_term(
    networks: Sequence[keras.Model],
    model: keras.Model,
    dataset: Dataset,
    seed: int,
    compile_arguments: Mapping[str, object],
) -> tuple[keras.Model, dict[str, float]]:
    """Return the best model of networks and a linear model, and the linear model's weight in each output.

    Args:
        networks: trained.
        model: their mean.
        dataset: a linear model is fitted to its training part, and its weight to its validation part.
        seed: of the linear model's solver.
        compile_arguments: of `keras.Model.compile`.

    Returns:
        `model` itself where no output wants a linear term, or where there are labels or several numbers.
    """
    from amber.search import average

    if any(target.labels or target.numbers for target in dataset.targets):
        return model, {}
    found = predictions(model, dataset.validation.x, "validation data")
    terms: dict[str, LinearModel] = {}
    weights: dict[str, float] = {}
    for target, given in zip(dataset.targets, found, strict=True):
        values = by_class(target.outcome, given)
        term = fit_linear(dataset, target, seed)
        if term is None:
            return model, {}
        linear = term.predict(dataset.validation.x, target.classes is not None)
        mixtures = [(1 - weight) * values + weight * linear for weight in WEIGHTS]
        # So few examples cannot tell smaller probabilities apart: they must not count for a network that is too sure.
        least = 1 / (len(dataset.validation) + 1)
        each = [losses(target, dataset.validation.y, mixture, least) for mixture in mixtures]
        terms[target.name], weights[target.name] = term, chosen_weight(each)
    if not any(weights.values()):
        return model, weights
    shares = [[*[(1 - weight) / len(networks)] * len(networks), weight] for weight in weights.values()]
    return average([*networks, _network(TaskSpec.of(dataset), terms)], compile_arguments, weights=shares), weights


def chosen_weight(losses_of_weights: Sequence[Any]) -> float:
    """Return the largest weight that is not worse than the best one by more than one standard error.

    So the networks must show that they know more than a linear model; few validation examples show little.

    Args:
        losses_of_weights: for each of WEIGHTS, the loss of each validation example.
    """
    best = min(losses_of_weights, key=np.mean)
    chosen = 0.0
    for weight, each in zip(WEIGHTS, losses_of_weights, strict=True):
        worse = each - best
        if worse.mean() <= worse.std(ddof=min(1, len(worse) - 1)) / np.sqrt(len(worse)):
            chosen = weight
    return chosen


def _network(problem: TaskSpec, terms: Mapping[str, LinearModel]) -> keras.Model:
    """Return linear models of all outputs as a Keras model."""
    import keras

    inputs = [keras.Input(shape, name=name) for name, shape in problem.inputs.items()]
    flat = [keras.layers.Flatten(name=f"{tensor.name}_flat")(tensor) for tensor in inputs]
    features = flat[0] if len(flat) == 1 else keras.layers.Concatenate(name="features")(flat)
    terms = {name: term.of_second() if units_of(problem.outputs[name]) == 1 else term for name, term in terms.items()}
    layers = [
        keras.layers.Dense(len(term.bias), activation_of(problem.outputs[name]), name=name)
        for name, term in terms.items()
    ]
    outputs = [layer(features) for layer in layers]
    for layer, term in zip(layers, terms.values(), strict=True):
        layer.set_weights([term.kernel, term.bias])
    return keras.Model(
        inputs[0] if len(inputs) == 1 else inputs, outputs[0] if len(outputs) == 1 else outputs, name="linear"
    )
