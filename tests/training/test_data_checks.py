"""Data that cannot be trained on are refused before anything is trained, and the message says where."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.architect import ModelSpace, Operation
from amber.errors import ConfigError, DataError
from amber.modeler import KerasResidualCnnBuilder
from amber.search import Objective, run_search
from amber.training.data_checks import check_data, check_fit_arguments

LAYER = [{"Layer_type": "identity", "filters": 2}, {"Layer_type": "conv1d", "filters": 2, "kernel_size": 3}]
X, Y = np.zeros((6, 8, 4), "float32"), np.array([0, 1, 2, 0, 1, 2])


def search(train: Any, validation: Any, loss: str = "sparse_categorical_crossentropy") -> None:
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=(8, 4)),
        Operation("dense", units=3, activation="softmax"),
        fc_units=2,
        flatten_mode="Flatten",
        model_space=ModelSpace.from_dict([LAYER]),
        model_compile_dict={"optimizer": "sgd", "loss": loss, "metrics": ["accuracy"]},
    )
    run_search(Objective(builder, train, validation, epochs=1), trials=1, seed=0)


def changed(array: Any, where: Any, value: Any) -> Any:
    new = array.copy()
    new[where] = value
    return new


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        (
            (changed(X, (4, 1, 3), np.nan), Y),
            (X, Y),
            r"train: features must be finite.*nan in row 4, position \(1, 3\)",
        ),
        ((X, Y), (changed(X, (0, 0, 0), np.inf), Y), r"validation: features must be finite.*inf in row 0"),
        ((X, Y.astype(str)), (X, Y), r"train: targets must be numbers.*type <U"),
        ((X, changed(Y, 3, 7)), (X, Y), r"train: a target must be a class number from 0 to 2.*7 in row 3"),
        ((X, Y), (X, changed(Y, 2, -1)), r"validation: a target must be a class number from 0 to 2.*-1 in row 2"),
        ((X, changed(Y.astype("float32"), 1, 0.5)), (X, Y), r"train: a target must be a class number.*0.5 in row 1"),
        ((X, Y[:, None] + 1), (X, Y), r"train: a target must be a class number.*3 in row 2"),
        ((X[:0], Y[:0]), (X, Y), r"train: expected equally many rows.*\[0, 0\]"),
    ],
)
def test_unusable_data_are_named(train: Any, validation: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        search(train, validation)


def test_a_loss_without_class_numbers_takes_any_number() -> None:
    numbers = np.full((6, 3), 7.5, "float32")
    with np.errstate(all="raise"):
        search((X, numbers), (X, numbers), loss="mse")


def test_one_row_is_enough() -> None:
    features, targets = check_data((X[:1], Y[:1]), "train")
    assert features.shape == (1, 8, 4) and targets.tolist() == [0]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((X, Y[:4]), r"equally many rows everywhere, at least one. Received: \[6, 4\]"),
        (([X, X[:5]], Y), r"Received: \[6, 5, 6\]"),
        ((X, 3.0), "targets must be arrays of rows"),
        ((X, Y, Y), "must be a pair"),
        (X, "must be a pair"),
    ],
)
def test_rows_must_agree(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_data(data, "train")


@pytest.mark.parametrize("row", [0, 1, 4095, 4096, 8999])
def test_a_wrong_number_is_found_in_any_row(row: int) -> None:
    with pytest.raises(DataError, match=rf"nan in row {row}, position \(1,\)"):
        check_data((changed(np.zeros((9000, 2)), (row, 1), np.nan), np.zeros(9000)), "train")


@pytest.mark.parametrize(
    "arguments",
    [
        {"class_weight": {0: 1.0, 1: 0}},
        {"class_weight": {np.int64(2): np.float32(0.5)}},
        {"class_weight": None, "sample_weight": None},
        {"sample_weight": np.zeros(12)},
        {"sample_weight": {"a": np.ones(12), "b": np.ones(12)}, "verbose": 0},
        {},
    ],
)
def test_arguments_of_fit_that_are_right(arguments: Any) -> None:
    check_fit_arguments(arguments, 12)


@pytest.mark.parametrize(
    "weights",
    [
        {0: -1.0},
        {0: 1.0, 1: np.nan},
        {0: np.inf},
        {0: "1"},
        {-1: 1.0},
        {0: 1.0, -1: 1.0},
        {0: 1.0, "b": 1.0},
        {0.5: 1.0},
    ],
)
def test_weights_of_classes_that_are_wrong(weights: Any) -> None:
    with pytest.raises(ConfigError, match="weights by class number"):
        check_fit_arguments({"class_weight": weights}, 12)


@pytest.mark.parametrize("weights", [1.0, [1.0, 2.0], np.float64(2.0)])
def test_weights_of_examples_that_are_not_an_array(weights: Any) -> None:
    with pytest.raises(DataError, match="sample_weight must be an array. Received"):
        check_fit_arguments({"sample_weight": weights}, 12)
