"""Bad trials are given up early, with what they had reached noted, also when the search is taken up again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import optuna
import pytest

from amber.errors import ConfigError
from amber.search import (
    JournalStore,
    Objective,
    PrunerSettings,
    RunDirectory,
    SamplerSettings,
    Trial,
    ranking_table,
    run_search,
)
from amber.search.pruners import check_pruner_options
from amber.search.pruning import PRUNERS, PruningCallback, make_pruner, register_pruner
from amber.search.settings import named_pruner

from .conftest import CountingBuilder, tiny_space

MakeObjective = Callable[..., Objective]
EPOCHS = 4


class HalfBad(CountingBuilder):
    """Networks that begin with an identity unlearn."""

    def __call__(self, arc_seq: Any) -> Any:
        model = super().__call__(arc_seq)
        bad = arc_seq[0] == 2
        model.compile(optimizer=keras.optimizers.SGD(-0.5 if bad else 0.05), loss="sparse_categorical_crossentropy")
        return model


@pytest.fixture
def objective(make_objective: MakeObjective) -> Objective:
    return make_objective(builder=HalfBad(tiny_space()), metric="val_loss", direction="minimize", epochs=EPOCHS)


def facts(trials: Any) -> list[Any]:
    ordered = sorted(trials, key=lambda trial: trial.number)
    return [(t.number, t.tokens, t.status, t.score, t.epochs, t.curve, t.error) for t in ordered]


@pytest.mark.slow
def test_bad_architectures_are_pruned(objective: Objective, tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    pruner = PrunerSettings("median", {"n_startup_trials": 3})
    # Another sampler would not propose bad ones for long.
    found = run_search(objective, trials=12, seed=1, sampler="random", pruner=pruner, store=directory)
    bad = [trial for trial in found.trials if trial.tokens[0] == 2 and trial.status in ("complete", "pruned")]
    late = [trial for trial in bad if trial.number > 8]
    assert late and all(trial.status == "pruned" and trial.epochs < EPOCHS for trial in late)
    pruned = [trial for trial in found.trials if trial.status == "pruned"]
    for trial in pruned:
        assert trial.score is None and len(trial.curve) == trial.epochs
        assert trial.error == f"after epoch {trial.epochs}, with val_loss {trial.curve[-1]:.6g}"
        assert trial.metrics["val_loss"] == trial.curve[-1]
    assert found.best is not None and found.best.tokens[0] != 2 and len(found.best.curve) == EPOCHS
    assert found.counts()["pruned"] == len(pruned)
    assert found.counts()["complete"] + len(pruned) == 12  # a pruned trial has been tried
    assert facts(directory.trials()) == facts(found.trials)
    assert f"trial {pruned[0].number} after epoch {pruned[0].epochs}" in str(ranking_table(found.trials).caption)
    assert "Pruned: trial" in (directory.path / "ranking.txt").read_text()


@pytest.mark.parametrize(
    ("pruner", "options", "sampler"),
    [
        ("median", {"n_startup_trials": 1}, "tpe"),
        ("successive_halving", {"min_resource": 1, "reduction_factor": 2}, "random"),
        ("hyperband", {"reduction_factor": 2}, "tpe"),
    ],
)
@pytest.mark.slow
def test_resumed_search_prunes_as_an_undisturbed_one(
    objective: Objective, tmp_path: Path, pruner: str, options: dict[str, Any], sampler: str
) -> None:
    from amber.search import SearchCallback

    common: dict[str, Any] = {
        "trials": 8,
        "seed": 4,
        "sampler": SamplerSettings(sampler, {"startup_trials": 2} if sampler == "tpe" else {}),
        "pruner": PrunerSettings(pruner, options),
    }
    whole = run_search(objective, **common)
    assert whole.counts()["pruned"]

    class Kill(SearchCallback):
        left = 9

        def on_epoch_end(self, *arguments: Any) -> None:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    directory = RunDirectory.create(tmp_path / "run")
    for _ in range(2):
        stopped = run_search(objective, store=JournalStore(directory, resume=True), callbacks=[Kill()], **common)
        assert stopped.stopped == "interrupted"
    again = run_search(objective, store=JournalStore(directory, resume=True), **common)
    assert facts(again.trials) == facts(whole.trials) == facts(directory.trials())


def test_pruner_that_cannot_be_is_refused(objective: Objective, make_objective: MakeObjective) -> None:
    with pytest.raises(ConfigError, match="reports after every epoch. Received: 'val_auroc'"):
        run_search(make_objective(reward="auroc"), trials=1, seed=0, pruner="median")
    with pytest.raises(ConfigError, match="median"):
        run_search(objective, trials=1, seed=0, pruner="medium")
    with pytest.raises(ConfigError, match="'median' cannot be made: .*startup"):
        run_search(objective, trials=1, seed=0, pruner=PrunerSettings("median", {"startup": 3}))
    with pytest.raises(ConfigError, match="belong to a pruner given by name"):
        named_pruner(None, {"n_startup_trials": 3})
    with pytest.raises(ConfigError, match="registered name, PrunerSettings, an Optuna pruner"):
        run_search(objective, trials=1, seed=0, pruner=3)  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="one objective"):
        run_search(objective, trials=1, seed=0, sampler="nsga2", pruner="median")


def test_own_pruner(objective: Objective, monkeypatch: pytest.MonkeyPatch) -> None:
    class First(optuna.pruners.BasePruner):
        def prune(self, study: optuna.Study, trial: optuna.trial.FrozenTrial) -> bool:
            return trial.last_step == 1

    found = run_search(objective, trials=2, seed=0, pruner=First())
    assert found.best is None and found.counts()["pruned"] == 2
    monkeypatch.setattr(PRUNERS, "_entries", {**PRUNERS._entries})
    register_pruner("first_epoch", lambda epochs: First())
    assert isinstance(make_pruner("first_epoch", 4), First)
    assert isinstance(make_pruner("threshold", 4, upper=1.0), optuna.pruners.ThresholdPruner)
    assert isinstance(make_pruner("percentile", 4, percentile=25.0), optuna.pruners.PercentilePruner)


def test_pruned_trial_makes_the_round_trip() -> None:
    trial = Trial(3, (1, 0), "aa", "pruned", epochs=2, curve=(0.5, float("nan")), error="after epoch 2")
    again = Trial.from_dict(trial.to_dict())
    assert again.curve[0] == 0.5 and again.curve[1] != again.curve[1] and again.status == "pruned"
    with pytest.raises(ConfigError, match="'curve'"):
        Trial.from_dict({**trial.to_dict(), "curve": "high"})


class Heard:
    """A reporter that keeps what it is told and wants a stop after the third epoch."""

    may_stop = True

    def __init__(self) -> None:
        self.told: list[Any] = []

    def report(self, step: int, metrics: Any, *, earlier: bool = False) -> bool:
        self.told.append((step, dict(metrics), earlier))
        return step == 3


def test_epochs_before_a_checkpoint_are_reported_as_earlier_ones() -> None:
    heard = Heard()
    callback = PruningCallback(heard, "val_loss")
    callback.take_up([0.5, 0.25])
    with pytest.raises(optuna.TrialPruned, match="after epoch 3, with val_loss 0.125"):
        callback.on_epoch_end(0, {"val_loss": 0.125, "loss": 1})
    assert heard.told == [
        (1, {"val_loss": 0.5}, True),
        (2, {"val_loss": 0.25}, True),
        (3, {"val_loss": 0.125, "loss": 1.0}, False),
    ]
    assert callback.values == [0.5, 0.25, 0.125]


def test_options_of_a_pruner_are_checked_by_name() -> None:
    for name in ("median", " Median "):
        check_pruner_options(name, ["n_startup_trials"])
        with pytest.raises(ConfigError, match=r"takes .*n_warmup_steps.*Did you mean 'n_startup_trials'") as refused:
            check_pruner_options(name, ["n_startup_trails"])
        assert refused.value.field == ("n_startup_trails",)
    register_pruner("anything", lambda epochs, **options: optuna.pruners.NopPruner())
    check_pruner_options("anything", ["whatever"])
    with pytest.raises(ConfigError, match="median"):
        check_pruner_options("medain", [])
