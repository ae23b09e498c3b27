"""The twelve problems are what they say, and their configurations name only data and space."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml
from benchmarks.defaults.measuring import _score, _standard_error
from benchmarks.defaults.problems import PROBLEMS, DefaultsProblem

from amber.experiment.configuration.reading import load_config
from amber.experiment.data import load_data

SMALL = [problem for problem in PROBLEMS if problem.examples <= 1000]


def test_they_are_twelve_of_three_sizes() -> None:
    assert len({problem.name for problem in PROBLEMS}) == 12
    assert {problem.examples for problem in PROBLEMS} == {200, 1000, 10_000}
    assert {problem.measure for problem in PROBLEMS} == {"accuracy", "auprc", "r2"}


@pytest.mark.parametrize("problem", SMALL, ids=lambda problem: problem.name)
def test_problem(problem: DefaultsProblem, tmp_path: Path) -> None:
    config = problem.write(tmp_path, 5)
    assert set(yaml.safe_load(config.read_text())) == {"data", "model_space"}
    dataset = load_data(load_config(config))
    assert sum(dataset.sizes.values()) == problem.examples
    labels = np.asarray(dataset.train.y).reshape(-1)
    if problem.measure == "auprc":
        assert 0.01 <= np.mean(labels == 1) <= 0.05
    again = problem.write(tmp_path / "again", 5).with_suffix(".csv").read_bytes()
    other = problem.write(tmp_path / "other", 6).with_suffix(".csv").read_bytes()
    assert again == config.with_suffix(".csv").read_bytes() != other


def test_standard_error_of_an_accuracy() -> None:
    true = np.tile([0, 1], 200)
    predicted = np.eye(2)[np.where(np.arange(400) % 5 == 0, 1 - true, true)]
    assert _score("accuracy", true, predicted) == pytest.approx(0.8)
    assert _standard_error("accuracy", true, predicted) == pytest.approx(0.02, abs=0.003)
