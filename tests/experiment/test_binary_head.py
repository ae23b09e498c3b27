"""Two classes have one sigmoid unit, unless the loss of a softmax is asked for or a run began with one."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

import amber
from amber.data.targets.target import Binary, Labels, by_class, units_of
from amber.errors import ConfigError
from amber.experiment.run_files.recorded import softmax_outputs
from amber.experiment.task_spec import TaskSpec

Command = Callable[..., Any]
TRAINING = {"epochs": 2, "batch_size": 16, "learning_rate": 0.01}
FLATTEN = [{"Layer_type": "flatten"}]
SPACE = [[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 5}], FLATTEN]


def write(folder: Path, training: dict[str, Any] | None = None, outputs: dict[str, Any] | None = None) -> Path:
    """A configuration beside 160 sequences, of which half hold a motif, and a second column of two classes."""
    rng = np.random.default_rng(0)
    rows = ["seq,label,other"]
    for row in range(160):
        text = "".join(rng.choice(list("ACGT"), 20))
        bound = row % 2
        text = text[:6] + "TGACTCA" + text[13:] if bound else text
        rows.append(f"{text},{('free', 'bound')[bound]},{('a', 'b')[text[0] in 'AC']}")
    (folder / "data.csv").write_text("\n".join(rows) + "\n")
    data: dict[str, Any] = {"source": "data.csv", "sequence": "seq"}
    data |= {"label": "label"} if outputs is None else {"outputs": outputs}
    values = {
        "data": data,
        "model_space": SPACE if outputs is None else [FLATTEN],
        "builder": {"type": "sequential" if outputs is None else "multi_io"},
        "training": {**TRAINING, **(training or {})},
        "search": {"trials": 2, "sampler": "random", **({"metric": "val_accuracy"} if outputs is None else {})},
        "final": {"epochs": 2, "ensemble": 1},
    }
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(values))
    return path


def test_outcomes_and_their_units() -> None:
    two, pair = Binary("no", "yes"), ("no", "yes")
    assert (units_of(two), units_of(pair), units_of(("a", "b", "c")), units_of(Labels(("x",)))) == (1, 2, 3, 1)
    task = TaskSpec({"input": (20, 4)}, {"one": two, "other": pair})
    assert [each.Layer_attributes["units"] for each in task.output_operations()] == [1, 2]
    assert [each.Layer_attributes["activation"] for each in task.output_operations()] == ["sigmoid", "softmax"]
    written = json.loads(json.dumps(task.to_dict()))
    assert written["outputs"] == {"one": {"binary": ["no", "yes"]}, "other": ["no", "yes"]}
    again = TaskSpec.from_dict(written)
    assert isinstance(again.outputs["one"], Binary) and not isinstance(again.outputs["other"], Binary)


@pytest.mark.parametrize("wrong", [["only"], ["a", "b", "c"], "ab", [1, 2], None])
def test_a_damaged_record_of_two_classes_is_named(wrong: object) -> None:
    with pytest.raises(ConfigError, match="class names of each output"):
        TaskSpec.from_dict({"inputs": {"input": [20, 4]}, "outputs": {"one": {"binary": wrong}}})


def test_columns_of_two_classes() -> None:
    one = np.array([[0.25], [1.0]])
    np.testing.assert_array_equal(by_class(Binary("no", "yes"), one), [[0.75, 0.25], [0.0, 1.0]])
    both = np.array([[0.4, 0.6]])
    for outcome, values in ((("no", "yes"), both), (None, one), (Labels(("x",)), one), (("a", "b", "c"), np.eye(3))):
        assert by_class(outcome, values) is values


@pytest.mark.slow
@pytest.mark.parity
def test_a_search_on_two_classes(amber: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    done = amber("search", write(tmp_path), "-d", run)
    assert done.exit_code == 0, done.output + done.stderr
    record = json.loads((run / "best.json").read_text())
    assert record["outputs"] == {"output": {"binary": ["free", "bound"]}}
    model = load(run)
    assert model.network.output_shape == (None, 1)
    texts = ["ACGTACTGACTCAACGTACG", "ACGTACGTACGTACGTACGT"]
    found = model.predict(texts)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(
        found[:, 1:], model.network.predict(model.preprocessing.inputs(texts)["input"], verbose=0)
    )
    assert [each.title for each in model.preprocessing.units()] == ["bound"]
    assert model.explain(texts, method="saliency").shape == (2, 20, 4)
    shown = amber("evaluate", run, "--split", "test", "--json")
    test = json.loads((run / "test.json").read_text())
    assert json.loads(shown.stdout)["auroc"] == test["model"]["auroc"], shown.stderr
    # What the search compared is the same measure of both: that of the mean network, and of the linear model.
    assert test["compared"]["model"] == pytest.approx(test["model"]["accuracy"])
    predicted = amber("predict", run, tmp_path / "data.csv")
    heading, first, *_ = predicted.stdout.splitlines()
    assert heading == "seq,free,bound,predicted", predicted.stderr
    assert sum(map(float, first.split(",")[1:3])) == pytest.approx(1, abs=2e-6)
    named = amber("predict", run / "best.keras", tmp_path / "data.csv", "--classes", "no,yes")
    assert named.stdout.splitlines()[0] == "seq,no,yes,predicted", named.stderr
    files = amber("evaluate", run, tmp_path / "data.csv", "--json")
    assert json.loads(files.stdout)["files"] == [str(tmp_path / "data.csv")], files.stderr


@pytest.mark.slow
def test_the_loss_of_a_softmax_gives_one_and_a_resumed_search_keeps_it(amber: Command, tmp_path: Path) -> None:
    run = tmp_path / "run"
    config = write(tmp_path, {"loss": "sparse_categorical_crossentropy"})
    assert amber("search", config, "-d", run).exit_code == 0
    assert load(run).network.output_shape == (None, 2)
    # As before version 0.3: nothing was said of the loss, and this one was recorded.
    write(tmp_path)
    more = amber("search", config, "-d", run, "--resume", "--trials", "3")
    assert more.exit_code == 0, more.output + more.stderr
    record = json.loads((run / "best.json").read_text())
    assert record["outputs"] == {"output": ["free", "bound"]}
    model = load(run)
    assert model.network.output_shape == (None, 2) and model.predict(["ACGTACTGACTCAACGTACG"]).shape == (1, 2)
    assert amber("evaluate", run).exit_code == 0
    tuned = amber("train", write(tmp_path), "--from", run, "-o", tmp_path / "tuned")
    assert tuned.exit_code == 0, tuned.output + tuned.stderr
    assert load(tmp_path / "tuned").network.output_shape == (None, 2)
    files = amber("evaluate", run, tmp_path / "data.csv", "--json")
    assert json.loads(files.stdout)["files"] == [str(tmp_path / "data.csv")], files.stderr


@pytest.mark.slow
def test_several_outputs_of_two_classes(amber: Command, tmp_path: Path) -> None:
    softmax = {"column": "other", "loss": "sparse_categorical_crossentropy"}
    config = write(tmp_path, outputs={"one": {"column": "label"}, "two": softmax})
    done = amber("search", config, "-d", tmp_path / "run")
    assert done.exit_code == 0, done.output + done.stderr
    model = load(tmp_path / "run")
    assert dict(zip(model.network.output_names, model.network.output_shape, strict=True)) == {
        "one": (None, 1),
        "two": (None, 2),
    }
    found = model.predict(["ACGTACTGACTCAACGTACG"])
    assert {name: each.shape for name, each in found.items()} == {"one": (1, 2), "two": (1, 2)}


def load(run: Path) -> Any:
    return amber.load(run)


def test_settings_of_an_older_search_say_which_outputs_had_a_softmax() -> None:
    softmax = "sparse_categorical_crossentropy"
    assert softmax_outputs({"training": {"loss": softmax}, "data": {"outputs": None}})
    assert not softmax_outputs({"training": {"loss": "binary_crossentropy"}, "data": {}})
    outputs = {
        "old": {"type": "classes", "loss": None},
        "asked": {"type": "classes", "loss": softmax},
        "new": {"type": "classes", "loss": "binary_crossentropy"},
        "number": {"type": "number", "loss": None},
    }
    assert softmax_outputs({"training": {"loss": softmax}, "data": {"outputs": outputs}}) == ["old", "asked"]
