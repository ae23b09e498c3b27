"""Compute without keeping what gradients would need; only torch must be told."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from amber.backend.weight_slices import SlicedMLP
from amber.types import Array, Tensor


def without_gradients() -> AbstractContextManager[object]:
    """Return a context in which no gradients are recorded, whatever the backend."""
    import keras

    if keras.config.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()


def runs_operations_at_once() -> bool:
    """Say whether operations run as they come, on a processor with few cores: torch on a CPU, by the fast paths.

    There, computing less is faster than computing more at a time.
    """
    import keras

    if keras.config.backend() != "torch":
        return False
    from amber.backend.keras_internals import fast_paths_available

    if not fast_paths_available():
        return False
    from amber.backend.keras_internals.torch_runtime import get_device

    return str(get_device()) == "cpu"


def predict_sliced(networks: Sequence[SlicedMLP], matrices: Sequence[Tensor]) -> list[Array] | None:
    """Return each output of many networks of one supernet, shape (networks, all rows, units), as arrays.

    Args:
        networks: slices of shared tensors.
        matrices: all input features of each batch, tensors.

    Returns:
        None where the backend has no way of its own to run them.
    """
    if not runs_operations_at_once():
        return None
    import torch

    from amber.backend.torch.sliced_mlp import Runner

    runner = Runner()
    if not all(runner.can_run(network) for network in networks):
        return None
    with torch.no_grad():
        outputs = [runner.outputs(network, matrices) for network in networks]
    return [torch.stack(each).numpy() for each in zip(*outputs, strict=True)]
