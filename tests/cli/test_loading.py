"""What is shown while packages load, in real processes: in this one they are loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PROBE = """
import sys
from amber.cli import loading, main
def say(stream, line):
    print(line, [each for each in ("numpy", "keras", "torch", "jax", "tensorflow", "sklearn") if each in sys.modules])
loading._say = say
sys.argv[1:] = ["search", "none.yaml"]
main.main()
"""


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)


@pytest.mark.slow
def test_search_says_what_it_loads_before_it_does(write_config: Callable[..., Path], tmp_path: Path) -> None:
    search = ("-m", "amber.cli", "search", write_config(), "-d", tmp_path / "run", "--trials", "1")
    lines = run(tmp_path, *search).stdout.splitlines()
    assert lines[:2] == ["Loading packages ...", "Loading PyTorch and Keras ..."]
    assert sum("Loading" in line for line in lines) == 2
    assert "Loading" not in run(tmp_path, *search, "--quiet", "--resume").stdout


def test_the_line_comes_before_whatever_is_slow(tmp_path: Path) -> None:
    assert run(tmp_path, "-c", PROBE).stdout.splitlines()[0] == "Loading packages ... []"


def test_a_mistake_that_is_known_before_keras_says_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("model_space: []\n")
    done = run(tmp_path, "-m", "amber.cli", "search", "c.yaml")
    assert done.returncode == 2 and "model_space" in done.stderr
    assert done.stdout.splitlines() == ["Loading packages ..."]


def test_mistakes_in_options_and_help_load_nothing(tmp_path: Path) -> None:
    mistaken = run(tmp_path, "-m", "amber.cli", "search", "none.yaml", "--resume", "--overwrite")
    assert mistaken.returncode == 2 and "Loading" not in mistaken.stdout
    assert "Loading" not in run(tmp_path, "-m", "amber.cli", "search", "--help").stdout
