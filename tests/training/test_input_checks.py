"""Features must have the shapes that a network takes: each way in which they may not, before anything is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.architect import Operation
from amber.errors import AmberError, DataError
from amber.modeler import ComputationGraph, ComputationNode
from amber.training.data_checks import check_data, check_input_shapes

A, B = np.zeros((6, 10, 4), "float32"), np.zeros((6, 3), "float32")


def graph(*shapes: tuple[int | None, ...]) -> ComputationGraph:
    names = "abc"[: len(shapes)]
    nodes = [ComputationNode(Operation("input", shape=each), name) for name, each in zip(names, shapes, strict=True)]
    nodes += [ComputationNode(Operation("flatten"), f"{name}_flat", parents=[name]) for name in names]
    nodes.append(ComputationNode(Operation("dense", units=1), "y", parents=[f"{name}_flat" for name in names]))
    return ComputationGraph(nodes, list(names), ["y"])


ONE, TWO = graph((10, 4)), graph((10, 4), (3,))


@pytest.mark.parametrize(
    ("network", "features"),
    [(ONE, A), (ONE, [A]), (ONE, {"a": A}), (TWO, [A, B]), (TWO, {"a": A, "b": B}), (TWO, {"b": B, "a": A})],
)
def test_features_that_fit(network: ComputationGraph, features: Any) -> None:
    check_input_shapes(network.inputs, network.cost, features, "train")


@pytest.mark.parametrize(
    ("network", "features", "received"),
    [
        (ONE, B, r"\[\(3,\)\]"),
        (ONE, A[:, :9], r"\[\(9, 4\)\]"),
        (ONE, A[..., :3], r"\[\(10, 3\)\]"),
        (ONE, A[..., None], r"\[\(10, 4, 1\)\]"),
        (ONE, A[:, :, 0], r"\[\(10,\)\]"),
        (ONE, [A, A], r"\[\(10, 4\), \(10, 4\)\]"),
        (ONE, {"a": B}, r"\[\(3,\)\]"),
        (TWO, A, r"\[\(10, 4\)\]"),
        (TWO, [B, A], r"\[\(3,\), \(10, 4\)\]"),
        (TWO, [A, A], r"\[\(10, 4\), \(10, 4\)\]"),
        (TWO, [A, B, B], r"\[\(10, 4\), \(3,\), \(3,\)\]"),
        (TWO, {"a": B, "b": A}, r"\[\(3,\), \(10, 4\)\]"),
    ],
)
def test_features_that_do_not_fit_are_named(network: ComputationGraph, features: Any, received: str) -> None:
    inputs = ", ".join(network.inputs)
    with pytest.raises(DataError, match=f"train: the network has inputs {inputs} of .*features of shapes {received}$"):
        check_input_shapes(network.inputs, network.cost, features, "train")


@pytest.mark.parametrize("features", [{"a": A}, {"a": A, "b": B, "z": B}, {"a": A, "z": B}])
def test_blocks_of_other_names(features: Any) -> None:
    with pytest.raises(AmberError, match="'[bz]'"):
        check_input_shapes(TWO.inputs, TWO.cost, features, "train")


@pytest.mark.parametrize("kind", [bool, "int8", "uint16", "int64", "float16", "float64"])
def test_numbers_of_any_kind_are_features(kind: Any) -> None:
    features = np.ones((4, 2), kind)
    assert check_data((features, np.zeros(4)), "train")[0] is features


@pytest.mark.parametrize("kind", ["U3", "S3", "object", "complex64", "datetime64[s]"])
def test_what_is_no_number_is_no_feature(kind: str) -> None:
    with pytest.raises(DataError, match="train: features must be numbers. Received: an array of type"):
        check_data((np.zeros((4, 2), kind), np.zeros(4)), "train")
