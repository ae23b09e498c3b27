"""A finished run stays whole until its successor is: resumed, made longer, overwritten, or killed in between."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import filelock
import pytest

from amber.experiment import experiment, running
from amber.experiment.run_files import finished as finished_module, previous
from amber.experiment.run_files.finished import FinishedRun
from amber.files import complete_replacement
from amber.search import RunDirectory

Amber = Callable[..., Any]
WriteConfig = Callable[..., Path]


@pytest.fixture
def run(finished_run: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished_run, tmp_path / "run"))


def contents(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.iterdir() if path.is_file() and path.name != ".lock"}


class Killed(BaseException):
    """Stands for a kill: nothing is tidied up after it."""


@pytest.mark.slow
def test_resume_of_a_finished_run_changes_nothing_and_says_so(
    amber: Amber, run: Path, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "_search", None)  # would be called
    before = contents(run)
    done = amber("search", write_config(), "-d", run, "--resume")
    assert done.exit_code == 0, done.output + done.stderr
    assert "Nothing is left to do" in done.output and "--trials" in done.output
    assert contents(run) == before


def test_resume_of_a_finished_run_asks_no_scheduler(
    amber: Amber, run: Path, write_config: WriteConfig, tiny: str
) -> None:
    text = tiny.replace("  trials: 2\n", "  trials: 2\n  executor: {dask: 'tcp://127.0.0.1:9'}\n")
    done = amber("search", write_config(text), "-d", run, "--resume")
    assert done.exit_code == 0 and "Nothing is left to do" in done.output
    (run / "best.keras").unlink()  # the search is finished all the same: only its last phase is done again
    done = amber("search", write_config(text), "-d", run, "--resume", "-q")
    assert done.exit_code == 0, done.stderr
    assert (run / "best.keras").is_file()


def test_missing_drawing_is_made_again_and_nothing_else(amber: Amber, run: Path, write_config: WriteConfig) -> None:
    before = contents(run)
    (run / "best.svg").unlink()
    assert amber("search", write_config(), "-d", run, "--resume").exit_code == 0
    assert contents(run) == before


@pytest.mark.parametrize("name", ["best.keras", "test.json"])
@pytest.mark.parametrize("damage", ["removed", "cut", "another"])
def test_file_that_is_not_the_one_of_best_json_is_noticed(run: Path, name: str, damage: str) -> None:
    assert FinishedRun.of(RunDirectory.open(run)) is not None
    if damage == "removed":
        (run / name).unlink()
    else:
        (run / name).write_bytes((run / name).read_bytes()[:-9] if damage == "cut" else b"{}")
    assert FinishedRun.of(RunDirectory.open(run)) is None


def test_finished_run_of_an_earlier_version_counts_as_one(run: Path) -> None:
    record = json.loads((run / "best.json").read_text())
    del record["files"], record["final"]["wanted"]
    (run / "best.json").write_text(json.dumps(record))
    assert FinishedRun.of(RunDirectory.open(run)) is not None


def test_longer_search_that_is_stopped_leaves_the_finished_model_with_its_record(
    amber: Amber, run: Path, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(run)
    monkeypatch.setattr(running, "train_final", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    monkeypatch.setattr(FinishedRun, "is_of", lambda *_: False)
    assert amber("search", write_config(), "-d", run, "--resume", "--trials", 3).exit_code == 130
    after = contents(run)
    for name in ("best.json", "best.keras", "best.svg", "best.png", "test.json", "results.txt"):
        assert after[name] == before[name], name
    assert len(after["trials.jsonl"].splitlines()) > len(before["trials.jsonl"].splitlines())


@pytest.mark.slow
def test_last_phase_killed_at_any_write_leaves_all_old_files_or_all_new_ones(
    amber: Amber, run: Path, write_config: WriteConfig, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other epochs of the last training give another model; each call that changes the folder is the last, in turn."""
    config = write_config(tiny.replace("final:\n  epochs: 1", "final:\n  epochs: 2"))
    kept = ("best.json", "best.keras", "test.json")
    old = contents(run)
    real, calls, limit = os.replace, [0], [0]

    def replace(source: Any, target: Any) -> None:
        calls[0] += 1
        if calls[0] > limit[0]:
            raise Killed
        real(source, target)

    def stay(*_: Any, **__: Any) -> None:
        """A killed process removes nothing."""

    seen = []
    for limit[0] in (1, 3, 6, 8, 10, 12, 14, 16):
        folder = run.parent / f"killed-{limit[0]}"
        shutil.copytree(run, folder)
        with monkeypatch.context() as patch:
            calls[0] = 0
            patch.setattr(os, "replace", replace)
            patch.setattr(shutil, "rmtree", stay)
            patch.setattr(Path, "unlink", stay)
            with contextlib.suppress(Killed):
                amber("search", config, "-d", folder, "--resume", "-q")
        complete_replacement(folder)
        now = contents(folder)
        is_old = all(now[name] == old[name] for name in kept)
        seen.append(is_old)
        assert is_old or set(json.loads(now["best.json"])["final"]["epochs"]) == {2}
        assert FinishedRun.of(RunDirectory.open(folder)) is not None
        assert amber("search", config, "-d", folder, "--resume", "-q").exit_code == 0
        assert set(json.loads((folder / "best.json").read_text())["final"]["epochs"]) == {2}
    assert True in seen and False in seen


def test_full_disk_in_the_last_phase_leaves_the_old_model(
    amber: Amber, run: Path, write_config: WriteConfig, tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(run)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(finished_module, "file_digest", full)
    monkeypatch.setattr(FinishedRun, "of", lambda _: None)
    done = amber("search", write_config(tiny.replace("final:\n  epochs: 1", "final:\n  epochs: 2")), "-d", run,
                 "--resume", "-q")  # fmt: skip
    assert done.exit_code == 1 and "best.keras" in done.stderr and "No space left" in done.stderr
    for name in ("best.json", "best.keras", "best.svg", "test.json", "results.txt"):
        assert contents(run)[name] == before[name]
    assert not (run / ".replacement").exists()


@pytest.mark.slow
def test_overwritten_run_is_kept_until_the_new_one_is_finished(
    amber: Amber, run: Path, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = contents(run)
    with monkeypatch.context() as patch:
        patch.setattr(running, "train_final", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        done = amber("search", write_config(), "-d", run, "--overwrite")
    assert done.exit_code == 130 and str(run / "previous") in done.output.replace("\n", "")
    kept = contents(run / "previous")
    assert {name: kept[name] for name in before if name in kept} == {name: before[name] for name in kept}
    assert "best.keras" in kept and "trials.jsonl" in kept
    assert amber("export", run / "previous", "-o", run.parent / "trials.csv").exit_code == 0
    # Overwritten once more before it was finished: the finished one stays.
    with monkeypatch.context() as patch:
        patch.setattr(running, "_search", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
        assert amber("search", write_config(), "-d", run, "--overwrite").exit_code == 130
    assert contents(run / "previous") == kept
    assert amber("search", write_config(), "-d", run, "--resume", "-q").exit_code == 0
    assert not (run / "previous").exists() and FinishedRun.of(RunDirectory.open(run)) is not None


@pytest.mark.parametrize("moves", [0, 1, 4, 8])
def test_run_set_aside_by_half_is_whole_again(
    amber: Amber, run: Path, write_config: WriteConfig, monkeypatch: pytest.MonkeyPatch, moves: int
) -> None:
    before = contents(run)
    real, calls = os.replace, [0]

    def replace(source: Any, target: Any) -> None:
        calls[0] += Path(source).parent == run
        if calls[0] > moves:
            raise Killed
        real(source, target)

    monkeypatch.setattr(previous.os, "replace", replace)
    with pytest.raises(Killed):
        previous.set_aside(RunDirectory(run))
    monkeypatch.undo()
    done = amber("search", write_config(), "-d", run, "--resume")
    assert done.exit_code == 0 and "Nothing is left to do" in done.output
    assert contents(run) == before


def test_directory_is_looked_at_before_data_and_keras(
    amber: Amber, run: Path, write_config: WriteConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "load_data", None)  # would be called
    config = write_config()
    refused = amber("search", config, "-d", run)
    assert refused.exit_code == 2
    assert all(word in refused.stderr for word in ("holds a search", "--resume", "--overwrite", "--run-directory"))
    (tmp_path / "file").write_text("")
    assert "--run-directory" in amber("search", config, "-d", tmp_path / "file").stderr
    assert "is not a folder" in amber("search", config, "-d", tmp_path / "file" / "below").stderr
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "notes.txt").write_text("mine")
    assert "holds no search" in amber("search", config, "-d", tmp_path / "other").stderr
    with filelock.FileLock(run / ".lock"):
        assert "in use by another process" in amber("search", config, "-d", run, "--resume").stderr
        assert "in use by another process" in amber("search", config, "-d", run, "--overwrite").stderr
    url = "postgresql://nobody@127.0.0.1:9/none"
    done = amber("search", config, "-d", tmp_path / "new", "--storage", url)
    assert done.exit_code == 1 and "127.0.0.1" in done.stderr
    assert not (tmp_path / "new").exists()
