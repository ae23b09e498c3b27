"""What the shell proposes when the tabulator key is pressed: asked of the very functions that a shell calls."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer import Context
from typer.main import get_command
from typer.testing import CliRunner

from amber.cli.completion import complete_config, complete_model, complete_run, complete_source
from amber.cli.main import app

# A bash that has loaded the completion as the documents say, and is asked for the last of the words.
BASH = """
amber --show-completion > function.sh && source function.sh
COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 ))
_amber_completion amber
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with runs, models and what is neither."""
    base = tmp_path_factory.mktemp("completed")
    for run in ("runs/splice", "runs/peaks", "old/2024/first", "a/b/c/too_deep", ".hidden/run"):
        (base / run / "inside").mkdir(parents=True)
        (base / run / "trials.jsonl").touch()
        (base / run / "best.keras").touch()
    for file in ("config.yaml", "data.csv", "model.keras", "runs/other.yml"):
        (base / file).touch()
    return base


def asked_of_bash(words: Sequence[str], folder: Path) -> list[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["bash", "-c", BASH, "bash", *words]
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and not done.stderr, done.stderr
    return done.stdout.split()


@pytest.mark.slow
def test_bash_proposes_commands_options_values_and_runs(folder: Path) -> None:
    assert asked_of_bash(["amber", "sea"], folder) == ["search"]
    assert {"init", "search", "explain", "doctor"} < set(asked_of_bash(["amber", ""], folder))
    assert asked_of_bash(["amber", "search", "--res"], folder) == ["--resume"]
    assert asked_of_bash(["amber", "evaluate", "runs/splice", "--split", ""], folder) == ["train", "validation", "test"]
    assert asked_of_bash(["amber", "explain", "ru"], folder) == ["runs/peaks", "runs/splice"]
    assert asked_of_bash(["amber", "search", "config.yaml", "-d", "old"], folder) == ["old/2024/first"]


@pytest.mark.parametrize(
    ("words", "proposed"),
    [
        ("amber sea", {"search"}),
        ("amber draw x --theme ", {"light", "dark"}),
        ("amber report ru", {"runs/peaks", "runs/splice"}),
    ],
)
def test_zsh_is_told_the_same(words: str, proposed: set[str], folder: Path) -> None:
    environment = {**os.environ, "_AMBER_COMPLETE": "complete_zsh", "_TYPER_COMPLETE_ARGS": words}
    command = [sys.executable, "-c", "import sys; sys.argv = ['amber']; from amber.cli.entry import main; main()"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    # One proposal a line, followed by what it is.
    assert set(re.findall(r'^[^"]*"([^"]+)"', done.stdout, re.MULTILINE)) == proposed


def test_a_shell_is_told_the_whole_line_of_a_command() -> None:
    listed: Any = get_command(app)
    shown = {item.value: item.help for item in listed.shell_complete(Context(listed), "")}
    assert shown["design"] == "Evolve sequences towards an output of a network, within constraints; shows every step."
    # zsh loses them.
    assert not [line for line in shown.values() if "'" in line]


def test_runs_are_found_a_few_folders_down(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    assert complete_run("") == ["runs/peaks", "runs/splice", "old/2024/first"]
    assert complete_run("a/b/") == ["a/b/c/too_deep"]
    assert complete_run("nothing/at") == [] and complete_run("runs/splice/in") == []
    assert complete_model("m") == ["model.keras"] and complete_model("runs/s") == ["runs/splice"]
    assert complete_model("runs/splice/") == ["runs/splice/best.keras"]
    assert complete_source("") == ["config.yaml", "runs/other.yml", "runs/peaks", "runs/splice", "old/2024/first"]
    assert complete_config("") == ["config.yaml", "runs/other.yml"]
    assert complete_run(f"{folder}/runs/p") == [f"{folder}/runs/peaks"]


def test_a_large_folder_is_looked_through_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("amber.cli.completion._MOST_ENTRIES", 3)
    for number in range(5):
        (tmp_path / f"run{number}").mkdir()
        (tmp_path / f"run{number}" / "trials.jsonl").touch()
    assert complete_run(f"{tmp_path}/") == [f"{tmp_path}/run{number}" for number in range(3)]


def test_a_shell_may_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    runner = CliRunner()
    shown = {shell: runner.invoke(app, ["--show-completion", shell], prog_name="amber") for shell in ("bash", "zsh")}
    assert "complete -o default" in shown["bash"].stdout and "complete_bash" in shown["bash"].stdout
    assert "#compdef amber" in shown["zsh"].stdout and "complete_zsh" in shown["zsh"].stdout
    installed = runner.invoke(app, ["--install-completion", "fish"], prog_name="amber")
    path = tmp_path / ".config/fish/completions/amber.fish"
    assert path.is_file() and str(path) in installed.stdout and installed.exit_code == 0
    wrong = runner.invoke(app, ["--show-completion", "csh"], prog_name="amber")
    assert wrong.exit_code == 2 and "bash, zsh, fish" in wrong.stderr and "csh" in wrong.stderr
