"""Builders that a search cannot use are refused with what to write; those it can use need not be AMBER's."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import ModelSpace, Operation, TokenLayout
from amber.errors import ConfigError
from amber.modeler import KerasModelBuilder, ModelBuilder
from amber.search import Objective

X, Y = np.zeros((8, 3), "float32"), np.zeros((8, 1), "float32")
SPACE = ModelSpace.from_dict([[{"Layer_type": "dense", "units": units} for units in (2, 5)]])
ENDS = Operation("input", shape=(3,)), Operation("dense", units=1)


def own_network(tokens: Any) -> keras.Model:
    model = keras.Sequential([keras.layers.Dense((2, 5)[int(tokens[0])]), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    return model


class OnlyCalled(ModelBuilder):
    def __init__(self) -> None:
        """As users of the first AMBER wrote them, whose base could not be constructed."""

    def __call__(self, arc_seq: Any = None, *, model_states: Any = None) -> keras.Model:
        return own_network(arc_seq)


class WithPlan(OnlyCalled):
    def __init__(self) -> None:
        super(OnlyCalled, self).__init__(SPACE)
        self.layout = TokenLayout(SPACE, with_skips=False)
        self.plan = KerasModelBuilder(*ENDS, None, SPACE).plan  # type: ignore[method-assign]


class Nearest(KerasModelBuilder):
    def __call__(self, arc_seq: Any = None, *, model_states: Any = None) -> keras.Model:
        return own_network(arc_seq)


@pytest.mark.parametrize(
    ("builder", "said"),
    [
        (own_network, "the function own_network without layout and plan"),
        (OnlyCalled(), "a OnlyCalled without layout and plan"),
        (lambda tokens: own_network(tokens), "without layout and plan"),
    ],
    ids=["function", "subclass", "lambda"],
)
def test_refused_with_the_way_out(builder: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=f"TokenLayout.*define `plan`.*Received: .*{said}"):
        Objective(builder, (X, Y), (X, Y), metric="val_loss", direction="minimize")


@pytest.mark.parametrize("builder", [WithPlan(), Nearest(*ENDS, {"optimizer": "sgd", "loss": "mse"}, SPACE)])
def test_the_way_out_works(builder: Any) -> None:
    objective = Objective(builder, (X, Y), (X, Y), metric="val_loss", direction="minimize", epochs=1)
    trial = objective.evaluate([1], seed=0)
    assert trial.status == "complete" and trial.parameters == 3 * 5 + 5 + 6
