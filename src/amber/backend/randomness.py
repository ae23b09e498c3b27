"""Seeds, and the global random generators that Keras and its backend use: seeded for a while and put back.

Keras's initialisers and shuffling draw from global generators. Code that must seed them does so inside `seeded`.
"""

from __future__ import annotations

import hashlib
import random
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np

from amber.errors import ConfigError

_MISSING = object()


@contextmanager
def preserved() -> Iterator[None]:
    """Put the global generators of Python, NumPy, Keras and the backend back on exit.

    Of torch the generators of the CPU and, where CUDA is in use, of every CUDA device; of TensorFlow the global seed
    and its counter; of Keras the global seed generator (all that JAX needs). Libraries that are not loaded have none.
    """
    import keras  # noqa: F401  loaded first, so that its state is among what is kept

    from amber.backend.keras_internals.process import keep_seed_generator

    with ExitStack() as stack:
        stack.callback(random.setstate, random.getstate())
        # The one place where NumPy's global generator is touched: Keras shuffles with it.
        stack.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002
        stack.callback(keep_seed_generator())
        if "torch" in sys.modules:
            import torch

            stack.callback(torch.set_rng_state, torch.get_rng_state())
            if torch.cuda.is_initialized():
                stack.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
        if "tensorflow" in sys.modules:
            stack.callback(_keep_tensorflow())
        yield


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed the global generators inside, and put them back as they were on exit.

    On the CPU, the same seed gives the same weights and the same training bit for bit, run after run, on the
    same machine and backend. On CUDA some kernels add in any order, and scores may differ in the last digits;
    deterministic kernels are the user's to switch on, for the whole process.

    Args:
        seed: from 0 to 2**32 - 1.

    Raises:
        ConfigError: the seed is not an integer in that range.
    """
    import keras

    checked = check_seed(seed)
    with preserved():
        keras.utils.set_random_seed(checked)
        yield


def trial_seed(seed: int, fingerprint: str) -> int:
    """Return the seed of one architecture in one search, from 0 to 2**31 - 1.

    It depends on nothing else, so the score of an architecture does not depend on what was trained before.
    """
    digest = hashlib.sha256(fingerprint.encode("utf-8")).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return int(np.random.SeedSequence([check_seed(seed), *words]).generate_state(1)[0] >> 1)


def epoch_seed(seed: int, epoch: int) -> int:
    """Return the seed of one epoch (from 0) of a training, from 0 to 2**31 - 1."""
    return int(np.random.SeedSequence([check_seed(seed), epoch]).generate_state(1)[0] >> 1)


def check_seed(seed: object) -> int:
    """Return a seed as an integer; raises ConfigError where it is not one from 0 to 2**32 - 1."""
    integral = isinstance(seed, (int, np.integer)) and not isinstance(seed, (bool, np.bool_))
    if not integral or not 0 <= int(seed) < 2**32:  # type: ignore[call-overload]
        raise ConfigError(f"seed must be an integer from 0 to 2**32 - 1. Received: {seed!r}")
    return int(seed)  # type: ignore[call-overload]


def _keep_tensorflow() -> Callable[[], None]:
    """Keep TensorFlow's global seed and its counter, and return what puts them back."""
    try:
        from tensorflow.python.eager import context as eager
    except ImportError:
        return lambda: None
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
