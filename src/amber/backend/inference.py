"""Compute without keeping what gradients would need; only torch must be told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from amber.backend.weight_slices import SlicedMLP
from amber.types import Array, Tensor, TensorTree

if TYPE_CHECKING:
    import keras


def without_gradients() -> AbstractContextManager[object]:
    """Return a context in which no gradients are recorded, whatever the backend."""
    import keras

    if keras.config.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()


def statistics_pass(model: keras.Model, norms: Sequence[keras.Layer]) -> Callable[[TensorTree, float], None]:
    """Return a function of a batch and a momentum, which runs a model in training mode with that momentum.

    Args:
        model: built.
        norms: its layers of batch normalisation; the caller puts their momentum back.
    """
    import keras

    from amber.backend.models import ChildModel

    if keras.config.backend() == "jax" and isinstance(model, ChildModel):
        from amber.backend.jax.statistics import statistics_pass as compiled_pass

        return compiled_pass(model, norms)

    def take(batch: TensorTree, momentum: float) -> None:
        for layer in norms:
            layer.momentum = momentum
        model(batch, training=True)

    return take


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
