"""One problem: searched as a user would, and scored on its test data beside a linear model."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from amber import measures
from amber.data.targets.target import by_class
from amber.experiment.configuration.reading import load_config
from amber.experiment.data import load_data
from amber.experiment.final.scoring import predictions, score_baselines
from benchmarks.defaults.problems import DefaultsProblem

_DRAWS = 500


def measure_problem(problem: DefaultsProblem, seed: int, folder: Path, trials: int | None) -> dict[str, Any]:
    """Returns scores, the standard error of the linear model's, and the verdict.

    Args:
        problem: which one.
        seed: of the problem; that of the search stays its default.
        folder: of its files and its run.
        trials: instead of the default; None: the default.
    """
    config, run = problem.write(folder, seed), folder / f"{problem.name}-run"
    command = [sys.executable, "-W", "ignore", "-m", "amber", "search", str(config), "-d", str(run), "--quiet"]
    started = time.perf_counter()
    subprocess.run([*command, *(["--trials", str(trials)] if trials else [])], check=True)
    seconds = time.perf_counter() - started
    loaded = load_config(config)
    dataset = load_data(loaded)
    test = dataset.open_test()
    true = np.asarray(test.y).reshape(-1)
    best = keras.models.load_model(run / "best.keras", compile=False)
    outcome = dataset.targets[0].outcome
    network = by_class(outcome, predictions(best, test.x, problem.name)[0])
    (linear,) = score_baselines(dataset, test, loaded.config.seed).predictions.values()
    (record,) = [json.loads((run / name).read_text("utf-8")) for name in ("test.json",)]
    weight = max(record["linear_weights"].values(), default=0.0)
    alone = by_class(outcome, _networks_alone(best, test.x)) if weight else network
    ours, theirs = (_score(problem.measure, true, each) for each in (network, linear))
    error = _standard_error(problem.measure, true, linear)
    verdict = "better" if ours > theirs else "within one" if ours >= theirs - error else "worse"
    return {
        "what": problem.what,
        "examples": problem.examples,
        "measure": problem.measure,
        "network": ours,
        "networks_alone": _score(problem.measure, true, alone),
        "linear": theirs,
        "standard_error": error,
        "verdict": verdict,
        "linear_weight": weight,
        "warned": [each["kind"] for each in record["warnings"]],
        "seconds": seconds,
    }


def _networks_alone(best: keras.Model, x: Any) -> NDArray[Any]:
    """Returns the mean of what the networks predict, without the linear term, which is the last."""
    members = [layer for layer in best.layers if isinstance(layer, keras.Model)][:-1]
    found = [predictions(member, x, "network")[0] for member in members]
    return np.asarray(np.mean(found, axis=0))


def _score(measure: str, true: NDArray[Any], predicted: NDArray[Any]) -> float:
    if measure == "accuracy":
        return float(np.mean(predicted.argmax(axis=1) == true))
    if measure == "auprc":
        return float(measures.auprc((true == 1).astype(int), predicted[:, 1]))
    return float(measures.r2(true, predicted))


def _standard_error(measure: str, true: NDArray[Any], predicted: NDArray[Any]) -> float:
    """Returns the standard deviation of a score over examples drawn with replacement."""
    generator, found = np.random.default_rng(0), []
    for _ in range(_DRAWS):
        rows = generator.integers(0, len(true), len(true))
        if len(np.unique(true[rows])) > 1:
            found.append(_score(measure, true[rows], predicted[rows]))
    return float(np.std(found))
