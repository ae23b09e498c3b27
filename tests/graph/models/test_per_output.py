"""What is given once reaches every output."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from amber.errors import ConfigError, DataError
from amber.graph.models.per_output import (
    arrange_targets,
    spread,
    spread_loss_weights,
    spread_metrics,
    spread_targets,
)

OUTPUTS = ["y", "head_1", "head_2"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a", ["a", "a", "a"]),
        (["a"], ["a", "a", "a"]),
        (["a", "b", "c"], ["a", "b", "c"]),
        (("a", "b", "c"), ["a", "b", "c"]),
        ({"y": "a"}, ["a", "a", "a"]),
        ({"head_2": "b", "y": "a"}, ["a", "a", "b"]),
        ({"head_2": "c", "y": "a", "head_1": "b"}, ["a", "b", "c"]),
    ],
)
def test_spread(given: Any, expected: list[str]) -> None:
    assert spread(given, OUTPUTS, "labels") == expected


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", "b"], r"one entry for each of the 3 outputs \(y, head_1, head_2\).*Received: 2"),
        ([], "Received: 0"),
        ({"Y": "a"}, "unknown 'Y'; nothing for 'y', 'head_1', 'head_2'. Received: 'Y'"),
        ({"head_1": "a"}, "nothing for 'y', 'head_2'. Received: 'head_1'"),
        ({"y": "a", "head_3": "b"}, "unknown 'head_3'. Received: 'y', 'head_3'"),
        ({}, "Received: none"),
    ],
)
def test_what_cannot_be_spread(given: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        spread(given, OUTPUTS, "labels")


def test_targets_of_a_batch() -> None:
    assert spread_targets("y", None, OUTPUTS) == (["y"] * 3, None)
    assert spread_targets("y", "w", OUTPUTS) == (["y"] * 3, ["w"] * 3)
    assert spread_targets(["a", "b", "c"], {"y": "w", "head_1": "v"}, OUTPUTS) == (["a", "b", "c"], ["w", "v", "w"])
    assert spread_targets(None, None, OUTPUTS) == (None, None)
    assert spread_targets({"y": "a"}, ["w"], ["y"]) == ("a", "w")
    assert spread_targets("a", None, ["y"]) == ("a", None)


def test_shared_labels_stay_one_array() -> None:
    y, weight = np.arange(3), np.ones(3)
    for given in (y, [y], {"y": y}, [y, y, y]):
        options: dict[str, Any] = {"y": given, "sample_weight": {"y": weight}, "class_weight": None}
        arrange_targets(options, OUTPUTS)
        assert options["y"] is y
        assert options["sample_weight"] is weight
    options = {"y": [0, 1, 1]}
    arrange_targets(options, OUTPUTS)
    np.testing.assert_array_equal(options["y"], [0, 1, 1])


def test_weights_by_class_of_labels_that_differ() -> None:
    labels = [np.array([0, 1, 1]), np.array([[1], [1], [2]]), np.eye(3)[[2, 0, 0]]]
    options: dict[str, Any] = {"y": labels, "class_weight": {0: 2.0, 1: 3.0}}
    arrange_targets(options, OUTPUTS)
    assert options["class_weight"] is None
    assert [list(weights) for weights in options["sample_weight"]] == [[2, 3, 3], [3, 3, 1], [1, 2, 2]]


def test_weights_of_losses() -> None:
    defaults = {"head_1": 0.1, "head_2": 0.2}
    assert spread_loss_weights(None, OUTPUTS, defaults) == [1, 0.1, 0.2]
    assert spread_loss_weights([3, 2, 1], OUTPUTS, defaults) == [3, 2, 1]
    assert spread_loss_weights({"head_1": 0.7}, OUTPUTS, defaults) == [1, 0.7, 0.2]
    for wrong in ([1, 2], 0.5, {"nowhere": 1}):
        with pytest.raises(ConfigError, match="loss_weights"):
            spread_loss_weights(wrong, OUTPUTS, defaults)


def test_metrics() -> None:
    assert spread_metrics(["mae", "mse"], OUTPUTS, "metrics") == [["mae", "mse"]] * 3
    assert spread_metrics("mae", OUTPUTS, "metrics") == [["mae"]] * 3
    assert spread_metrics([["mae"], None, "mse"], OUTPUTS, "metrics") == [["mae"], [], ["mse"]]
    assert spread_metrics({"y": "mae"}, OUTPUTS, "metrics") == [["mae"], [], []]
    assert spread_metrics(None, OUTPUTS, "metrics") is None
    # Three metrics for three outputs are still three for each.
    assert spread_metrics(["a", "b", "c"], OUTPUTS, "metrics") == [["a", "b", "c"]] * 3
    metric = keras.metrics.AUC(num_thresholds=7)
    (first,), (second,), (third,) = spread_metrics([metric], OUTPUTS, "metrics")
    assert first is metric
    assert len({id(each) for each in (first, second, third)}) == 3
    assert third.num_thresholds == 7
    for wrong in ([["mae"], ["mse"]], {"nowhere": "mae"}):
        with pytest.raises(ConfigError, match="metrics"):
            spread_metrics(wrong, OUTPUTS, "metrics")
