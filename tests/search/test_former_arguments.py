"""The arguments that `run_search` had up to version 0.1 still work, and the warning says what to write instead."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

from amber.errors import ConfigError
from amber.search import JournalStore, Objective, PrunerSettings, RunDirectory, SamplerSettings, Trial, run_search

MakeObjective = Callable[..., Objective]


def facts(trials: tuple[Trial, ...]) -> list[tuple[int, tuple[int, ...], float | None]]:
    return sorted((trial.number, trial.tokens, trial.score) for trial in trials)


@pytest.mark.slow
def test_former_arguments_mean_what_they_meant(make_objective: MakeObjective, tmp_path: Path) -> None:
    now, before = RunDirectory.create(tmp_path / "now"), RunDirectory.create(tmp_path / "before")
    sampler, pruner = SamplerSettings("tpe", {"startup_trials": 2}), PrunerSettings("median", {"n_startup_trials": 1})
    run_search(make_objective(), trials=2, seed=1, sampler=sampler, pruner=pruner, store=now)
    resumed = JournalStore(now, resume=True)
    found = run_search(make_objective(), trials=4, seed=1, sampler=sampler, pruner=pruner, store=resumed)
    former = {"sampler_options": {"startup_trials": 2}, "pruner_options": {"n_startup_trials": 1}}
    for trials, resume in ((2, False), (4, True)):
        with pytest.warns(FutureWarning, match=r"run_search\(.*run_directory=.* is deprecated .*store=") as caught:
            then = run_search(
                make_objective(), trials=trials, seed=1, sampler="tpe", pruner="median", run_directory=before,
                resume=resume, builder_description={"type": "mine", "options": {}}, **former,
            )  # type: ignore[call-arg] # fmt: skip
        assert caught[0].filename == __file__
    assert facts(then.trials) == facts(found.trials)
    settings = [(folder / "search.json").read_text() for folder in (now.path, before.path)]
    assert settings[0] == settings[1].replace('"type": "mine"', '"type": "CountingBuilder"')
    assert '"mine"' in (before.path / "best.json").read_text()


@pytest.mark.parametrize(
    ("former", "said"),
    [
        ({"resume": True}, "resume needs a run_directory"),
        ({"sampler": optuna.samplers.RandomSampler(), "sampler_options": {"a": 1}}, "sampler_options belong to"),
        ({"pruner_options": {"a": 1}}, "pruner_options belong to a pruner given by name"),
        ({"store": JournalStore(RunDirectory("here")), "resume": True}, "Give resume to the store"),
    ],
)
def test_former_arguments_that_do_not_go_together(
    make_objective: MakeObjective, former: dict[str, object], said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        run_search(make_objective(), trials=1, seed=0, **former)  # type: ignore[arg-type]


def test_instead_names_the_store(make_objective: MakeObjective, tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    with pytest.warns(FutureWarning, match=r"Use store=JournalStore\(run_directory, resume=True\)\."):
        run_search(make_objective(), trials=1, seed=0, run_directory=directory, resume=True)  # type: ignore[call-arg]
    with pytest.warns(FutureWarning, match=r"Use store=run_directory\."):
        run_search(make_objective(), trials=1, seed=0, run_directory=None)  # type: ignore[call-arg]


def test_former_name_of_a_trial_is_importable() -> None:
    with pytest.warns(
        FutureWarning, match=r"amber\.search\.TrialResult is deprecated .*Use amber\.search\.Trial"
    ) as caught:
        from amber.search import TrialResult  # type: ignore[attr-defined]
    assert TrialResult is Trial
    assert {warning.filename for warning in caught} == {__file__}
