"""Run directory, best.json and rankings."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests.new_process import run_code, warm

from amber.errors import ConfigError, StorageError
from amber.search import (
    Objective,
    RunDirectory,
    SearchProgress,
    Trial,
    load_best,
    ranking_csv,
    ranking_markdown,
    ranking_table,
    run_search,
)
from amber.search.ranking import SHOWN
from amber.search.recording import SearchFiles
from amber.search.result import SearchResult

TRIALS = [
    Trial(0, (1, 0), "aa", "complete", 0.5, {"val_accuracy": 0.5}, 2000, 10, 1.25, 7, None, 2),
    Trial(1, (1, 1), "", "invalid", error="InvalidArchitectureError: no"),
    Trial(2, (0, 1), "bb", "complete", 0.75, {"val_accuracy": 0.75}, 1000, 20, 2.0, 8, None, 2),
    Trial(3, (0, 0), "cc", "complete", 0.5, {"val_accuracy": 0.5}, 1500, 20, 2.0, 9, None, 2),
]


def test_directory_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "best.json").write_text("old")
    with pytest.raises(StorageError, match="not empty"):
        RunDirectory.create(tmp_path)
    assert (tmp_path / "best.json").read_text() == "old"
    RunDirectory.create(tmp_path, overwrite=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert not (tmp_path / "best.json").exists()


def test_path_that_is_a_file_or_holds_no_search_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        RunDirectory.create(tmp_path / "file")
    with pytest.raises(StorageError, match=r"trials\.jsonl"):
        RunDirectory.open(tmp_path)


def test_trials_make_a_round_trip(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "new" / "run")
    for trial in TRIALS:
        directory.append_trial(trial)
    assert RunDirectory.open(directory.path).trials() == TRIALS


def test_line_cut_short_is_left_out_and_a_damaged_one_named(tmp_path: Path, caplog: Any) -> None:
    directory = RunDirectory.create(tmp_path)
    directory.append_trial(TRIALS[0])
    file = tmp_path / "trials.jsonl"
    whole = file.read_text()
    file.write_text(whole + whole[:20])
    with caplog.at_level(logging.WARNING):
        assert directory.trials() == TRIALS[:1]
    assert "line 2" in caplog.text
    file.write_text(whole + "{}\n" + whole)
    with pytest.raises(StorageError, match="line 2"):
        directory.trials()


def test_failed_write_leaves_the_old_file_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    directory = RunDirectory.create(tmp_path)
    directory.write("best.json", "old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(StorageError, match=r"best\.json.*No space left"):
        directory.write("best.json", "new")
    assert (tmp_path / "best.json").read_text() == "old"
    assert not list(tmp_path.glob(".*.tmp"))


def test_directory_that_went_away_is_named(tmp_path: Path) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    (directory.path / "trials.jsonl").unlink()
    directory.path.rmdir()
    for action in (lambda: directory.append_trial(TRIALS[0]), lambda: directory.log("x"), directory.trials):
        with pytest.raises(StorageError, match="run"):
            action()


@pytest.fixture
def run(make_objective: Callable[..., Objective], tmp_path: Path) -> RunDirectory:
    directory = RunDirectory.create(tmp_path / "run")
    run_search(make_objective(), trials=2, seed=0, store=directory)
    return directory


@pytest.mark.slow
def test_search_writes_every_file(run: RunDirectory, builder: Any) -> None:
    trials = run.trials()
    complete = [trial for trial in trials if trial.status == "complete"]
    assert len(complete) == 2
    record = load_best(run.path)
    best = max(complete, key=lambda trial: trial.score or 0)
    assert record["scores"]["val_accuracy"] == best.score
    assert record["fingerprint"] == builder.plan(record["tokens"]).fingerprint()
    assert record["builder"] == {"type": "CountingBuilder", "options": {}}
    assert record["architecture"][0]["operation"] == str(builder.model_space[0][record["tokens"][0]])
    assert record["architecture"][1]["skips_from"] == ([0] if record["tokens"][2] else [])
    assert set(record["versions"]) == {
        "amber",
        "keras",
        "backend",
        "backend_version",
        "python",
        "numpy",
        "optuna",
    }
    assert (run.path / "ranking.csv").read_text().count("\n") == 3
    assert "val_accuracy" in (run.path / "ranking.txt").read_text()
    assert "Search finished: 2 complete" in (run.path / "search.log").read_text()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("format_version", 2),
        ("tokens", [0, "1"]),
        ("tokens", []),
        ("space", [[{"units": 3}]]),
        ("builder", {"type": 3, "options": {}}),
        ("seed", True),
        ("scores", {"a": "high"}),
        ("versions", None),
        ("fingerprint", None),
        ("architecture", [{"layer": 0}]),
    ],
)
def test_record_with_a_wrong_value_is_refused_by_file_and_key(run: RunDirectory, key: str, value: Any) -> None:
    file = run.path / "best.json"
    record = json.loads(file.read_text())
    file.write_text(json.dumps({**record, key: value}))
    with pytest.raises(ConfigError, match=rf"best\.json.*'{key}'"):
        load_best(file)
    del record[key]
    file.write_text(json.dumps(record))
    with pytest.raises(ConfigError, match=rf"best\.json.*'{key}'"):
        load_best(file)


def test_record_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent.json: expected the best.json of a search. Received: no such file"):
        load_best(tmp_path / "absent.json")
    for content in (b"{", b"[]", b"\xff"):
        (tmp_path / "best.json").write_bytes(content)
        with pytest.raises(ConfigError, match=r"best\.json"):
            load_best(tmp_path)


def test_ranking_texts() -> None:
    lines = ranking_csv(TRIALS).splitlines()
    assert lines[0].startswith("rank,score,parameters,FLOPs,seconds,tokens")
    assert [line.split(",")[6] for line in lines[1:]] == ["2", "3", "0"]  # of equal scores the smaller first
    assert [line.split(",")[6] for line in ranking_csv(TRIALS, direction="minimize").splitlines()[1:]] == [
        "3",
        "0",
        "2",
    ]
    assert ranking_markdown(TRIALS, top=1).splitlines()[2:] == ["| 1 | 0.7500 | 1,000 | 20 | 2.0 | 0 1 |"]
    table = ranking_table(TRIALS, top=2)
    assert table.row_count == 2 and str(table.caption).startswith("The best 2 of 3.")


def test_a_long_ranking_is_cut_where_it_is_read(tmp_path: Path, make_objective: Callable[..., Objective]) -> None:
    directory = RunDirectory.create(tmp_path / "run")
    recorder = SearchFiles(directory, make_objective(), 0)
    trials = [replace(TRIALS[0], number=number, score=number / 1000) for number in range(700)]
    pruned = [replace(each, number=each.number + 700, status="pruned", epochs=1) for each in trials]
    recorder.finish(SearchResult((*trials, *pruned), "val_accuracy", "maximize", 0))
    text = " ".join((tmp_path / "run" / "ranking.txt").read_text().split())
    assert f"The best {SHOWN} of 700." in text and "trial 749 after epoch 1 and 650 more" in text
    assert len((tmp_path / "run" / "ranking.csv").read_text().splitlines()) == 701


@pytest.mark.slow
@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_readable(make_objective: Callable[..., Objective], terminal: bool, tmp_path: Path) -> None:
    with (tmp_path / "out").open("w", encoding="utf-8") as file:
        console = Console(file=file, force_terminal=terminal, width=100, color_system=None)
        run_search(make_objective(), trials=2, seed=0, callbacks=[SearchProgress(console)])
    text = (tmp_path / "out").read_text(encoding="utf-8")
    if terminal:
        assert "2/2 trained" in text and "0 invalid" in text and "finished after" in text
    else:
        assert "\x1b" not in text
        assert text.startswith("Search of 2 architectures for the highest val_accuracy\n[1/2] trial 0 complete")
        assert text.splitlines()[-1].startswith("Search finished")


def test_importing_the_package_is_light_and_every_name_is_there() -> None:
    light = "import amber.search, sys; assert not {'keras', 'optuna', 'torch', 'rich'} & set(sys.modules)"
    names = (
        "import amber.search; [getattr(amber.search, name) for name in amber.search.__all__ for _ in range(2)]; "
        "assert callable(amber.search.retrain)"
    )
    for done in (warm().run(light, ["-c"]), run_code(names)):
        assert done.returncode == 0, done.stderr
