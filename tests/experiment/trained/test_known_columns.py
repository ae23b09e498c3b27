"""Numbers reach a network by the names of their columns, and classes keep their order, wherever data come from."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import amber as package
from amber.data.dataset import Dataset
from amber.data.from_arrays import dataset_from_arrays
from amber.data.targets.target import Labels
from amber.errors import ConfigError, DataError
from amber.experiment import Experiment
from amber.experiment.configuration.reading import config_from_text
from amber.experiment.reporter import LogReporter
from amber.experiment.run_files.recorded import with_known_classes
from amber.experiment.running import run
from amber.experiment.task_spec import TaskSpec
from amber.experiment.trained.known_data import check_columns, check_outputs
from amber.experiment.trained.preprocessing import Preprocessing

Amber = Callable[..., Any]
GENES = ("gene_1", "gene_2", "gene_3", "other")
SHORT = {
    "search": {"trials": 1},
    "training": {"epochs": 1},
    "final": {"epochs": 4, "patience": None, "ensemble": 1, "linear_term": False},
}


def values(count: int = 120) -> np.ndarray:
    return np.random.default_rng(0).normal(100, 30, (count, len(GENES))).astype(np.float32)


def labels(numbers: np.ndarray) -> list[str]:
    return ["high" if row[0] - row[1] > 0 else "low" for row in numbers]


def write_table(path: Path, order: list[str], kinds: Callable[[str], str] = str) -> Path:
    """Write the same examples with columns in some order; columns of other names hold 7."""
    numbers = values()
    with path.open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow([*order, "label"])
        for row, label in zip(numbers.tolist(), labels(numbers), strict=True):
            named = dict(zip(GENES, row, strict=True))
            table.writerow([*(named.get(column, 7) for column in order), kinds(label)])
    return path


def write_anndata(path: Path, places: list[int]) -> Path:
    """Write the same examples as an AnnData file with features in some order."""
    text = h5py.string_dtype()
    with h5py.File(path, "w") as file:
        file["X"] = values()[:, places]
        columns = {"obs": [f"cell{row}" for row in range(len(values()))], "var": [GENES[place] for place in places]}
        for name, index in columns.items():
            file.create_group(name).create_dataset("_index", data=index, dtype=text)
            file[name].attrs["_index"] = "_index"
        file["obs"].create_dataset("label", data=labels(values()), dtype=text)
        file["obs"].attrs["column-order"] = np.array(["label"], dtype=text)
    return path


@pytest.fixture(scope="module")
def table_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on a table whose inputs are a pattern and a column."""
    folder = tmp_path_factory.mktemp("table")
    write_table(folder / "old.csv", list(GENES))
    blocks = {"genes": "gene_*", "rest": "other"}
    settings = {"name": "table", "data": {"source": "old.csv", "blocks": blocks}, **SHORT}
    run(Experiment.from_dict(settings, folder=folder, run_directory=folder / "run"), LogReporter())
    return folder / "run"


@pytest.fixture(scope="module")
def anndata_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on all features of an AnnData file, which are its only input."""
    folder = tmp_path_factory.mktemp("anndata")
    write_anndata(folder / "old.h5ad", [0, 1, 2, 3])
    settings = {"name": "cells", "data": {"source": {"anndata": "old.h5ad"}}, **SHORT}
    run(Experiment.from_dict(settings, folder=folder, run_directory=folder / "run"), LogReporter())
    return folder / "run"


@pytest.mark.parametrize(
    "order",
    [
        ["gene_1", "gene_3", "gene_2", "other"],
        ["other", "gene_3", "gene_2", "gene_1"],
        ["gene_0", "gene_1", "gene_2", "gene_22", "gene_3", "other"],
    ],
)
def test_columns_are_found_by_their_names(amber: Amber, table_run: Path, tmp_path: Path, order: list[str]) -> None:
    expected = amber("predict", table_run, write_table(tmp_path / "same.csv", list(GENES)))
    found = amber("predict", table_run, write_table(tmp_path / "new.csv", order))
    assert found.exit_code == 0 and found.stdout == expected.stdout
    accuracy = [
        amber("evaluate", table_run, tmp_path / name, "--json").stdout.split('"accuracy"')[1].split(",")[0]
        for name in ("same.csv", "new.csv")
    ]
    assert accuracy[0] == accuracy[1]


def test_a_column_that_is_missing_is_named(amber: Amber, table_run: Path, tmp_path: Path) -> None:
    file = write_table(tmp_path / "new.csv", ["gene_1", "gene_2", "gene_4", "other"])
    done = amber("predict", table_run, file)
    assert done.exit_code == 2 and "Block 'genes': expected a column of the file" in done.stderr
    assert "'gene_3'" in done.stderr


def test_a_bundle_predicts_a_table_as_its_run_does(amber: Amber, table_run: Path, tmp_path: Path) -> None:
    file = write_table(tmp_path / "new.csv", ["other", "gene_2", "gene_1", "gene_3"])
    assert amber("export", table_run, "-o", tmp_path / "bundle").exit_code == 0
    of_run, of_bundle = (amber("predict", source, file) for source in (table_run, tmp_path / "bundle"))
    assert of_bundle.exit_code == 0, of_bundle.stderr
    assert of_bundle.stdout == of_run.stdout


def test_the_only_input_of_an_anndata_file_is_scaled(anndata_run: Path) -> None:
    model = package.load(anndata_run)
    mean = np.array(model.preprocessing.scaling["input"].mean)
    np.testing.assert_allclose(mean, values().mean(axis=0), atol=10)
    in_order = model.predict(values())
    network = model.network.predict(model.preprocessing.scaling["input"].apply(values()), verbose=0)
    np.testing.assert_allclose(in_order[:, 1:], network, atol=1e-5)


def test_features_of_another_anndata_file_are_found_by_name(amber: Amber, anndata_run: Path, tmp_path: Path) -> None:
    for name, places in {"same": [0, 1, 2, 3], "turned": [3, 1, 0, 2]}.items():
        write_anndata(tmp_path / f"{name}.h5ad", places)
    found = [amber("evaluate", anndata_run, tmp_path / f"{name}.h5ad", "--json") for name in ("same", "turned")]
    assert found[0].exit_code == 0, found[0].stderr
    assert found[0].stdout.replace("same", "turned") == found[1].stdout


def test_a_table_in_memory_is_put_in_order(anndata_run: Path) -> None:
    pandas = pytest.importorskip("pandas")
    model = package.load(anndata_run)
    frame = pandas.DataFrame(values(), columns=list(GENES))
    expected = model.predict(values())
    np.testing.assert_array_equal(model.predict(frame), expected)
    np.testing.assert_array_equal(model.predict(frame[["other", "gene_2", "gene_3", "gene_1"]]), expected)
    with pytest.raises(DataError, match="expected the columns 'gene_1', 'gene_2'.*none of the name 'gene_3'"):
        model.predict(frame.rename(columns={"gene_3": "x"}))
    assert dataset_from_arrays(frame, labels(values())).columns == {"input": GENES}


def test_a_configuration_with_other_columns_is_refused(amber: Amber, table_run: Path, tmp_path: Path) -> None:
    write_table(tmp_path / "new.csv", ["gene_3", "gene_1", "gene_2", "other"])
    (tmp_path / "new.yaml").write_text("data: {source: new.csv, blocks: {genes: 'gene_*', rest: other}}\n")
    done = amber("evaluate", table_run, tmp_path / "new.yaml")
    assert done.exit_code == 2
    assert "reads the columns 'gene_1', 'gene_2', 'gene_3', in this order" in done.stderr
    trained = amber("train", tmp_path / "new.yaml", "--from", table_run, "-o", tmp_path / "further")
    assert trained.exit_code == 2 and "number 1 differs" in trained.stderr
    assert not (tmp_path / "further").exists()


@pytest.mark.parametrize(
    ("more", "kinds", "message"),
    [
        (", classes: [high, low]", str, "is the classes 'low', 'high'"),
        ("", {"high": "1", "low": "0"}.__getitem__, "a label must be one of 'low', 'high'. Received: '1'"),
        (", task: regression", {"high": "1.5", "low": "0.25"}.__getitem__, "'low', 'high'"),
    ],
)
def test_a_configuration_with_other_classes_is_refused(
    amber: Amber, table_run: Path, tmp_path: Path, more: str, kinds: Callable[[str], str], message: str
) -> None:
    write_table(tmp_path / "new.csv", list(GENES), kinds)
    config = "data: {source: new.csv, blocks: {genes: 'gene_*', rest: other}" + more + "}\n"
    (tmp_path / "new.yaml").write_text(config)
    done = amber("evaluate", table_run, tmp_path / "new.yaml")
    assert done.exit_code == 2 and message in done.stderr, done.stderr


@pytest.mark.parametrize(
    ("data", "classes"),
    [
        ("{source: x.csv}", ["c", "a", "b"]),
        ("{source: x.csv, classes: [a, b]}", ["a", "b"]),
        ("{source: x.csv, labels: 'peak_*'}", None),
        ("{source: x.csv, label: [y1, y2]}", None),
    ],
)
def test_classes_that_are_not_named_are_those_of_the_network(data: str, classes: list[str] | None) -> None:
    loaded = config_from_text(f"data: {data}\n", "x.yaml", recorded=True)
    assert with_known_classes({"output": ("c", "a", "b")}, loaded).config.data.classes == classes


def test_outputs_of_other_kinds_and_names_are_refused() -> None:
    known = Preprocessing(TaskSpec({"input": (2,)}, {"output": Labels(("a", "b"))}), {}, {}, {})
    data = dataset_from_arrays(values(), labels(values()))
    with pytest.raises(DataError, match="is the labels 'a', 'b'.*Received: the classes 'low', 'high'"):
        check_outputs(known, data, "runs/x")
    with pytest.raises(DataError, match="has the outputs 'task'. Received: 'output'"):
        check_outputs(Preprocessing(TaskSpec({"input": (2,)}, {"task": None}), {}, {}, {}), data, "runs/x")


def test_numbers_without_names_are_taken_as_they_are() -> None:
    known = Preprocessing(TaskSpec({"input": (4,)}, {"output": None}), {}, {}, {}, {"input": GENES})
    data: Dataset = dataset_from_arrays(values(), labels(values()))
    check_columns(known, data, "runs/x")
    np.testing.assert_array_equal(known.inputs(values())["input"], values())


@pytest.mark.parametrize("columns", [5, {"input": ["a"]}, {"input": ["a", "a", "b", "c"]}, {"other": ["a"]}])
def test_columns_of_a_stranger_are_checked(columns: Any) -> None:
    good = Preprocessing(TaskSpec({"input": (4,)}, {"output": None}), {}, {}, {}, {"input": GENES}).to_dict()
    assert Preprocessing.from_dict(good).input_columns == {"input": GENES}
    with pytest.raises(ConfigError, match="expected a") as caught:
        Preprocessing.from_dict({**good, "columns": columns})
    assert caught.value.field[0] == "columns"
