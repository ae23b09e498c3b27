"""Whole scripts of the first AMBER's users, run as they are in processes of their own.

They hold no line that was changed, but for `session = object()`, which stands for a TensorFlow 1 session.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPTS = sorted(path.stem for path in (Path(__file__).parent / "scripts").glob("*.py"))


def run(script: str, folder: Path, *arguments: str) -> str:
    """Run a script and return its last line; its errors fail the test."""
    path = Path(__file__).parent / "scripts" / f"{script}.py"
    done = subprocess.run(
        [sys.executable, str(path), str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        cwd=folder,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Traceback" not in done.stderr
    return done.stdout.strip().splitlines()[-1]


@pytest.mark.slow
@pytest.mark.parametrize("script", [name for name in SCRIPTS if name != "mock_search"])
def test_a_script_of_the_first_amber_runs(script: str, tmp_path: Path) -> None:
    assert run(script, tmp_path).startswith("best ")
    histories = list(tmp_path.rglob("train_history.csv"))
    assert histories and all((path.parent / "controller_weights.h5").is_file() for path in histories)


@pytest.mark.slow
def test_planted_rewards_are_found_without_training(tmp_path: Path) -> None:
    """The script itself compares the first hundred architectures with the last hundred."""
    assert run("mock_search", tmp_path, "3").startswith("mean reward")


def test_the_scripts_cover_the_workflows() -> None:
    assert {"digits", "deepsea", "croton", "ambient", "single_run", "sparse_ffnn", "mock_search"} <= set(SCRIPTS)
