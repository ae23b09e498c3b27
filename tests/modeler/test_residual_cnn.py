"""The residual CNN builder: the worked example, what is honoured, what is refused, what is left alone."""

from __future__ import annotations

import pickle
from typing import Any

import keras
import numpy as np
import pytest
from tests.modeler.conftest import make_residual_builder, residual_layer

from amber.architect import ModelSpace, Operation
from amber.errors import ArchitectureError, ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import KerasResidualCnnBuilder, ModelBuilder


def worked_example(**options: Any) -> KerasResidualCnnBuilder:
    def layer(filters: int) -> list[dict[str, Any]]:
        return [
            {"Layer_type": "conv1d", "filters": filters, "kernel_size": 4, "activation": "relu"},
            {"Layer_type": "maxpool1d", "filters": filters, "pool_size": 4, "strides": 1},
            {"Layer_type": "identity", "filters": filters},
            {"Layer_type": "conv1d", "filters": filters, "kernel_size": 4, "activation": "relu", "dilation": 2},
        ]

    return KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=1),
        model_space=ModelSpace.from_dict([layer(4), layer(4), layer(8)]),
        **{
            "fc_units": 5,
            "flatten_mode": "Flatten",
            "model_compile_dict": {"optimizer": "adam", "loss": "mse"},
            "wsf": 2,
            "dropout_rate": 0.1,
            **options,
        },
    )


def test_worked_example() -> None:
    builder = worked_example()
    assert builder.get_out_filters(builder.model_space) == ([4, 4, 8], [1])
    arc = [0, 1, 1, 3, 1, 0]
    graph = builder.plan(arc)
    assert graph.node("L1_resAdd").parents == ("L0_dropout", "L1_maxpool")
    assert graph.node("L2_conv_d2").parents == ("pool_at_1_from_1_pool",)
    assert graph.node("L2_resAdd").parents == ("pool_at_1_from_0_pool", "L2_relu")
    cost = builder.measure(arc)
    assert cost.parameters == 2523
    assert {name: cost.nodes[name].parameters for name in ("stem_conv_conv", "L1_maxpool_conv", "L2_conv_d2")} == {
        "stem_conv_conv": 256,
        "L1_maxpool_conv": 64,
        "L2_conv_d2": 1024,
    }
    assert builder.measure([2, 0, 0, 2, 1, 1]).parameters == 1339
    twice = builder.plan([2, 0, 0, 2, 1, 1]).node("L2_resAdd")
    assert twice.parents == ("pool_at_1_from_0_pool", "pool_at_1_from_1_pool", "L2_id")


def test_a_reduction_nobody_reads_is_not_planned() -> None:
    names = {node.name for node in worked_example().plan([0, 0, 0, 0, 0, 0]).nodes}
    assert "pool_at_1_from_1" in names and "pool_at_1_from_0" not in names


def test_strides_and_dilation_are_honoured() -> None:
    space = ModelSpace.from_dict(
        [
            [{"Layer_type": "maxpool1d", "filters": 4, "pool_size": 2, "strides": 2}],
            [{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "relu", "dilation_rate": 3}],
        ]
    )
    builder = KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)), Operation("dense", units=1), 5, "gap", None, space
    )
    cost = builder.measure([0, 0, 0])
    assert cost.nodes["L0_maxpool"].output_shape == (10, 4)
    model = builder([0, 0, 0])
    assert model.get_layer("L1_conv_d3").dilation_rate == (3,)
    with pytest.raises(InvalidArchitectureError, match=r"L1_resAdd.*\(10, 4\).*\(20, 4\)|equal shapes") as raised:
        make_mixed_strides()([0, 0, 0, 0, 1, 0])
    assert "arc_seq=[0, 0, 0, 0, 1, 0]" in str(raised.value)


def make_mixed_strides() -> KerasResidualCnnBuilder:
    identity = [{"Layer_type": "identity", "filters": 4}]
    pool = [{"Layer_type": "maxpool1d", "filters": 4, "pool_size": 2, "strides": 2}]
    return KerasResidualCnnBuilder(
        Operation("input", shape=(20, 4)),
        Operation("dense", units=1),
        5,
        "gap",
        None,
        ModelSpace.from_dict([identity, pool, identity]),
    )


def test_nothing_of_the_user_is_changed() -> None:
    compile_dict: dict[str, Any] = {
        "optimizer": keras.optimizers.SGD(0.5),
        "loss": keras.losses.SparseCategoricalCrossentropy(),
        "metrics": ["accuracy"],
    }
    before = dict(compile_dict)
    builder = make_residual_builder([4, 4], model_compile_dict=compile_dict)
    space_before = builder.model_space.to_json()
    first, second = builder([0, 0, 1]), builder([0, 0, 1])
    assert compile_dict == before
    assert builder.model_space.to_json() == space_before
    assert first.optimizer is not second.optimizer is not compile_dict["optimizer"]
    assert float(first.optimizer.learning_rate) == 0.5
    assert first.get_config()["layers"] == second.get_config()["layers"]


def test_planning_is_pure_and_repeatable(residual_builder: KerasResidualCnnBuilder) -> None:
    arc = residual_builder.layout.sample(1)
    assert residual_builder.plan(arc) == residual_builder.plan(np.array(arc))
    assert residual_builder.plan(arc).fingerprint() == residual_builder.plan(list(arc)).fingerprint()


@pytest.mark.parametrize("arc", [[0], [0, 0, 0, 0, 0, 9], [0, 0, 0, 0, 0, 0, 0]])
def test_tokens_outside_the_grammar(residual_builder: KerasResidualCnnBuilder, arc: list[int]) -> None:
    for call in (residual_builder, residual_builder.plan, residual_builder.measure):
        with pytest.raises(ArchitectureError, match="Received"):
            call(arc)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Layer_type": "conv4d"}, "Layer 0, candidate 1.*conv4d"),
        ({"Layer_type": "dense", "units": 3}, "Layer 0, candidate 1.*made of conv1d"),
        ({"activation": "softplus"}, "Layer 0, candidate 1.*activation"),
        ({"activation": None}, "Layer 0, candidate 1.*activation"),
        ({"kernal_size": 3}, "Layer 0, candidate 1.*kernal_size"),
        ({"filters": 5}, "same 'filters'"),
        ({"filters": "4"}, "filters"),
        ({"dilation": 2, "dilation_rate": 3}, "differ"),
        ({"dilation": 2, "strides": 2}, "Layer 0, candidate 1.*cannot be made"),
        ({"kernel_size": 0}, "Layer 0, candidate 1.*cannot be made"),
    ],
)
def test_spaces_that_are_refused(change: dict[str, Any], message: str) -> None:
    layer = residual_layer(4)
    layer[1] = {**layer[1], **change}
    if "Layer_type" in change:
        layer[1] = {"filters": 4, **change}
    if "dilation" not in change and "Layer_type" not in change:
        layer[1].pop("dilation_rate")
    with pytest.raises(ModelSpaceError, match=message):
        KerasResidualCnnBuilder(
            Operation("input", shape=(20, 4)),
            Operation("dense", units=1),
            5,
            "gap",
            None,
            ModelSpace.from_dict([layer]),
        )


@pytest.mark.parametrize(
    "options",
    [
        {"flatten_mode": "max"},
        {"flatten_mode": None},
        {"fc_units": 0},
        {"fc_units": 2.5},
        {"dropout_rate": 1.0},
        {"dropout_rate": -0.1},
        {"wsf": 0},
        {"reduction_factor": 0},
    ],
)
def test_options_that_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ModelSpaceError, match="Received"):
        make_residual_builder([4], **options)


def test_the_base_is_no_builder() -> None:
    with pytest.raises(NotImplementedError, match="base class"):
        ModelBuilder(ModelSpace())


def test_attributes_without_effect_are_named_once() -> None:
    layers = [[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "padding": "same", **more}] for more in (
        {"kernel_initializer": "zeros"}, {"kernel_initializer": "ones", "groups": 2}
    )]  # fmt: skip
    ends = Operation("input", shape=(20, 4)), Operation("dense", units=2)
    with pytest.warns(UserWarning, match="without effect in a residual CNN.*: groups, kernel_initializer") as said:
        KerasResidualCnnBuilder(*ends, 4, "GAP", None, ModelSpace.from_dict(layers))
    assert len([each for each in said if "without effect" in str(each.message)]) == 1


@pytest.mark.parametrize("name", ["inputs_op", "output_op", "model_space", "fc_units", "dropout_rate"])
def test_what_a_builder_was_made_of_is_not_changed_in_silence(name: str) -> None:
    builder = make_residual_builder([4, 4])
    before = getattr(builder, name)
    with pytest.raises(ConfigError, match=f"make another builder.*{name}=") as caught:
        setattr(builder, name, None)
    assert caught.value.field == (name,)
    assert getattr(builder, name) is before
    builder.model_compile_dict = {"optimizer": "sgd", "loss": "mse"}  # that is looked at for each model
    builder.mine = 3  # type: ignore[attr-defined]
    with pytest.raises(ConfigError):
        setattr(pickle.loads(pickle.dumps(builder)), name, None)
