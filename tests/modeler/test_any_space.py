"""Random spaces and random tokens at every builder: a model that trains one step, or a named error; nothing else.

A builder that comes joins the table `BUILDERS`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from amber.architect import ModelSpace, Operation
from amber.errors import AmberError
from amber.modeler import KerasResidualCnnBuilder

ODD = st.sampled_from([0, -1, 2.5, True, None, "3", [3], [1, 2]])
ACTIVATIONS = ["relu", "tanh", "elu", "sigmoid", "softmax", "leaky_relu", "linear"]


def number(draw: st.DrawFn, faults: bool) -> Any:
    return draw(ODD) if faults and not draw(st.integers(0, 5)) else draw(st.integers(1, 9))


def choice(draw: st.DrawFn, faults: bool, good: list[Any], bad: list[Any]) -> Any:
    """A good value, or where faults are wanted sometimes a bad one."""
    return draw(st.sampled_from(bad if faults and not draw(st.integers(0, 5)) else good))


def residual_operation(draw: st.DrawFn, faults: bool, filters: Any) -> dict[str, Any]:
    types = ["conv1d", "conv1d", "maxpool1d", "avgpool1d", "identity"]
    kind = choice(draw, faults, types, ["dense", "no_such_type"])
    operation: dict[str, Any] = {"Layer_type": kind, "filters": filters}
    if kind == "conv1d":
        operation["kernel_size"] = number(draw, faults)
        operation["activation"] = choice(draw, faults, ACTIVATIONS, ["softplus", 3, None])
        operation.update(
            choice(
                draw,
                faults,
                [{}, {"dilation": 2}, {"dilation_rate": 3}, {"strides": 2}],
                [{"dilation": 0}, {"dilation": 2, "strides": 2}],
            )
        )
    elif kind.endswith("pool1d"):
        operation["pool_size"] = number(draw, faults)
        operation["strides"] = choice(draw, faults, [1, 1, 2], [0, "1", 2.5])
    operation.update(choice(draw, faults, [{}], [{"colour": 1}]))
    return operation


@st.composite
def residual_builders(draw: st.DrawFn) -> KerasResidualCnnBuilder:
    faults = draw(st.booleans())
    layers = []
    for _ in range(draw(st.integers(0 if faults else 1, 3))):
        filters = choice(draw, faults, [2, 2, 4], [0, "2"])
        count = draw(st.integers(0 if faults else 1, 3))
        layers.append([residual_operation(draw, faults, filters) for _ in range(count)])
    return KerasResidualCnnBuilder(
        Operation("input", shape=choice(draw, faults, [(12, 4), (1, 4), (3, 1)], [(12,), (0, 4), "(5, 2)", None])),
        Operation("dense", units=choice(draw, faults, [1, 2], [0, None])),
        fc_units=choice(draw, faults, [1, 3], [0]),
        flatten_mode=choice(draw, faults, ["gap", "Flatten"], ["neither"]),
        model_compile_dict={"optimizer": "sgd", "loss": "mse"},
        model_space=ModelSpace.from_dict(layers),
        dropout_rate=choice(draw, faults, [0, 0.2], [1]),
        wsf=draw(st.sampled_from([1, 2])),
        reduction_factor=draw(st.sampled_from([1, 2, 4])),
    )


BUILDERS = {"residual_cnn": residual_builders}


def draw_tokens(data: st.DataObject, builder: Any) -> list[Any]:
    if data.draw(st.integers(0, 5)):
        return list(builder.layout.sample(data.draw(st.integers(0, 999))))
    return data.draw(st.lists(st.one_of(st.integers(-1, 3), ODD), max_size=7))


def train_one_step(model: Any) -> None:
    x = [np.zeros((4, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    y = [np.zeros((4, *tensor.shape[1:]), "float32") for tensor in model.outputs]
    loss = model.train_on_batch(x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y)
    assert np.all(np.isfinite(loss))


@pytest.mark.parametrize("kind", BUILDERS)
def test_a_trained_step_or_a_named_error(kind: str) -> None:
    reached = {"trained": 0, "refused": 0}

    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def throw(data: st.DataObject) -> None:
        reached[try_one(kind, data)] += 1

    throw()
    # The property would be empty if every random space were refused, or none.
    assert min(reached.values()) >= 10, reached


def try_one(kind: str, data: st.DataObject) -> str:
    try:
        builder = data.draw(BUILDERS[kind]())
        arc = draw_tokens(data, builder)
        graph = builder.plan(arc)
        cost = builder.measure(arc)
        model = builder(arc)
    except AmberError as error:
        assert str(error).strip()
        return "refused"
    assert cost.parameters == model.count_params()
    assert type(graph).from_json(graph.to_json()) == graph
    assert builder.plan(arc) == graph
    train_one_step(model)
    return "trained"
