"""`amber design`: sequences for a class of a network, with files of the results and the steps."""

from __future__ import annotations

import csv
from pathlib import Path

import keras
import numpy as np
import pytest
from tests.cli.conftest import invoke

from amber.data import Scaling
from amber.errors import ConfigError
from amber.experiment import designing, threads
from amber.experiment.designing import DesignSettings, design_run, fixed_positions
from amber.experiment.task_spec import Outcome, TaskSpec
from amber.experiment.trained.model import TrainedModel
from amber.experiment.trained.preprocessing import Preprocessing, SequenceReading


def trained(outcome: Outcome = ("free", "bound")) -> TrainedModel:
    """A network that counts G: `bound` where there are many."""
    inputs = keras.Input((10, 4))
    units = 1 if outcome is None else len(outcome)  # type: ignore[arg-type]
    layer = keras.layers.Dense(units, activation="linear" if units == 1 else "softmax")
    network = keras.Model(inputs, layer(keras.layers.Flatten()(inputs)))
    kernel = np.zeros((10, 4, units), "float32")
    kernel[:, 2, -1] = 1.0
    layer.set_weights([kernel.reshape(40, units), np.zeros(units, "float32")])
    task = TaskSpec({"input": (10, 4)}, {"output": outcome})
    scaling = {"output": Scaling((100.0,), (10.0,))} if outcome is None else {}
    reading = SequenceReading("ACGT", 10, None, "mean")
    return TrainedModel(Path("run"), network, Preprocessing(task, {"input": reading}, {}, scaling))


def pretend(monkeypatch: pytest.MonkeyPatch, folder: Path, model: TrainedModel) -> None:
    """Let `run`, in the folder worked in, be the run directory of a model."""
    (folder / "run").mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr(threads, "set_threads_for_run", lambda network: None)
    monkeypatch.setattr(designing, "_known", lambda source: model.preprocessing)
    monkeypatch.setattr(designing, "load", lambda source: model)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pretend(monkeypatch, tmp_path, trained())


@pytest.mark.usefixtures("known")
def test_sequences_are_evolved_and_written_with_their_steps(tmp_path: Path) -> None:
    (tmp_path / "start.fa").write_text(">=one\nACACACACAC\n>two\nTTTTTTTTTT\n")
    done = invoke(
        "design", "run", "-o", tmp_path / "out", "--start", tmp_path / "start.fa", "--for", "bound",
        "--gc", 0, 0.6, "--fixed", "1-2,10", "--forbidden", "GGG", "--steps", 4,
    )  # fmt: skip
    assert done.exit_code == 0, done.output + done.stderr
    assert "two: bound" in done.stdout and "in 4 substitutions" in done.stdout
    rows = list(csv.DictReader((tmp_path / "out" / "designs.tsv").open(), delimiter="\t"))
    assert [row["name"] for row in rows] == ["'=one", "two"]
    for row, start in zip(rows, ("ACACACACAC", "TTTTTTTTTT"), strict=True):
        sequence = row["sequence"]
        assert sequence[:2] == start[:2] and sequence[9] == start[9] and "GGG" not in sequence
        assert float(row["gc"]) <= 0.6 and float(row["score"]) > float(row["start_score"])
        assert row["within_constraints"] == "True"
    steps = list(csv.DictReader((tmp_path / "out" / "steps.tsv").open(), delimiter="\t"))
    assert [row["step"] for row in steps if row["name"] == "two"] == ["1", "2", "3", "4"]
    assert all(int(row["position"]) not in (1, 2, 10) for row in steps)
    assert (tmp_path / "out" / "designs.fa").read_text().startswith(">=one\n")


@pytest.mark.usefixtures("known")
def test_drawn_sequences_are_the_same_for_a_seed(tmp_path: Path) -> None:
    settings = DesignSettings(output="bound", number=2, steps=3, seed=4)
    first, again = (design_run(Path("run"), tmp_path, settings) for _ in range(2))
    assert [each.start for each in first.found.values()] == [each.start for each in again.found.values()]
    assert list(first.found) == ["design_1", "design_2"]


def test_a_target_is_in_the_units_of_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, tmp_path, trained(None))
    (tmp_path / "start.fa").write_text(">a\nAAAAAAAAAA\n")
    done = invoke("design", "run", "-o", tmp_path / "out", "--start", tmp_path / "start.fa", "--target", 130)
    # Each G adds 10 to 100.
    assert "a: output 100 to 130 in 3 substitutions" in done.stdout, done.output + done.stderr
    (row,) = csv.DictReader((tmp_path / "out" / "designs.tsv").open(), delimiter="\t")
    assert row["sequence"].count("G") == 3
    steps = list(csv.DictReader((tmp_path / "out" / "steps.tsv").open(), delimiter="\t"))
    assert [float(step["score"]) for step in steps] == pytest.approx([110, 120, 130])


@pytest.mark.usefixtures("known")
@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (DesignSettings(output="none"), "--for must be one of 'bound'"),
        (DesignSettings(fixed="1-11"), "--fixed: expected positions from 1 to 10"),
        (DesignSettings(gc=(0.8, 0.2)), "`gc`"),
    ],
)
def test_what_does_not_fit_is_refused(settings: DesignSettings, words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        design_run(Path("run"), tmp_path, settings)


def test_ranges_of_positions() -> None:
    assert fixed_positions("1-3, 7") == {0, 1, 2, 6} and fixed_positions("") == frozenset()
    for text in ("0-3", "a", "5-2", "1-", "-4"):
        with pytest.raises(ConfigError, match="--fixed"):
            fixed_positions(text)
