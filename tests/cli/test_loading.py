"""What is shown while packages load, in real processes: in this one they are loaded."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from tests.new_process import run_code

from amber.cli import waiting
from amber.cli.command_table import COMMANDS
from amber.cli.waiting import shown_progress

PROBE = """
import sys
from amber.cli import loading, main
def say(stream, line):
    print(line, [each for each in ("numpy", "keras", "torch", "jax", "tensorflow", "sklearn") if each in sys.modules])
loading._say = say
sys.argv[1:] = ["search", "c.yaml"]
main.main()
"""


def run(folder: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=200)


@pytest.mark.slow
def test_search_says_what_it_loads_before_it_does(write_config: Callable[..., Path], tmp_path: Path) -> None:
    search = ("-m", "amber", "search", write_config(), "-d", tmp_path / "run", "--trials", "1")
    lines = run(tmp_path, *search).stdout.splitlines()
    assert lines[:2] == ["Loading packages ...", "Loading PyTorch and Keras ..."]
    assert sum("Loading" in line for line in lines) == 2
    assert "Loading" not in run(tmp_path, *search, "--quiet", "--resume").stdout


def test_the_line_comes_before_whatever_is_slow(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("model_space: []\n")
    assert run(tmp_path, "-c", PROBE).stdout.splitlines()[0] == "Loading packages ... []"


def test_a_mistake_that_is_known_before_keras_says_nothing_of_it(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("model_space: []\n")
    done = run(tmp_path, "-m", "amber", "search", "c.yaml")
    assert done.returncode == 2 and "model_space" in done.stderr
    assert done.stdout.splitlines() == ["Loading packages ..."]


def test_mistakes_in_options_and_help_load_nothing(tmp_path: Path) -> None:
    mistaken = run(tmp_path, "-m", "amber", "search", "none.yaml", "--resume", "--overwrite")
    assert mistaken.returncode == 2 and "Loading" not in mistaken.stdout
    assert "Loading" not in run(tmp_path, "-m", "amber", "search", "--help").stdout


# What is given first, by command; none of these is there.
_NOTHING_THERE = {
    "build": "none.yaml 0",
    "compare": "none.yaml",
    "dashboard": "none",
    "data": "none.yaml",
    "describe": "none.yaml",
    "design": "none",
    "draw": "none.yaml",
    "evaluate": "none.keras",
    "explain": "none",
    "export": "none",
    "extract": "none.h5 0,1",
    "init": "none.csv",
    "predict": "none.keras none.csv",
    "repair": "none",
    "report": "none",
    "sample": "none.yaml",
    "scan": "none.meme none.fa",
    "search": "none.yaml",
    "train": "none.yaml --from none",
    "variants": "none none.vcf",
}
LOADED = """
import sys
from amber.cli import loading
sys.argv[1:] = sys.argv[1].split()
from amber.cli.main import run
try:
    run()
except SystemExit as end:
    print(end.code, sorted(loading._SLOW & set(sys.modules)))
"""


def test_every_command_that_is_given_something_is_tried() -> None:
    assert {each.name for each in COMMANDS} == {*_NOTHING_THERE, "doctor"}


@pytest.mark.parametrize("command", _NOTHING_THERE)
def test_what_is_not_there_is_refused_before_anything_is_loaded(command: str, tmp_path: Path) -> None:
    done = run(tmp_path, "-c", LOADED, f"{command} {_NOTHING_THERE[command]}")
    assert done.stdout == "2 []\n" and done.stderr.count("\n") == 1, done
    assert done.stderr.startswith("Error: ") and "none" in done.stderr


# Every command that loads packages, with words that are refused only after they are loaded, or not at all.
QUICK = {
    "build": "build text 0",
    "describe": "describe text 0,1",
    "draw": "draw text 0,1",
    "evaluate": "evaluate text",
    "explain": "explain folder",
    "extract": "extract text 0,1",
    "predict": "predict text text",
    "report": "report folder",
    "sample": "sample text",
    "scan": "scan text text",
    "variants": "variants text text --genome text",
}
SILENT = """
import sys
from amber.cli import loading
sys.meta_path.insert(0, type("Stop", (), {"find_spec": lambda self, name, *more: sys.exit(f"silent before {name}")
    if name in loading._SLOW | {"keras"} else None})())
sys.argv[1:] = sys.argv[1].split()
from amber.cli.entry import main
main()
"""


@pytest.mark.slow
@pytest.mark.parametrize("command", QUICK)
def test_no_command_is_silent_before_it_loads(command: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("text")
    done = run(tmp_path, "-c", SILENT, QUICK[command])
    first = done.stderr.splitlines()[0]
    # Refused before anything is loaded, or said before the first of the packages is.
    assert first.startswith(("Error: ", "Loading packages ...")), done.stderr


def test_lines_go_to_the_stream_that_was_named_last() -> None:
    code = (
        "import io, sys\nfrom amber.cli.loading import announce_loading\n"
        "sys.modules.pop('keras', None), sys.modules.pop('numpy', None)\n"
        "for name in [n for n in sys.modules if n in ('h5py', 'matplotlib', 'optuna', 'pandas', 'scipy', 'sklearn')]:\n"
        "    del sys.modules[name]\n"
        "first, second = io.StringIO(), io.StringIO()\n"
        "announce_loading(first); announce_loading(second, now=True); announce_loading(second, now=True)\n"
        "print(repr((first.getvalue(), second.getvalue())))"
    )
    assert run_code(code).stdout.strip() == "('', 'Loading packages ...\\n')"


def test_work_is_shown_in_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = io.StringIO()
    with shown_progress("Predicting", Console(file=shown)) as progress:
        assert shown.getvalue() == "Predicting ...\n"
        progress(1, 2000)
        monkeypatch.setattr(waiting, "_SECONDS", 0.0)
        progress(1500, 2000)
        progress.begin("Looking for motifs")
    lines = ["Predicting ...", "Predicting: 1,500 of 2,000", "Looking for motifs ..."]
    assert shown.getvalue().splitlines() == lines


def test_work_is_shown_as_a_bar_on_a_terminal_and_leaves_nothing() -> None:
    shown = io.StringIO()
    with shown_progress("Predicting", Console(file=shown, force_terminal=True, width=60)) as progress:
        progress(1, 4)
    assert "25%" in shown.getvalue() and shown.getvalue().endswith("\x1b[2K")


def test_a_bar_says_what_begins_next_and_how_far_that_is() -> None:
    shown = io.StringIO()
    with shown_progress("Explaining", Console(file=shown, force_terminal=True, width=60)) as progress:
        progress(4, 4)
        progress.begin("Looking for motifs")
        progress(3, 4)
    last = shown.getvalue().rpartition("Looking for motifs")[2]
    assert "75%" in last and "100%" not in last
