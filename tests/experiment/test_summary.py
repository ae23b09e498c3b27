"""The lines that a search begins with: task, data and machine, and what of them was guessed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from amber.data import Dataset, Split, Target, TestVault
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.summary import describe_space, understood


def dataset(**changes: Any) -> Dataset:
    split = Split({"rna": np.zeros((1200, 3)), "seq": np.zeros((1200, 40, 4))}, {"y": np.zeros(1200)})
    made = Dataset(
        name="mine",
        train=split,
        validation=split,
        test=TestVault(split),
        classes=(),
        input_shape={"rna": (3,), "seq": (40, 4)},
        split="random",
        targets=(Target("y", ("no", "yes"), guessed=True), Target("dose", range=(0.5, 2.0))),
        split_origin="drawn at random, stratified, seed 0 (guessed)",
        path=Path("/data/mine.csv"),
    )
    return replace(made, **changes)


def test_task_and_data_are_said_with_what_was_guessed(tiny: str) -> None:
    lines = list(understood(config_from_text(tiny, "a.yaml"), dataset(notes=("2 examples were left out.",))))
    assert [line.split("  ")[0] for line in lines] == ["Task", "Data", "Runs on", "Note"]
    assert "y: binary classification, classes no, yes (guessed); dose: regression, values 0.5 to 2" in lines[0]
    assert "mine (/data/mine.csv): 1,200 train, 1,200 validation, 1,200 test examples of rna 3 + seq 40 x 4" in lines[1]
    assert lines[1].endswith("split: drawn at random, stratified, seed 0 (guessed)")
    assert lines[3] == "Note     2 examples were left out."


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "1 worker (this process)"),
        ("executor: processes", "1 thread each, 2 worker processes (default)"),
        ("executor: processes\n  workers: 1\n  threads: 3", "3 threads each, 1 worker process"),
        ("executor: {dask: 'tcp://host:1'}", "1 thread each, all workers of tcp://host:1"),
        ("executor: processes\n  devices: ['0', '1']", "GPUs 0 1"),
        ("strategy: one_shot\n  executor: processes", "shared weights in this process (1 thread), 1 thread each"),
    ],
)
def test_the_machine_is_said(tiny: str, options: str, said: str) -> None:
    text = tiny.replace("  sampler: random\n  trials: 2", f"  {options}") if options else tiny
    loaded = config_from_text(text, "a.yaml")
    line = list(understood(loaded, dataset()))[2]
    assert said in line and "torch" in line and "(KERAS_BACKEND)" in line


def test_task_and_data_are_said_before_keras_is_loaded() -> None:
    probe = (
        "import sys; from amber.experiment.data import load_data\n"
        "from amber.experiment.task_spec import TaskSpec; from amber.experiment.task_settings import for_task\n"
        "from amber.experiment.summary import describe_space, understood\n"
        "from tests.cli.conftest import TINY; from amber.experiment.configuration.reading import config_from_text\n"
        "loaded = config_from_text(TINY, 'a.yaml'); data = load_data(loaded)\n"
        "lines = understood(for_task(loaded, TaskSpec.of(data)), data); print(next(lines)); print(next(lines))\n"
        "print([name for name in ('keras', 'torch') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_search_begins_with_the_lines(
    amber: Callable[..., Any], finished_run: Path, write_config: Callable[..., Path]
) -> None:
    done = amber("search", write_config(), "-d", finished_run, "--resume")
    assert done.exit_code == 0, done.stderr
    first, second, third = done.stdout.splitlines()[:3]
    assert first == "Task     output: multi-class classification, classes EI, IE, N (guessed)"
    assert second.startswith("Data     splice (") and second.endswith("split: column gsplit (guessed)")
    assert third.startswith("Runs on  torch")


@pytest.mark.parametrize(
    ("sizes", "said"),
    [([3, 2], "6 architectures"), ([10] * 9, "about 1.0e+9 architectures"), ([2] * 11_325, "about 1.5e+3409 archi")],
)
def test_spaces_of_any_size_are_described(sizes: list[int], said: str) -> None:
    text = "model_space: [[{Layer_type: dense, units: 2}]]\ndata: {source: mine.csv}\n"
    assert said in describe_space(config_from_text(text, "mine.yaml"), sizes)
