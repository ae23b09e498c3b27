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
