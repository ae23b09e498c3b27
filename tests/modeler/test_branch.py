"""The branch builder: the worked example, every merge, one branch, different ranks, properties."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.modeler.test_multi_io import check_is_network

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.errors import ArchitectureError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import ComputationGraph, KerasBranchModelBuilder
from amber.operations.merges import MERGES, merge_name

OUTPUT = Operation("dense", units=1)


def dense(units: int) -> dict[str, Any]:
    return {"Layer_type": "dense", "units": units, "activation": "relu"}


def space_of(branches: list[Any], stem: Any, merge: str = "concatenate") -> BranchedModelSpace:
    return BranchedModelSpace([[ModelSpace.from_dict(each) for each in branches], ModelSpace.from_dict(stem)], merge)


def inputs_of(*shapes: tuple[int, ...]) -> list[Operation]:
    return [Operation("input", shape=shape, name=f"x{number}") for number, shape in enumerate(shapes)]


def worked_example(with_bn: bool = False, **changes: Any) -> KerasBranchModelBuilder:
    arguments: dict[str, Any] = {
        "inputs_op": inputs_of((3,), (5,)),
        "output_op": OUTPUT,
        "model_compile_dict": {"optimizer": "adam", "loss": "mse"},
        "model_space": space_of([[[dense(4)]], [[dense(2)]]], [[dense(3)]]),
        "with_bn": with_bn,
        **changes,
    }
    return KerasBranchModelBuilder(**arguments)


def test_worked_example() -> None:
    builder = worked_example()
    cost = builder.measure([0, 0, 0])
    names = ("branch_0_L0_dense", "branch_1_L0_dense", "stem_L0_dense", "output")
    assert [cost.nodes[name].parameters for name in names] == [16, 12, 21, 4]
    assert cost.parameters == builder([0, 0, 0]).count_params() == 53


def test_layers_have_the_names_of_their_operations() -> None:
    """As the spaces of several branches write them; what is taken gets a number."""
    named = {**dense(4), "name": "hidden"}
    space = space_of([[[named], [named]], [[{**dense(2), "name": "right"}]]], [[{**dense(3), "name": "output"}]])
    builder = worked_example(with_bn=True, model_space=space)
    model = builder([0] * 4)
    kept = [layer.name for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    assert sorted(kept) == ["hidden", "hidden_1", "output", "output_1", "right"]
    assert model.output_names == ["output"] and model.get_layer("branch_0_L1_bn") is not None
    assert [builder.plan([0] * 4).node(name).group for name in ("hidden", "hidden_1")] == ["branch_0_L0", "branch_0_L1"]
    assert builder.model_space[0][0].get("name") == "hidden"


def test_normalised_the_same_on_every_build() -> None:
    builder = worked_example(with_bn=True)
    for _ in range(2):
        model = builder([0, 0, 0])
        assert model.count_params() == 89
        acting = [layer for layer in model.layers if isinstance(layer, keras.layers.Activation)]
        assert [keras.activations.serialize(layer.activation) for layer in acting] == ["relu"] * 3


@pytest.mark.parametrize("merge", MERGES.names())
def test_every_merge(merge: str) -> None:
    builder = worked_example(model_space=space_of([[[dense(4)]], [[dense(4)]]], [[dense(3)]], merge))
    graph = builder.plan([0, 0, 0])
    assert graph.node("stem_L0_dense").merge_op == merge
    width = 8 if merge == "concatenate" else 4
    assert builder.measure([0, 0, 0]).nodes["stem_L0_dense"].parameters == 3 * width + 3
    assert f"stem_L0_dense_{merge}" in [layer.name for layer in builder([0, 0, 0]).layers]


def test_a_layer_class_as_merge() -> None:
    name = merge_name(keras.layers.Maximum)
    builder = worked_example(model_space=space_of([[[dense(4)]], [[dense(4)]]], [[dense(3)]], name))
    assert builder([0, 0, 0]).get_layer("stem_L0_dense_maximum")


def test_unequal_widths_under_an_element_wise_merge_never_broadcast() -> None:
    builder = worked_example(model_space=space_of([[[dense(4)]], [[dense(1)]]], [[dense(3)]], "add"))
    with pytest.raises(InvalidArchitectureError, match=r"stem_L0_dense.*\(4,\) and \(1,\).*arc_seq=\[0, 0, 0\]"):
        builder([0, 0, 0])


def test_one_branch_goes_on_into_the_stem() -> None:
    builder = worked_example(inputs_op=inputs_of((3,))[0], model_space=space_of([[[dense(4)]]], [[dense(3)]]))
    graph = builder.plan([0, 0])
    assert graph.node("stem_L0_dense").parents == ("branch_0_L0_dense",)
    assert builder([0, 0]).predict(np.ones((2, 3)), verbose=0).shape == (2, 1)


def test_inputs_of_different_ranks() -> None:
    conv = {"Layer_type": "conv1d", "filters": 6, "kernel_size": 3, "activation": "relu"}
    image = {"Layer_type": "conv2d", "filters": 2, "kernel_size": 3, "activation": "relu"}
    space = space_of(
        [[[conv], [{"Layer_type": "globalmaxpool1d"}]], [[dense(4)]], [[image], [{"Layer_type": "flatten"}]]],
        [[dense(3)]],
    )
    builder = worked_example(inputs_op=inputs_of((20, 4), (5,), (6, 6, 1)), model_space=space, with_bn=True)
    model = builder([0] * 6)
    x = {"x0": np.ones((2, 20, 4)), "x1": np.ones((2, 5)), "x2": np.ones((2, 6, 6, 1))}
    assert model.predict(x, verbose=0).shape == (2, 1)
    unpooled = space_of([[[conv]], [[dense(4)]]], [[dense(3)]])
    with pytest.raises(InvalidArchitectureError, match=r"\(18, 6\) and \(4,\)"):
        worked_example(inputs_op=inputs_of((20, 4), (5,)), model_space=unpooled)([0, 0, 0])


def test_an_operation_in_the_place_of_a_token_is_used_as_it_is() -> None:
    builder = worked_example(with_bn=True)
    graph = builder.plan([Operation("dense", units=7), 0, 0])
    assert graph.node("branch_0_L0_dense").operation == Operation("dense", units=7)
    assert not any(node.name == "branch_0_L0_bn" for node in graph.nodes)
    with pytest.raises(ArchitectureError, match="Position 0: .*no_such"):
        builder.plan([Operation("no_such"), 0, 0])


@pytest.mark.parametrize("arc", [[0, 0], [0, 0, 1], [0, 0, 0, 0], 3, None, "abc", [0.0, 0, 0]])
def test_tokens_outside_the_grammar(arc: Any) -> None:
    with pytest.raises(ArchitectureError):
        worked_example().plan(arc)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs_op": inputs_of((3,))}, "one input for each of the 2 branches. Received: 1"),
        ({"model_space": ModelSpace.from_dict([[dense(3)]])}, "BranchedModelSpace. Received: ModelSpace"),
        ({"model_space": space_of([[[dense(4)]], [[dense(2)]]], [[dense(3)]], "glue")}, "merge.*'glue'"),
        ({"output_op": [OUTPUT, OUTPUT]}, "output_op must be one Operation"),
        ({"model_space": space_of([[[dense(0)]], [[dense(2)]]], [[dense(3)]])}, "Layer 0, candidate 0"),
    ],
)
def test_what_is_refused_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelSpaceError, match=message):
        worked_example(**changes)


@pytest.mark.slow
@settings(max_examples=150)
@given(
    depths=st.lists(st.integers(1, 3), min_size=1, max_size=3),
    stem=st.integers(1, 2),
    with_bn=st.booleans(),
    seed=st.integers(0, 999),
)
def test_every_planned_graph_is_a_network(depths: list[int], stem: int, with_bn: bool, seed: int) -> None:
    layer = [dense(3), {"Layer_type": "identity"}, {"Layer_type": "dropout", "rate": 0.1}]
    builder = worked_example(
        inputs_op=inputs_of(*[(2,)] * len(depths)),
        model_space=space_of([[layer] * depth for depth in depths], [layer] * stem),
        with_bn=with_bn,
    )
    before = builder.model_space.to_dict()
    arc = builder.layout.sample(seed)
    graph = builder.plan(arc)
    check_is_network(graph)
    assert builder.plan(arc) == graph
    assert ComputationGraph.from_json(graph.to_json()) == graph
    assert builder.model_space.to_dict() == before
