"""Numbers beside the sequence at the dense head of a residual CNN: the graph, the built network, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError
from amber.experiment.before_keras.checks import check_before_keras
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.data import load_data
from amber.experiment.experiment import resolve
from amber.experiment.options import RunOptions
from amber.experiment.task_spec import TaskSpec
from amber.modeler import KerasResidualCnnBuilder
from amber.search.one_shot import shared_builder

COMPILE = {"optimizer": "adam", "loss": "binary_crossentropy"}


def made(*numbers: Operation) -> KerasResidualCnnBuilder:
    space = ModelSpace.from_dict([[{"Layer_type": "conv1d", "filters": 3, "kernel_size": 3}]] * 2)
    return KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4), name="dna"),
        Operation("dense", units=1, activation="sigmoid"),
        fc_units=5,
        flatten_mode="GMP",
        model_compile_dict=COMPILE,
        model_space=space,
        numbers_ops=numbers,
    )


@pytest.mark.parity
def test_the_dense_head_reads_them_beside_the_sequence() -> None:
    numbers = Operation("input", shape=(2,), name="age"), Operation("input", shape=(3,), name="dose")
    alone, both = made()([0, 0, 0]), made(*numbers)([0, 0, 0])
    assert both.count_params() == alone.count_params() + 5 * 5
    assert made(*numbers).plan([0, 0, 0]).inputs == ("dna", "age", "dose")
    given = {
        "dna": np.zeros((4, 20, 4), "float32"),
        "dose": np.eye(4, 3, dtype="float32"),
        "age": np.ones((4, 2), "f4"),
    }
    predicted = np.asarray(both.predict(given, verbose=0))
    assert predicted.shape == (4, 1) and len(np.unique(predicted)) > 1


def test_shared_weights_have_one_input() -> None:
    builder = made(Operation("input", shape=(2,), name="age"))
    with pytest.raises(ConfigError, match="one input. Received: 2 inputs; take the numbers out"):
        shared_builder(builder, COMPILE)


CONFIGURATION = """name: both
seed: 3
data: {source: t.csv, blocks: %s, label: y, split: random}
builder: {type: residual_cnn, fc_units: 4}
model_space: [[{Layer_type: conv1d, filters: 3, kernel_size: 3}, {Layer_type: identity, filters: 3}]]
training: {epochs: 1, batch_size: 16}
search: {%s}
"""


def written(folder: Path, blocks: str, more: str = "trials: 2") -> Configuration:
    rng = np.random.default_rng(0)
    texts = ["".join(rng.choice(list("ACGT"), size=16)) for _ in range(60)]
    rows = [f"{text},{row % 2},{rng.normal():.3f},{rng.normal():.3f}\n" for row, text in enumerate(texts)]
    (folder / "t.csv").write_text("seq,y,a,b\n" + "".join(rows))
    return config_from_text(CONFIGURATION % (blocks, more), str(folder / "c.yaml"))


def test_a_configuration_with_sequences_and_numbers_is_trained(tmp_path: Path) -> None:
    loaded = written(tmp_path, "{n: [a, b], dna: {sequence: seq}}")
    experiment = resolve(loaded, RunOptions(run_directory=tmp_path / "run"))
    assert np.isfinite(experiment.objective.evaluate([0], 0).score)


@pytest.mark.parametrize(
    ("blocks", "more", "message"),
    [
        ("{d: {sequence: seq}, e: {sequence: seq}}", "trials: 2", "expected one input of sequences or tracks"),
        ("{n: [a], m: [b]}", "trials: 2", "expected one input of sequences or tracks"),
        (
            "{d: {sequence: seq}, n: [a]}",
            "strategy: one_shot",
            r"expected one input\. Received: d, n\. A one-shot search takes one: .*search\.strategy: trials",
        ),
    ],
)
def test_inputs_that_do_not_suit_are_refused(blocks: str, more: str, message: str, tmp_path: Path) -> None:
    loaded = written(tmp_path, blocks, more)
    with pytest.raises(ConfigError, match=message):
        check_before_keras(loaded, TaskSpec.of(load_data(loaded)))
