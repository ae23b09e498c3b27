"""What cannot mean anything is refused by name, before anything is trained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.supernet.spaces import ann_data, cnn_data, conv_layer, make_ann, make_cnn

from amber.architect import ModelSpace, Operation
from amber.errors import AmberError, ArchitectureError, ConfigError, DataError, ModelSpaceError
from amber.modeler.dag import EnasAnnDAG, EnasConv1dDAG, EnasConv1DwDataDescription, EnasConv1DwDataDescrption


def space(*layers: list[dict[str, Any]]) -> ModelSpace:
    return ModelSpace.from_dict(list(layers))


def dense(units: int, activation: str = "relu", **more: Any) -> dict[str, Any]:
    return {"Layer_type": "dense", "units": units, "activation": activation, **more}


def conv(filters: Any, **more: Any) -> dict[str, Any]:
    return {"Layer_type": "conv1d", "filters": filters, "kernel_size": 3, "activation": "relu", **more}


def pool(filters: int, strides: int, kind: str = "maxpool1d") -> dict[str, Any]:
    return {"Layer_type": kind, "filters": filters, "pool_size": 2, "strides": strides}


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([[dense(3)], [dense(4)]], "Layer 1 must have the same candidates"),
        ([[dense(3), dense(4, "tanh")]], "share one activation"),
        ([[conv(3)]], "made of dense layers"),
        ([[dense(3, "softplus")]], "activation must be one of"),
        ([[dense(0)]], "'units' must be a positive integer"),
        ([[dense(3, use_bias=False)]], "would ignore use_bias"),
    ],
)
def test_feed_forward_spaces(layers: Any, said: str) -> None:
    with pytest.raises(ModelSpaceError, match=said):
        make_ann(model_space=space(*layers))


@pytest.mark.parametrize(
    ("layers", "said"),
    [
        ([[conv(3), conv(4)]], "Layer 0: every candidate must have the same 'filters'"),
        ([[{"Layer_type": "identity"}]], "needs the attribute 'filters'"),
        ([[pool(4, 2), pool(4, 1, "avgpool1d")]], "all pools of a layer have the same strides"),
        ([[pool(4, 2), conv(4)]], "need every candidate to be a pool"),
        ([[conv(4)], [pool(4, 2)]], "only the pools of layer 0"),
        ([[{"Layer_type": "dense", "units": 3, "filters": 3}]], "made of conv1d, maxpool1d, avgpool1d and identity"),
        ([[{"Layer_type": "no_such_type", "filters": 3}]], "no_such_type"),
        ([[conv(4, strides=2)]], "strides must be 1"),
        ([[conv(4, groups=2)]], "would ignore groups"),
    ],
)
def test_convolutional_spaces(layers: Any, said: str) -> None:
    with pytest.raises(ModelSpaceError, match=said):
        make_cnn(model_space=space(*layers))


def test_pools_that_shorten_the_sequence_work_where_they_can() -> None:
    x, y = cnn_data()
    first = make_cnn(model_space=space([pool(4, 2), pool(4, 2, "avgpool1d")], conv_layer(4)))
    chain = make_cnn(
        model_space=space(conv_layer(4), [pool(4, 2)], conv_layer(6)), dag_kwargs={"with_skip_connection": False}
    )
    for builder in (first, chain):
        child = builder(builder.layout.sample(0))
        assert np.isfinite(child.fit(x, y, verbose=0).history["loss"]).all()


@pytest.mark.parametrize("make", [make_ann, make_cnn])
def test_tokens_sessions_and_samplers(make: Any) -> None:
    builder = make()
    with pytest.raises(ArchitectureError, match="tokens"):
        builder([0])
    with pytest.raises(ArchitectureError, match="Token 0"):
        builder([99, *[0] * (len(builder.layout) - 1)])
    with pytest.raises(ConfigError, match="sampler"):
        builder()
    with pytest.warns(UserWarning, match="sessions"):
        assert make(session=object()).layout == builder.layout
    with pytest.raises(ConfigError, match="sampler"):
        builder(sampler=3)
    with pytest.raises(ArchitectureError, match="tokens"):
        builder(sampler=lambda: [0])
    with pytest.raises(ConfigError, match="either tokens or a sampler"):
        builder(builder.layout.sample(0), sampler="uniform")
    with pytest.raises(ConfigError, match="dag_func"):
        make(dag_func="dag")
    with pytest.raises(ConfigError, match="colour"):
        make(dag_kwargs={"colour": 1})


def test_two_controllers() -> None:
    builder = make_cnn()
    builder.set_controller("uniform")
    assert builder().arc_seq
    with pytest.raises(ConfigError, match="controller already"):
        builder.set_controller("uniform")


class Controller:
    """Gives tokens with probabilities, and remembers what it was told."""

    def __init__(self, layout: Any) -> None:
        self.layout, self.told = layout, []

    def get_action(self, *told: Any) -> Any:
        self.told.append(told)
        return np.array(self.layout.sample(len(self.told))), [np.ones((1, 2))]


def test_a_controller_draws_and_is_told_of_the_data() -> None:
    builder = make_cnn()
    controller = Controller(builder.layout)
    described = make_cnn(
        controller=controller,
        dag_func="EnasConv1DwDataDescrption",
        dag_kwargs={"data_description": [1.0, 2.0], "name": "first"},
    )
    x, y = cnn_data()
    described().fit(x, y, batch_size=16, verbose=0)
    assert len(controller.told) >= 3
    for (told,) in controller.told:
        np.testing.assert_array_equal(told, [[1.0, 2.0]])
    assert EnasConv1DwDataDescrption is EnasConv1DwDataDescription
    with pytest.raises(DataError, match="one row"):
        make_cnn(dag_func=EnasConv1DwDataDescription, dag_kwargs={"data_description": np.ones((2, 3))})
    plain = Controller(builder.layout)
    make_cnn(controller=plain)().fit(x, y, verbose=0)
    assert plain.told
    assert set(plain.told) == {()}


@pytest.mark.parametrize("sampled", [True, False])
def test_data_with_the_wrong_features(sampled: bool) -> None:
    for make, (x, y) in ((make_ann, ann_data()), (make_cnn, cnn_data())):
        builder = make(controller="uniform")
        before = builder.supernet.get_weights()
        child = builder() if sampled else builder(builder.layout.sample(0))
        for bad in (x[..., :-1], [x, x, x], {"nothing": x}, x[0, 0]):
            for method in (child.fit, child.evaluate, child.train_on_batch):
                with pytest.raises(DataError, match="Received"):
                    method(bad, y)
            with pytest.raises(DataError, match="Received"):
                child.predict(bad)
        for mine, kept in zip(builder.supernet.get_weights(), before, strict=True):
            np.testing.assert_array_equal(mine, kept)


def test_a_fixed_architecture_is_the_only_one() -> None:
    arc = [1, 0, 1, 2, 1, 0]
    builder = make_cnn(dag_kwargs={"train_fixed_arc": True, "fixed_arc": arc})
    assert builder.supernet.count_params() < make_cnn().supernet.count_params()
    x, y = cnn_data()
    for child in (builder(), builder(arc)):
        assert np.isfinite(child.fit(x, y, verbose=0).history["loss"]).all()
    with pytest.raises(ConfigError, match="train_fixed_arc"):
        builder([0] * 6)
    with pytest.raises(ConfigError, match="train_fixed_arc"):
        builder.set_controller("uniform")
    with pytest.raises(ConfigError, match="train_fixed_arc"):
        make_cnn(controller="uniform", dag_kwargs={"train_fixed_arc": True, "fixed_arc": arc})
    with pytest.raises(ConfigError, match="fixed_arc=None"):
        make_cnn(dag_kwargs={"train_fixed_arc": True})
    with pytest.raises(ArchitectureError):
        make_cnn(dag_kwargs={"train_fixed_arc": True, "fixed_arc": [9] * 6})


def test_the_makers_of_children_alone() -> None:
    ann, cnn = make_ann(), make_cnn()
    maker = EnasAnnDAG(ann.model_space, ann.supernet.design.inputs, ann.supernet.design.outputs[0], {"loss": "mse"})
    assert maker(ann.layout.sample(0)).predict(ann_data()[0], verbose=0).shape == (64, 1)
    maker = EnasConv1dDAG(
        cnn.model_space,
        [cnn.supernet.design.input],
        cnn.supernet.design.output,
        {"loss": "mse"},
        None,
        stem_config={"fc_units": 3},
    )
    assert maker(cnn.layout.sample(0)).predict(cnn_data()[0], verbose=0).shape == (48, 1)
    with pytest.raises(ModelSpaceError, match="one input_node"):
        EnasConv1dDAG(cnn.model_space, [cnn.supernet.design.input] * 2, cnn.supernet.design.output)
    for options in ({"stem_config": {"colour": 1}}, {"stem_config": {"flatten_op": "max"}}, {"keep_prob": 0}):
        with pytest.raises(AmberError, match="Received"):
            make_cnn(dag_kwargs=options)
    with pytest.raises(ModelSpaceError, match="activation"):
        make_ann(output_op=Operation("dense", units=1))
