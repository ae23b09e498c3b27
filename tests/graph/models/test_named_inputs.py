"""Data by name: every way into a model of several inputs, and what is said of names that do not fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import pytest
from tests.modeler.test_branch import worked_example
from tests.modeler.test_multi_io import ARC, make_builder

from amber.architect import Operation
from amber.data import split_columns
from amber.errors import DataError
from amber.graph.models.named_inputs import check_block_names
from amber.modeler import input_operations

X = {"A": np.ones((8, 5), "float32"), "B": np.ones((8, 6), "float32")}
Y = {"o1": np.zeros((8, 1), "float32"), "o2": np.zeros((8, 2), "float32")}
WRONG = [
    ({"A": X["A"]}, "missing 'B'. Received: 'A'"),
    ({**X, "C": X["A"]}, "unknown 'C'"),
    ({"A": X["A"], "b": X["B"]}, r"missing 'B'; unknown 'b' \(did you mean 'B'\?\)"),
]
WAYS: dict[str, Callable[[keras.Model, Any], Any]] = {
    "fit": lambda model, x: model.fit(x, Y, verbose=0),
    "validation": lambda model, x: model.fit(X, Y, validation_data=(x, Y), verbose=0),
    "evaluate": lambda model, x: model.evaluate(x, Y, verbose=0),
    "predict": lambda model, x: model.predict(x, verbose=0),
    "train_on_batch": lambda model, x: model.train_on_batch(x, Y),
    "test_on_batch": lambda model, x: model.test_on_batch(x, Y),
    "predict_on_batch": lambda model, x: model.predict_on_batch(x),
}


@pytest.fixture
def model() -> keras.Model:
    return make_builder()(ARC)


@pytest.mark.parity
@pytest.mark.parametrize("way", WAYS)
def test_names_reach_their_inputs_whatever_their_order(model: keras.Model, way: str) -> None:
    WAYS[way](model, dict(reversed(X.items())))


@pytest.mark.parity
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("x", "message"), WRONG)
def test_wrong_names_are_named(model: keras.Model, way: str, x: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        WAYS[way](model, x)


def test_named_and_listed_data_give_the_same(model: keras.Model) -> None:
    by_name, listed = model.predict(X, verbose=0), model.predict([X["A"], X["B"]], verbose=0)
    for mine, other in zip(by_name, listed, strict=True):
        np.testing.assert_array_equal(mine, other)


def test_a_generator_of_named_blocks(model: keras.Model) -> None:
    def batches(x: Any) -> Iterator[Any]:
        while True:
            yield x, Y

    model.fit(batches(X), steps_per_epoch=2, verbose=0)
    with pytest.raises(DataError, match="unknown 'C'"):
        model.fit(batches({**X, "C": X["A"]}), steps_per_epoch=1, verbose=0)


def test_branches_take_names_too() -> None:
    branched = worked_example()([0, 0, 0])
    x = {"x0": np.ones((4, 3)), "x1": np.ones((4, 5))}
    branched.fit(x, np.zeros((4, 1)), verbose=0)
    with pytest.raises(DataError, match="unknown 'x2'"):
        branched.fit({**x, "x2": x["x0"]}, np.zeros((4, 1)), verbose=0)


def test_blocks_declared_once_make_inputs_and_data() -> None:
    x = split_columns(np.ones((6, 11)), {"A": (0, 5), "B": range(5, 11)})
    builder = make_builder(inputs_op=input_operations(x))
    assert builder.inputs_op == [Operation("input", shape=(n,), name=name) for n, name in ((5, "A"), (6, "B"))]
    assert builder(ARC).predict(x, verbose=0)[0].shape == (6, 1)
    for wrong in ({}, None, {"A": 3}, {"A": np.ones(4)}):
        with pytest.raises(DataError):
            input_operations(wrong)


def test_names_alone() -> None:
    check_block_names(["b", "a"], ["a", "b"])
    with pytest.raises(DataError, match="blocks 'a', 'b': missing 'a', 'b'. Received: none"):
        check_block_names([], ["a", "b"])
