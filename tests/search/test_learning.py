"""Every sampler that learns finds a planted architecture, in every seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import optuna
import pytest

from amber.architect import TokenLayout
from amber.search import make_sampler
from amber.search.samplers import SAMPLERS, token_distributions, tokens_of

LAYOUT = TokenLayout([4] * 5)  # 15 tokens, a million architectures
TRIALS, LAST = 600, 100
LEARNING: dict[str, tuple[str, dict[str, Any]]] = {
    "tpe": ("tpe", {}),
    "evolution": ("evolution", {}),
    "nsga2": ("nsga2", {"against": None}),
    "controller": ("controller", {}),
    "controller, reinforce": ("controller", {"use_ppo_loss": False}),
    "surrogate": ("surrogate", {}),
}


def planted(seed: int) -> Any:
    """A reward from 0 to 1: how many tokens are those of a hidden architecture; operations weigh half."""
    target = np.array(LAYOUT.sample(np.random.default_rng([seed, 99])))
    operations = np.array([name.endswith(".op") for name in LAYOUT.names])

    def reward(tokens: tuple[int, ...]) -> float:
        same = np.array(tokens) == target
        return float(same[operations].mean() + same[~operations].mean()) / 2

    return reward


def rewards(name: str, seed: int, options: dict[str, Any]) -> np.ndarray:
    reward, distributions = planted(seed), token_distributions(LAYOUT)
    study = optuna.create_study(direction="maximize", sampler=make_sampler(name, LAYOUT, seed, **options))
    found = []
    for _ in range(TRIALS):
        asked = study.ask(fixed_distributions=distributions)
        found.append(reward(tokens_of(asked.params, LAYOUT) or ()))
        study.tell(asked, found[-1])
    return np.array(found)


def test_every_learning_sampler_is_held_to_it() -> None:
    assert {name for name, _ in LEARNING.values()} | {"random"} == set(SAMPLERS.names())


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("case", LEARNING)
def test_it_beats_random_on_a_planted_reward(case: str, seed: int) -> None:
    """The mean of the last hundred of 600 samples is at least 0.25 above random sampling's mean."""
    name, options = LEARNING[case]
    random = rewards("random", seed, {}).mean()
    assert rewards(name, seed, options)[-LAST:].mean() > random + 0.25
