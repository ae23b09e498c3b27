"""The surrogate learns from earlier searches: faster where they are related, hardly slower where they are not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from tests.search.conftest import CountingBuilder, tiny_space

from amber.architect import ModelSpace, TokenLayout
from amber.errors import ConfigError, StorageError
from amber.search import MemoryStore, Objective, RunDirectory, SamplerSettings, make_sampler, run_search
from amber.search.earlier_runs import read_earlier
from amber.search.run_settings import SettingsChangedError
from amber.search.samplers import token_distributions, tokens_of
from amber.search.samplers.earlier import EarlierPredictions, EarlierTrials
from amber.search.samplers.space_features import SpaceFeatures
from amber.search.stores import JournalStore

MakeObjective = Callable[..., Objective]

LAYOUT = TokenLayout([5] * 6, with_skips=False)
TARGET = np.array((2, 4, 1, 3, 0, 1))
SEEDS = range(6)


def reward(tokens: np.ndarray) -> np.ndarray:
    """How many tokens are those of one architecture, of (n, tokens)."""
    return np.asarray((tokens == TARGET).sum(axis=1), float)


def earlier_trials(seed: int, kind: str) -> list[EarlierTrials]:
    """Forty random trials of the same reward with noise, or of numbers that have nothing to do with it."""
    generator = np.random.default_rng([seed, 5])
    tokens = generator.integers(0, 5, (40, 6))
    scores = reward(tokens) + generator.normal(size=40) / 2
    return [EarlierTrials("a", generator.permutation(scores) if kind == "unrelated" else scores, tokens)]


def found(seed: int, earlier: list[EarlierTrials], trials: int = 14) -> float:
    """The sum of the best reward so far over all trials."""
    sampler: Any = make_sampler("surrogate", LAYOUT, seed)
    sampler.learn_from(earlier)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    best, total = 0.0, 0.0
    for _ in range(trials):
        asked = study.ask(fixed_distributions=token_distributions(LAYOUT))
        value = float(reward(np.array([tokens_of(asked.params, LAYOUT)]))[0])
        study.tell(asked, value)
        best = max(best, value)
        total += best
    return total / trials


@pytest.mark.slow
def test_a_related_search_helps_and_an_unrelated_one_hardly_harms() -> None:
    alone = np.mean([found(seed, []) for seed in SEEDS])
    related = np.mean([found(seed, earlier_trials(seed, "related")) for seed in SEEDS])
    unrelated = np.mean([found(seed, earlier_trials(seed, "unrelated")) for seed in SEEDS])
    assert related > alone + 0.5
    assert unrelated > alone - 0.4


def test_belief_follows_the_trials() -> None:
    generator = np.random.default_rng(0)
    predictions = EarlierPredictions(earlier_trials(0, "related") + earlier_trials(1, "unrelated"), LAYOUT)
    tokens = generator.integers(0, 5, (30, 6))
    scores = reward(tokens)
    scores = (scores - scores.mean()) / scores.std()
    before = predictions.trust(np.zeros((0, 2)), np.zeros(0))
    after = predictions.trust(predictions(tokens), scores)
    assert before.tolist() == [0.5, 0.5]
    assert after[0] > 0.5 > 0.3 > after[1] >= 0
    assert predictions.trust(predictions(tokens), -scores)[0] == 0.0  # what is contradicted is not turned round


def test_a_search_of_few_trials_says_nothing() -> None:
    few = EarlierTrials("few", np.arange(4.0), np.zeros((4, 6), int))
    assert len(EarlierPredictions([few], LAYOUT)) == 0
    alone, with_few = found(3, [], trials=8), found(3, [few], trials=8)
    assert alone == with_few


def test_another_space_counts_by_what_its_networks_are_made_of() -> None:
    first, second = ({"Layer_type": "conv1d", "filters": 8, "kernel_size": size} for size in (3, 9))
    dense: dict[str, Any] = {"Layer_type": "dense", "units": 4}
    old = ModelSpace.from_dict([[first, second, dense]] * 3)
    new = ModelSpace.from_dict([[dense, second, first, {"Layer_type": "identity"}]] * 4)
    old_layout, new_layout = (TokenLayout(space, with_skips=False) for space in (old, new))
    tokens = np.random.default_rng(0).integers(0, 3, (40, 3))
    wide = (tokens == 1).sum(axis=1).astype(float)  # long kernels are good
    features = SpaceFeatures(old, old_layout)(tokens)
    predictions = EarlierPredictions(
        [EarlierTrials("old", wide, features=features)], new_layout, SpaceFeatures(new, new_layout)
    )
    long, short, none = predictions(np.array([[1, 1, 1, 3], [2, 2, 2, 3], [0, 0, 0, 3]]))[:, 0]
    assert long > short and long > none


def test_features_follow_the_shapes_of_a_chain() -> None:
    layers: list[list[dict[str, Any]]] = [
        [{"Layer_type": "conv1d", "filters": 16, "kernel_size": 5}, {"Layer_type": "identity"}],
        [{"Layer_type": "maxpool1d", "pool_size": 4}, {"Layer_type": "identity"}],
        [{"Layer_type": "conv1d", "filters": 16, "kernel_size": [3], "dilation_rate": 2}, {"Layer_type": "identity"}],
    ]
    space = ModelSpace.from_dict(layers)
    whole, nothing = SpaceFeatures(space, TokenLayout(space, with_skips=False))(np.array([[0, 0, 0], [1, 1, 1]]))
    field = 1 + 4 + 3 + 4 * 4
    assert whole.tolist() == [2, 1, 0, 0, 0, 0, 0, 0, 8 / 3, 3, np.log2(field), 2, 0, 0]
    assert nothing.tolist() == [0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0]


def searched(make_objective: MakeObjective, path: Path, trials: int = 6) -> Path:
    run_search(make_objective(), trials=trials, seed=0, store=RunDirectory.create(path))
    return path


@pytest.mark.slow
def test_a_run_is_read_and_recorded(make_objective: MakeObjective, tmp_path: Path) -> None:
    earlier = searched(make_objective, tmp_path / "a")
    (read,) = read_earlier([earlier], make_objective())
    assert read.tokens is not None and len(read.scores) == 6 and read.likeness == 0.5
    sampler = SamplerSettings("surrogate", learn_from=[earlier])
    store = RunDirectory.create(tmp_path / "b")
    run_search(make_objective(), trials=3, seed=1, sampler=sampler, store=store)
    again = run_search(make_objective(), trials=5, seed=1, sampler=sampler, store=JournalStore(store, resume=True))
    whole = run_search(make_objective(), trials=5, seed=1, sampler=sampler)
    assert [each.tokens for each in again.trials] == [each.tokens for each in whole.trials]
    run_search(make_objective(), trials=8, seed=0, store=JournalStore(RunDirectory.open(earlier), resume=True))
    with pytest.raises(SettingsChangedError, match="learn_from"):
        run_search(make_objective(), trials=6, seed=1, sampler=sampler, store=JournalStore(store, resume=True))


@pytest.mark.slow
def test_the_lowest_loss_of_another_space_is_its_best(make_objective: MakeObjective, tmp_path: Path) -> None:
    objective = make_objective(builder=CountingBuilder(tiny_space(3)), metric="val_loss", direction="minimize")
    run = run_search(objective, trials=6, seed=0, store=RunDirectory.create(tmp_path / "a"))
    (read,) = read_earlier([tmp_path / "a"], make_objective())
    assert read.tokens is None and read.features is not None and read.likeness == pytest.approx(0.3)
    assert run.best is not None and read.scores.max() == -(run.best.score or 0)


def test_what_cannot_be_learnt_from_is_refused(make_objective: MakeObjective, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="not a run directory"):
        read_earlier([tmp_path], make_objective())
    few = searched(make_objective, tmp_path / "few", trials=2)
    with pytest.raises(ConfigError, match="5 trained networks or more"):
        read_earlier([few], make_objective())
    some = SamplerSettings("tpe", learn_from=earlier_trials(0, "related"))
    with pytest.raises(ConfigError, match="surrogate"):
        run_search(make_objective(), trials=1, seed=0, sampler=some, store=MemoryStore())
