"""What can be known of a whole search before it trains anything: some architecture fits, and loss and metrics work."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Mapping

import keras
import numpy as np

from amber.backend.randomness import preserved
from amber.errors import AmberError, ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.graph.cost import GraphCost
from amber.graph.graph import ComputationGraph
from amber.graph.models.compiling import clone_compile_arguments
from amber.search.candidate import Candidate
from amber.search.objective import Objective

logger = logging.getLogger(__name__)

# Architectures that are planned to find one that is a network.
_SAMPLES = 200
_ROWS = 4
_TRIED = ("loss", "metrics", "weighted_metrics", "loss_weights")


def check_search(objective: Objective, seed: int) -> None:
    """Raise where every trial of a search would fail.

    Args:
        objective: what would train and score.
        seed: of the architectures that are looked at.

    Raises:
        ModelSpaceError: none of 200 random architectures (or of all, where there are fewer) is a network that fits.
        ConfigError: the loss or a metric cannot be computed for the targets, or `fit` would not report the metric.
        DataError: the data do not fit the networks.
    """
    candidate = _first_network(objective, seed)
    graph = None if candidate is None else candidate.graph
    if graph is None:
        return
    with preserved():
        arguments = getattr(objective.builder, "model_compile_dict", None)
        if isinstance(arguments, Mapping) and not graph.auxiliary:
            _check_compiled(objective, graph, graph.cost, arguments)


def check_prunable(objective: Objective) -> None:
    """Raise ConfigError where a pruner cannot follow a training, as `fit` does not report the score."""
    if objective.metric != objective.settings.metric:
        raise ConfigError(f"A pruner needs a score that fit reports after every epoch. Received: {objective.metric!r}")


def _first_network(objective: Objective, seed: int) -> Candidate | None:
    """Return a random architecture that fits the data; None where planning ends in errors of other kinds."""
    rng = np.random.default_rng(seed)
    size = math.prod(objective.layout.sizes)
    reasons: Counter[str] = Counter()
    seen = set()
    # Where the space is small, all of it is met, or nearly.
    for _ in range(_SAMPLES if size > _SAMPLES else 10 * size):
        tokens = objective.layout.sample(rng)
        if tuple(tokens) in seen:
            continue
        seen.add(tuple(tokens))
        try:
            return objective.prepare(tokens)
        except InvalidArchitectureError as error:
            reasons[str(error)] += 1
        except AmberError:
            raise
        except Exception as error:  # of an operation of the user's own; the trial that meets it fails
            logger.debug("Architecture %s cannot be planned: %r", tokens, error)
    if not reasons:
        return None
    (reason, count), number = reasons.most_common(1)[0], len(seen)
    raise ModelSpaceError(
        f"The model space must hold networks that fit the data; of {number} architectures looked at none is one. "
        f"Received: {reason}" + (f" (and {number - count} others)" if number > count else "")
    )


def _check_compiled(
    objective: Objective, graph: ComputationGraph, cost: GraphCost, arguments: Mapping[str, object]
) -> None:
    """Compute loss and metrics once, for a few rows and even predictions, on a model that gives its inputs back."""
    reported = _reported(objective, graph, cost, arguments)
    known = [*reported, *(f"val_{name}" for name in reported)]
    metric = objective.settings.metric
    if metric not in known:
        alike = [name for name in known if name.casefold() == metric.casefold()]
        hint = f" Did you mean {alike[0]!r}?" if alike else ""
        raise ConfigError(f"metric must be one of what fit reports: {', '.join(known)}.{hint} Received: {metric!r}")


def _reported(
    objective: Objective, graph: ComputationGraph, cost: GraphCost, arguments: Mapping[str, object]
) -> list[str]:
    """Return the names that `evaluate` reports."""
    tried = {name: arguments[name] for name in _TRIED if name in arguments}
    try:
        return _evaluated(objective, graph, cost, tried)
    except ConfigError:
        raise
    except Exception as error:  # each backend raises its own kind
        guilty, cause = _guilty(objective, graph, cost, tried) or ("The loss", error)
        shapes = _shapes(_some(objective.validation[1]))
        raise ConfigError(
            f"{guilty} must work on targets of the shapes {shapes} (the first {_ROWS} rows). "
            f"Received: {type(cause).__name__}: {' '.join(str(cause).split())[:300]}"
        ) from error


def _guilty(
    objective: Objective, graph: ComputationGraph, cost: GraphCost, tried: Mapping[str, object]
) -> tuple[str, Exception] | None:
    """Return which metric cannot be computed, with the reason; None where it is the loss."""
    for metric in keras.tree.flatten(tried.get("metrics", [])) if not isinstance(tried.get("metrics"), Mapping) else []:
        try:
            _evaluated(objective, graph, cost, {"loss": tried.get("loss"), "metrics": [metric]})
        except Exception as error:
            if _works(objective, graph, cost, {"loss": tried.get("loss")}):
                return f"The metric {getattr(metric, 'name', metric)!r}", error
    return None


def _works(objective: Objective, graph: ComputationGraph, cost: GraphCost, tried: Mapping[str, object]) -> bool:
    try:
        _evaluated(objective, graph, cost, tried)
    except Exception:
        return False
    return True


def _evaluated(
    objective: Objective, graph: ComputationGraph, cost: GraphCost, tried: Mapping[str, object]
) -> list[str]:
    inputs, predictions = {}, {}
    for name in graph.outputs:
        shape = tuple(size or 2 for size in cost.nodes[name].output_shape)
        inputs[name] = keras.Input(shape, name=f"{name}_in")
        predictions[name] = np.full((_ROWS, *shape), 1 / shape[-1], "float32")
    outputs = [keras.layers.Identity(name=name)(tensor) for name, tensor in inputs.items()]
    judge = keras.Model(_alone(list(inputs.values())), _alone(outputs))
    judge.compile(**clone_compile_arguments(tried), run_eagerly=True)
    rows = _some(objective.validation[1])
    given = {name: values[: _count(rows)] for name, values in predictions.items()}
    return list(judge.evaluate(_alone(list(given.values())), rows, verbose=0, return_dict=True))


def _some(targets: object) -> object:
    return keras.tree.map_structure(lambda array: array[:_ROWS], targets)


def _count(targets: object) -> int:
    return len(keras.tree.flatten(targets)[0])


def _shapes(targets: object) -> str:
    return " and ".join(str(tuple(array.shape)) for array in keras.tree.flatten(targets))


def _alone(values: list[object]) -> object:
    """Return the only value, or all of several: Keras warns of a list of one."""
    return values[0] if len(values) == 1 else values
