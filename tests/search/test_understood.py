"""What a search says in its log before it begins."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from amber.search import Objective, RunDirectory, run_search


def test_a_search_in_python_logs_what_it_understood(
    make_objective: Callable[..., Objective], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "amber")
    run_search(make_objective(), trials=1, seed=0, store=RunDirectory.create(tmp_path / "run"))
    lines = [line.split(" ", 2)[2] for line in (tmp_path / "run" / "search.log").read_text().splitlines()]
    assert lines[0] == "Task: output 0: 2 classes, 0 to 1 (guessed); the search compares val_accuracy, to be maximized."
    assert lines[1] == "Data: 48 training and 16 validation examples of shape (20, 4), divided by the caller."
    assert lines[2].startswith("Runs on torch (KERAS_BACKEND)") and lines[2].endswith("1 worker (this process).")
    assert all(line in caplog.text for line in lines[:3])
