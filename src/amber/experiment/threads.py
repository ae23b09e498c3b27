"""Choose the number of threads before a backend is loaded, as some read it only then."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from amber.backend.threads import ThreadChoice, choose_threads, use_threads
from amber.checks import is_integer, is_number
from amber.experiment.configuration.reading import Configuration
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.files import KnownNetwork

# The backward pass takes about twice the forward pass.
_TRAINING = 3
_PREDICTED_AT_ONCE = 256
_RECURRENT = ("lstm", "gru", "rnn")
_GATES = 4


def set_threads(loaded: Configuration, problem: TaskSpec) -> ThreadChoice:
    """Choose the threads of this process and use them.

    Where other processes train the candidates, this one still trains the final model, and weights that are shared;
    `search.threads` is then the workers'.
    """
    search = loaded.config.search
    asked = search.threads if search.executor == "in_process" else None
    chosen = choose_threads(step_flops(loaded, problem), asked)
    use_threads(chosen.threads)
    return chosen


def set_threads_for_run(network: KnownNetwork) -> ThreadChoice:
    """Choose the threads for work with a trained network, such as predicting or explaining, and use them.

    Args:
        network: of a run, which says how large it is; or another, whose size is not known.

    Returns:
        What was chosen.

    Raises:
        AmberError: a record that cannot be read.
    """
    flops = None if network.record is None else network.record.get("flops")
    chosen = choose_threads(_TRAINING * _PREDICTED_AT_ONCE * flops if is_number(flops) else math.inf)
    use_threads(chosen.threads)
    return chosen


def step_flops(loaded: Configuration, problem: TaskSpec) -> float:
    """Return about how many FLOPs a training step of the largest network takes, without Keras.

    Pools and strides are left out, so it is more than the network's own count: by a few times, not by orders.
    """
    most = sum(_largest(loaded.space.to_dict(), shape) for shape in problem.inputs.values())
    return _TRAINING * loaded.config.training.batch_size * most


def _largest(space: object, shape: tuple[int, ...]) -> float:
    """Return the FLOPs of the forward pass of one example through the largest candidate of every layer."""
    positions, width, total = math.prod(shape[:-1]), shape[-1], 0.0
    for candidates in _layers(space):
        convolutions = [each for each in candidates if _count(each, "filters") and "kernel_size" in each]
        dense = [each for each in candidates if _count(each, "units")]
        costs = [2.0 * positions * width * _count(each, "filters") * _volume(each) for each in convolutions]
        for each in dense:
            units = _count(each, "units")
            recurrent = any(name in str(each.get("Layer_type", "")).lower() for name in _RECURRENT)
            costs.append(2.0 * positions * units * (_GATES * (width + units) if recurrent else width))
        total += max(costs, default=0.0)
        width = max((_count(each, "filters") or _count(each, "units") for each in candidates), default=0) or width
        if dense and not convolutions:
            positions = 1
    return total


def _layers(space: object) -> Iterator[list[Mapping[str, object]]]:
    """Yield the candidates of each layer, wherever in a space they are."""
    if isinstance(space, list) and any(isinstance(each, Mapping) and "Layer_type" in each for each in space):
        yield [each for each in space if isinstance(each, Mapping)]
        return
    inner = space.values() if isinstance(space, Mapping) else space if isinstance(space, list) else ()
    for each in inner:
        yield from _layers(each)


def _count(operation: Mapping[str, object], name: str) -> int:
    value = operation.get(name)
    return value if is_integer(value) else 0


def _volume(operation: Mapping[str, object]) -> int:
    size = operation["kernel_size"]
    sizes = size if isinstance(size, (list, tuple)) else [size]
    return math.prod(each for each in sizes if isinstance(each, int))
