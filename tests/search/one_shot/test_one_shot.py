"""One-shot search: the tokens mean the same networks, what is kept, what is retrained, and Ctrl-C."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.architect.controllers import GeneralController
from amber.backend.randomness import seeded
from amber.errors import ConfigError
from amber.modeler import KerasResidualCnnBuilder
from amber.search import JournalStore, Objective, PrunerSettings, RunDirectory, SearchCallback, load_best
from amber.search.executors import ProcessExecutor
from amber.search.one_shot import OneShotProgress, OneShotSettings, SharedTraining, run_one_shot, search, shared_builder
from amber.search.one_shot.weight_inheritance import InheritedWeightsBuilder
from amber.search.rewards import Budget
from amber.supernet import load_supernet
from amber.training.recalibration import recalibrate

COMPILE = {"optimizer": "adam", "loss": "sparse_categorical_crossentropy", "metrics": ["accuracy"]}
SMALL = OneShotSettings(
    start_steps=0,
    warm_up_steps=2,
    steps_per_episode=2,
    episodes=2,
    architectures=3,
    sample=4,
    top_k=1,
    finalist_steps=2,
    calibration_steps=1,
)


def test_tokens_name_the_same_networks(builder: Any) -> None:
    shared = shared_builder(builder, builder.model_compile_dict)
    assert shared.supernet.layout.names == builder.layout.names
    generator = np.random.default_rng(0)
    for _ in range(6):
        arc = builder.layout.sample(generator)
        assert shared.supernet.extract(arc).count_params() == builder(arc).count_params()


@pytest.mark.parametrize("kind", ["sample_weight", "class_weight"])
@pytest.mark.parametrize("kept", [0, 1])
def test_weights_count_in_shared_training(kind: str, kept: int, make_objective: Callable[..., Objective]) -> None:
    """Examples of all classes but one have no weight, so that shared weights learn to answer with this class."""
    objective = make_objective()
    labels = np.asarray(objective.train[1])
    given = {
        "sample_weight": (labels == kept).astype("float32"),
        "class_weight": {int(each): float(each == kept) for each in np.unique(labels)},
    }
    objective.settings = replace(objective.settings, fit_kwargs={kind: given[kind]})
    training = search._Shared(objective, replace(SMALL, warm_up_steps=100), 3, None, SharedTraining())
    training.prepare()
    training.rate = 0.03
    with seeded(3):
        training._train(40)
    predicted = np.asarray(keras.ops.convert_to_numpy(training.child.predict(objective.train[0], verbose=0)))
    assert predicted[:, kept].mean() > 0.52


def test_a_width_factor_counts() -> None:
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=2, activation="softmax"),
        fc_units=3,
        flatten_mode="Flatten",
        model_compile_dict=COMPILE,
        model_space=ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 3, "kernel_size": 3}]] * 2),
        wsf=2.0,
    )
    shared = shared_builder(builder, COMPILE)
    assert shared.supernet.extract([0, 0, 1]).count_params() == builder([0, 0, 1]).count_params()


@pytest.mark.slow
@pytest.mark.parity
def test_a_whole_search_keeps_and_retrains(make_objective: Callable[..., Objective], tmp_path: Path) -> None:
    objective = make_objective()
    found = run_one_shot(
        objective,
        seed=3,
        settings=SMALL,
        store=RunDirectory.create(tmp_path / "run"),
        shared=SharedTraining(progress=OneShotProgress()),
    )
    assert {each.source for each in found.candidates} == {"policy", "random"}
    assert len(found.history) == 2
    assert found.search.counts()["complete"] == 2
    record = json.loads((tmp_path / "run" / "one_shot.json").read_text())
    for source in ("policy", "random"):
        best = found.best_of(source)
        assert best is not None
        # Retrained from scratch, as a trial of this seed would have been.
        again = objective.evaluate(best.tokens, best.seed or 0)
        if keras.config.backend() == "torch":
            assert again.score == best.score
        assert record["retrained"][source] == {"tokens": list(best.tokens), "score": best.score}
    assert load_best(tmp_path / "run")["tokens"] == list(found.search.best.tokens)  # type: ignore[union-attr]
    assert (tmp_path / "run" / "ranking.csv").is_file()


@pytest.mark.slow
@pytest.mark.parity
def test_inherited_weights_begin_where_the_shared_weights_end(
    make_objective: Callable[..., Objective], builder: Any, tmp_path: Path
) -> None:
    objective = make_objective()
    settings = replace(SMALL, inherit_weights=True)
    whole = run_one_shot(objective, seed=2, settings=settings, store=RunDirectory.create(tmp_path / "run"))
    supernet = load_supernet(tmp_path / "run" / "supernet.h5")
    tokens, x = whole.candidates[0].tokens, objective.train[0]
    child = InheritedWeightsBuilder(builder, supernet, x)(tokens)
    expected = recalibrate(supernet.extract(tokens), x)
    np.testing.assert_allclose(child.predict(x, verbose=0), expected.predict(x, verbose=0), rtol=1e-5, atol=1e-6)
    before = np.concatenate([np.ravel(weight) for weight in supernet.extract(tokens).get_weights()])
    child.fit(*objective.train, epochs=1, verbose=0)
    assert any(not np.allclose(old, new) for old, new in zip(expected.get_weights(), child.get_weights(), strict=True))
    after = np.concatenate([np.ravel(weight) for weight in supernet.extract(tokens).get_weights()])
    np.testing.assert_array_equal(before, after)


@pytest.mark.slow
def test_inherited_weights_of_a_search_taken_up_again_are_the_same(
    make_objective: Callable[..., Objective], tmp_path: Path
) -> None:
    settings, run = replace(SMALL, inherit_weights=True), tmp_path / "run"
    whole = run_one_shot(make_objective(), seed=2, settings=settings)

    class Stop(SearchCallback):
        def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
            if number == 1:
                raise KeyboardInterrupt

    cut = run_one_shot(make_objective(), seed=2, settings=settings, store=RunDirectory.create(run), callbacks=(Stop(),))
    assert cut.search.counts()["complete"] == 1
    resumed = run_one_shot(
        make_objective(), seed=2, settings=settings, store=JournalStore(RunDirectory.resume(run), resume=True)
    )
    assert [trial.score for trial in resumed.search.trials] == [trial.score for trial in whole.search.trials]


@pytest.mark.slow
@pytest.mark.parametrize("inherit", [False, True])
def test_statistics_come_from_training_data_only(
    make_objective: Callable[..., Objective], monkeypatch: pytest.MonkeyPatch, inherit: bool
) -> None:
    """Whatever estimates batch-norm statistics in a one-shot search has never seen a validation example."""
    objective = make_objective(recalibrate=True)
    training = {row.tobytes() for row in objective.train[0]}
    calibrated: list[int] = []

    def noted(model: Any, data: Any, *arguments: Any, **options: Any) -> Any:
        features = data[0] if isinstance(data, tuple) else data
        assert {row.tobytes() for row in features} <= training
        calibrated.append(len(features))
        return recalibrate(model, data, *arguments, **options)

    for module in ("supernet.scoring", "search.one_shot.weight_inheritance", "training.train", "training.callbacks"):
        monkeypatch.setattr(f"amber.{module}.recalibrate", noted)
    found = run_one_shot(objective, seed=3, settings=replace(SMALL, inherit_weights=inherit))
    assert found.search.counts()["complete"] == 2
    # Each of two episodes, the choice and the finalists score with statistics of their own; then two are retrained.
    assert len(calibrated) >= 2 * 3 + 2 * SMALL.top_k + 2 * 2 and min(calibrated) > 0


@pytest.mark.parametrize("inherit_weights", [False, True])
@pytest.mark.slow
def test_worker_processes_retrain_as_this_process_does(
    make_objective: Callable[..., Objective], tmp_path: Path, inherit_weights: bool
) -> None:
    settings = replace(SMALL, top_k=2, inherit_weights=inherit_weights)
    common: dict[str, Any] = {"seed": 2, "settings": settings, "pruner": PrunerSettings("threshold", {"upper": 1e9})}
    here = run_one_shot(make_objective(metric="val_loss", direction="minimize"), **common)
    directory = RunDirectory.create(tmp_path / "run")
    there = run_one_shot(
        make_objective(metric="val_loss", direction="minimize"),
        store=directory,
        executor=ProcessExecutor(2),
        **common,
    )
    assert here.candidates == there.candidates and len(here.search.trials) == len(there.search.trials) > 1
    for one, other in zip(*(sorted(found.search.trials, key=_number) for found in (here, there)), strict=True):
        assert (one.tokens, one.status, one.seed) == (other.tokens, other.status, other.seed) and one.curve
        assert one.score == pytest.approx(other.score, rel=1e-5)
    retrained = json.loads((tmp_path / "run" / "one_shot.json").read_text())["retrained"]
    assert {each["score"] for each in retrained.values()} <= {trial.score for trial in there.search.trials}


def _number(trial: Any) -> int:
    return int(trial.number)


@pytest.mark.slow
def test_the_most_promising_are_retrained_first(make_objective: Callable[..., Objective]) -> None:
    found = run_one_shot(make_objective(), seed=3, settings=replace(SMALL, top_k=3))
    scores = [each.score for each in found.candidates]
    assert scores == sorted(scores, reverse=True) and len(set(scores)) > 1
    trials = sorted(found.search.trials, key=lambda trial: trial.number)
    assert [trial.tokens for trial in trials] == [each.tokens for each in found.candidates]


class _Watching(OneShotProgress):
    """Notes what is trained, and the learning rate."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: list[str] = []

    def show(self, share: float, note: str) -> None:
        self.notes.append(note)


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, ...]]:
    """The architectures of all batches of shared training, as they are drawn."""
    arcs: list[tuple[int, ...]] = []
    draw = search._Shared._draw

    def noted(self: Any) -> Any:
        arc = draw(self)
        arcs.append(tuple(int(token) for token in arc))
        return arc

    monkeypatch.setattr(search._Shared, "_draw", noted)
    return arcs


@pytest.mark.slow
def test_it_begins_as_the_largest_network_of_a_sample_that_the_budget_allows(
    make_objective: Callable[..., Objective], drawn: list[tuple[int, ...]]
) -> None:
    progress, settings = _Watching(), replace(SMALL, start_steps=5, sample=200)
    plain = make_objective()
    # So many are drawn that each network of this small space is among them.
    everything = sorted(plain.prepare(arc).parameters for arc in itertools.product(*map(range, plain.layout.sizes)))
    middle = everything[len(everything) // 2]
    for limit, expected in ((None, everything[-1]), (middle, middle)):
        drawn.clear()
        objective = make_objective(budget=Budget(parameters=limit))
        run_one_shot(objective, seed=3, settings=settings, shared=SharedTraining(progress=progress))
        # The first is drawn when the model is made.
        assert len(set(drawn[1:6])) == 1 and len(set(drawn[6 : settings.searching_steps])) > 1
        assert plain.prepare(drawn[1]).parameters == expected
    assert any(note.startswith("one network, step 5/5") for note in progress.notes)
    assert any(note.startswith("warm-up, step 7/7") for note in progress.notes)


@pytest.mark.slow
def test_finalists_alone_are_trained_in_the_end(
    make_objective: Callable[..., Objective], drawn: list[tuple[int, ...]]
) -> None:
    progress, settings = _Watching(), replace(SMALL, top_k=2, finalist_steps=9)
    by_loss = {"metric": "val_loss", "direction": "minimize"}
    found = run_one_shot(make_objective(**by_loss), seed=3, settings=settings, shared=SharedTraining(progress=progress))
    finalists = {each.tokens for each in found.candidates}
    last = drawn[-settings.finalist_steps :]
    assert finalists.issuperset(last) and len(set(last)) > 1
    assert not finalists.issuperset(drawn[: settings.searching_steps])
    assert any(note.startswith(f"{len(finalists)} finalists, step 15/15") for note in progress.notes)
    # Their scores are those after that training.
    untrained = replace(settings, finalist_steps=0)
    before = run_one_shot(make_objective(**by_loss), seed=3, settings=untrained).candidates
    assert {each.score for each in before} != {each.score for each in found.candidates}


def test_the_learning_rate_rises_and_falls(make_objective: Callable[..., Objective]) -> None:
    rates = []
    for finalist_steps in (0, 60):
        settings = replace(SMALL, warm_up_steps=38, episodes=1, finalist_steps=finalist_steps)
        shared = search._Shared(make_objective(), settings, 0, None, SharedTraining())
        rates.append([])
        for shared.steps in range(0, settings.planned_steps + 1, 10):
            rates[-1].append(round(shared._slope(), 3))
    assert rates[0] == [0.05, 0.854, 0.5, 0.146, 0.05]
    assert rates[1] == [0.05, 1.0, 1.0, 1.0, 1.0, 0.933, 0.75, 0.5, 0.25, 0.067, 0.05]


@pytest.mark.slow
def test_the_same_seed_finds_the_same(make_objective: Callable[..., Objective]) -> None:
    first, second = (run_one_shot(make_objective(), seed=5, settings=SMALL) for _ in range(2))
    assert first.candidates == second.candidates
    assert [trial.score for trial in first.search.trials] == [trial.score for trial in second.search.trials]


class _Interrupting(OneShotProgress):
    def __init__(self, moment: str) -> None:
        super().__init__()
        self._moment = moment

    def show(self, share: float, note: str) -> None:
        if self._moment in note:
            raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "episodes", "steps"),
    [("warm-up", 0, 2), ("episode 1", 1, 4), ("(policy)", 2, 6), ("(random)", 2, 6), ("finalists", 2, 8)],
)
def test_ctrl_c_keeps_weights_policy_and_history(
    moment: str, episodes: int, steps: int, make_objective: Callable[..., Objective], tmp_path: Path
) -> None:
    found = run_one_shot(
        make_objective(),
        seed=1,
        settings=SMALL,
        store=RunDirectory.create(tmp_path),
        shared=SharedTraining(progress=_Interrupting(moment)),
    )
    assert found.search.stopped == "interrupted"
    assert len(found.history) == episodes
    record = json.loads((tmp_path / "one_shot.json").read_text())
    assert len(record["history"]) == episodes and record["steps"] == steps
    # Half a choice would be taken for the whole one when the search is taken up.
    assert record["candidates"] == []
    assert load_supernet(tmp_path / "supernet.h5").trainable_weights
    assert GeneralController.load(tmp_path / "controller.h5").sample(2).shape == (2, 3)
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".tmp"]


def test_a_budget_of_time_ends_the_episodes(make_objective: Callable[..., Objective]) -> None:
    settings = OneShotSettings(
        start_steps=1,
        warm_up_steps=1,
        steps_per_episode=1,
        episodes=10**6,
        seconds=1.0,
        architectures=2,
        sample=2,
        top_k=1,
    )
    assert 0 < len(run_one_shot(make_objective(), seed=0, settings=settings).history) < 10**3


@pytest.mark.parametrize(
    "wrong",
    [
        {"top_k": 0},
        {"seconds": -1.0},
        {"uniform_share": 2.0},
        {"start_steps": -1},
        {"warm_up_steps": -1},
        {"finalist_steps": -1},
    ],
)
def test_settings_out_of_range_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        OneShotSettings(**wrong)


def test_how_long_the_shared_training_is_where_nothing_is_said() -> None:
    settings = OneShotSettings()
    assert settings.searching_steps == 100 + 200 + 40 * 20
    assert settings.planned_steps == settings.searching_steps + 200


def test_a_builder_without_supernet_is_named() -> None:
    with pytest.raises(ConfigError, match="residual CNN"):
        shared_builder(object(), {})


@pytest.mark.slow
def test_arguments_of_version_0_1_are_taken_with_a_warning(make_objective: Callable[..., Objective]) -> None:
    settings, progress = replace(SMALL, episodes=1), _Watching()
    expected = run_one_shot(make_objective(), seed=3, settings=settings).candidates
    compiled = {**COMPILE, "optimizer": keras.optimizers.Adam(0.5)}
    with pytest.warns(FutureWarning, match=r"shared=SharedTraining\(compile_arguments=..., progress=...\)"):
        found = run_one_shot(make_objective(), seed=3, settings=settings, shared_compile=compiled, progress=progress)
    assert progress.notes and {each.score for each in found.candidates} != {each.score for each in expected}
    with pytest.raises(ConfigError, match="Give progress to SharedTraining"):
        run_one_shot(make_objective(), seed=3, shared=SharedTraining(), progress=progress)
