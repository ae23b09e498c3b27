"""The exit codes that docs/running.md promises, of every command."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.calls import write_calls
from tests.supernet.spaces import make_ann, scatter

from amber.cli.command_table import COMMANDS
from amber.explain.motifs import Motif, write_meme

ROOT = Path(__file__).parents[2]
# Words that every command takes.
WORDS = {
    "build": "none.yaml 0",
    "compare": "none.yaml",
    "dashboard": "none",
    "data": "none.yaml",
    "describe": "none.yaml 0",
    "design": "none",
    "doctor": "",
    "draw": "none.yaml 0",
    "evaluate": "none",
    "explain": "none",
    "export": "none",
    "extract": "none.h5 0",
    "init": "none.csv",
    "predict": "none none.csv",
    "repair": "none",
    "report": "none",
    "sample": "none.yaml",
    "scan": "none.meme none.fa",
    "search": "none.yaml",
    "train": "none.yaml --from none",
    "variants": "none none.vcf --genome none.fa",
}
# Something happens at the first import of a command that runs.
SCRIPT = """
import os, signal, sys, time
from amber.cli import failures
from amber.cli.entry import main

class Happens:
    def find_spec(self, name, *more):
        sys.meta_path.remove(self)
        {happens}

announce = failures.announce_loading
failures.announce_loading = lambda stream: sys.meta_path.insert(0, Happens())
main()
"""
FAILS = "raise RuntimeError('what nobody expects')"
CTRL_C = "os.kill(os.getpid(), signal.SIGINT); time.sleep(20)"


def ended(command: str, happens: str, folder: Path) -> subprocess.CompletedProcess[str]:
    for name in re.findall(r"none\S*", WORDS[command]):  # what is not there is refused before anything is imported
        (folder / name).touch()
    words = [sys.executable, "-c", SCRIPT.format(happens=happens), command, *WORDS[command].split()]
    return subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=200, check=False)


def test_these_are_all_commands() -> None:
    assert {line.name for line in COMMANDS} == set(WORDS)


@pytest.mark.slow
@pytest.mark.parametrize("command", WORDS)
def test_what_nobody_expects_ends_with_1(command: str, tmp_path: Path) -> None:
    done = ended(command, FAILS, tmp_path)
    assert done.returncode == 1, done
    assert "what nobody expects" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("command", sorted(WORDS))
def test_mistakes_end_with_2(command: str, amber: Callable[..., Any], tmp_path: Path) -> None:
    assert amber(command, "--nonsense").exit_code == 2
    if command != "doctor":  # takes no files
        done = amber(command, *(f"{tmp_path}/{word}" if "none" in word else word for word in WORDS[command].split()))
        assert done.exit_code == 2 and "none" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", WORDS)
def test_ctrl_c_ends_with_130(command: str, tmp_path: Path) -> None:
    done = ended(command, CTRL_C, tmp_path)
    assert done.returncode == 130, done
    assert "Traceback" not in done.stderr


@pytest.fixture(scope="module")
def files(finished_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """What commands are given that succeed."""
    folder = tmp_path_factory.mktemp("given")
    rng = np.random.default_rng(0)
    for name in ("bound", "free"):
        lines = (f">{name}{number}\n{''.join(rng.choice(list('ACGT'), 60))}\n" for number in range(40))
        (folder / f"{name}.fa").write_text("".join(lines))
    write_meme(folder / "one.meme", [Motif("one", np.eye(4)[[0, 1, 2, 3, 0]], sites=5)])
    supernet = make_ann()
    scatter(supernet)
    supernet.supernet.save(folder / "supernet.h5")
    tokens = ",".join(map(str, supernet.layout.sample(2)))
    (folder / "tokens").write_text(tokens)
    write_calls(folder, ["chr1\t150\t.\tA\tC\t.\t.\t."])
    return {"folder": folder, "run": finished_run, "config": finished_run / "config.yaml"}


SUCCEED = {
    "build": "{run} -o {folder}/built.keras",
    "compare": "{config} --seeds 3 --no-random --trials 1 -d {folder}/compared",
    "data": "{config}",
    "describe": "{run}",
    "design": "{run} --start 1 --steps 1 -o {folder}/designs",
    "doctor": "",
    "draw": "{run} -o {folder}/drawn.svg",
    "evaluate": "{run}",
    "explain": "{run} --motifs none --examples 4 --shuffles 1 -o {folder}/explained",
    "export": "{run} -o {folder}/trials.csv",
    "extract": "{folder}/supernet.h5 {tokens} -o {folder}/extracted.keras",
    "init": "{folder}/bound.fa {folder}/free.fa -o {folder}/new.yaml",
    "predict": "{run} {folder}/bound.fa",
    "repair": "{run}",
    "report": "{run} -o {folder}/report.html",
    "sample": "{config}",
    "scan": "{folder}/one.meme {folder}/bound.fa",
    "search": "{config} --trials 1 -d {folder}/searched",
    "train": "{config} --from {run} --epochs 1 -o {folder}/trained",
    "variants": "{run} {folder}/v.vcf --genome {folder}/g.fa",
}


@pytest.mark.slow
@pytest.mark.parametrize("command", SUCCEED)
def test_success_ends_with_0(command: str, files: dict[str, Path], amber: Callable[..., Any]) -> None:
    tokens = (files["folder"] / "tokens").read_text()
    done = amber(command, *SUCCEED[command].format(**files, tokens=tokens).split())
    assert done.exit_code == 0, done.output + done.stderr


def test_success_is_tried_of_all() -> None:
    # A dashboard is tried in tests/report/test_dashboard.py: it goes on until Ctrl-C.
    assert set(SUCCEED) | {"dashboard"} == set(WORDS)


def test_the_documents_list_all_codes() -> None:
    from amber.cli import failures

    text = (ROOT / "docs" / "running.md").read_text(encoding="utf-8").split("## Exit codes")[1].split("##")[0]
    listed = {
        int(code) for row in text.splitlines() if row.startswith("| ") for code in re.findall(r"\d+", row.split("|")[1])
    }
    codes = {failures.RUN_FAILED, failures.USER_MISTAKE, failures.INTERRUPTED, failures.READER_GONE}
    assert listed == codes | {0, 129, 143}
