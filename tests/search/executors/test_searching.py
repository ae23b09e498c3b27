"""Searches on several workers: the same trials as with one, each recorded once, whatever happens to a worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import pytest
from tests.search.executors.objectives import evaluations, make_objective, pretending

from amber.errors import ConfigError, ExecutorError
from amber.search import JournalStore, PrunerSettings, RunDirectory, SearchCallback, run_search
from amber.search.executors import Failure, InProcessExecutor, Outcome, ProcessExecutor, WorkerLimits


def facts(trials: Any) -> list[Any]:
    ordered = sorted(trials, key=lambda trial: trial.number)
    return [(t.number, t.tokens, t.fingerprint, t.status, _score(t.score), t.seed, t.error) for t in ordered]


def _score(value: float | None) -> Any:
    """The score; threads of a backend, and where arrays lie in memory, decide on its last digits."""
    rounding = 1e-6 if keras.backend.backend() == "torch" else 1e-4
    return value if value is None else pytest.approx(value, rel=rounding)


class LateExecutor(InProcessExecutor):
    """Keeps several tasks under way in this process, and ends them in another order than they were started."""

    in_process = False

    @property
    def workers(self) -> int:
        return 4

    def completed(self, timeout: float | None = None) -> list[Outcome]:
        self._queue.rotate(1)
        return super().completed(timeout)


@pytest.mark.parity
@pytest.mark.slow
def test_three_workers_find_what_one_finds(tmp_path: Path) -> None:
    objective = make_objective()
    one = run_search(objective, trials=5, seed=2)
    directory = RunDirectory.create(tmp_path / "run")
    with ProcessExecutor(3) as executor:
        three = run_search(objective, trials=5, seed=2, executor=executor, store=directory)
    assert facts(three.trials) == facts(one.trials) == facts(directory.trials())
    assert [each.number for each in three.ranked] == [each.number for each in one.ranked]
    assert json.loads((directory.path / "best.json").read_text())["tokens"] == list(one.best.tokens)  # type: ignore[union-attr]


def test_many_at_once_in_any_order_find_what_one_finds(tmp_path: Path) -> None:
    for seed in range(8):
        objective = pretending(tmp_path / str(seed))
        one = run_search(objective, trials=9, seed=seed, sampler="random")
        many = run_search(objective, trials=9, seed=seed, sampler="random", executor=LateExecutor())
        assert facts(many.trials) == facts(one.trials)
    assert any(each.status == "duplicate" for each in one.trials)


def test_an_exhausted_space_ends_the_search_on_many_workers(tmp_path: Path) -> None:
    objective = pretending(tmp_path / "notes", layers=1)
    one = run_search(objective, trials=50, seed=0, sampler="random")
    many = run_search(objective, trials=50, seed=0, sampler="random", executor=LateExecutor())
    assert one.stopped == many.stopped == "exhausted" and {t.fingerprint for t in many.ranked} == {
        t.fingerprint for t in one.ranked
    }


@pytest.mark.parametrize("sampler", ["tpe", "evolution", "nsga2", "surrogate"])
def test_other_samplers_work_with_many_at_once(tmp_path: Path, sampler: str) -> None:
    objective = pretending(tmp_path / "notes")
    found = run_search(objective, trials=12, seed=1, sampler=sampler, executor=LateExecutor())
    assert len(found.ranked) == 12 and sorted(t.number for t in found.trials) == list(range(len(found.trials)))


def test_trials_that_crash_or_hang_are_recorded_and_the_search_goes_on(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    objective = pretending(tmp_path / "notes", leave=2, hang=3)
    with ProcessExecutor(2, WorkerLimits(time_limit=1.5)) as executor:
        found = run_search(objective, trials=8, seed=0, sampler="random", executor=executor, store=directory)
    kinds = {tuple(t.tokens): (t.error or "").split(":")[0] for t in found.trials if t.status == "failed"}
    expected = {2: "WorkerCrashed", 3: "TimeLimitExceeded"}
    for trial in found.trials:
        if trial.status in ("complete", "failed"):
            assert kinds.get(trial.tokens) == expected.get(sum(trial.tokens) % 5)
    assert set(kinds.values()) == set(expected.values()) and found.ranked
    assert facts(found.trials) == facts(directory.trials())
    failed = next(t for t in found.trials if t.status == "failed")
    assert failed.seconds > 0 and failed.parameters and failed.seed is not None
    trained = [t.number for t in found.trials if t.status in ("complete", "failed")]
    assert evaluations(tmp_path / "notes") == sorted(trained) and len(trained) == 8


def test_a_failure_while_its_repeats_wait_settles_them_too(tmp_path: Path) -> None:
    class Failing(LateExecutor):
        def completed(self, timeout: float | None = None) -> list[Outcome]:
            return [Outcome(each.key, failure=Failure("crash", "gone")) for each in super().completed(timeout)]

    found = run_search(pretending(tmp_path / "notes"), trials=9, seed=7, sampler="random", executor=Failing())
    assert sum(t.status == "failed" for t in found.trials) == 9
    assert sorted(t.number for t in found.trials) == list(range(len(found.trials)))


def test_mistakes_end_the_search_as_they_do_in_process() -> None:
    objective = make_objective(metric="val_nothing")
    with pytest.raises(ConfigError, match="val_nothing"), ProcessExecutor(1) as executor:
        run_search(objective, trials=2, seed=0, executor=executor)


@pytest.mark.parity
@pytest.mark.slow
def test_real_trainings_in_a_worker_process_are_heard_of_and_pruned_as_in_this_process(tmp_path: Path) -> None:
    class Listener(SearchCallback):
        def __init__(self) -> None:
            self.epochs: list[Any] = []

        def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Any) -> None:
            self.epochs.append((number, epoch, epochs, _score(metrics["val_loss"])))

    here, there = Listener(), Listener()
    objective = make_objective(epochs=3)
    common: dict[str, Any] = {"trials": 5, "seed": 2, "pruner": PrunerSettings("median", {"n_startup_trials": 1})}
    one = run_search(objective, callbacks=[here], **common)
    directory = RunDirectory.create(tmp_path / "run")
    with ProcessExecutor(1) as executor:
        other = run_search(objective, callbacks=[there], executor=executor, store=directory, **common)
    assert one.counts()["pruned"] and here.epochs == there.epochs
    ended = [(t.number, t.status, t.epochs, [_score(value) for value in t.curve]) for t in one.trials]
    assert ended == [(t.number, t.status, t.epochs, list(t.curve)) for t in other.trials]
    assert sorted(map(str, other.trials)) == sorted(map(str, directory.trials()))


def test_epochs_are_heard_of(tmp_path: Path) -> None:
    class Listener(SearchCallback):
        def __init__(self) -> None:
            self.epochs = self.begun = 0

        def on_trial_begin(self, number: int, tokens: tuple[int, ...]) -> None:
            self.begun += 1

        def on_epoch_end(self, number: int, epoch: int, epochs: int, metrics: Any) -> None:
            self.epochs += 1

    here, there = Listener(), Listener()
    run_search(make_objective(), trials=1, seed=0, callbacks=[here])
    run_search(pretending(tmp_path / "notes"), trials=3, seed=0, callbacks=[there], executor=LateExecutor())
    assert (here.begun, here.epochs, there.begun, there.epochs) == (1, 2, 3, 0)


@pytest.mark.slow
def test_precision_set_for_keras_reaches_the_workers() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("float64")
    try:
        objective = make_objective()
        one = run_search(objective, trials=1, seed=0)
        with ProcessExecutor(1) as executor:
            other = run_search(objective, trials=1, seed=0, executor=executor)
    finally:
        keras.config.set_dtype_policy(before)
    assert facts(one.trials) == facts(other.trials)
    assert one.trials[0].score != run_search(objective, trials=1, seed=0).trials[0].score


def test_resumed_search_on_many_workers_trains_what_was_under_way(tmp_path: Path) -> None:
    whole = run_search(pretending(tmp_path / "whole"), trials=9, seed=3, sampler="random")
    for stop in (1, 4, 7):

        class Stopping(LateExecutor):
            ended = 0

            def completed(self, timeout: float | None = None) -> list[Outcome]:
                if self.ended == stop:  # noqa: B023
                    raise KeyboardInterrupt
                self.ended += 1
                return super().completed(timeout)

        directory, notes = RunDirectory.create(tmp_path / str(stop)), tmp_path / f"notes-{stop}"
        objective = pretending(notes)
        common: dict[str, Any] = {"trials": 9, "seed": 3, "sampler": "random"}
        with contextlib.suppress(KeyboardInterrupt):
            run_search(objective, store=directory, executor=Stopping(), **common)
        assert len(evaluations(notes)) == stop
        resumed = JournalStore(directory, resume=True)
        found = run_search(objective, store=resumed, executor=LateExecutor(), **common)
        assert facts(found.trials) == facts(whole.trials) == facts(directory.trials())
        assert len(evaluations(notes)) == len(set(evaluations(notes))) == 9


SEARCH = """
import sys
from pathlib import Path
from amber.search import RunDirectory, run_search
from amber.search.executors import ProcessExecutor
from tests.search.executors.objectives import pretending
if __name__ == "__main__":
    here = Path(sys.argv[1])
    found = run_search(pretending(here / "notes", layers=4, seconds=0.4), trials=40, seed=0, sampler="random",
        store=RunDirectory.create(here / "run"), executor=ProcessExecutor(2))
    print(found.stopped, len(found.ranked))
"""


@pytest.mark.slow
def test_ctrl_c_ends_the_workers_and_keeps_what_is_finished(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SEARCH)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as search:
        notes = tmp_path / "notes"
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and (not notes.is_dir() or len(list(notes.iterdir())) < 5):
            time.sleep(0.05)
        os.killpg(search.pid, signal.SIGINT)  # as a terminal does: to the workers too
        output, _ = search.communicate(timeout=120)
    kept = RunDirectory.open(tmp_path / "run").trials()
    assert output.split() == ["interrupted", str(len([t for t in kept if t.status == "complete"]))] and len(kept) >= 3
    assert search.returncode == 0
    workers = {int(path.name.split("-")[1]) for path in (tmp_path / "notes").iterdir()}
    assert workers and not any(Path(f"/proc/{worker}").exists() for worker in workers)


def test_an_objective_that_cannot_be_sent_is_refused_before_any_training() -> None:
    objective = make_objective()
    objective.extra = (each for each in range(3))
    with pytest.raises(ExecutorError, match="must be picklable"):
        run_search(objective, trials=1, seed=0, executor=ProcessExecutor(1))
