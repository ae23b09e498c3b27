"""Compile arguments of one child: every object is its own, made anew from what was given once."""

from __future__ import annotations

from typing import Any

import keras
import pytest

from amber.errors import ConfigError
from amber.graph.models.compiling import clone_compile_arguments


def own(y_true: Any, y_pred: Any) -> Any:
    """A metric or loss of the user's own."""
    return y_pred


class Unclonable(keras.losses.Loss):
    def __init__(self, needed: Any) -> None:
        super().__init__()


def cloned(name: str, value: Any) -> Any:
    return clone_compile_arguments({name: value})[name]


@pytest.mark.parametrize(
    ("name", "given"),
    [("optimizer", "sgd"), ("loss", "mse"), ("loss", own), ("metrics", "auc"), ("metrics", own), ("run_eagerly", True),
     ("loss", keras.losses.mean_squared_error), ("jit_compile", "auto")],
)  # fmt: skip
def test_names_functions_and_flags_stay(name: str, given: Any) -> None:
    assert cloned(name, given) is given


def test_objects_are_made_anew_wherever_they_are() -> None:
    auc, loss, optimizer = keras.metrics.AUC(num_thresholds=7), keras.losses.Huber(0.3), keras.optimizers.SGD(0.5)
    nested = cloned("metrics", {"a": [auc, "mse"], "b": (auc,)})
    assert nested["a"][0].num_thresholds == nested["b"][0].num_thresholds == 7 and nested["a"][1] == "mse"
    assert len({id(each) for each in (auc, nested["a"][0], nested["b"][0])}) == 3
    assert cloned("loss", loss) is not loss and cloned("loss", loss).get_config() == loss.get_config()
    assert cloned("optimizer", optimizer) is not optimizer
    assert float(cloned("optimizer", optimizer).learning_rate) == 0.5


@pytest.mark.parametrize("make", [keras.optimizers.SGD, lambda: keras.optimizers.SGD(0.25)])
def test_what_makes_an_optimizer_is_called(make: Any) -> None:
    assert isinstance(cloned("optimizer", make), keras.optimizers.SGD)


@pytest.mark.parametrize("make", [keras.metrics.AUC, lambda: keras.metrics.AUC()])
def test_what_makes_a_metric_is_called(make: Any) -> None:
    assert isinstance(cloned("metrics", [make])[0], keras.metrics.AUC)


def test_what_cannot_be_made_anew_is_named() -> None:
    with pytest.raises(ConfigError, match="The loss .* cannot be recreated"):
        cloned("loss", Unclonable(3))
