"""Global random state comes back as it was."""

from __future__ import annotations

import random

import keras
import numpy as np
import pytest

from amber.errors import ConfigError
from amber.search import seeded, trial_seed


def draws() -> list[float]:
    """One draw from each global generator."""
    numbers = [random.random(), float(np.random.random())]  # noqa: NPY002
    numbers.append(float(keras.ops.convert_to_numpy(keras.random.uniform(()))))
    if keras.config.backend() == "torch":
        import torch

        numbers.append(float(torch.rand(())))
    return numbers


def test_state_is_put_back_even_after_an_error() -> None:
    keras.utils.set_random_seed(11)
    draws()
    expected = [draws(), draws()]
    keras.utils.set_random_seed(11)
    draws()
    with pytest.raises(RuntimeError), seeded(3):
        draws()
        raise RuntimeError
    first = draws()
    with seeded(4):
        draws()
    assert [first, draws()] == expected


def test_same_seed_same_numbers() -> None:
    with seeded(3):
        first = draws()
    with seeded(3):
        assert draws() == first
    with seeded(4):
        assert draws() != first


def test_nested_seeds() -> None:
    with seeded(1):
        expected = [draws(), draws()]
    with seeded(1):
        first = draws()
        with seeded(2):
            draws()
        assert [first, draws()] == expected


@pytest.mark.parametrize("seed", [-1, 2**32, 1.0, "1", None, True])
def test_seed_out_of_range(seed: object) -> None:
    with pytest.raises(ConfigError, match="seed must be"), seeded(seed):  # type: ignore[arg-type]
        pass


def test_trial_seed_depends_on_both() -> None:
    seeds = {trial_seed(seed, fingerprint) for seed in range(20) for fingerprint in ("a", "b", "c")}
    assert len(seeds) == 60
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert trial_seed(0, "a") == trial_seed(0, "a")
