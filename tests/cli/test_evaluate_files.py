"""`amber evaluate RUN FILES`: new labelled files, beside a linear model, with what is wrong said plainly."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from amber.data.datasets import find_data
from amber.data.tables.table import read_table
from amber.experiment.run_files import recorded
from amber.experiment.run_files.recorded import read_record

Amber = Callable[..., Any]


@pytest.fixture(scope="module")
def new_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some examples of the splice data as a file of their own."""
    table = read_table(find_data("splice"), ["seq", "label"])
    rows = list(zip(table["seq"], table["label"], strict=True))[::10][:300]
    path = tmp_path_factory.mktemp("new") / "new.csv"
    path.write_text("seq,label\n" + "".join(f"{seq},{label}\n" for seq, label in rows))
    return path


def said(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.slow
def test_new_files_are_scored_with_intervals_beside_a_linear_model(
    amber: Amber, finished_run: Path, new_file: Path
) -> None:
    before = json.loads((finished_run / "best.json").read_text())["looks"]
    done = amber("evaluate", finished_run, new_file)
    assert done.exit_code == 0, done.output + done.stderr
    assert "300 examples" in done.stdout and "logistic regression" in done.stdout and "95 % intervals" in done.stdout
    assert "are among those that the network was trained on" in said(done.stdout)
    assert "The test split of the run was used" in done.stdout
    found = json.loads(amber("evaluate", finished_run, new_file, "--json").stdout)
    assert found["files"] == [str(new_file)] and found["test_looks"] == before
    own = found["evaluation"]["scores"]["accuracy"]
    assert own["low"] <= found["accuracy"] <= own["high"]
    difference = found["evaluation"]["differences"]["logistic regression"]["accuracy"]
    baseline = found["evaluation"]["baselines"]["logistic regression"]["accuracy"]["value"]
    assert difference["value"] == pytest.approx(found["accuracy"] - baseline)


def test_a_network_that_is_no_better_than_one_class_is_said_to_be(
    amber: Amber, finished_run: Path, new_file: Path, tmp_path: Path
) -> None:
    # Nothing is better than always saying the class that all examples have.
    lines = new_file.read_text().splitlines()
    (tmp_path / "one.csv").write_text("\n".join([lines[0], *(line for line in lines if line.endswith(",EI"))]) + "\n")
    done = amber("evaluate", finished_run, tmp_path / "one.csv")
    assert done.exit_code == 0, done.output + done.stderr
    assert "The best network is no better than always saying 'EI'" in said(done.stdout)
    assert "never predicts the class 'N'" not in said(done.stdout)


def test_the_record_of_a_run_is_read_once(amber: Amber, finished_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    monkeypatch.setattr(recorded, "read_record", lambda source: read.append(source) or read_record(source))
    done = amber("evaluate", finished_run, "missing.csv")
    assert done.exit_code != 0 and "missing.csv" in done.stderr
    assert read == [finished_run]


@pytest.mark.slow
def test_a_bundle_without_the_data_is_evaluated_without_a_linear_model(
    amber: Amber, finished_run: Path, new_file: Path, tmp_path: Path
) -> None:
    assert amber("export", finished_run, "-o", tmp_path / "model").exit_code == 0
    config = tmp_path / "model" / "config.yaml"
    config.write_text(config.read_text() + "\ndata: {source: /nowhere/old.csv}\n")
    done = amber("evaluate", tmp_path / "model", new_file)
    assert done.exit_code == 0, done.output + done.stderr
    assert "Without a linear model" in done.stderr and "logistic" not in done.stdout


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["new.csv", "--split", "test"], "--split: new files are evaluated as a whole"),
        (["tiny.yaml", "--genome", "g.fa"], "--genome: the configuration names it"),
        (["--genome", "g.fa"], "--genome: it is for new files of intervals"),
        (["new.csv", "--genome", "g.fa"], "--genome: it is for intervals"),
        (["none.csv"], "none.csv"),
    ],
)
def test_what_does_not_go_together_is_refused(more: list[str], words: str, amber: Amber, finished_run: Path) -> None:
    done = amber("evaluate", finished_run, *more)
    assert done.exit_code == 2 and words in done.stderr.replace("\n", " ")


@pytest.mark.slow
def test_a_network_is_trained_further_from_the_command_line(
    amber: Amber, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "further.yaml").write_text("data: {source: splice}\nfinal: {epochs: 1, batch_size: 256}\n")
    arguments = ("train", tmp_path / "further.yaml", "--from", finished_run, "--layers", "last")
    done = amber(*arguments, "-o", tmp_path / "model")
    assert done.exit_code == 0, done.output + done.stderr
    assert "Training the last layers" in done.stdout and "its outputs are kept" in done.stdout
    assert "examples.json, model.keras, model.onnx" in done.stdout.replace("\n", " ") and "Without" not in done.stdout
    assert f"fine-tuned from {finished_run.name}: the last layers" in (tmp_path / "model" / "README.md").read_text()
    monkeypatch.setattr("amber.modeler.onnx_export.missing_packages", lambda backend: ["onnx"])
    without = amber(*arguments, "-o", tmp_path / "model")
    assert without.exit_code == 0 and "Without model.onnx: Writing ONNX on" in without.stdout, without.stderr
    assert not (tmp_path / "model" / "model.onnx").exists() and (tmp_path / "model" / "examples.json").is_file()
    assert amber("evaluate", tmp_path / "model", tmp_path / "none.csv").exit_code == 2
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    refused = amber(*arguments, "-o", tmp_path / "other")
    assert refused.exit_code == 2 and "which holds other files" in refused.stderr


def test_what_a_configuration_says_otherwise_is_named_by_its_line(
    amber: Amber, finished_run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_yet(*_: object) -> None:
        raise AssertionError("the network must not be loaded before the data are checked")

    monkeypatch.setattr("amber.modeler.model_files.load_model_file", not_yet)
    (tmp_path / "order.yaml").write_text("data:\n  source: splice\n  classes: [IE, EI, N]\n")
    done = amber("evaluate", finished_run, tmp_path / "order.yaml")
    assert done.exit_code == 2 and "order.yaml, line 3, key data.classes:" in said(done.stderr)
    (tmp_path / "longer.yaml").write_text("data:\n  source: splice\n  length: 70\n")
    done = amber("train", tmp_path / "longer.yaml", "--from", finished_run, "-o", tmp_path / "model")
    assert done.exit_code == 2 and "longer.yaml, line 3, key data.length: splice:" in said(done.stderr)
