"""What a layer changes of its process does not reach the trials after it."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.search.conftest import CountingBuilder

from amber.search import Objective, RunDirectory, run_search
from amber.search.process_state import kept_process_state


def close_output() -> None:
    sys.stdout = io.TextIOWrapper(os.fdopen(os.dup(1), "wb"))
    with kept_process_state():
        sys.stdout.close()


def test_closed_output_is_opened_anew() -> None:
    before = sys.stdout
    try:
        close_output()
        assert not sys.stdout.closed
        sys.stdout.close()
    finally:
        sys.stdout = before


def test_output_that_is_turned_elsewhere_is_turned_back() -> None:
    before = sys.stderr
    with kept_process_state():
        sys.stderr = io.StringIO()
    assert sys.stderr is before


def test_variables_are_put_back_and_new_ones_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AMBER_OLD", "1")
    monkeypatch.setenv("AMBER_CHANGED", "1")
    monkeypatch.delenv("AMBER_NEW", raising=False)
    with kept_process_state():
        del os.environ["AMBER_OLD"]
        os.environ["AMBER_CHANGED"], os.environ["AMBER_NEW"] = "2", "3"
    assert [os.environ.get(f"AMBER_{name}") for name in ("OLD", "CHANGED", "NEW")] == ["1", "1", "3"]
    del os.environ["AMBER_NEW"]


def test_search_in_a_relative_folder_goes_on_where_a_trial_goes_elsewhere(
    make_objective: Callable[..., Objective], builder: CountingBuilder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    builder.before = lambda tokens: os.chdir("/")
    found = run_search(make_objective(), trials=2, seed=0, store=RunDirectory.create("run"))
    assert found.counts()["complete"] == 2 and Path.cwd() == tmp_path
    assert len((tmp_path / "run" / "trials.jsonl").read_text().splitlines()) == 2


def test_folder_that_was_removed_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with kept_process_state():
        os.chdir("/")
    assert Path.cwd() == Path("/")
