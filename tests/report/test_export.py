"""Every trial as CSV and JSON."""

from __future__ import annotations

import csv
import json
from pathlib import Path

from tests.cli.conftest import invoke

from amber.report import trials_csv
from amber.search import RunDirectory, Trial


def test_json_is_what_the_journal_holds(run: Path, tmp_path: Path) -> None:
    done = invoke("export", run, "-o", tmp_path / "trials.json")
    assert done.exit_code == 0, done.stderr
    trials = [json.loads(line) for line in (run / "trials.jsonl").read_text("utf-8").splitlines()]
    for trial in trials:
        del trial["checksum"]
    assert json.loads((tmp_path / "trials.json").read_text("utf-8")) == trials


def test_csv_has_every_trial_in_full(run: Path, tmp_path: Path) -> None:
    done = invoke("export", run, "-o", tmp_path / "trials.csv")
    assert done.exit_code == 0, done.stderr
    trials = RunDirectory.open(run).trials()
    assert f"{len(trials)} trials" in done.output
    with (tmp_path / "trials.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["number"]) for row in rows] == [trial.number for trial in trials]
    assert [float(row["score"]) for row in rows] == [trial.score for trial in trials]
    assert [tuple(map(int, row["tokens"].split())) for row in rows] == [trial.tokens for trial in trials]
    assert [float(row["metric:val_loss"]) for row in rows] == [trial.metrics["val_loss"] for trial in trials]


def test_what_is_not_known_is_empty() -> None:
    text = trials_csv([Trial(0, (1,), "", "invalid", error='no "network", at all')])
    ((row,)) = list(csv.DictReader(text.splitlines(keepends=True)))
    assert row["score"] == row["parameters"] == row["seed"] == ""
    assert row["error"] == 'no "network", at all'


def test_other_format_is_refused(run: Path, tmp_path: Path) -> None:
    done = invoke("export", run, "-o", tmp_path / "trials.xlsx")
    assert done.exit_code == 2 and ".csv or .json" in done.stderr
