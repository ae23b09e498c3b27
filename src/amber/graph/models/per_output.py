"""Spread what is given once, or for some outputs, over all outputs of a model in their order.

The first output is the final one; what is given for it applies to every output that is not mentioned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from amber.errors import AmberError, ConfigError, DataError
from amber.graph.models.compiling import clone_compile_arguments
from amber.types import TensorTree

Weights = Mapping[str, float]


def spread(given: object, outputs: Sequence[str], what: str, error: type[AmberError] = DataError) -> list[Any]:
    """Return one entry for each output.

    Args:
        given: one value; a list or tuple with one for each output, or with one for all; or a dictionary by name
            of output that has at least the first output or all the others.
        outputs: names of the outputs, the final one first.
        what: name of the argument, for messages.
        error: raised for a list of another length, a name that is not an output, or nothing for some output.
    """
    if isinstance(given, Mapping):
        unknown = [name for name in given if name not in outputs]
        missing = [] if outputs[0] in given else [name for name in outputs if name not in given]
        if unknown or missing:
            faults = [f"unknown {', '.join(map(repr, unknown))}"] if unknown else []
            faults += [f"nothing for {', '.join(map(repr, missing))}"] if missing else []
            raise error(
                f"{what} must be given by names of outputs, which are {', '.join(map(repr, outputs))}: "
                f"{'; '.join(faults)}. Received: {', '.join(map(repr, given)) or 'none'}"
            )
        return [given[name] if name in given else given[outputs[0]] for name in outputs]
    if isinstance(given, (list, tuple)):
        if len(given) == 1:
            return list(given) * len(outputs)
        if len(given) != len(outputs):
            raise error(
                f"{what} must hold one entry for each of the {len(outputs)} outputs "
                f"({', '.join(outputs)}), or one for all. Received: {len(given)}"
            )
        return list(given)
    return [given] * len(outputs)


def spread_targets(y: TensorTree, sample_weight: TensorTree, outputs: Sequence[str]) -> tuple[TensorTree, TensorTree]:
    """Return the labels and sample weights of a batch for a model with these outputs.

    With one output neither is a list, as in Keras.

    Raises:
        DataError: lists of another length, or names that are not outputs.
    """
    labels = None if y is None else spread(y, outputs, "y")
    weights = None if sample_weight is None else spread(sample_weight, outputs, "sample_weight")
    if len(outputs) == 1:
        return labels and labels[0], weights and weights[0]
    return labels, weights


def arrange_targets(options: dict[str, Any], outputs: Sequence[str]) -> None:
    """Arrange labels and weights given to `fit` or `evaluate` so that Keras can split them into batches.

    Labels that all outputs share stay one array, so that they are stored, weighted and copied once.

    Args:
        options: arguments by name; `y`, `sample_weight` and `class_weight` are replaced.
        outputs: names of the outputs.

    Raises:
        DataError: lists of another length, or names that are not outputs.
    """
    y = options.get("y")
    if y is None:
        return
    labels = spread(_as_array(y), outputs, "y")
    given = options.get("sample_weight")
    weights = None if given is None else spread(given, outputs, "sample_weight")
    shared_weights = weights is None or _is_one(weights)
    if _is_one(labels) and shared_weights:
        options["y"] = labels[0]
        if weights is not None:
            options["sample_weight"] = weights[0]
        return
    options["y"] = labels
    if weights is not None:
        options["sample_weight"] = weights[0] if shared_weights else weights
    elif options.get("class_weight") is not None:
        options["sample_weight"] = [_weigh(label, options["class_weight"]) for label in labels]
        options["class_weight"] = None


def spread_losses(loss: object, outputs: Sequence[str]) -> Any:
    """Return the loss of each output, or None; raise ConfigError as `spread` does."""
    return None if loss is None else spread(loss, outputs, "loss", ConfigError)


def spread_loss_weights(given: object, outputs: Sequence[str], defaults: Weights) -> list[float]:
    """Return the weight of the loss of each output.

    Args:
        given: None for the defaults, a list with one for each output, or a dictionary; in a dictionary what is not
            mentioned keeps its default.
        outputs: names of the outputs.
        defaults: weights of intermediate outputs; the others have 1.

    Raises:
        ConfigError: a list of another length, an unknown output, or one number for several outputs.
    """
    usual = {name: defaults.get(name, 1.0) for name in outputs}
    if given is None:
        return list(usual.values())
    if not isinstance(given, (Mapping, list, tuple)) or (not isinstance(given, Mapping) and len(given) != len(outputs)):
        raise ConfigError(
            f"loss_weights must hold a number for each of the outputs {', '.join(outputs)}. Received: {given!r}"
        )
    return spread({**usual, **given} if isinstance(given, Mapping) else given, outputs, "loss_weights", ConfigError)


def spread_metrics(given: object, outputs: Sequence[str], what: str) -> Any:
    """Return the list of metrics of each output.

    A metric object is used once; the other outputs get copies of it.

    Args:
        given: None; one metric or a list of metrics, for every output; a list with a list for each output; or a
            dictionary by name of output, where an output that is not mentioned has none.
        outputs: names of the outputs.
        what: name of the argument, for messages.

    Raises:
        ConfigError: a list of lists of another length, an unknown output, or a metric that cannot be copied.
    """
    if given is None:
        return None
    if isinstance(given, Mapping):
        spread({**dict.fromkeys(outputs), **given}, outputs, what, ConfigError)
        return [_as_list(given.get(name)) for name in outputs]
    listed = _as_list(given)
    if any(entry is None or isinstance(entry, (list, tuple)) for entry in listed):
        if len(listed) != len(outputs):
            raise ConfigError(
                f"{what} as a list of lists must hold one list for each of the {len(outputs)} outputs "
                f"({', '.join(outputs)}). Received: {len(listed)}"
            )
        return [_as_list(entry) for entry in listed]
    copies = [clone_compile_arguments({what: listed})[what] for _ in outputs[1:]]
    return [listed, *copies]


def metrics_of_outputs(given: object, outputs: Sequence[str]) -> Any:
    """Return metrics as Keras takes them: a plain list holds for every output.

    Raises:
        ConfigError: a metric that cannot be copied.
    """
    is_plain = isinstance(given, (list, tuple)) and not any(isinstance(each, (list, tuple, Mapping)) for each in given)
    if not is_plain or len(outputs) == 1 or not given:
        return given
    return spread_metrics(given, outputs, "metrics")


def _as_list(given: object) -> list[object]:
    if given is None:
        return []
    return list(given) if isinstance(given, (list, tuple)) else [given]


def _as_array(y: object) -> object:
    """Return a list of numbers as an array: it holds the labels of the rows, not an entry for each output."""
    if isinstance(y, (list, tuple)) and y and all(isinstance(entry, (int, float, np.number)) for entry in y):
        return np.asarray(y)
    return y


def _is_one(entries: list[object]) -> bool:
    return all(entry is entries[0] for entry in entries)


def _weigh(labels: object, class_weight: Mapping[int, float]) -> np.ndarray:
    """Return the weight of each row by its class; labels are class numbers or one-hot rows."""
    values = np.asarray(labels)
    classes = values.argmax(-1) if values.ndim > 1 and values.shape[-1] > 1 else values.reshape(len(values))
    return np.asarray([class_weight.get(int(each), 1.0) for each in classes], "float32")
