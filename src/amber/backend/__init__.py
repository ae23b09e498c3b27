"""Which Keras backend is used, and whatever must differ by backend.

This is the only package that may import torch, jax or tensorflow, and it must stay importable without Keras.
`prepare_keras` comes before the first ``import keras``; every package made of Keras calls it. `choice` says why it is
that backend.
"""

from __future__ import annotations

from amber.backend._select import BACKENDS, BackendChoice, choice, select

__all__ = ["BACKENDS", "BackendChoice", "choice", "prepare_keras", "select"]


def prepare_keras() -> None:
    """Select the backend and keep Keras from importing TensorFlow for no reason, before anything imports Keras."""
    select()
    from amber.backend.keras_internals.process import leave_tensorflow_unasked

    leave_tensorflow_unasked()
