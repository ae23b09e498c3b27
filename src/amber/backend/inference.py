"""Computing without keeping what gradients would need: only torch must be told."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext


def without_gradients() -> AbstractContextManager[object]:
    """Returns a context in which no gradients are recorded, whatever the backend."""
    import keras

    if keras.config.backend() != "torch":
        return nullcontext()
    import torch

    return torch.no_grad()


def runs_operations_at_once() -> bool:
    """Whether operations run as they come, on a processor with few cores: torch on a CPU.

    There, computing less is faster than computing more at a time.
    """
    import keras

    if keras.config.backend() != "torch":
        return False
    from keras.src.backend.torch.core import get_device

    return str(get_device()) == "cpu"
