"""Losses, metrics and what a search compares, by the task: chosen, matched, or refused before anything is trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.errors import ConfigError
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.task_settings import for_task, losses_and_metrics
from amber.experiment.task_spec import TaskSpec
from amber.metric_names import less_is_better, plain_name

CLASSES = TaskSpec({"input": (60, 4)}, {"output": ("EI", "IE", "N")})
TWO = TaskSpec({"input": (60, 4)}, {"output": ("no", "yes")})
NUMBER = TaskSpec({"input": (60, 4)}, {"output": None})
SEVERAL = TaskSpec({"input": (60, 4)}, {"kind": ("a", "b"), "dose": None})
OUTPUTS = "data: {outputs: {kind: {column: k}, dose: {column: d}}}\nmodel_space:"


def searched(text: str, problem: TaskSpec) -> str:
    return for_task(config_from_text(text, "a.yaml"), problem).config.search.metric


def with_metrics(tiny: str, metrics: str, metric: str = "") -> str:
    text = tiny.replace("  batch_size: 256", f"  batch_size: 256\n  metrics: {metrics}")
    return text.replace("trials: 2", f"trials: 2\n  metric: {metric}") if metric else text


def test_what_is_not_given_is_chosen_by_the_task(tiny: str) -> None:
    assert searched(tiny, CLASSES) == "val_accuracy"
    loaded = for_task(config_from_text(tiny, "a.yaml"), NUMBER)
    training, search = loaded.config.training, loaded.config.search
    assert (training.loss, training.metrics, search.metric) == ("mse", ["mae"], "val_loss")
    assert search.chosen_direction == "minimize"
    assert losses_and_metrics(loaded, NUMBER) == {"loss": "mse", "metrics": ["mae"]}
    several = for_task(config_from_text(tiny.replace("model_space:", OUTPUTS), "a.yaml"), SEVERAL)
    assert several.config.search.metric == "val_loss"
    assert losses_and_metrics(several, SEVERAL)["loss"] == {"kind": "sparse_categorical_crossentropy", "dose": "mse"}


@pytest.mark.parametrize(
    ("metrics", "metric", "reported"),
    [
        ("[accuracy, AUC]", "val_auc", "val_AUC"),
        ("[accuracy, auc]", "val_AUC", "val_auc"),
        ("[F1Score]", "val_f1_score", "val_F1Score"),
        ("[accuracy]", "val_acc", "val_accuracy"),
        ("[acc]", "val_accuracy", "val_acc"),
        ("[accuracy]", "val_LOSS", "val_loss"),
    ],
)
def test_names_are_matched_in_any_case(tiny: str, metrics: str, metric: str, reported: str) -> None:
    assert searched(with_metrics(tiny, metrics, metric), CLASSES) == reported


def test_names_of_several_outputs(tiny: str) -> None:
    text = tiny.replace("model_space:", OUTPUTS).replace(
        "trials: 2", "trials: 2\n  metric: val_Dose_mean_absolute_error"
    )
    assert searched(text, SEVERAL) == "val_dose_mae"


@pytest.mark.parametrize(
    ("problem", "metrics", "metric", "parts"),
    [
        (CLASSES, "[accuracy]", "val_auc", ["val_loss, val_accuracy", "`metrics: [accuracy, auc]`", "'val_auc'"]),
        (CLASSES, "[accuracy]", "val_nonsense", ["val_loss, val_accuracy", "'val_nonsense'"]),
        (CLASSES, "[mae]", "", ["training.metrics[0]", "3 classes", "accuracy, auc", "Received: 'mae'"]),
        (CLASSES, "[accuracy, precision]", "", ["training.metrics[1]", "3 classes", "Received: 'precision'"]),
        (NUMBER, "[accuracy]", "", ["training.metrics[0]", "a number", "mean_squared_error"]),
        (TWO, "[pearson_correlation]", "", ["2 classes", "auc"]),
        (NUMBER, "[pearson_correlation]", "", ["a number", "search.reward: pearson"]),
    ],
)
def test_what_does_not_fit_is_refused(
    tiny: str, problem: TaskSpec, metrics: str, metric: str, parts: list[str]
) -> None:
    with pytest.raises(ConfigError) as refused:
        losses_and_metrics(for_task(config_from_text(with_metrics(tiny, metrics, metric), "a.yaml"), problem), problem)
    assert all(part in str(refused.value) for part in ["a.yaml, line", *parts]), refused.value


@pytest.mark.parametrize("loss", ["binary_crossentropy", "categorical_crossentropy", "mse", "nonsense"])
def test_a_loss_that_does_not_fit_is_refused(tiny: str, loss: str) -> None:
    text = tiny.replace("  batch_size: 256", f"  batch_size: 256\n  loss: {loss}")
    with pytest.raises(
        ConfigError, match=r"a.yaml, line \d+.*training.loss.*3 classes.*sparse_categorical_crossentropy"
    ):
        losses_and_metrics(config_from_text(text, "a.yaml"), CLASSES)


def test_less_is_better_of_losses_and_errors() -> None:
    less = (
        "val_loss",
        "val_mae",
        "val_dose_MSE",
        "val_RootMeanSquaredError",
        "val_kl_divergence",
        "val_false_positives",
    )
    more = ("val_accuracy", "val_auc", "val_r2_score", "val_f1_score", "val_true_positives", "val_closs_accuracy")
    assert all(map(less_is_better, less)) and not any(map(less_is_better, more))
    assert plain_name("MSE") == plain_name("mean_squared_error") != plain_name("mae")


@pytest.mark.slow
def test_a_search_by_a_metric_of_one_hot_targets(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    import zipfile

    done = amber(
        "search", write_config(with_metrics(tiny, "[accuracy, auc, F1Score]", "val_AUC")), "-d", tmp_path / "run"
    )
    assert done.exit_code == 0, done.output + done.stderr
    trials = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    assert all(trial["score"] == trial["metrics"]["val_auc"] for trial in trials if trial["status"] == "complete")
    test = json.loads((tmp_path / "run" / "test.json").read_text())
    assert test["compared"]["metric"] == "auc" and test["compared"]["direction"] == "maximize"
    # Keras finds the area in 200 steps, and by class here as there.
    assert test["compared"]["model"] == pytest.approx(test["model"]["auroc"], abs=0.01)
    assert test["compared"]["baseline"] == pytest.approx(test["logistic_regression"]["auroc"], abs=0.01)
    with zipfile.ZipFile(tmp_path / "run" / "best.keras") as saved:
        assert b"OnClassNumbers" not in saved.read("config.json")
    shown = amber("evaluate", tmp_path / "run", "--json")
    assert json.loads(shown.stdout)["compared"]["metric"] == "auc", shown.stderr


@pytest.mark.slow
def test_a_search_for_a_number_is_reported_by_what_it_compared(
    tiny: str, amber: Callable[..., Any], write_config: Callable[..., Path], tmp_path: Path
) -> None:
    import random

    source = random.Random(0)
    rows = ["".join(source.choices("ACGT", k=20)) for _ in range(120)]
    lines = [f"{row},{row.count('G') / 20 + source.random() / 50}" for row in rows]
    (tmp_path / "numbers.csv").write_text("\n".join(["seq,label", *lines]) + "\n")
    data = "data: {source: numbers.csv, split: random}\nmodel_space:"
    done = amber("search", write_config(tiny.replace("model_space:", data)), "-d", tmp_path / "run")
    assert done.exit_code == 0, done.output + done.stderr
    trials = [json.loads(line) for line in (tmp_path / "run" / "trials.jsonl").read_text().splitlines()]
    best = min(trial["score"] for trial in trials if trial.get("status") == "complete")
    test = json.loads((tmp_path / "run" / "test.json").read_text())
    assert set(test["model"]) == {"r2", "pearson", "spearman", "mae", "records"}
    assert test["compared"]["metric"] == "loss" and test["compared"]["direction"] == "minimize"
    assert amber("report", tmp_path / "run", "-o", tmp_path / "page.html").exit_code == 0
    page = (tmp_path / "page.html").read_text()
    assert f"Best val_loss: <b>{best:.4f}</b>" in page and "lower is better" in page
    assert "Pearson correlation" in page and "loss (compared by the search)" in page
    if test["warnings"]:
        assert test["warnings"][0]["text"] in page and test["warnings"][0]["text"] in done.stdout
        assert test["warnings"][0]["text"] in (tmp_path / "run" / "results.txt").read_text()
