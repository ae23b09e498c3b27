"""Looks at the test data are counted: by searches that are taken up and by `amber evaluate`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.experiment.run_files.looks import looks_so_far, note_look

Amber = Callable[..., Any]


@pytest.mark.slow
def test_each_look_is_counted_and_said(
    amber: Amber, finished_run: Path, tmp_path: Path, write_config: Callable[..., Path]
) -> None:
    run = tmp_path / "run"
    shutil.copytree(finished_run, run)
    first = looks_so_far(run)
    assert "test data used once" in (run / "results.txt").read_text() and first >= 1
    assert amber("evaluate", run).exit_code == 0  # of the validation part
    assert looks_so_far(run) == first
    for source, count in ((run, first + 1), (run / "best.keras", first + 2)):
        done = amber("evaluate", source, "--split", "test")
        assert done.exit_code == 0 and f"used {count} times now" in done.stderr
        assert looks_so_far(run) == count
    longer = amber("search", write_config(), "-d", run, "--resume", "--trials", 6)
    assert longer.exit_code == 0, longer.stderr
    kept = "are kept" in longer.stdout
    assert looks_so_far(run) == first + 2 + (not kept)
    if not kept:
        assert f"test data used {first + 3} times" in longer.stdout


@pytest.mark.parametrize(
    ("record", "looks"),
    [({"final": {}}, 1), ({}, 0), ({"looks": 3}, 3), ({"looks": "x"}, 1), ({"looks": -1}, 1), ([], 0)],
)
def test_records_of_earlier_versions_and_of_strangers(record: Any, looks: int, tmp_path: Path) -> None:
    assert looks_so_far(tmp_path) == 0
    (tmp_path / "best.json").write_text(json.dumps(record))
    assert looks_so_far(tmp_path) == looks


def test_a_model_of_no_run_counts_nothing(tmp_path: Path) -> None:
    assert note_look(tmp_path / "model.keras") == 1
    assert list(tmp_path.iterdir()) == []
