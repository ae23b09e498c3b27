"""Several processes at one study in PostgreSQL: together they find what one finds, and no network is trained twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.search.executors.objectives import evaluations, pretending
from tests.search.executors.test_searching import facts

from amber.search import RunDirectory, StudyDatabase, run_search

pytestmark = pytest.mark.slow
TRIALS = 12


@pytest.fixture
def start(postgres: str, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Starts a process that loads everything and then waits for `go`."""
    started: list[Any] = []

    def run(name: str, seconds: float, heartbeat: int = 15) -> Any:
        script = str(Path(__file__).parent / "searcher.py")
        words = [postgres, str(tmp_path), name, str(TRIALS), str(seconds), str(heartbeat)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.getcwd(), *sys.path])}
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", script, *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        started.append(process)
        return process

    try:
        yield run
    finally:
        for process in started:
            process.kill()
            process.wait()
            process.stdin.close(), process.stdout.close()


def go(*processes: Any) -> None:
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def alone(tmp_path: Path) -> list[Any]:
    return facts(run_search(pretending(tmp_path / "alone", layers=3), trials=TRIALS, seed=0, sampler="random").trials)


def test_two_processes_find_together_what_one_finds_and_train_nothing_twice(
    start: Callable[..., Any], postgres: str, tmp_path: Path
) -> None:
    processes = [start(name, 0.5) for name in ("first", "second")]
    go(*processes)  # both make the tables and the study, at once
    for process in processes:
        assert process.stdout.readline() == f"{TRIALS}\n"
        assert process.wait(60) == 0
    whole = alone(tmp_path)
    assert facts(StudyDatabase(postgres, "team").trials()) == whole
    for name in ("first", "second"):  # each has a whole copy
        assert facts(RunDirectory.open(tmp_path / name).trials()) == whole
        assert (tmp_path / name / "best.json").is_file()
    trained = evaluations(tmp_path / "notes")
    assert len(trained) == len(set(trained)) == TRIALS
    pids = {path.name.split("-")[1] for path in (tmp_path / "notes").iterdir()}
    assert len(pids) == 2  # both worked


def test_what_a_killed_process_had_is_done_by_another_once_it_shows_no_life(
    start: Callable[..., Any], postgres: str, tmp_path: Path
) -> None:
    first, second = start("first", 3.0, heartbeat=1), start("second", 0.1, heartbeat=1)
    go(first)
    while not list((tmp_path / "notes").glob("*-*")):
        time.sleep(0.05)
    first.kill()
    go(second)
    assert second.stdout.readline() == f"{TRIALS}\n"
    assert facts(StudyDatabase(postgres, "team").trials()) == alone(tmp_path)
    trained = evaluations(tmp_path / "notes")
    assert trained[:2] == [0, 0] and trained[1:] == sorted(set(trained))  # the first twice, since its end was unknown


def test_killed_process_that_is_started_anew_has_its_own_trial_at_once(
    start: Callable[..., Any], postgres: str, tmp_path: Path
) -> None:
    first, again = start("run", 1.0), start("run", 0.0)
    go(first)
    while len(list((tmp_path / "notes").glob("*-*"))) < 2:
        time.sleep(0.05)
    first.kill()
    first.wait()
    began = time.monotonic()
    go(again)
    assert again.stdout.readline() == f"{TRIALS}\n"
    assert time.monotonic() - began < 50  # not after four heartbeats of 15 s
    assert facts(RunDirectory.open(tmp_path / "run").trials()) == alone(tmp_path)
    trained = evaluations(tmp_path / "notes")
    assert trained.count(0) == 1 and trained.count(1) == 2
