"""Random spaces and random tokens at every builder: a model that trains one step, or a named error; nothing else.

A builder that comes joins the table `BUILDERS`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from tests.supernet.random_builders import enas_ann_builders, enas_cnn_builders

import amber.modeler
from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.errors import AmberError
from amber.modeler import (
    DAGModelBuilder,
    EnasAnnModelBuilder,
    EnasCnnModelBuilder,
    KerasBranchModelBuilder,
    KerasModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
    ModelBuilder,
)

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
        flatten_mode=choice(draw, faults, ["gap", "GMP", "Flatten"], ["neither"]),
        model_compile_dict={"optimizer": "sgd", "loss": "mse"},
        model_space=ModelSpace.from_dict(layers),
        dropout_rate=choice(draw, faults, [0, 0.2], [1]),
        wsf=draw(st.sampled_from([1, 2])),
        reduction_factor=draw(st.sampled_from([1, 2, 4])),
    )


def mixed_operation(draw: st.DrawFn, faults: bool) -> dict[str, Any]:
    """An operation for features or sequences, wherever it may come to stand."""
    kinds = [
        "dense",
        "dense",
        "dense",
        "dense",
        "conv1d",
        "maxpool1d",
        "flatten",
        "identity",
        "dropout",
        "globalavgpool1d",
        "lstm",
        "layer_normalization",
        "zero_padding1d",
        "reshape",
    ]
    kind = choice(draw, faults, kinds, ["no_such_type", "input", "add"])
    operation: dict[str, Any] = {"Layer_type": kind}
    if kind == "dense":
        operation |= {"units": number(draw, faults), "activation": choice(draw, faults, ["relu", "tanh"], [3, "no"])}
    elif kind == "conv1d":
        padding = choice(draw, faults, ["same", "same", "valid"], ["vallid", 3])
        operation |= {"filters": number(draw, faults), "kernel_size": number(draw, faults), "padding": padding}
    elif kind == "maxpool1d":
        operation["pool_size"] = number(draw, faults)
    elif kind == "lstm":
        operation |= {"units": number(draw, faults), "return_sequences": draw(st.booleans())}
    elif kind == "zero_padding1d":
        operation["padding"] = number(draw, faults)
    elif kind == "reshape":
        operation["target_shape"] = choice(draw, faults, [[5, 1], [-1, 2], [16]], [[0], [-1, -1], None, "x"])
    elif kind == "dropout":
        operation["rate"] = choice(draw, faults, [0.1, 0], [2, None])
    return operation


def mixed_space(draw: st.DrawFn, faults: bool, most: int = 3) -> ModelSpace:
    return ModelSpace.from_dict(
        [
            [mixed_operation(draw, faults) for _ in range(draw(st.integers(0 if faults else 1, 3)))]
            for _ in range(draw(st.integers(0 if faults else 1, most)))
        ]
    )


def named_inputs(draw: st.DrawFn, faults: bool, count: int) -> list[Operation]:
    shapes = [choice(draw, faults, [(3,), (5,), (5,), (5,), (8, 2)], [(0,), None, "x"]) for _ in range(count)]
    names = [choice(draw, faults, [f"x{k}"], ["x0", 3, "L0_dense"]) for k in range(count)]
    return [Operation("input", shape=shape, name=name) for shape, name in zip(shapes, names, strict=True)]


@st.composite
def multi_io_builders(draw: st.DrawFn) -> KerasMultiIOModelBuilder:
    faults = draw(st.booleans())
    outputs = [
        Operation("dense", units=choice(draw, faults, [1, 2], [0, None])) for _ in range(draw(st.integers(1, 2)))
    ]
    return KerasMultiIOModelBuilder(
        named_inputs(draw, faults, draw(st.integers(0 if faults else 1, 3))),
        outputs[0] if len(outputs) == 1 and draw(st.booleans()) else outputs,
        {"optimizer": "sgd", "loss": "mse"},
        mixed_space(draw, faults),
        with_input_blocks=draw(st.booleans()),
        with_output_blocks=draw(st.booleans()),
        dropout_rate=choice(draw, faults, [0, 0.2], [1, None]),
        wsf=choice(draw, faults, [1, 1.5], [0, "2"]),
    )


@st.composite
def branch_builders(draw: st.DrawFn) -> KerasBranchModelBuilder:
    faults = not draw(st.integers(0, 2))
    count = draw(st.integers(1, 3))
    branches = [mixed_space(draw, faults, 2) for _ in range(count)]
    merge = choice(draw, faults, ["concatenate", "concatenate", "add", "maximum"], ["glue", 3])
    return KerasBranchModelBuilder(
        named_inputs(draw, faults, choice(draw, faults, [count], [0, 4])),
        Operation("dense", units=choice(draw, faults, [1, 2], [0, None])),
        {"optimizer": "sgd", "loss": "mse"},
        BranchedModelSpace([branches, mixed_space(draw, faults, 2)], merge),
        with_bn=draw(st.booleans()),
    )


@st.composite
def sequential_builders(draw: st.DrawFn) -> KerasModelBuilder:
    faults = not draw(st.integers(0, 2))
    (given,) = named_inputs(draw, faults, 1)
    return KerasModelBuilder(
        choice(draw, faults, [given, [given]], [[given, given], None, Operation("dense", units=1)]),
        Operation("dense", units=choice(draw, faults, [1, 2], [0, None])),
        {"optimizer": "sgd", "loss": "mse"},
        choice(draw, faults, [mixed_space(draw, faults, 4)], [None, "space"]),
        gpus=choice(draw, faults, [None, 1], [0, 2, True, ["gpu:77"], "gpu"]),
        output_shape=choice(draw, faults, [None], [(1,), (9, 9)]),
    )


@st.composite
def dag_builders(draw: st.DrawFn) -> DAGModelBuilder:
    faults = not draw(st.integers(0, 2))
    kind = choice(draw, faults, ["DAG", None, "InputBlockDAG", "InputBlockAuxLossDAG"], ["no_such_dag", 3])
    options: dict[str, Any] = {"merge_op": choice(draw, faults, ["concatenate"] * 4 + ["add", "maximum"], ["glue", 3])}
    if str(kind).startswith("Input"):
        options["aux_loss_weight"] = choice(draw, faults, [0, 0.3], [-1, None, True])
    return DAGModelBuilder(
        named_inputs(draw, faults, draw(st.integers(0 if faults else 1, 3))),
        Operation("dense", units=choice(draw, faults, [1, 2], [0, None])),
        mixed_space(draw, faults),
        {"optimizer": "sgd", "loss": "mse"},
        with_skip_connection=draw(st.booleans()),
        with_input_blocks=True if str(kind).startswith("Input") else draw(st.booleans()),
        dag_func=kind,
        dag_kwargs=options,
    )


BUILDERS: dict[type[ModelBuilder], Any] = {
    KerasResidualCnnBuilder: residual_builders,
    KerasMultiIOModelBuilder: multi_io_builders,
    KerasBranchModelBuilder: branch_builders,
    KerasModelBuilder: sequential_builders,
    DAGModelBuilder: dag_builders,
    EnasAnnModelBuilder: enas_ann_builders,
    EnasCnnModelBuilder: enas_cnn_builders,
}


def draw_tokens(data: st.DataObject, builder: Any) -> list[Any]:
    """Tokens of the layout; or with one of them spoilt, or one too many or too few; or anything."""
    kind = data.draw(st.integers(0, 7))
    # A sequential builder without a space has no layout.
    if kind == 0 or not hasattr(builder, "layout"):
        return data.draw(st.lists(st.one_of(st.integers(-1, 3), ODD), max_size=7))
    tokens: list[Any] = list(builder.layout.sample(data.draw(st.integers(0, 999))))
    if kind == 1:
        place = data.draw(st.integers(0, len(tokens) - 1))
        spoilt = [99, -1, 0.0, True, None, "0", [0], np.int64(99), np.float32(0), np.bool_(True), np.nan]
        tokens[place : place + data.draw(st.integers(0, 2))] = [data.draw(st.sampled_from(spoilt))]
    return tokens


def train_one_step(model: Any) -> None:
    x = [np.zeros((4, *tensor.shape[1:]), "float32") for tensor in model.inputs]
    y = [np.zeros((4, *tensor.shape[1:]), "float32") for tensor in model.outputs]
    loss = model.train_on_batch(x[0] if len(x) == 1 else x, y[0] if len(y) == 1 else y)
    assert np.all(np.isfinite(loss))


def test_every_builder_is_thrown_at() -> None:
    public = [getattr(amber.modeler, name) for name in amber.modeler.__all__]
    builders = {each for each in public if isinstance(each, type) and issubclass(each, ModelBuilder)}
    assert builders - {ModelBuilder} == set(BUILDERS)


@pytest.mark.slow
@pytest.mark.parametrize("kind", BUILDERS)
def test_a_trained_step_or_a_named_error(kind: type[ModelBuilder]) -> None:
    reached = {"trained": 0, "refused": 0}

    @settings(max_examples=120, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def throw(data: st.DataObject) -> None:
        reached[try_one(kind, data)] += 1

    throw()
    # The property would be empty if every random space were refused, or none.
    assert min(reached.values()) >= 10, reached


def try_one(kind: type[ModelBuilder], data: st.DataObject) -> str:
    try:
        builder = data.draw(BUILDERS[kind]())
        assert isinstance(builder, kind)
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
