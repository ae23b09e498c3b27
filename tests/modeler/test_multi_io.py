"""The multi-input/multi-output builder: the worked example, what is honoured, what is refused, properties."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from tests.new_process import run_code

from amber.architect import ModelSpace, Operation
from amber.errors import AmberError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import ComputationGraph, KerasMultiIOModelBuilder

A, B = Operation("input", shape=(5,), name="A"), Operation("input", shape=(6,), name="B")
OUT_1 = Operation("dense", units=1, name="o1")
OUT_2 = Operation("dense", units=2, activation="softmax", name="o2")
CANDIDATES = [
    {"Layer_type": "dense", "units": 3, "activation": "relu"},
    {"Layer_type": "dense", "units": 10, "activation": "relu"},
]
COMPILE = {"optimizer": "adam", "loss": "mse"}
#       op A B   op A B L0  op A B L0 L1
ARC = [0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1]


def make_builder(layers: int = 3, **changes: Any) -> KerasMultiIOModelBuilder:
    arguments: dict[str, Any] = {
        "inputs_op": [A, B],
        "output_op": [OUT_1, OUT_2],
        "model_compile_dict": COMPILE,
        "model_space": ModelSpace.from_dict([CANDIDATES] * layers),
        "with_input_blocks": True,
        "with_output_blocks": True,
        "dropout_rate": 0,
        **changes,
    }
    return KerasMultiIOModelBuilder(**arguments)


def reads(graph: ComputationGraph, name: str) -> tuple[str, ...]:
    return graph.node(name).parents


def test_worked_example() -> None:
    builder = make_builder()
    before = builder.model_space.to_dict()
    graph = builder.plan(ARC)
    assert reads(graph, "L0_dense") == ("A",)
    assert reads(graph, "L1_dense") == ("B",)
    assert reads(graph, "L2_dense") == ("L0_activation", "L1_activation")
    assert reads(graph, "o1") == ("L0_activation",)
    assert reads(graph, "o2") == ("L2_activation",)
    assert [reads(graph, f"L0_{part}") for part in ("bn", "activation")] == [("L0_dense",), ("L0_bn",)]
    assert builder.measure(ARC).parameters == builder(ARC).count_params() == 206
    assert builder.model_space.to_dict() == before


@pytest.mark.parametrize(
    ("arc", "reason"),
    [
        ([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1], "'o1' reads only layers that are absent.*Received: 0"),
        ([0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1], "'o1' is unconnected"),
        ([0, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0, 1, 1, 0, 0, 0, 1], "'o2' reads only layers that are absent.*Received: 2"),
    ],
)
def test_no_network_is_an_error_with_its_reason(arc: list[int], reason: str) -> None:
    with pytest.raises(InvalidArchitectureError, match=reason):
        make_builder()(arc)


def test_without_input_blocks_the_first_layer_reads_all_inputs() -> None:
    builder = make_builder(2, with_input_blocks=False)
    graph = builder.plan([0, 0, 1, 1, 0, 0, 1])
    assert reads(graph, "L0_dense") == ("A", "B")
    assert reads(graph, "L1_dense") == ("L0_activation",)
    with pytest.raises(InvalidArchitectureError, match="'o2' reads layer 1, which has no input"):
        builder.plan([0, 0, 0, 1, 0, 0, 1])


def test_without_output_blocks_every_output_reads_all_sinks() -> None:
    builder = make_builder(with_output_blocks=False)
    # A -> L0 -> L1, B -> L2: the sinks are L1 and L2.
    graph = builder.plan([0, 1, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0])
    assert reads(graph, "o1") == reads(graph, "o2") == ("L1_activation", "L2_activation")
    with pytest.raises(InvalidArchitectureError, match="no layer reads an input"):
        builder.plan([0] * len(builder.layout))


def test_a_layer_no_output_reads_is_not_planned_and_its_input_stays() -> None:
    builder = make_builder(2)
    arc = [0, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]
    graph = builder.plan(arc)
    assert graph.inputs == ("A", "B")
    assert not [node for node in graph.nodes if node.name.startswith("L1")]
    model = builder(arc)
    assert model.predict({"A": np.ones((2, 5)), "B": np.ones((2, 6))}, verbose=0)[1].shape == (2, 2)


def test_single_operations_and_lists_of_one_are_the_same() -> None:
    alone = make_builder(inputs_op=A, output_op=OUT_1)
    listed = make_builder(inputs_op=[A], output_op=[OUT_1])
    arc = [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 0, 1]
    assert alone.layout == listed.layout
    assert alone.plan(arc) == listed.plan(arc)


def test_dropout_follows_every_layer_and_keeps_the_parameters() -> None:
    graph = make_builder(dropout_rate=0.4).plan(ARC)
    dropped = [node for node in graph.nodes if node.operation.Layer_type == "dropout"]
    assert [node.name for node in dropped] == ["L0_dropout", "L1_dropout", "L2_dropout"]
    assert {node.operation.get("rate") for node in dropped} == {0.4}
    assert reads(graph, "L2_dense") == ("L0_dropout", "L1_dropout")
    assert make_builder(dropout_rate=0.4).measure(ARC).parameters == 206


def test_wsf_multiplies_widths_and_leaves_other_operations_alone() -> None:
    space = ModelSpace.from_dict([[*CANDIDATES, {"Layer_type": "identity"}]] * 2)
    builder = make_builder(model_space=space, wsf=1.5, with_output_blocks=False)
    widths = builder.measure([0, 1, 0, 1, 0, 1, 0]).nodes
    assert [widths[name].output_shape for name in ("L0_dense", "L1_dense")] == [(4,), (15,)]
    assert widths["o1"].output_shape == (1,)
    assert builder.measure([2, 1, 0, 2, 0, 1, 0]).nodes["L1_identity"].output_shape == (6,)
    assert make_builder(wsf=0.01).measure(ARC).nodes["L0_dense"].output_shape == (1,)


def test_sequences_are_joined_along_channels() -> None:
    space = ModelSpace.from_dict(
        [[{"Layer_type": "conv1d", "filters": 4, "kernel_size": 3, "activation": "relu", "padding": "same"}]] * 2
    )
    left, right = (Operation("input", shape=(12, channels), name=f"s{channels}") for channels in (4, 2))
    builder = make_builder(
        inputs_op=[left, right],
        output_op=[Operation("globalavgpool1d", name="pooled")],
        model_space=space,
        with_output_blocks=False,
    )
    cost = builder.measure([0, 1, 0, 0, 0, 1, 1])
    assert cost.nodes["L1_conv1d"].parameters == 3 * (2 + 4) * 4 + 4
    other = make_builder(
        inputs_op=[left, Operation("input", shape=(9, 2), name="short")], model_space=space, output_op=OUT_1
    )
    with pytest.raises(InvalidArchitectureError, match=r"L0_conv1d.*\(12, 4\) and \(9, 2\)"):
        other([0, 1, 1, 0, 0, 0, 1, 1, 1])


def test_layers_have_the_names_of_their_operations() -> None:
    named = [[{**each, "name": "hidden"} for each in CANDIDATES]] * 3
    builder = make_builder(model_space=ModelSpace.from_dict(named))
    assert reads(builder.plan(ARC), "hidden_2") == ("L0_activation", "L1_activation")
    assert builder.plan(ARC).fingerprint() == make_builder().plan(ARC).fingerprint()
    assert {"hidden", "hidden_1", "hidden_2", "L0_bn", "o1"} <= {layer.name for layer in builder(ARC).layers}


def test_unnamed_inputs_and_outputs_get_names() -> None:
    plain = [Operation("input", shape=(n,)) for n in (2, 3)]
    graph = make_builder(inputs_op=plain, output_op=Operation("dense", units=1)).plan([*ARC[:12], 0, 0, 1])
    assert (graph.inputs, graph.outputs) == (("input_0", "input_1"), ("output",))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dropout_rate": 1}, "dropout_rate must be at least 0 and below 1. Received: 1"),
        ({"dropout_rate": "0.1"}, "dropout_rate"),
        ({"wsf": 0}, "wsf must be a positive number. Received: 0"),
        ({"wsf": True}, "wsf"),
        ({"inputs_op": []}, "inputs_op must hold at least one operation"),
        ({"inputs_op": [A, A]}, "names must be distinct. Received: 'A'"),
        ({"inputs_op": [A, OUT_1]}, r"inputs_op\[1\] must be an operation of type input"),
        ({"inputs_op": [Operation("input")]}, "needs a shape"),
        ({"output_op": [OUT_1, OUT_1]}, "names must be distinct. Received: 'o1'"),
        ({"output_op": [Operation("dense", units=1, name="A")]}, "different names. Received: 'A'"),
        ({"output_op": [Operation("dense")]}, "needs the attribute units"),
        ({"model_space": ModelSpace.from_dict([[A.to_dict()]])}, "Layer 0, candidate 0: an input cannot be a layer"),
        ({"model_space": ModelSpace.from_dict([[{"Layer_type": "dense", "units": 0}]])}, "Layer 0, candidate 0"),
    ],
)
def test_what_is_refused_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelSpaceError, match=message):
        make_builder(**changes)


@st.composite
def planned(draw: st.DrawFn) -> tuple[KerasMultiIOModelBuilder, tuple[int, ...]]:
    inputs = [Operation("input", shape=(k + 1,), name=f"x{k}") for k in range(draw(st.integers(1, 3)))]
    outputs = [Operation("dense", units=k + 1, name=f"y{k}") for k in range(draw(st.integers(1, 3)))]
    builder = make_builder(
        draw(st.integers(1, 6)),
        inputs_op=inputs,
        output_op=outputs,
        with_input_blocks=draw(st.booleans()),
        with_output_blocks=draw(st.booleans()),
        dropout_rate=draw(st.sampled_from([0, 0.3])),
    )
    return builder, builder.layout.sample(draw(st.integers(0, 9999)))


@pytest.mark.slow
@settings(max_examples=300)
@given(case=planned())
def test_every_planned_graph_is_a_network(case: tuple[KerasMultiIOModelBuilder, tuple[int, ...]]) -> None:
    builder, arc = case
    space = builder.model_space.to_dict()
    try:
        graph = builder.plan(arc)
    except InvalidArchitectureError as error:
        assert "Output" in str(error)
        return
    check_is_network(graph)
    assert builder.plan(list(arc)) == graph
    assert ComputationGraph.from_json(graph.to_json()) == graph
    assert builder.model_space.to_dict() == space


def check_is_network(graph: ComputationGraph) -> None:
    """Acyclic with unique names, every output fed by an input, no node that no output reads."""
    names = [node.name for node in graph.nodes]
    assert len(set(names)) == len(names)
    fed: set[str] = set()
    for position, node in enumerate(graph.nodes):
        assert set(node.parents) <= set(names[:position])
        if node.name in graph.inputs or set(node.parents) & fed:
            fed.add(node.name)
    assert set(graph.outputs) <= fed
    assert graph.prune() == graph


LOADER = """
import sys
sys.modules["amber"] = None
import numpy as np, keras
case = np.load(sys.argv[1] + ".npz")
model = keras.saving.load_model(sys.argv[1] + ".keras")
found = model.predict({"A": case["A"], "B": case["B"]}, verbose=0)
for mine, name in zip(found, ("o1", "o2")):
    np.testing.assert_allclose(mine, case[name], rtol=1e-6, atol=1e-7)
try:
    model.predict({"A": case["A"], "b": case["B"]}, verbose=0)
except ValueError as error:
    print("'b'" in str(error))
"""


@pytest.mark.parity
def test_saved_model_predicts_the_same_in_a_new_process(tmp_path: Path) -> None:
    model = make_builder(dropout_rate=0.2)(ARC)
    rng = np.random.default_rng(0)
    x = {"A": rng.normal(size=(4, 5)).astype("float32"), "B": rng.normal(size=(4, 6)).astype("float32")}
    o1, o2 = model.predict(x, verbose=0)
    np.savez(tmp_path / "m.npz", **x, o1=o1, o2=o2)
    model.save(tmp_path / "m.keras")
    done = run_code(LOADER, tmp_path / "m")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True"]


def test_children_share_nothing() -> None:
    optimizer = keras.optimizers.Adam(0.01)
    builder = make_builder(model_compile_dict={"optimizer": optimizer, "loss": "mse"})
    first, second = builder(ARC), builder(ARC)
    assert first.optimizer is not second.optimizer
    assert first.optimizer is not optimizer
    with pytest.raises(AmberError):
        builder([9] * len(ARC))
