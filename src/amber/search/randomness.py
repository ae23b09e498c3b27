"""Seeds: global generators seeded for a while and put back, and one seed for each architecture."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from amber.backend.randomness import keep_random_state
from amber.errors import ConfigError


@contextmanager
def preserved() -> Iterator[None]:
    """Puts the global generators of Python, NumPy, Keras and the backend back on leaving."""
    import keras  # noqa: F401  loaded first, so that its state is among what is kept

    restore = keep_random_state()
    try:
        yield
    finally:
        restore()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seeds the global generators inside, and puts them back as they were on leaving.

    On the CPU, the same seed gives the same weights and the same training bit for bit, run after run, on the
    same machine and backend. On CUDA some kernels add in any order, and scores may differ in the last digits;
    deterministic kernels are the user's to switch on, for the whole process.

    Args:
        seed: from 0 to 2**32 - 1.

    Raises:
        ConfigError: the seed is no integer in that range.
    """
    import keras

    checked = check_seed(seed)
    with preserved():
        keras.utils.set_random_seed(checked)
        yield


def trial_seed(seed: int, fingerprint: str) -> int:
    """Returns the seed of one architecture in one search, from 0 to 2**31 - 1.

    It depends on nothing else, so the score of an architecture does not depend on what was trained before.
    """
    digest = hashlib.sha256(fingerprint.encode("utf-8")).digest()
    words = np.frombuffer(digest, dtype="<u4").tolist()
    return int(np.random.SeedSequence([check_seed(seed), *words]).generate_state(1)[0] >> 1)


def epoch_seed(seed: int, epoch: int) -> int:
    """Returns the seed of one epoch (from 0) of a training, from 0 to 2**31 - 1."""
    return int(np.random.SeedSequence([check_seed(seed), epoch]).generate_state(1)[0] >> 1)


def check_seed(seed: object) -> int:
    """Returns a seed as an integer; raises ConfigError where it is none from 0 to 2**32 - 1."""
    integral = isinstance(seed, (int, np.integer)) and not isinstance(seed, (bool, np.bool_))
    if not integral or not 0 <= int(seed) < 2**32:  # type: ignore[call-overload]
        raise ConfigError(f"seed must be an integer from 0 to 2**32 - 1. Received: {seed!r}")
    return int(seed)  # type: ignore[call-overload]
