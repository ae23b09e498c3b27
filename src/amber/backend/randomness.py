"""The state of every global random generator that Keras and its backend use, kept and put back.

Keras' initialisers and shuffling draw from global generators. Code that must seed them keeps their state
first with `keep_random_state`, and calls what it returns afterwards.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

_MISSING = object()


def keep_random_state() -> Callable[[], None]:
    """Keeps the state of the global generators of Python, NumPy, Keras, and the loaded backends.

    Of torch the generators of the CPU and, where CUDA is in use, of every CUDA device; of TensorFlow the
    global seed and its counter; of Keras the global seed generator (all that JAX needs). Libraries that are
    not loaded have no state to keep.

    Returns:
        A function without arguments that puts all of it back.
    """
    restorers = [_keep_python(), _keep_numpy(), _keep_keras(), _keep_torch(), _keep_tensorflow()]

    def restore() -> None:
        for put_back in restorers:
            put_back()

    return restore


def _keep_python() -> Callable[[], None]:
    state = random.getstate()
    return lambda: random.setstate(state)


def _keep_numpy() -> Callable[[], None]:
    # The one place where NumPy's global generator is touched: Keras shuffles with it.
    state = np.random.get_state()  # noqa: NPY002
    return lambda: np.random.set_state(state)  # noqa: NPY002


def _keep_keras() -> Callable[[], None]:
    if "keras" not in sys.modules:
        return _nothing
    from amber.backend.keras_internals.global_state import keep_seed_generator

    return keep_seed_generator()


def _keep_torch() -> Callable[[], None]:
    if "torch" not in sys.modules:
        return _nothing
    import torch

    state = torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None

    def restore() -> None:
        torch.set_rng_state(state)
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)

    return restore


def _keep_tensorflow() -> Callable[[], None]:
    if "tensorflow" not in sys.modules:
        return _nothing
    try:
        from tensorflow.python.eager import context as eager
    except ImportError:
        return _nothing
    context: Any = eager.context()
    # TensorFlow has no public way to read its global seed; absent fields are left alone.
    kept = {name: getattr(context, name, _MISSING) for name in ("_seed", "_rng")}
    numbers = kept["_rng"].getstate() if isinstance(kept["_rng"], random.Random) else None

    def restore() -> None:
        for name, value in kept.items():
            if value is not _MISSING:
                setattr(context, name, value)
        if numbers is not None and isinstance(kept["_rng"], random.Random):
            kept["_rng"].setstate(numbers)

    return restore


def _nothing() -> None:
    """Puts nothing back."""
