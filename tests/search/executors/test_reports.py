"""Tasks report while they run and learn whether to stop, in every executor, whatever happens to either side."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.search.executors.objectives import evaluations, pretending
from tests.search.executors.tasks import Job
from tests.search.executors.test_searching import LateExecutor

from amber.search import JournalStore, PrunerSettings, RunDirectory, SearchCallback, run_search
from amber.search.executors import Executor, InProcessExecutor, Outcome, ProcessExecutor, WorkerLimits
from amber.search.executors.reports import Received, ReportServer, WorkerReporter


class Listening:
    """Notes what it hears, and stops at a step."""

    def __init__(self, stop: int = 0, may_stop: bool = True) -> None:
        self.stop, self.may_stop = stop, may_stop
        self.heard: list[tuple[int, float, bool]] = []

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        assert metrics["undefined"] != metrics["undefined"]
        self.heard.append((step, metrics["value"], earlier))
        return step == self.stop


def ended(executor: Executor) -> Outcome:
    """Wait for the end of the only task."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        for outcome in executor.completed(timeout=5):
            return outcome
    raise TimeoutError


def check_reports(executor: Executor) -> None:
    """What an executor promises of reports."""
    stopping, plain = Listening(stop=3), Listening(stop=2, may_stop=False)
    executor.submit(1, "reported", 5, reporter=stopping)
    assert ended(executor).value == 3
    assert stopping.heard == [(1, 1.0, True), (2, 2.0, False), (3, 3.0, False)]
    if not executor.in_process:
        executor.submit(2, "reported", 4, reporter=plain)
        assert ended(executor).value == 4, "nothing stops what does not wait for an answer"
        assert [step for step, *_ in plain.heard] == [1, 2, 3, 4], "all are heard before the end is"


def test_in_this_process() -> None:
    with InProcessExecutor() as executor:
        executor.open(Job())
        check_reports(executor)


def test_in_worker_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with ProcessExecutor(1) as executor:
        executor.open(Job())
        check_reports(executor)
        listening = Listening()
        executor.submit(4, "reported", 2, reporter=Raising())
        with pytest.raises(KeyboardInterrupt):
            ended(executor)
        assert ended(executor).value == 2
        executor.submit(5, "die_reporting", reporter=Counting())
        failure = ended(executor).failure
        assert failure is not None and "SIGKILL" in failure.message
        executor.submit(6, "reported", 2, reporter=listening)
        assert ended(executor).value == 2 and len(listening.heard) == 2
    assert not list(tmp_path.glob("amber-workers-*"))


class Counting:
    """Hears of anything."""

    may_stop = True

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        return False


class Raising(Counting):
    """A listener that ends the search, once."""

    def report(self, step: int, metrics: Mapping[str, float], *, earlier: bool = False) -> bool:
        if earlier:
            raise KeyboardInterrupt
        return False


@pytest.mark.parametrize("where", ["short", "a-folder-whose-name-is-so-long-that-no-socket-fits" * 2])
def test_whoever_is_not_answered_goes_on(tmp_path: Path, where: str) -> None:
    folder = tmp_path / where
    folder.mkdir()
    heard: list[Received] = []
    server = ReportServer(folder, heard.append)
    reporter = WorkerReporter(server.address("7", may_stop=True), limit=0.2)
    assert reporter.report(1, {"value": 0.5}) is False
    heard[0].answer(True)  # too late
    server._receive = lambda report: report.answer(report.step == 3)  # type: ignore[method-assign]
    assert [reporter.report(step, {}) for step in (2, 3)] == [False, True]
    server.close()
    reporter.close()
    assert reporter.report(4, {}) is False
    assert (heard[0].task, heard[0].step, heard[0].metrics) == ("7", 1, {"value": 0.5})


def test_strangers_are_not_heard(tmp_path: Path) -> None:
    heard: list[Received] = []
    server = ReportServer(tmp_path, heard.append)
    address = server.address("1", may_stop=True)
    stranger = WorkerReporter(type(address)(address.place, "guessed", "1", True), limit=1)
    assert stranger.report(1, {"value": 1.0}) is False and not heard
    server.close()


def facts(trials: Any) -> list[Any]:
    ordered = sorted(trials, key=lambda trial: trial.number)
    return [(t.number, t.tokens, t.status, t.score, t.epochs, t.curve, t.error) for t in ordered]


PRUNING: dict[str, Any] = {
    "trials": 14,
    "seed": 3,
    "sampler": "random",
    "pruner": PrunerSettings("median", {"n_startup_trials": 2}),
}


@pytest.mark.parametrize(
    ("sampler", "pruner", "options"),
    [("random", "median", {"n_startup_trials": 2}), ("tpe", "hyperband", {"reduction_factor": 2})],
)
def test_one_worker_process_prunes_as_this_process_does(
    tmp_path: Path, sampler: str, pruner: str, options: dict[str, Any]
) -> None:
    common = {**PRUNING, "sampler": sampler, "pruner": PrunerSettings(pruner, options)}
    directory = RunDirectory.create(tmp_path / "run")
    here = run_search(pretending(tmp_path / "here", layers=3, epochs=4), **common)
    with ProcessExecutor(1) as executor:
        objective = pretending(tmp_path / "there", layers=3, epochs=4)
        there = run_search(objective, executor=executor, store=directory, **common)
    assert here.counts()["pruned"] and facts(there.trials) == facts(here.trials) == facts(directory.trials())


@pytest.mark.parametrize("sampler", ["evolution", "controller"])
def test_other_samplers_prune_with_many_at_once(tmp_path: Path, sampler: str) -> None:
    objective = pretending(tmp_path / "notes", layers=3, epochs=3)
    found = run_search(objective, executor=LateExecutor(), **{**PRUNING, "sampler": sampler})
    counts = found.counts()
    assert counts["complete"] + counts["pruned"] == 14


def test_a_worker_that_dies_while_it_reports_costs_its_trial_only(tmp_path: Path) -> None:
    epochs: list[tuple[int, int]] = []

    class Listener(SearchCallback):
        def on_epoch_end(self, number: int, epoch: int, all_epochs: int, metrics: Any) -> None:
            epochs.append((number, epoch))

    directory = RunDirectory.create(tmp_path / "run")
    objective = pretending(tmp_path / "notes", layers=3, epochs=4, kill=(0, 1))
    with ProcessExecutor(2) as executor:
        found = run_search(objective, executor=executor, store=directory, callbacks=[Listener()], **PRUNING)
    failed = [trial for trial in found.trials if trial.status == "failed"]
    assert {trial.number for trial in failed} <= {0, 1} and failed  # before anything can be pruned
    for trial in failed:
        assert "SIGKILL" in (trial.error or "") and len(trial.curve) == 2  # as the pruner has seen it
    assert facts(directory.trials()) == facts(found.trials)
    complete = next(trial for trial in found.trials if trial.status == "complete")
    assert [epoch for number, epoch in epochs if number == complete.number] == [1, 2, 3, 4]


def test_a_trial_whose_worker_died_is_tried_again_so_often(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    whole = run_search(pretending(tmp_path / "whole", layers=3, epochs=4), **PRUNING)
    directory = RunDirectory.create(tmp_path / "run")
    objective = pretending(tmp_path / "notes", layers=3, epochs=4, kill=(0, 1))
    with ProcessExecutor(1, WorkerLimits(retries=1)) as executor:
        found = run_search(objective, executor=executor, store=directory, **PRUNING)
    assert facts(found.trials) == facts(whole.trials) == facts(directory.trials())
    again = {trial.number for trial in directory.trials() if trial.retries}
    assert 0 in again and again <= {0, 1} and "is tried again (1 of 1)" in caplog.text
    evaluated = evaluations(tmp_path / "notes")
    assert evaluated.count(0) == 2 and len(evaluated) == len(set(evaluated)) + len(again)


SEARCH = """
import sys
from pathlib import Path
from amber.search import RunDirectory, run_search
from amber.search.executors import ProcessExecutor
from tests.search.executors.objectives import pretending
if __name__ == "__main__":
    here = Path(sys.argv[1])
    found = run_search(pretending(here / "notes", layers=4, epochs=30, pace=0.02), trials=200, seed=0, sampler="random",
        pruner="median", pruner_options={"n_startup_trials": 2},
        store=RunDirectory.create(here / "run"), executor=ProcessExecutor(2))
    print(found.stopped, len(found.trials))
"""


@pytest.mark.slow
def test_ctrl_c_while_trials_are_pruned_keeps_what_is_finished(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SEARCH)
    (tmp_path / "temporary").mkdir()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
    environment["TMPDIR"] = str(tmp_path / "temporary")
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as search:
        journal = tmp_path / "run" / "trials.jsonl"
        deadline = time.monotonic() + 100
        while time.monotonic() < deadline and not (journal.exists() and '"pruned"' in journal.read_text()):
            time.sleep(0.05)
        os.killpg(search.pid, signal.SIGINT)
        output, _ = search.communicate(timeout=30)
    kept = RunDirectory.open(tmp_path / "run").trials()
    assert output.split() == ["interrupted", str(len(kept))]
    assert any(trial.status == "pruned" and trial.curve for trial in kept)
    workers = {int(path.name.split("-")[1]) for path in (tmp_path / "notes").iterdir()}
    assert workers and not any(Path(f"/proc/{worker}").exists() for worker in workers)
    assert not list((tmp_path / "temporary").glob("amber-workers-*"))


def test_a_resumed_search_on_workers_prunes_as_an_undisturbed_one(tmp_path: Path) -> None:
    whole = run_search(pretending(tmp_path / "whole", layers=3, epochs=4), **PRUNING)

    class Kill(SearchCallback):
        left = 7

        def on_epoch_end(self, *arguments: Any) -> None:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    directory = RunDirectory.create(tmp_path / "run")
    objective = pretending(tmp_path / "notes", layers=3, epochs=4)
    with ProcessExecutor(1) as executor:
        common = {**PRUNING, "store": JournalStore(directory, resume=True), "executor": executor}
        assert run_search(objective, callbacks=[Kill()], **common).stopped == "interrupted"
        again = run_search(objective, **common)
    assert facts(again.trials) == facts(whole.trials) == facts(directory.trials())
    assert len(evaluations(tmp_path / "notes")) > len(again.ranked)
