"""Which Keras backend is used, and whatever must differ by backend.

This is the only package that may import torch, jax or tensorflow, and it must stay importable without Keras.
Call `select` before the first ``import keras``; `amber.modeler` does so. `choice` says why it is that one.
"""

from __future__ import annotations

from amber.backend._select import BACKENDS, BackendChoice, choice, select

__all__ = ["BACKENDS", "BackendChoice", "choice", "select"]
