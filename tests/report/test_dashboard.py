"""`amber dashboard` answers in a process of its own, and follows the journal."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import invoke

from amber.report.optuna_study import StudyMirror
from amber.search import RunDirectory

# Ctrl-C works even where the tests were started by something that ignores it.
CODE = "import signal; signal.signal(2, signal.default_int_handler); from amber.cli.main import main; main()"
AMBER = [sys.executable, "-c", CODE]


def fetched(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=30) as answer:
        return answer.read()


def shown(root: str) -> list[dict[str, Any]]:
    study = json.loads(fetched(f"{root}/api/studies"))["study_summaries"][0]
    trials = json.loads(fetched(f"{root}/api/studies/{study['study_id']}?after=0"))["trials"]
    return [trial for trial in trials if trial["state"] in ("Complete", "Fail")]


def test_dashboard_answers_and_follows_the_run(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    before = {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()}
    trials = RunDirectory.open(copy).trials()
    command = [*AMBER, "dashboard", copy, "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            root = line.split(" at ")[1].split("/dashboard/")[0]
            assert root.startswith("http://127.0.0.1:")
            assert b"<html" in fetched(f"{root}/dashboard/").lower()
            assert len(shown(root)) == len(trials)
            assert {path.name: path.read_bytes() for path in copy.iterdir() if path.is_file()} == before
            last = (copy / "trials.jsonl").read_text("utf-8").splitlines()[-1]
            with (copy / "trials.jsonl").open("a", encoding="utf-8") as file:
                file.write(json.dumps({**json.loads(last), "number": len(trials)}) + "\n")
            deadline = time.monotonic() + 30
            while len(shown(root)) == len(trials) and time.monotonic() < deadline:
                time.sleep(0.2)
            assert len(shown(root)) == len(trials) + 1
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0
        finally:
            process.kill()


def test_study_holds_every_trial(run: Path) -> None:
    trials = RunDirectory.open(run).trials()
    mirror = StudyMirror("tiny", "maximize", "val_accuracy", ["first"])
    assert mirror.update(trials[:2]) == 2 and mirror.update(trials) == len(trials) - 2 and mirror.update(trials) == 0
    (study,) = mirror.storage.get_all_studies()
    kept = mirror.storage.get_all_trials(study._study_id)
    assert [trial.value for trial in kept] == [trial.score for trial in trials]
    assert [tuple(trial.params.values()) for trial in kept] == [trial.tokens for trial in trials]
    assert list(kept[0].params)[:2] == ["first", "token 1"]
    assert [trial.user_attrs["parameters"] for trial in kept] == [trial.parameters for trial in trials]


def test_what_is_no_run_or_no_free_port_is_said(run: Path, tmp_path: Path) -> None:
    done = invoke("dashboard", tmp_path)
    assert done.exit_code == 2 and "no run directory" in done.stderr
    done = invoke("dashboard", run, "--host", "192.0.2.1")
    assert done.exit_code == 1 and "192.0.2.1:8080" in done.stderr


def test_missing_package_is_named(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "optuna_dashboard", None)
    done = invoke("dashboard", run)
    assert done.exit_code == 2 and "amber-nas[dashboard]" in done.stderr
