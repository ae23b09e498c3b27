"""What happens to a run from outside: kill -9 at any moment, a full disk, a directory that cannot be written."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from amber.errors import StorageError
from amber.search import JournalStore, Objective, RunDirectory, load_best, run_search


def facts(directory: Path) -> list[Any]:
    trials = RunDirectory.open(directory).trials() if (directory / "trials.jsonl").is_file() else []
    return [(t.number, t.tokens, t.status, t.score, t.seed, t.epochs, t.fingerprint) for t in trials]


@pytest.fixture
def start() -> Iterator[Callable[..., int]]:
    """Runs the search in a process; kills it so many epochs and seconds later, or waits; returns how it ended."""
    server = subprocess.Popen(
        [sys.executable, "-W", "ignore", str(Path(__file__).parent / "killed_search.py")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
        # Threads of a parent are not there in what it forks.
        env={**os.environ, "KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert server.stdin is not None and server.stdout is not None
    stdin, stdout = server.stdin, server.stdout

    def run(directory: Path, moment: tuple[int, float] | None = None, database: str = "") -> int:
        before = epochs(directory)
        stdin.write(f"{directory} {database}".strip() + "\n")
        process = int(stdout.readline())
        if moment is not None:
            wanted, seconds = len(before) + moment[0], moment[1]
            while len(epochs(directory)) < wanted and Path(f"/proc/{process}").exists():
                time.sleep(0.001)
            limit = time.monotonic() + seconds  # within this epoch, however fast epochs have become meanwhile
            while time.monotonic() < limit and len(epochs(directory)) <= wanted:
                time.sleep(0.001)
            with contextlib.suppress(ProcessLookupError):  # it has come to its end
                os.kill(process, signal.SIGKILL)
        return int(stdout.readline())

    with server:
        yield run
        stdin.close()


@pytest.mark.slow
def test_killed_at_fifty_moments_a_search_ends_as_an_undisturbed_one(start: Callable[..., int], tmp_path: Path) -> None:
    check_killed(start, tmp_path, kills=50)


@pytest.mark.slow
def test_killed_at_many_moments_a_search_in_a_database_does_too(
    postgres: str, start: Callable[..., int], tmp_path: Path
) -> None:
    check_killed(start, tmp_path, kills=20, database=postgres)


def check_killed(start: Callable[..., int], tmp_path: Path, kills: int, database: str = "") -> None:
    start(tmp_path / "loading", (0, 0.0))
    began = time.monotonic()
    assert start(tmp_path / "whole", database=database) == 0
    whole, all_epochs = facts(tmp_path / "whole"), epochs(tmp_path / "whole")
    assert sum(trial[2] == "complete" for trial in whole) == 30 and len(set(all_epochs)) == len(all_epochs)
    each = (time.monotonic() - began) / len(all_epochs)
    # Moments are counted in epochs, so that all of the search is hit however busy the machine is.
    run, moments, kept, between = tmp_path / "run", random.Random(7), [], 0
    for _ in range(kills):
        moment = moments.randint(0, round(0.75 * len(all_epochs) / kills)), moments.uniform(0, each)
        assert start(run, moment, database) == -signal.SIGKILL
        now = facts(run)
        assert now[: len(kept)] == kept  # nothing finished is lost or changed
        between += len(now) > len(kept)
        kept = now
    assert len(kept) < len(whole) and between > kills / 10
    assert start(run, database=database) == 0
    assert facts(run) == whole  # none repeated: the numbers are those of the undisturbed run
    assert load_best(run)["tokens"] == load_best(tmp_path / "whole")["tokens"]
    ranking = [(folder / "ranking.csv").read_text().splitlines() for folder in (run, tmp_path / "whole")]
    assert [line.split(",")[:2] for line in ranking[0]] == [line.split(",")[:2] for line in ranking[1]]
    left = {path.name for path in run.iterdir()}
    assert left == {path.name for path in (tmp_path / "whole").iterdir()}  # no half-written file, no checkpoint
    # Taken up from the last epoch: a kill costs one epoch at most, not the trial.
    trained = Counter(epochs(run))
    assert set(trained) == set(all_epochs)
    assert sum(trained.values()) - len(trained) <= kills


def epochs(directory: Path) -> list[str]:
    """Every epoch that was trained, as often as it was."""
    path = Path(f"{directory}.epochs")
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.slow
def test_full_disk_ends_a_search_that_can_be_taken_up(make_objective: Callable[..., Objective], tmp_path: Path) -> None:
    objective = make_objective(epochs=2, metric="val_loss", direction="minimize")
    common: dict[str, Any] = {"trials": 6, "seed": 3}
    run_search(objective, store=RunDirectory.create(tmp_path / "whole"), **common)
    directory = RunDirectory.create(tmp_path / "run")
    room = (tmp_path / "whole" / "trials.jsonl").stat().st_size // 2
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # The limit of a file's size stands for a disk without room: the operating system refuses to write.
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(room, 1500), before[1]))
    try:
        with pytest.raises(StorageError, match="cannot be read or written"):
            run_search(objective, store=directory, **common)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    kept = facts(directory.path)
    assert kept == facts(tmp_path / "whole")[: len(kept)]
    run_search(objective, store=JournalStore(directory, resume=True), **common)
    assert facts(directory.path) == facts(tmp_path / "whole")


def test_directory_that_may_not_be_written_is_named(make_objective: Callable[..., Objective]) -> None:
    folder = Path(tempfile.mkdtemp())
    user = os.geteuid()
    try:
        run_search(make_objective(), trials=1, seed=0, store=RunDirectory.create(folder / "run"))
        for path in (folder, folder / "run"):
            path.chmod(0o555)
        if user == 0:
            os.seteuid(65534)  # root may write anywhere
        with pytest.raises(StorageError, match=str(folder / "run")):
            run_search(
                make_objective(), trials=2, seed=0, store=JournalStore(RunDirectory.resume(folder / "run"), resume=True)
            )
        with pytest.raises(StorageError, match=str(folder / "new")):
            RunDirectory.create(folder / "new")
        assert len(RunDirectory.open(folder / "run").trials()) == 1  # it can still be read
    finally:
        if user == 0:
            os.seteuid(0)
        for path in (folder, folder / "run"):
            path.chmod(0o755)
        shutil.rmtree(folder)
