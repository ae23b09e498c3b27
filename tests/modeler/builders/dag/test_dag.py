"""DAGs: the worked examples, merges, tensors of any rank, what is refused, and properties of all plans."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.modeler.builders.dag.networks import (
    dense,
    dense_space,
    edges,
    input_nodes,
    inputs,
    make_builder,
    output_node,
    tokens,
)
from tests.modeler.test_multi_io import check_is_network

from amber.architect import ModelSpace, Operation
from amber.errors import ArchitectureError, ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import ComputationGraph, ComputationNode, DAGModelBuilder
from amber.modeler.dag import DAG, DAGS, InputBlockAuxLossDAG, InputBlockDAG, get_dag, get_layer

ALL = ["X_0", "X_1", "X_2", "X_3"]
T1 = "0,0,0,1,1 / 0,1,1,0,0,0 / 0,0,0,0,0,0,0 / 0,0,0,0,0,1,1,1"


def with_inputs(earlier: list[str]) -> list[str]:
    return [*ALL, *earlier]


# name: sizes of the inputs, settings, tokens, what each node reads, parameters
WORKED: dict[str, tuple[list[int], dict[str, Any], str, dict[str, list[str]], int]] = {
    "T1: a layer that reads nothing is dropped where all inputs are used": (
        [1] * 4,
        {},
        T1,
        {"L0": ["X_2", "X_3"], "L1": ["X_0", "X_1"], "L3": ["L0", "L1"], "output": ["L3"]},
        43,
    ),
    "T2: an unused input reaches a layer that reads nothing": (
        [1] * 4,
        {},
        "0,1,1,1,0 / 0,0,0,0,0,0 / 0,0,0,0,0,0,1 / 0,0,0,0,0,0,0,1",
        {
            "default_input": ["X_3"],
            "L0": ["X_0", "X_1", "X_2"],
            "L1": ["default_input"],
            "L2": ["L1"],
            "L3": ["L2"],
            "output": ["L0", "L3"],
        },
        51,
    ),
    "zeros: every layer hangs from the default input": (
        [1] * 4,
        {},
        ",".join("0" * 26),
        {
            "default_input": ALL,
            **{f"L{k}": ["default_input"] for k in range(4)},
            "output": ["L0", "L1", "L2", "L3"],
        },
        42,
    ),
    "ones: every layer reads everything before it": (
        [1] * 4,
        {},
        ",".join("1" * 26),
        {
            "L0": ALL,
            "L1": with_inputs(["L0"]),
            "L2": with_inputs(["L0", "L1"]),
            "L3": with_inputs(["L0", "L1", "L2"]),
            "output": ["L3"],
        },
        811,
    ),
    "without input blocks the first layer reads all inputs": (
        [1] * 4,
        {"with_input_blocks": False},
        ",".join("0" * 10),
        {"L0": ALL, "output": ["L0"]},
        19,
    ),
    "without skips the layers are a chain": (
        [1, 2, 3, 4],
        {"with_skip_connection": False},
        ",".join("0" * 20),
        {
            "default_input": ALL,
            "L0": ["default_input"],
            "L1": ["L0"],
            "L2": ["L1"],
            "L3": ["L2"],
            "output": ["L3"],
        },
        57,
    ),
    "an unused input that no layer needs is read last": (
        [1, 2, 3, 4],
        {"with_skip_connection": False},
        "0,0,1,0,0 / 1,1,1,0,0 / 1,0,1,0,0 / 1,1,1,0,0",
        {
            "default_input": ["X_2", "X_3"],
            "L0": ["X_1"],
            "L1": ["X_0", "X_1", "L0"],
            "L2": ["X_1", "L1"],
            "L3": ["X_0", "X_1", "L2"],
            "output": ["L3", "default_input"],
        },
        369,
    ),
    "loose end: what reads only a dropped layer is dropped": (
        [1, 1],
        {},
        "0,1,1 / 0,0,0,0 / 0,0,0,0,1",
        {"L0": ["X_0", "X_1"], "output": ["L0"]},
        13,
    ),
}


@pytest.mark.parametrize("name", WORKED)
def test_worked_examples(name: str) -> None:
    sizes, changes, arc, expected, parameters = WORKED[name]
    layers = 3 if name.startswith("loose") else 4
    builder = make_builder(sizes, layers, **changes)
    before = builder.model_space.to_dict()
    assert edges(builder.plan(tokens(arc))) == expected
    model = builder(tokens(arc))
    assert model.count_params() == builder.measure(tokens(arc)).parameters == parameters
    # Every input stays an input of the model, whatever reads it.
    assert [tensor.name for tensor in model.inputs] == [operation.get("name") for operation in builder.inputs_op]
    assert builder.model_space.to_dict() == before


def test_index_0_is_an_input_like_any_other() -> None:
    graph = make_builder([1, 1], 2, dag_func="InputBlockDAG").plan([0, 1, 0, 0, 0, 1, 1])
    assert edges(graph) == {"L0": ["X_0"], "L1": ["X_1", "L0"], "added_out_1": ["L0"], "output": ["L1"]}


@pytest.mark.parametrize(
    ("merge", "parameters"),
    [
        ("concatenate", (6 + 1) * 1),
        ("add", (3 + 1) * 1),
        ("average", 4),
        ("maximum", 4),
        ("multiply", 4),
        (keras.layers.Concatenate, 7),
        (keras.layers.Add, 4),
        (keras.layers.Subtract, 4),
    ],
)
def test_merges_of_the_output(merge: Any, parameters: int) -> None:
    node = output_node(merge_op=merge)
    dag = DAG([0, 1, 0, 1, 0], dense_space(2), input_nodes([2]), node)
    assert dag.graph.node("output").parents == ("L0_dense_u3_relu", "L1_dense_u3_relu")
    assert dag.graph.node("output").merge_op == node.merge_op == getattr(merge, "__name__", merge).lower()
    assert ComputationGraph.from_json(dag.graph.to_json()) == dag.graph
    model = dag.build()
    assert model.get_layer("output").count_params() == parameters


@pytest.mark.parity
@pytest.mark.parametrize("merge", ["add", "average", "maximum", "minimum", "multiply", keras.layers.Subtract])
def test_merges_never_broadcast(merge: Any) -> None:
    space = dense_space(2, (1, 5))
    arc = [0, 1, 1, 1, 0]
    dag = DAG(arc, space, input_nodes([2]), output_node(merge_op=merge))
    with pytest.raises(InvalidArchitectureError, match=r"'output'.*\(1,\) and \(5,\).*never broadcasts"):
        dag.build()
    builder = make_builder([1, 5], 1, dag_kwargs={"merge_op": merge})
    with pytest.raises(InvalidArchitectureError, match=r"never broadcasts. Received: arc_seq=\[0, 1, 1\]"):
        builder([0, 1, 1])


def test_the_merge_of_layers_is_an_option_and_the_default_input_concatenates() -> None:
    builder = make_builder([2, 2, 5, 1], 2, dag_kwargs={"merge_op": "multiply"})
    arc = [0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    graph = builder.plan(arc)
    assert {node.name: node.merge_op for node in graph.nodes if len(node.parents) > 1} == {
        "default_input": "concatenate",
        "L0_dense_u3_relu": "multiply",
        "output": "concatenate",
    }
    x = [np.full((1, size), 3.0, "float32") for size in (2, 2, 5, 1)]
    model = builder(arc)
    merged = keras.Model(model.inputs, model.get_layer("L0_dense_u3_relu_multiply").output)
    np.testing.assert_allclose(merged.predict(x, verbose=0), [[9, 9]])


class Weighing(keras.layers.Layer):
    """A merge that is not Keras'."""

    def call(self, tensors: Any) -> Any:
        return 0.75 * tensors[0] + 0.25 * tensors[1]


def test_a_merge_class_of_the_users_own() -> None:
    node = output_node(merge_op=Weighing)
    assert node.merge_op == "weighing"
    other = type("Weighing", (keras.layers.Layer,), {"__module__": "elsewhere"})
    assert output_node(merge_op=other).merge_op == "elsewhere_weighing"
    model = DAG([0, 1, 0, 1, 0], dense_space(2), input_nodes([2]), node).build()
    assert isinstance(model.get_layer("output_weighing"), Weighing)
    for wrong in ("glue", 3, int):
        with pytest.raises(ModelSpaceError, match=r"concatenate|Keras layer class"):
            output_node(merge_op=wrong)


def test_nodes_are_values() -> None:
    operation = Operation("dense", units=1, name="its own name")
    node = ComputationNode(operation, "output")
    assert (node.merge_op, node.parents, node.name) == ("concatenate", (), "output")
    x = input_nodes([2, 3])
    before = copy.deepcopy([node, *x])
    dag = DAG([0, 1, 1], dense_space(1), x, node)
    first, second = dag.build(), dag._build_dag()
    assert [node, *x] == before
    assert first.count_params() == second.count_params()
    assert not {id(weight) for weight in first.weights} & {id(weight) for weight in second.weights}
    assert DAG([0, 0, 1], dense_space(1), x, node).build().name != first.name
    assert operation.get("name") == "its own name"
    assert first.output_names == ["output"]
    with pytest.raises(ModelSpaceError, match="needs an Operation"):
        ComputationNode({"Layer_type": "dense"}, "output")  # type: ignore[arg-type]


def test_one_or_a_list_of_one() -> None:
    x, y = input_nodes([2]), output_node()
    assert DAG([0, 1], dense_space(1), x[0], [y]).graph == DAG([0, 1], dense_space(1), x, y).graph
    alone, listed = make_builder([2], 2, inputs_op=inputs([2])[0]), make_builder([2], 2)
    assert alone.layout == listed.layout
    assert alone.plan([0, 1, 0, 1, 0]) == listed.plan(np.array([0, 1, 0, 1, 0]))
    assert make_builder([2], 2, output_op=[Operation("dense", units=1)]).plan([0, 1, 0, 1, 0]) == listed.plan(
        (0, 1, 0, 1, 0)
    )


def test_what_has_no_effect_is_accepted() -> None:
    x, y = input_nodes([2]), output_node()
    plain = DAG([0, 1], dense_space(1), x, y)
    assert DAG([0, 1], dense_space(1), x, y, True, True, 7, num_layers=1, session=None).graph == plain.graph
    with pytest.warns(UserWarning, match="'with_skips' has no effect on a DAG; did you mean 'with_skip_connection'"):
        DAG([0, 1], dense_space(1), x, y, with_skips=False)
    with pytest.warns(UserWarning, match="num_layers has no effect: the model space has 1 layers. Received: 5"):
        make_builder([2], 1, num_layers=5)


def test_unnamed_operations_get_names() -> None:
    builder = make_builder([], 1, inputs_op=[Operation("input", shape=(2,)), Operation("input", shape=(3,))])
    graph = builder.plan([0, 1, 1])
    assert (graph.inputs, graph.outputs) == (("input_0", "input_1"), ("output",))
    named = make_builder([1], 1, output_op=Operation("dense", units=1, name="y"))
    assert named.plan([0, 1]).outputs == ("y",)


@pytest.mark.parity
def test_sequences_are_joined_along_channels() -> None:
    space = ModelSpace.from_dict(
        [
            [{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "relu", "padding": "same"}],
            [{"Layer_type": "globalavgpool1d"}, {"Layer_type": "flatten"}],
        ]
    )
    left, right = (Operation("input", shape=(12, channels), name=f"s{channels}") for channels in (4, 2))
    builder = make_builder([], 2, inputs_op=[left, right], model_space=space)
    arc = [0, 1, 1, 1, 0, 0, 1]
    cost = builder.measure(arc)
    assert cost.nodes["L0_conv_f4_k3_relu"].parameters == 3 * (2 + 4) * 4 + 4
    assert cost.nodes["L1_flatten"].output_shape == (48,)
    model = builder(arc)
    x = {"s4": np.ones((4, 12, 4), "float32"), "s2": np.ones((4, 12, 2), "float32")}
    model.fit(x, np.zeros((4, 1)), verbose=0)
    assert model.predict(x, verbose=0).shape == (4, 1)
    short = make_builder([], 2, inputs_op=[left, Operation("input", shape=(9, 2), name="short")], model_space=space)
    with pytest.raises(InvalidArchitectureError, match=r"L0_conv.*\(12, 4\) and \(9, 2\)"):
        short(arc)


def test_kinds_by_name() -> None:
    assert get_dag(None) is None
    assert get_dag("dag") is get_dag(["DAG"]) is DAG
    assert get_dag("INPUTBLOCKDAG") is InputBlockDAG
    assert get_dag("inputBlockAuxLossDAG") is InputBlockAuxLossDAG
    assert get_dag(make_builder) is make_builder
    known = ", ".join(DAGS.names())
    with pytest.raises(ConfigError, match=f"{known}.*Did you mean 'inputblockdag'"):
        get_dag("InputBlockDAGs")
    for wrong in (3, ["DAG", "DAG"]):
        with pytest.raises(ConfigError, match="by name"):
            get_dag(wrong)
    assert callable(get_layer)


def test_builders_by_kind() -> None:
    arc = tokens(T1)
    by_default = make_builder([1] * 4, 4)
    assert by_default.plan(arc) == make_builder([1] * 4, 4, dag_func="dag").plan(arc)
    assert str(by_default) == "DAGModelBuilder with builder DAG"
    assert str(make_builder([1], 1, dag_func="InputBlockDAG")) == "DAGModelBuilder with builder InputBlockDAG"
    made = make_builder([1] * 4, 4, dag_func=lambda **arguments: DAG(**arguments))
    assert made.plan(arc) == by_default.plan(arc)
    assert made(arc).count_params() == 43
    with pytest.raises(ConfigError, match="must return a DAG, with 'graph' and 'build'. Received: 5"):
        make_builder([1], 1, dag_func=lambda **arguments: 5).plan([0, 1])
    for wrong in ("EnasAnnDAG", lambda arc_seq: None):
        with pytest.raises(ConfigError, match="must take the arguments of DAG, which are arc_seq, num_layers"):
            make_builder([1], 1, dag_func=wrong).plan([0, 1])


def test_arguments_of_one_call() -> None:
    builder = make_builder([1] * 4, 4, dag_func="InputBlockDAG")
    arc = tokens(T1)
    assert len(builder(arc).outputs) == 3
    assert len(builder(arc, add_output=False).outputs) == 1
    assert builder.plan(arc, aux_loss_weight=0.5).auxiliary == {"added_out_1": 0.5, "added_out_2": 0.5}
    assert len(builder(arc).outputs) == 3


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"inputs_op": []}, ModelSpaceError, "inputs_op must hold at least one operation"),
        ({"inputs_op": inputs([1, 1], "AA")}, ModelSpaceError, "names must be distinct. Received: 'A'"),
        ({"output_op": Operation("dense", units=1, name="X_0")}, ModelSpaceError, "different names. Received: 'X_0'"),
        ({"inputs_op": inputs([1], ["default_input"])}, ModelSpaceError, "taken.*'default_input'"),  # type: ignore[arg-type]
        ({"inputs_op": inputs([1], ["L0_dense_u3_relu"])}, ModelSpaceError, "taken.*'L0_dense_u3_relu'"),  # type: ignore[arg-type]
        (
            {"inputs_op": inputs([1], ["added_out_1"]), "dag_func": "InputBlockDAG"},  # type: ignore[arg-type]
            ModelSpaceError,
            "taken.*'added_out_1'",
        ),
        ({"model_space": ModelSpace.from_dict([[{"Layer_type": "input", "shape": [1]}]])}, ModelSpaceError, "Layer 0"),
        ({"model_space": ModelSpace.from_dict([[dense(3), dense(0)]])}, ModelSpaceError, "Layer 0, candidate 1"),
        ({"dag_kwargs": {"merge_op": "glue"}}, ModelSpaceError, "Unknown merge"),
        ({"dag_func": "InputBlockDAG", "dag_kwargs": {"aux_loss_weight": -1}}, ConfigError, "aux_loss_weight"),
        ({"dag_func": "InputBlockDAG", "with_input_blocks": False}, ConfigError, "with_input_blocks=True"),
        ({"dag_func": "InputBlockAuxLossDAG", "dag_kwargs": {"add_output": False}}, ConfigError, "add_output=True"),
    ],
)
def test_what_is_refused_is_named_when_the_builder_is_made(changes: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        make_builder([1, 1], 2, **changes)


def test_an_input_may_be_called_like_a_layer_that_cannot_be() -> None:
    names: Any = ["L0_dense_u4_relu", "L7_dense_u3_relu", "added_out_1"]
    assert make_builder([], 2, inputs_op=inputs([1, 1, 1], names)).plan([0] * 9).inputs == tuple(names)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"input_node": []}, "input_node must hold at least one"),
        ({"input_node": [output_node()]}, "input_node must be ComputationNodes of type input"),
        ({"input_node": inputs([1])}, "input_node must be ComputationNodes"),
        ({"input_node": input_nodes([1, 1], "AA")}, "distinct. Received: 'A'"),
        ({"output_node": Operation("dense", units=1)}, "output_node must be one ComputationNode"),
        ({"output_node": [output_node(), output_node()]}, "output_node must be one"),
        ({"output_node": input_nodes([1])[0]}, "that is not an input"),
        ({"output_node": ComputationNode(Operation("dense", units=1), "X_0")}, "taken.*'X_0'"),
        ({"model_space": [[dense(1)]]}, "must be a ModelSpace"),
    ],
)
def test_nodes_that_are_refused(given: dict[str, Any], message: str) -> None:
    arguments = {
        "arc_seq": [0, 1],
        "model_space": dense_space(1),
        "input_node": input_nodes([1]),
        "output_node": output_node(),
    }
    with pytest.raises(ModelSpaceError, match=message):
        DAG(**{**arguments, **given})


@pytest.mark.parametrize(
    ("arc", "message"),
    [
        ([0, 1, 0, 1], "has 5 tokens.*Received: 4"),
        ([0, 1, 0, 1, 0, 0], "Received: 6"),
        ([2, 1, 0, 1, 0], r"Token 0 \(L0.op\) must be an integer from 0 to 1. Received: 2"),
        ([0, 1, 0, -1, 0], r"Token 3 \(L1.input.0\)"),
        ([0, 1, 0, 1, 2], r"Token 4 \(L1.skip.0\)"),
    ],
)
def test_tokens_outside_the_grammar(arc: list[int], message: str) -> None:
    with pytest.raises(ArchitectureError, match=message):
        make_builder([1], 2).plan(arc)
    with pytest.raises(ArchitectureError, match=message):
        DAG(arc, dense_space(2), input_nodes([1]), output_node())


@st.composite
def planned(draw: st.DrawFn) -> tuple[DAGModelBuilder, tuple[int, ...]]:
    kind = draw(st.sampled_from(["DAG", "InputBlockDAG", "InputBlockAuxLossDAG"]))
    builder = make_builder(
        [draw(st.integers(1, 3)) for _ in range(draw(st.integers(1, 4)))],
        draw(st.integers(1, 12)),
        dag_func=kind,
        with_input_blocks=kind != "DAG" or draw(st.booleans()),
        with_skip_connection=draw(st.booleans()),
    )
    # Few bits, so that loose ends are common.
    rare = draw(st.sampled_from([0.1, 0.3, 0.5]))
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    kept = [not name.endswith(".op") and rng.random() > 2 * rare for name in builder.layout.names]
    sampled = builder.layout.sample(rng)
    return builder, tuple(0 if drop else token for drop, token in zip(kept, sampled, strict=True))


@pytest.mark.slow
@settings(max_examples=300)
@given(case=planned())
def test_every_planned_graph_is_a_network(case: tuple[DAGModelBuilder, tuple[int, ...]]) -> None:
    builder, arc = case
    space, dag = builder.model_space.to_dict(), builder.dag(arc)
    graph = builder.plan(arc)
    check_is_network(graph)
    assert set(graph.inputs) == {parent for node in graph.nodes for parent in node.parents} & set(graph.inputs)
    assert builder.plan(list(arc)) == graph == dag.graph
    again = ComputationGraph.from_json(graph.to_json())
    assert again == graph
    assert again.fingerprint() == graph.fingerprint()
    assert pickle.loads(pickle.dumps(graph)) == graph
    assert builder.measure(arc).nodes.keys() == {node.name for node in graph.nodes}
    assert builder.model_space.to_dict() == space
