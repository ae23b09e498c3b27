"""A network of a bundle, trained further on other data."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import onnxruntime
import pytest

import amber
from amber.data import Scaling
from amber.data.from_arrays import dataset_from_arrays
from amber.errors import ConfigError, DataError
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.bundle import write_bundle
from amber.experiment.trained.files import origin_name
from amber.experiment.trained.fine_tuning import fine_tune
from amber.experiment.trained.model import TrainedModel
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading

layers = keras.layers
LENGTH = 12
CONFIG = "name: further\ndata: {{source: new.csv, split: random{more}}}\nfinal: {{epochs: 3, batch_size: 16}}\n"


@pytest.fixture
def known() -> TrainedModel:
    """A network of two classes, `free` and `bound`."""
    keras.utils.set_random_seed(1)
    inputs = keras.Input((LENGTH, 4), name="input")
    hidden = layers.GlobalMaxPooling1D()(layers.Conv1D(6, 4, activation="relu", name="conv")(inputs))
    network = keras.Model(inputs, layers.Dense(2, activation="softmax", name="output")(hidden))
    task = TaskSpec({"input": (LENGTH, 4)}, {"output": ("free", "bound")})
    return TrainedModel(
        Path("runs/known"),
        network,
        Preprocessing(task, {"input": SequenceReading("ACGT", LENGTH, None, "mean")}, {}, {}),
    )


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(labels: Callable[[str, int], object], more: str = "", length: int = LENGTH) -> Path:
        generator = np.random.default_rng(2)
        sequences = ["".join(generator.choice(list("ACGT"), length)) for _ in range(160)]
        rows = [f"{sequence},{labels(sequence, row)}\n" for row, sequence in enumerate(sequences)]
        (tmp_path / "new.csv").write_text("seq,label\n" + "".join(rows))
        (tmp_path / "new.yaml").write_text(CONFIG.format(more=more))
        return tmp_path / "new.yaml"

    return written


def weights_of(network: Any, layer: str) -> list[np.ndarray]:
    return [np.array(each) for each in network.get_layer(layer).get_weights()]


@pytest.mark.parametrize("data", [None, (["ACGT"], [1]), 3])
def test_data_of_another_kind_are_named(known: TrainedModel, data: Any) -> None:
    with pytest.raises(ConfigError, match="`data` must be a Dataset.* or the path of a configuration. Received: "):
        fine_tune(known, data)


@pytest.mark.slow
def test_the_same_classes_keep_their_output(known: TrainedModel, write: Callable[..., Path]) -> None:
    config = write(lambda text, row: "bound" if "GA" in text else "free", ", classes: [free, bound]")
    before = known.network.get_weights()
    done = fine_tune(known, config, learning_rate=0.01)
    assert done.kept == ("output",) and done.epochs == 3
    for old, kept in zip(before, known.network.get_weights(), strict=True):
        np.testing.assert_array_equal(old, kept)
    assert not np.allclose(weights_of(done.model.network, "conv")[0], weights_of(known.network, "conv")[0])
    assert done.scores.record["evaluation"]["output"]["examples"] == done.dataset.sizes["test"]


@pytest.mark.slow
def test_only_the_last_layer_is_trained_where_that_is_asked(known: TrainedModel, write: Callable[..., Path]) -> None:
    config = write(lambda text, row: "bound" if "GA" in text else "free", ", classes: [free, bound]")
    done = fine_tune(known, config, layers="last", epochs=2)
    np.testing.assert_array_equal(weights_of(done.model.network, "conv")[0], weights_of(known.network, "conv")[0])
    assert not np.allclose(weights_of(done.model.network, "output")[0], weights_of(known.network, "output")[0])
    assert all(layer.trainable for layer in done.model.network.layers)


@pytest.mark.slow
def test_other_classes_get_a_new_output_and_the_bundle_is_loaded_again(
    known: TrainedModel, write: Callable[..., Path], tmp_path: Path
) -> None:
    done = fine_tune(known, write(lambda text, row: "abc"[row % 3]), layers="last")
    assert done.kept == ()
    done.write(tmp_path / "model")
    again = amber.load(tmp_path / "model")
    assert again.outputs == {"output": ("a", "b", "c")}
    sequences = ["ACGT" * 3]
    np.testing.assert_allclose(again.predict(sequences), done.model.predict(sequences), rtol=1e-5)
    card = (tmp_path / "model" / "README.md").read_text()
    assert "AMBER fine-tuned from known: the last layers; epochs: 3; new outputs: output. It predicts" in card
    assert "that of known, trained further" in card and "## Evaluation" in card
    assert "found by architecture search" not in card and "| the configuration of the fine-tuning |" in card
    assert json.loads((tmp_path / "model" / "scores.json").read_text())["looks"] == 1


@pytest.mark.slow
def test_a_bundle_holds_what_that_of_a_run_holds(
    known: TrainedModel, write: Callable[..., Path], finished_run: Path, tmp_path: Path
) -> None:
    done = fine_tune(known, write(lambda text, row: "abc"[row % 3]), epochs=1)
    folder = tmp_path / "model"
    written = done.write(folder)
    assert written.notes == () and written.files == write_bundle(finished_run, tmp_path / "of_run").files
    assert {each.name for each in folder.iterdir()} == set(written.files)

    examples = json.loads((folder / "examples.json").read_text())
    texts, predictions = examples["inputs"]["input"], np.array(examples["predictions"]["output"])
    again = amber.load(folder)
    np.testing.assert_allclose(again.predict(texts), predictions, atol=1e-6)
    # The examples are the data's, not only some that agree with the network.
    np.testing.assert_array_equal(again.preprocessing.inputs(texts)["input"], done.dataset.validation.x[: len(texts)])
    session = onnxruntime.InferenceSession(str(folder / "model.onnx"))
    x = again.preprocessing.inputs(texts)["input"]
    np.testing.assert_allclose(session.run(None, {session.get_inputs()[0].name: x})[0], predictions, atol=1e-5)


@pytest.mark.slow
def test_examples_are_given_in_the_units_of_the_data(tmp_path: Path) -> None:
    inputs = keras.Input((2,), name="input")
    network = keras.Model(inputs, layers.Dense(1, name="output")(inputs))
    task = TaskSpec({"input": (2,)}, {"output": None})
    scaling = Scaling((50.0, 5.0), (10.0, 2.0))
    old = TrainedModel(
        Path("runs/known"), network, Preprocessing(task, {}, {"input": scaling}, {"output": Scaling((1.0,), (3.0,))})
    )
    x = np.random.default_rng(5).normal((40, 4), (8, 1), size=(120, 2))
    done = old.fine_tune(dataset_from_arrays(x, x.sum(axis=1)), epochs=1)
    done.write(tmp_path / "model")
    examples = json.loads((tmp_path / "model" / "examples.json").read_text())
    given = np.array(examples["inputs"]["input"])
    assert all(np.isclose(x, row, rtol=1e-4).all(axis=1).any() for row in given)
    found = amber.load(tmp_path / "model").predict(given)
    np.testing.assert_allclose(found, examples["predictions"]["output"], rtol=1e-4)


@pytest.mark.parametrize("name", ["", "best.json", "best.keras"])
def test_a_card_names_the_run_or_bundle_that_was_fine_tuned(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "yeast").mkdir()
    assert origin_name(tmp_path / "yeast" / name) == "yeast"
    (tmp_path / "yeast" / "preprocessing.json").write_text("{}")
    assert origin_name(tmp_path / "yeast" / "model.keras") == "yeast"
    assert origin_name(tmp_path / "alone.keras") == "alone.keras"
    monkeypatch.chdir(tmp_path / "yeast")
    assert origin_name(Path(name)) == "yeast"


def test_a_number_keeps_the_scale_of_its_output(known: TrainedModel, write: Callable[..., Path]) -> None:
    hidden = known.network.get_layer("output").input
    numbers = keras.Model(known.network.inputs, layers.Dense(1, name="output")(hidden))
    task = TaskSpec({"input": (LENGTH, 4)}, {"output": None})
    scaling = {"output": Scaling((100.0,), (10.0,))}
    old = TrainedModel(known.path, numbers, Preprocessing(task, known.preprocessing.sequences, {}, scaling))
    done = fine_tune(old, write(lambda text, row: 50 + text.count("G") + row / 100, ", task: regression"), epochs=1)
    assert done.kept == ("output",)
    assert done.model.preprocessing.output_scaling["output"].to_dict() == scaling["output"].to_dict()
    assert float(np.mean(done.dataset.train.y)) == pytest.approx((53.8 - 100) / 10, abs=0.1)


def test_what_does_not_fit_is_refused(known: TrainedModel, write: Callable[..., Path]) -> None:
    config = write(lambda text, row: "ab"[row % 2], length=LENGTH + 1)
    with pytest.raises(DataError, match=r"reads input of shape \(12, 4\)"):
        fine_tune(known, config)
    with pytest.raises(ConfigError, match="`layers` must be one of all, last"):
        fine_tune(known, config, layers="some")  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="`learning_rate` must be above 0"):
        fine_tune(known, config, learning_rate=-1.0)
    with pytest.raises(ConfigError, match="`epochs` must be a positive integer"):
        fine_tune(known, config, epochs=0)
    with pytest.raises(ConfigError, match="Expected the settings epochs, patience, batch_size. Received: warmup"):
        fine_tune(known, config, warmup=1)


@pytest.mark.slow
def test_a_data_set_from_python(known: TrainedModel) -> None:
    generator = np.random.default_rng(3)
    sequences = ["".join(generator.choice(list("ACGT"), LENGTH)) for _ in range(120)]
    done = known.fine_tune(dataset_from_arrays(sequences, ["ab"[row % 2] for row in range(120)]), epochs=1)
    assert done.model.outputs == {"output": ("a", "b")}
