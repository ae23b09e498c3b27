"""Labels, of which an example has any number, from the configuration to scores and predictions."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sklearn.metrics

from amber.data.targets.target import Labels
from amber.errors import ConfigError
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.data import load_data
from amber.experiment.experiment import resolve
from amber.experiment.final.compared import Compared
from amber.experiment.options import RunOptions
from amber.experiment.task_settings import for_task, losses_and_metrics
from amber.experiment.task_spec import TaskSpec

Amber = Callable[..., Any]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 120 sequences with two labels that follow their letters; some are missing in `holes.csv`."""
    rng = np.random.default_rng(0)
    rows, holes = ["seq,peak_a,peak_b"], ["seq,peak_a,peak_b"]
    for k in range(120):
        codes = rng.integers(0, 4, 12)
        sequence = "".join("ACGT"[code] for code in codes)
        a, b = int((codes == 0).sum() > 2), int((codes == 1).sum() > 2)
        rows.append(f"{sequence},{a},{b}")
        holes.append(f"{sequence},{'' if k % 7 == 0 else a},{'NA' if k % 5 == 0 else b}")
    (tmp_path / "t.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "holes.csv").write_text("\n".join(holes) + "\n")
    return tmp_path


def _text(tiny: str, data: str, training: str = "epochs: 1") -> str:
    text = tiny.replace("seed: 3\n", f"seed: 3\ndata: {data}\n")
    return text.replace("training:\n  epochs: 1", f"training:\n  {training}")


def _loaded(folder: Path, tiny: str, data: str, training: str = "epochs: 1") -> Configuration:
    return config_from_text(_text(tiny, data, training), str(folder / "c.yaml"))


@pytest.mark.parametrize(
    ("data", "names", "missing"),
    [
        ("{source: t.csv, labels: peak_a..peak_b}", ("peak_a", "peak_b"), False),
        ("{source: holes.csv, labels: 'peak_*'}", ("peak_a", "peak_b"), True),
        ("{source: {table: t.csv}, labels: [peak_b]}", ("peak_b",), False),
    ],
)
def test_the_head_and_loss_follow_from_labels(
    table: Path, tiny: str, data: str, names: tuple[str, ...], missing: bool
) -> None:
    loaded = _loaded(table, tiny, data)
    task = TaskSpec.of(load_data(loaded))
    assert task.outputs == {"output": Labels(names, missing)}
    assert TaskSpec.from_dict(json.loads(json.dumps(task.to_dict()))) == task
    head = task.output_operations()[0]
    assert head.to_dict()["units"] == len(names) and head.to_dict()["activation"] == "sigmoid"
    compiled = losses_and_metrics(for_task(loaded, task), task)
    assert compiled["metrics"] == []
    assert ("masked" in getattr(compiled["loss"], "name", "")) == missing
    assert missing or compiled["loss"] == "binary_crossentropy"


@pytest.mark.parametrize(
    ("data", "training", "key", "message"),
    [
        ("{source: t.csv, labels: nope}", "epochs: 1", "data.labels", "expected a column"),
        ("{source: t.csv, labels: seq}", "epochs: 1", "data.labels", "expected a column"),
        ("{source: t.csv, labels: peak_a, label: peak_b}", "epochs: 1", "data.label", "no effect"),
        ("{source: t.csv, labels: peak_a}", "loss: mse", "training.loss", "binary_crossentropy"),
        ("{source: t.csv, labels: peak_a}", "metrics: [accuracy]", "training.metrics[0]", "auc, binary_accuracy"),
        (
            "{source: holes.csv, labels: peak_a..peak_b}",
            "metrics: [mae]",
            "training.metrics[0]",
            "auc, binary_accuracy",
        ),
    ],
)
def test_mistakes_are_named(table: Path, tiny: str, data: str, training: str, key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        loaded = _loaded(table, tiny, data, training)
        for_task(loaded, TaskSpec.of(load_data(loaded)))
    assert f", key {key}: " in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "training"),
    [
        ("holes.csv", "epochs: 1"),
        ("t.csv", "metrics: [auc, binary_accuracy]"),
        ("holes.csv", "metrics: [auc, binary_accuracy]"),
    ],
)
def test_a_search_evaluation_and_predictions(
    table: Path, tiny: str, amber: Amber, source: str, training: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(table)
    (table / "c.yaml").write_text(_text(tiny, f"{{source: {source}, labels: peak_a..peak_b}}", training))
    searched = amber("search", "c.yaml", "--run-directory", "run")
    assert searched.exit_code == 0, searched.output
    assert "multi-label classification, 2 labels peak_a, peak_b" in searched.output
    record = json.loads((table / "run" / "test.json").read_text())
    assert set(record["model"]["per_label_auroc"]) == {"peak_a", "peak_b"}
    assert record["ridge_regression"]["auroc"] is not None
    assert 0 <= record["evaluation"]["output"]["scores"]["auroc"]["value"] <= 1
    evaluated = amber("evaluate", "run")
    assert evaluated.exit_code == 0, evaluated.output
    predicted = amber("predict", "run/best.keras", "t.csv")
    assert predicted.exit_code == 0, predicted.output
    rows = list(csv.DictReader(io.StringIO(predicted.stdout)))
    assert len(rows) == 120 and 0 < float(rows[0]["peak_b"]) < 1
    resumed = amber("search", "c.yaml", "--run-directory", "run", "--resume")
    assert resumed.exit_code == 0 and "Nothing is left to do" in resumed.output, resumed.output


@pytest.mark.slow
@pytest.mark.parametrize("reward", ["auroc", "auprc", "accuracy", "mcc"])
def test_a_reward_leaves_missing_labels_out(table: Path, tiny: str, reward: str) -> None:
    """What a search compares is what scikit-learn says of the known labels."""
    text = _text(tiny, "{source: holes.csv, labels: 'peak_*', split: random}").replace(
        "search:\n", f"search:\n  reward: {reward}\n"
    )
    experiment = resolve(config_from_text(text, str(table / "c.yaml")), RunOptions(run_directory=table / "run"))
    objective = experiment.objective
    model = objective.builder(objective.builder.decoder.sample(0))
    validation = experiment.dataset.validation
    y, predicted = validation.y, model.predict(validation.x, verbose=0)
    found = objective.scoring.value(model, None, {}, (validation.x, y), 32)[f"val_{reward}"]
    assert (y == -1).any()
    if reward == "accuracy":
        expected = float(((predicted > 0.5) == y)[y >= 0].mean())
    else:
        judge = {
            "auroc": sklearn.metrics.roc_auc_score,
            "auprc": sklearn.metrics.average_precision_score,
            "mcc": lambda true, each: sklearn.metrics.matthews_corrcoef(true, each > 0.5),
        }[reward]
        known = [y[:, place] >= 0 for place in (0, 1)]
        expected = np.mean([judge(y[of, place], predicted[of, place]) for place, of in enumerate(known)])
    assert found == pytest.approx(expected, abs=1e-6)
    assert Compared(experiment.configuration, experiment.task).of({"output": predicted}, y) == pytest.approx(found)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("intervals: {a: a.bed, b: b.bed}, bins: 20, overlap: 0", ("a", "b")),
        ("intervals: a.bed, labels: {inside: b.bed, itself: a.bed}", ("inside", "itself")),
        ("intervals: c.tsv, at_end: pad", ("first", "second")),
    ],
)
def test_labels_of_interval_files(table: Path, tiny: str, source: str, names: tuple[str, ...]) -> None:
    (table / "g.fa").write_text(">chr1\n" + "ACGTTGCAAC" * 300 + "\n")
    for name, step in (("a", 50), ("b", 70)):
        rows = "".join(f"chr1\t{20 + step * k}\t{40 + step * k}\n" for k in range(40))
        (table / f"{name}.bed").write_text(rows)
    rows = "".join(f"1\t{20 * k}\t{20 * k + 20}\t{k % 2}\t{'' if k % 3 else 1}\n" for k in range(40))
    (table / "c.tsv").write_text(f"chrom\tstart\tend\tfirst\tsecond\n{rows}")
    data = f"{{source: {{{source}, genome: g.fa, window: 30}}, labels: [{', '.join(names)}]}}"
    dataset = load_data(_loaded(table, tiny, data))
    assert dataset.targets[0].labels is not None and dataset.targets[0].labels.names == names
    assert dataset.train.y.shape == (len(dataset.train), 2) and dataset.input_shape == (30, 4)
