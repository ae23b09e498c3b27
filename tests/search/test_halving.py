"""Successive halving: one rung is a plain search, nothing is trained twice, and a killed search goes on exactly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState
from tests.search.conftest import COMPILE, CountingBuilder, tiny_space

from amber.errors import ConfigError
from amber.modeler import KerasResidualCnnBuilder
from amber.search import (
    DatabaseStore,
    MemoryStore,
    Objective,
    RunDirectory,
    SamplerSettings,
    SearchCallback,
    SearchResult,
    StudyDatabase,
    Trial,
    run_search,
)
from amber.search.asha import AshaPruner, rung_epochs
from amber.search.executors import InProcessExecutor, ProcessExecutor
from amber.search.halving import RUNGS, HalvingSettings, run_halving
from amber.search.run_settings import SettingsChangedError
from amber.search.rung_states import RungStates
from amber.search.stores import JournalStore

MakeObjective = Callable[..., Objective]

LOSS: dict[str, Any] = {"metric": "val_loss", "direction": "minimize", "epochs": 4, "recalibrate": True}
TWO = HalvingSettings(rungs=3, factor=2)


class Epochs(SearchCallback):
    """Counts how often each epoch of each architecture was trained; ends the search after some of them."""

    def __init__(self, end_after: int = -1) -> None:
        self.tokens: dict[int, tuple[int, ...]] = {}
        self.trained: Counter[tuple[tuple[int, ...], int]] = Counter()
        self.end_after = end_after
        self.rungs: list[tuple[int, int, int]] = []

    def on_rung_begin(self, rung: int, rungs: int, epochs: int) -> None:
        self.rungs.append((rung, rungs, epochs))

    def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
        self.tokens[number] = tokens

    def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        self.trained[self.tokens[number], epoch] += 1
        if self.trained.total() == self.end_after:
            raise KeyboardInterrupt


def outcome(result: SearchResult) -> list[tuple[Any, ...]]:
    ordered = sorted(result.trials, key=lambda each: each.number)
    return [(each.number, each.tokens, each.status, each.score, each.epochs, each.error) for each in ordered]


def by_number(trials: list[Trial]) -> list[tuple[int, str, float | None]]:
    return [(each.number, each.status, each.score) for each in sorted(trials, key=lambda each: each.number)]


def test_rungs_follow_epochs_and_factor() -> None:
    assert HalvingSettings(3, 3).epochs(27) == (3, 9, 27)
    assert HalvingSettings(4, 2).epochs(3) == (1, 2, 3)
    assert HalvingSettings(1, 2).epochs(5) == (5,)
    assert [HalvingSettings(3, 3).surviving(count) for count in (1, 3, 9, 11)] == [1, 1, 3, 3]
    with pytest.raises(ConfigError, match="factor"):
        HalvingSettings(3, 1)
    with pytest.raises(ConfigError, match="rungs"):
        HalvingSettings(0, 2)


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_one_rung_is_a_plain_search(make_objective: MakeObjective, sampler: str) -> None:
    common: dict[str, Any] = {"trials": 4, "seed": 3, "sampler": sampler}
    halved = run_halving(make_objective(**LOSS), settings=HalvingSettings(rungs=1), **common)
    assert outcome(halved) == outcome(run_search(make_objective(**LOSS), **common))


@pytest.mark.slow
def test_the_best_go_on_and_score_as_if_they_had_never_paused(make_objective: MakeObjective) -> None:
    epochs = Epochs()
    result = run_halving(make_objective(**LOSS), trials=6, seed=0, settings=TWO, sampler="random", callbacks=[epochs])
    assert [each.epochs for each in result.ranked] == [4]
    assert epochs.rungs == [(1, 3, 1), (2, 3, 2), (3, 3, 4)]
    assert sorted(each.epochs for each in result.trials if each.status == "pruned") == [1, 1, 1, 2, 2]
    assert set(epochs.trained.values()) == {1}  # no epoch of any network was trained twice
    assert epochs.trained.total() == 6 + 3 + 2
    plain = run_search(make_objective(**LOSS), trials=6, seed=0, sampler="random")
    alone = {each.tokens: each.score for each in plain.trials}
    assert result.best is not None and result.best.score == alone[result.best.tokens]
    pruned = next(each for each in result.trials if each.status == "pruned")
    assert pruned.error is not None and pruned.error.startswith("not among the best after epoch")


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "surrogate"])
def test_ended_after_any_epoch_and_resumed_it_equals_an_undisturbed_search(
    make_objective: MakeObjective, tmp_path: Path, sampler: str
) -> None:
    common: dict[str, Any] = {"trials": 4, "seed": 1, "settings": TWO, "sampler": sampler}
    whole = run_halving(make_objective(**LOSS), store=RunDirectory.create(tmp_path / "whole"), **common)
    for moment in (1, 5, 7):
        path = tmp_path / f"ended-{moment}"
        ended = Epochs(end_after=moment)
        first = run_halving(make_objective(**LOSS), store=RunDirectory.create(path), callbacks=[ended], **common)
        assert first.stopped == "interrupted" and not first.ranked
        store = JournalStore(RunDirectory.resume(path), resume=True)
        again = Epochs()
        second = run_halving(make_objective(**LOSS), store=store, callbacks=[again], **common)
        assert outcome(second) == outcome(whole), moment
        # What had come to a checkpoint is not trained again: at most the epoch that was under way is.
        assert sum((ended.trained + again.trained).values()) <= 4 + 2 + 2 + 1
        assert by_number(RunDirectory.open(path).trials()) == by_number(list(whole.trials))
        assert not list((path / RUNGS / "states").glob("*"))


@pytest.mark.slow
def test_a_search_that_has_ended_is_not_run_again_nor_made_longer(
    make_objective: MakeObjective, tmp_path: Path
) -> None:
    common: dict[str, Any] = {"seed": 1, "settings": HalvingSettings(2, 2)}
    settings = {**LOSS, "epochs": 2}
    result = run_halving(make_objective(**settings), trials=3, store=RunDirectory.create(tmp_path), **common)
    epochs = Epochs()
    store = JournalStore(RunDirectory.open(tmp_path), resume=True)
    again = run_halving(make_objective(**settings), trials=3, store=store, callbacks=[epochs], **common)
    assert outcome(again) == outcome(result) and not epochs.trained
    assert (tmp_path / "ranking.csv").is_file() and (tmp_path / "best.json").is_file()
    store = JournalStore(RunDirectory.open(tmp_path), resume=True)
    with pytest.raises(ConfigError, match="as long as it began"):
        run_halving(make_objective(**settings), trials=5, store=store, **common)


def test_what_it_cannot_work_with_is_refused(make_objective: MakeObjective) -> None:
    shared = MemoryStore()
    shared.shared = True
    with pytest.raises(ConfigError, match="shared store without parts"):
        run_halving(make_objective(epochs=4), trials=2, seed=0, store=shared)
    with pytest.raises(ConfigError, match="after every epoch"):
        settings = HalvingSettings(2, 2, asynchronous=True)
        run_halving(make_objective(epochs=4, reward="auroc"), trials=2, seed=0, settings=settings)


@pytest.mark.slow
def test_reference_networks_go_on_as_others_do(make_objective: MakeObjective) -> None:
    epochs = Epochs()
    names = ("deepbind", "cnnprom")
    result = run_halving(
        make_objective(**{**LOSS, "epochs": 2}),
        trials=2,
        seed=0,
        settings=HalvingSettings(2, 2),
        sampler=SamplerSettings("random", start_with=names),
        callbacks=[epochs],
    )
    first, second = sorted(result.trials, key=lambda each: each.number)
    assert (first.reference, second.reference) == names
    assert sorted([first.status, second.status]) == ["complete", "pruned"]
    assert sorted([first.epochs, second.epochs]) == [1, 2] and epochs.trained.total() == 3


class Elsewhere(InProcessExecutor):
    """Gives trainings no files of the search, as a cluster does, whose machines may have a folder in common."""

    in_process = False
    shares_files = False


@pytest.mark.slow
@pytest.mark.parametrize("common_folder", [True, False])
def test_workers_elsewhere_go_on_from_states_where_they_reach_them(
    make_objective: MakeObjective, monkeypatch: pytest.MonkeyPatch, common_folder: bool
) -> None:
    common: dict[str, Any] = {"trials": 2, "seed": 1, "settings": HalvingSettings(2, 2)}
    settings = {**LOSS, "epochs": 2}
    if not common_folder:
        monkeypatch.setattr(RungStates, "is_reachable", False)
    epochs = Epochs()
    there = run_halving(make_objective(**settings), executor=Elsewhere(), callbacks=[epochs], **common)
    assert [each.status for each in there.trials] == ["complete", "pruned"]
    # A network whose state is out of reach begins anew, and ends the same.
    assert epochs.trained.total() == 2 + 1 + (not common_folder)
    monkeypatch.undo()
    assert outcome(there) == outcome(run_halving(make_objective(**settings), **common))


@pytest.mark.slow
def test_two_that_share_a_database_train_each_rung_together(make_objective: MakeObjective, tmp_path: Path) -> None:
    common: dict[str, Any] = {"trials": 3, "seed": 1, "settings": HalvingSettings(2, 2)}
    settings = {**LOSS, "epochs": 2}
    alone = run_halving(make_objective(**settings), **common)

    def take_part(name: str, epochs: Epochs) -> SearchResult:
        directory = RunDirectory.resume(tmp_path / name)
        database = StudyDatabase(f"sqlite:///{tmp_path / 'a.db'}", "mine")
        store = DatabaseStore(database, directory, resume=True)
        return run_halving(make_objective(**settings), store=store, callbacks=[epochs], **common)

    first, again, second = Epochs(end_after=2), Epochs(), Epochs()
    assert take_part("one", first).stopped == "interrupted"
    assert outcome(take_part("one", again)) == outcome(alone)
    assert (first.trained + again.trained).total() <= 3 + 1 + 1
    # Another process finds all done, and keeps the same files.
    assert outcome(take_part("two", second)) == outcome(alone) and not second.trained
    for name in ("one", "two"):
        assert by_number(RunDirectory.open(tmp_path / name).trials()) == by_number(list(alone.trials))
        assert (tmp_path / name / "best.json").is_file()
    with pytest.raises(SettingsChangedError):  # another who goes on by other rungs
        common["settings"] = HalvingSettings(2, 3)
        take_part("three", Epochs())


def reported(*curves: list[float], direction: str = "minimize") -> list[bool]:
    """Report curves one after another, and return which of them were given up."""
    study = optuna.create_study(direction=direction, pruner=AshaPruner(4, rungs=3, factor=2))
    given_up = []
    for curve in curves:
        trial = study.ask()
        given_up.append(False)
        for step, value in enumerate(curve, start=1):
            trial.report(value, step)
            if trial.should_prune():
                given_up[-1] = True
                break
        study.tell(trial, state=TrialState.PRUNED if given_up[-1] else None, values=None if given_up[-1] else curve[-1])
    return given_up


def test_nothing_waits_where_halving_is_asynchronous() -> None:
    assert rung_epochs(4, 3, 2) == (1, 2, 4)
    falling, rising = [0.5, 0.5, 0.5, 0.5], [0.4, 0.6, 0.6, 0.6]
    # The first goes on; the second leads at the first rung and not at the second; the third is second of three.
    assert reported(falling, rising, [0.45] * 4) == [False, True, True]
    # Nothing is given up at an epoch that is no rung, or the last.
    assert reported(falling, [0.3, 0.3, 9.0, 9.0]) == [False, False]
    assert reported([0.5] * 4, [0.6] * 4, direction="maximize") == [False, False]
    assert reported(falling, [math.nan] * 4) == [False, True]


@pytest.mark.slow
@pytest.mark.parametrize("sampler", ["random", "surrogate"])
def test_an_asynchronous_search_is_resumed_exactly_and_made_longer(
    make_objective: MakeObjective, tmp_path: Path, sampler: str
) -> None:
    common: dict[str, Any] = {"seed": 2, "settings": HalvingSettings(3, 2, asynchronous=True), "sampler": sampler}
    whole = run_halving(make_objective(**LOSS), trials=5, **common)
    assert whole.counts()["pruned"] and all(each.epochs == 4 for each in whole.ranked)
    ended = Epochs(end_after=5)
    first = run_halving(
        make_objective(**LOSS), trials=3, store=RunDirectory.create(tmp_path), callbacks=[ended], **common
    )
    assert first.stopped == "interrupted"
    store = JournalStore(RunDirectory.resume(tmp_path), resume=True)
    assert outcome(run_halving(make_objective(**LOSS), trials=5, store=store, **common)) == outcome(whole)


@pytest.mark.slow
def test_worker_processes_find_the_same(make_objective: MakeObjective, tmp_path: Path) -> None:
    counting: CountingBuilder = make_objective().builder
    builder = KerasResidualCnnBuilder(
        counting.inputs_op,
        counting.output_op,
        fc_units=3,
        flatten_mode="GAP",
        model_compile_dict=COMPILE,
        model_space=tiny_space(),
    )
    common: dict[str, Any] = {"trials": 3, "seed": 0, "settings": HalvingSettings(2, 2)}
    settings = {**LOSS, "epochs": 2, "builder": builder}
    here = run_halving(make_objective(**settings), **common)
    epochs = Epochs()
    there = run_halving(
        make_objective(**settings),
        store=RunDirectory.create(tmp_path),
        executor=ProcessExecutor(2),
        callbacks=[epochs],
        **common,
    )
    assert outcome(there) == outcome(here)
    assert set(epochs.trained.values()) == {1}
