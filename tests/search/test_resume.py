"""A search that was stopped anywhere goes on as if it had not been."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.errors import StorageError
from amber.search import JournalStore, Objective, RunDirectory, SamplerSettings, Trial, make_sampler, run_search

MakeObjective = Callable[..., Objective]
RUNS = Path(__file__).parent / "runs"


def facts(trials: Any) -> list[Any]:
    ordered = sorted(trials, key=lambda trial: trial.number)
    return [(t.number, t.tokens, t.status, t.score, t.seed, t.epochs) for t in ordered]


OPTIONS: dict[str, dict[str, Any]] = {
    "tpe": {"startup_trials": 2},
    "evolution": {"population_size": 2, "sample_size": 2},
    "controller": {"episode": 2, "lstm_size": 4},
    "surrogate": {"startup_trials": 2},
}


@pytest.mark.parametrize("sampler", ["random", "tpe", "evolution", "nsga2", "controller", "surrogate"])
@pytest.mark.slow
def test_resumed_search_equals_an_undisturbed_one(make_objective: MakeObjective, tmp_path: Path, sampler: str) -> None:
    objective = make_objective(metric="val_loss", direction="minimize")
    options = OPTIONS.get(sampler, {})
    common: dict[str, Any] = {"trials": 5, "seed": 3, "sampler": SamplerSettings(sampler, options)}
    whole = run_search(objective, **common)
    directory = RunDirectory.create(tmp_path / "run")
    builder, stop_at = objective.builder, len(objective.builder.built) + 3

    def interrupt(tokens: tuple[int, ...]) -> None:
        if len(builder.built) == stop_at:
            raise KeyboardInterrupt

    builder.before = interrupt
    first = run_search(objective, store=directory, **common)
    assert first.stopped == "interrupted" and len(first.ranked) == 2
    builder.before = lambda tokens: None
    built = len(builder.built)
    second = run_search(objective, store=JournalStore(RunDirectory.resume(directory.path), resume=True), **common)
    assert facts(second.trials) == facts(whole.trials) == facts(directory.trials())
    assert len(builder.built) - built == 3  # none of the finished ones again


@pytest.mark.slow
def test_controller_is_the_same_after_replay(make_objective: MakeObjective, tmp_path: Path) -> None:
    objective = make_objective(metric="val_loss", direction="minimize")

    def search(trials: int, directory: RunDirectory | None) -> tuple[list[Any], Any]:
        sampler = make_sampler("controller", objective.layout, 5, **OPTIONS["controller"])
        store = None if directory is None else JournalStore(directory, resume=True)
        found = run_search(objective, trials=trials, seed=5, sampler=sampler, store=store)
        return facts(found.trials), sampler

    directory = RunDirectory.create(tmp_path / "run")
    search(3, directory)
    whole, undisturbed = search(6, None)
    resumed, taken_up = search(6, directory)
    assert resumed == whole
    fresh = make_sampler("controller", objective.layout, 5, **OPTIONS["controller"])
    weights = [each.controller.get_weights() for each in (taken_up, undisturbed, fresh)]
    for mine, theirs in zip(*weights[:2], strict=True):
        np.testing.assert_array_equal(mine, theirs)
    assert any((mine != first).any() for mine, first in zip(weights[0], weights[2], strict=True))  # it learnt
    assert taken_up.propose(None, 99) == undisturbed.propose(None, 99)  # its own generator is where it was


def test_another_setting_is_refused_by_its_name(make_objective: MakeObjective, tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path)
    run_search(make_objective(), trials=1, seed=0, store=directory)
    before = (tmp_path / "trials.jsonl").read_bytes()
    with pytest.raises(StorageError, match=r": training\.batch_size \(was 16, is 8\)\. "):
        run_search(make_objective(batch_size=8), trials=1, seed=0, store=JournalStore(directory, resume=True))
    with pytest.raises(StorageError, match="1 trials already"):
        run_search(make_objective(), trials=1, seed=0, store=directory)
    assert (tmp_path / "trials.jsonl").read_bytes() == before
    run_search(
        make_objective(batch_size=8),
        trials=1,
        seed=0,
        store=JournalStore(directory, resume=True, allow_changes=True),
    )
    run_search(
        make_objective(),
        trials=1,
        seed=0,
        store=JournalStore(directory, resume=True, allow_changes=True),
    )
    more = run_search(make_objective(), trials=2, seed=0, store=JournalStore(directory, resume=True))
    assert len(more.ranked) == 2  # made longer, which is no change


def test_two_processes_in_one_directory_are_refused(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path)
    hold = (
        "import sys, time; from amber.search import RunDirectory\n"
        "with RunDirectory.open(sys.argv[1]).locked(): print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        with pytest.raises(StorageError, match="in use by another process"), directory.locked():
            pass
        with pytest.raises(StorageError, match="in use by another process"):
            RunDirectory.create(tmp_path, overwrite=True)
        os.kill(other.pid, signal.SIGKILL)
    with directory.locked(), directory.locked():
        pass


def test_full_disk_keeps_what_is_there(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path)
    trial = Trial(0, (1, 0), "aa", "complete", 0.5)
    directory.append_trial(trial)
    file = tmp_path / "trials.jsonl"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (file.stat().st_size + 20, before[1]))
    try:
        with pytest.raises(StorageError, match=r"trials\.jsonl"):
            directory.append_trial(trial)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert directory.trials() == [trial] and file.read_bytes().endswith(b"}\n")


def test_place_that_cannot_be_written_is_named() -> None:
    with pytest.raises(StorageError, match="/proc/amber-run"):
        RunDirectory.create("/proc/amber-run")


@pytest.mark.parametrize("damage", [b'{"number": 1, "tok', b"\xff\xfe\n", b"null\n"])
def test_damaged_last_line_is_cut_off_before_more_is_appended(tmp_path: Path, damage: bytes) -> None:
    directory = RunDirectory.create(tmp_path)
    trial = Trial(0, (1, 0), "aa", "complete", 0.5)
    directory.begin({"seed": 0})
    directory.append_trial(trial)
    file = tmp_path / "trials.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole + damage)
    assert directory.begin({"seed": 0}, resume=True) == [trial]
    assert file.read_bytes() == whole
    file.write_bytes(whole[:-1])
    assert directory.begin({"seed": 0}, resume=True) == [trial]
    assert file.read_bytes() == whole


@pytest.mark.parametrize(("version", "statuses"), [(1, {"complete"}), (2, {"complete", "duplicate", "pruned"})])
def test_files_of_every_format_are_read_and_another_refused(tmp_path: Path, version: int, statuses: set[str]) -> None:
    for name in ("search.json", "trials.jsonl"):
        (tmp_path / name).write_bytes((RUNS / f"format_{version}" / name).read_bytes())
    directory = RunDirectory.resume(tmp_path)
    trials = directory.begin({}, resume=True, allow_changes=True)
    assert {trial.status for trial in trials} == statuses
    (tmp_path / "search.json").write_text('{"format_version": 99, "settings": {}}')
    with pytest.raises(StorageError, match="format_version 1 or 2.*99"):
        directory.begin({}, resume=True)
