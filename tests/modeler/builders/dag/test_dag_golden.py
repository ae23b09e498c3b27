"""The DAG family against the recorded facts: graph, outputs, mapping, layers, counts and predictions.

Three rules supersede recorded cases. The first AMBER took a layer that reads only the first input for one that reads
none (A8). It followed one head per input when it looked for the meeting of two inputs, and so missed meetings (A9).
And it took what it could not use: tokens of another length (A7), and refused lists of one and single operations (A11).
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.golden_edges import Rule, architectures, check_edge, edges_of
from tests.modeler.golden_models import check_recorded, predictions

from amber.architect import Architecture, ModelSpace, Operation
from amber.errors import ConfigError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import ComputationGraph, DAGModelBuilder

pytestmark = pytest.mark.parity

RECORDED = load("dag")
CONFIGS = [config for config in RECORDED if any("arc_seq" in case for case in config.get("cases", ()))]
CASES = [(config, case) for config in CONFIGS for case in config["cases"] if "what" not in case]
EDGES = edges_of(RECORDED)
MUTATIONS = [config for config in RECORDED if "ops_after" in config]
REPEATED = [config for config in RECORDED if "layer_names" in config]
COMPILE = {"optimizer": "adam", "loss": "mse"}
INDEX_0 = "A8 a layer that reads only the first input reads it, and may have an intermediate output"
LENGTH = "A7 the length is checked"
LISTED = "A11 a list of one is that one"
DEFAULTS = "1.2 an activation is linear, and a name is given, where an operation says nothing"
MEETING = "A9 two inputs meet at the first layer whose ancestors hold both, in the order of layers"


def make_builder(config: dict[str, Any], **changes: Any) -> DAGModelBuilder:
    arguments = {
        "inputs_op": [Operation.from_dict(each) for each in config["inputs_op"]],
        "output_op": Operation.from_dict(config["output_op"]),
        "model_space": ModelSpace.from_dict(config["space"]),
        "model_compile_dict": COMPILE,
        "dag_func": config.get("dag_func"),
        **config.get("kwargs", {}),
        **changes,
    }
    return DAGModelBuilder(**arguments)


def reads(graph: ComputationGraph, names: list[str]) -> list[list[Any]]:
    return [[name, list(graph.node(name).parents)] for name in names]


def layers_of(graph: ComputationGraph) -> list[str]:
    return [node.name for node in graph.nodes if node.name not in (*graph.inputs, *graph.outputs)]


def check_graph(graph: ComputationGraph, case: dict[str, Any]) -> None:
    assert reads(graph, layers_of(graph)) == case["nodes"]
    assert list(graph.node(graph.outputs[0]).parents) == case["output_parents"]
    children = [[name, list(graph.children(name))] for name in graph.inputs]
    assert children == case["input_children"]


def check_heads(graph: ComputationGraph, model: Any, case: dict[str, Any]) -> None:
    assert reads(graph, list(graph.outputs[1:])) == case.get("added_outputs", [])
    if "aux_loss_weight" in case:
        assert model.aux_loss_weight == case["aux_loss_weight"]
        assert [[node.name, list(node.parents)] for node in model.nodes] == case["nodes"]


def check_predictions(model: Any, config: dict[str, Any], case: dict[str, Any]) -> None:
    if "predictions" not in case:
        return
    set_prescribed_weights(model, case["weight_layout"])
    x = [prescribed_input(number, op["shape"]) for number, op in enumerate(config["inputs_op"])]
    found = model.predict(x, verbose=0, final_only=False) if "added_outputs" in case else predictions(model, x)
    for mine, theirs in zip(found if isinstance(found, list) else [found], case["predictions"], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def mapping_of(case: dict[str, Any]) -> dict[tuple[str, str], int | None]:
    return {(first, second): place for first, second, place in case["block_loss_mapping"]}


def only_first_input(found: Architecture) -> list[int]:
    """Layers whose one input is the first."""
    return [layer for layer, bits in enumerate(found.inputs) if bits and bits[0] and not any(bits[1:])]


Meetings = dict[tuple[int, int], int | None]


def parents_of(builder: DAGModelBuilder, found: Architecture) -> list[tuple[set[int], set[int]]]:
    """The inputs and the earlier layers that each layer reads, from the tokens alone."""
    chosen = []
    for layer, bits in enumerate(found.inputs):
        skips = {source for source, bit in enumerate(found.skips[layer]) if bit}
        earlier = skips if builder.with_skip_connection else set(range(layer)[-1:])
        chosen.append(({number for number, bit in enumerate(bits) if bit}, earlier))
    return chosen


def meetings_by_ancestors(builder: DAGModelBuilder, found: Architecture) -> Meetings:
    """The first layer whose ancestors hold both inputs."""
    ancestors: list[set[int]] = []
    for inputs, earlier in parents_of(builder, found):
        ancestors.append(inputs.union(*(ancestors[source] for source in earlier)))
    pairs = product(range(len(builder.inputs_op)), repeat=2)
    return {pair: next((layer for layer, above in enumerate(ancestors) if set(pair) <= above), None) for pair in pairs}


def meetings_by_heads(builder: DAGModelBuilder, found: Architecture) -> Meetings:
    """As the first AMBER had it: the latest layer that each input has reached, followed along one path."""
    heads: dict[int, int] = {}
    meetings: Meetings = dict.fromkeys(product(range(len(builder.inputs_op)), repeat=2))
    for layer, (inputs, earlier) in enumerate(parents_of(builder, found)):
        reached = inputs | {number for number, head in heads.items() if head in earlier}
        heads |= dict.fromkeys(reached, layer)
        for pair in product(reached, repeat=2):
            meetings[pair] = layer if meetings[pair] is None else meetings[pair]
    return meetings


def places_of(builder: DAGModelBuilder, meetings: Meetings, as_text: bool = False) -> dict[tuple[str, str], int | None]:
    """Where the losses of the meetings stand: 2 is the first intermediate output; none at the last layer.

    The first AMBER put the layers in the order of their names as text, L10 before L2 (`as_text`).
    """
    last = builder.num_layers - 1
    roots = sorted(
        {layer for layer in meetings.values() if layer is not None and layer != last},
        key=(lambda layer: f"L{layer}_") if as_text else None,
    )
    names = [operation.get("name") for operation in builder.inputs_op]
    return {
        (names[first], names[second]): 2 + roots.index(layer) if layer in roots else None
        for (first, second), layer in meetings.items()
    }


def check_heads_by_rule(builder: DAGModelBuilder, arc: list[int], graph: ComputationGraph) -> None:
    found, last = builder.layout.decode(arc), builder.num_layers - 1
    if builder.dag_func == "InputBlockDAG":
        expected = [layer for layer, bits in enumerate(found.inputs) if any(bits) and layer != last]
    else:
        meetings = meetings_by_ancestors(builder, found)
        expected = sorted({layer for layer in meetings.values() if layer is not None and layer != last})
        assert builder.build(arc).block_loss_mapping == places_of(builder, meetings)
    heads = [graph.node(name).parents for name in graph.outputs[1:]]
    assert [parents[0].split("_")[0] for parents in heads] == [f"L{layer}" for layer in expected]
    assert all(len(parents) == 1 for parents in heads)


def check_right_answer(builder: DAGModelBuilder, arc: list[int], layers: list[int]) -> None:
    """The layers read the first input and nothing of the default input; the heads follow the rule."""
    graph, found = builder.plan(arc), builder.layout.decode(arc)
    for layer in layers:
        (node,) = [node for node in graph.nodes if node.group == f"L{layer}"]
        assert node.parents[0] == graph.inputs[0]
        assert "default_input" not in node.parents
    read = {number for bits in found.inputs for number, bit in enumerate(bits) if bit}
    unused = [name for number, name in enumerate(graph.inputs) if number not in read]
    defaults = [node.parents for node in graph.nodes if node.name == "default_input"]
    assert defaults == ([tuple(unused)] if unused else [])
    check_heads_by_rule(builder, arc, graph)
    model = builder(arc)
    assert model.count_params() == builder.measure(arc).parameters
    assert len(model.outputs) == len(graph.outputs)


def without_first_input(builder: DAGModelBuilder, arc: list[int], layers: list[int]) -> list[int]:
    """The tokens as the first AMBER took them."""
    names = builder.layout.names
    gone = {f"L{layer}.input.0" for layer in layers}
    return [0 if name in gone else token for name, token in zip(names, arc, strict=True)]


@pytest.mark.parametrize(
    ("config", "case"),
    CASES,
    ids=[f"{c['dag_func']}-{c['tag']}-{''.join(map(str, k['arc_seq']))}" for c, k in CASES],
)
def test_golden_dag(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    arc = case["arc_seq"]
    if case.get("error") == "AssertionError":
        with pytest.raises(ConfigError, match="needs with_input_blocks=True"):
            make_builder(config)
        tally.check("dag")
        return
    builder = make_builder(config, dag_kwargs=config["dag_kwargs"])
    if case.get("error") == "KeyError":
        # The original's names of layers needed an activation, and its inputs a name.
        ops = [*config["inputs_op"], *(op for layer in config["space"] for op in layer)]
        assert any(not {"activation", "name"} & set(op) for op in ops)
        assert builder(arc).count_params() == builder.measure(arc).parameters
        tally.supersede("dag", DEFAULTS)
        return
    if case.get("error") == "ValueError":
        with pytest.raises(InvalidArchitectureError, match=r"Node '.*cannot be built on \("):
            builder(arc)
        tally.check("dag")
        return
    assert "error" not in case
    layers = only_first_input(builder.layout.decode(arc)) if "added_outputs" in case else []
    if layers:
        # What was recorded is what these tokens mean without the bits that the first AMBER overlooked.
        compare(builder, without_first_input(builder, arc, layers), config, case)
        if builder.dag_kwargs.get("add_output", True):
            check_right_answer(builder, arc, layers)
        tally.supersede("dag", INDEX_0)
    elif compare(builder, arc, config, case):
        tally.check("dag")
    else:
        tally.supersede("dag", MEETING)


def compare(builder: DAGModelBuilder, arc: list[int], config: dict[str, Any], case: dict[str, Any]) -> bool:
    """Compares with the recorded case; False where inputs meet that the first AMBER did not see meet."""
    graph, model = builder.plan(arc), builder(arc)
    check_graph(graph, case)
    if "block_loss_mapping" in case:
        found = builder.layout.decode(arc)
        by_heads = places_of(builder, meetings_by_heads(builder, found), as_text=True)
        assert mapping_of(case) == by_heads
        if by_heads != places_of(builder, meetings_by_ancestors(builder, found)):
            check_heads_by_rule(builder, arc, graph)
            return False
        assert model.block_loss_mapping == by_heads
    check_heads(graph, model, case)
    check_recorded(model, case)
    assert builder.measure(arc).parameters == case["total_params"]
    check_predictions(model, config, case)
    return True


def rules_of(config: dict[str, Any]) -> list[Rule]:
    arc = config.get("T1") or [0] * len(make_builder(config).layout)

    def call(tokens: Any = arc, **changes: Any) -> Callable[[], Any]:
        return lambda: make_builder(config, **changes)(tokens)

    no_blocks = {"with_input_blocks": False}
    return [
        Rule(("plain list|list arc|arc.*list",), call(list(arc))),
        Rule(("numpy|array",), call(np.array(arc))),
        Rule(("tuple",), call(tuple(arc))),
        Rule(("long",), call([*arc, 0]), superseded=LENGTH),
        Rule(("short",), call(arc[:-1]), superseded=LENGTH),
        Rule(("empty arc|no tokens",), call([]), "IndexError"),
        Rule(("out of range",), call([99, *arc[1:]]), "IndexError"),
        Rule(("output_op", "list|one-element"), call(output_op=[config_output(config)]), "Exception", LISTED),
        Rule(("single|one", "input"), lambda: alone(config)),
        Rule(("dag_func", "unknown|no such|misspel"), call(dag_func="no_such_dag"), "TypeError"),
        *(
            Rule(("dag_func", "case|lower|upper", f"{name}|dag_func"), call(dag_func=change(name)))
            for name in ("InputBlockDAG",)
            for change in (str.lower, str.upper)
        ),
        Rule(
            ("InputBlock(AuxLoss)?DAG", "with_input_blocks"),
            call(dag_func="InputBlockDAG", **no_blocks),
            "AssertionError",
        ),
        Rule(("AuxLoss", "with_input_blocks"), call(dag_func="InputBlockAuxLossDAG", **no_blocks), "AssertionError"),
        Rule(("model_?space",), call(model_space=config["space"]), "AssertionError"),
        Rule(
            ("add_output",), call(dag_func="InputBlockAuxLossDAG", dag_kwargs={"add_output": False}), "AssertionError"
        ),
        Rule(("name",), call(inputs_op=[Operation("input", shape=(1,), name="a")] * 2), "ValueError"),
    ]


def config_output(config: dict[str, Any]) -> Operation:
    return Operation.from_dict(config["output_op"])


def alone(config: dict[str, Any]) -> Any:
    """One input alone; the architecture is not recorded, and this one has the layers and counts of what is."""
    builder = make_builder(config, inputs_op=Operation.from_dict(config["inputs_op"][0]))
    return builder([0, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1])


@pytest.mark.parametrize(("config", "case"), EDGES, ids=[case["what"] for _, case in EDGES])
def test_golden_dag_edges(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    kinds = ("DAG", "InputBlockDAG", "InputBlockAuxLossDAG")
    one_input = [Operation.from_dict(config["inputs_op"][0])]
    builders = [
        make_builder(config, dag_func=kind, **more) for kind in kinds for more in ({}, {"inputs_op": one_input})
    ]
    known = [config["T1"]] if "T1" in config else []
    networks = [(builder, [*known, *architectures(builder)]) for builder in builders]
    check_edge("dag", case, rules_of(config), networks, tally)


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"dag_func": "no_such_dag"}, ConfigError, "expected one of dag, .*inputblockdag.*Received: 'no_such_dag'"),
        ({"dag_func": "InputBlockDAG", "with_input_blocks": False}, ConfigError, "with_input_blocks=True"),
        ({"model_space": [[]]}, ModelSpaceError, "must be a ModelSpace. Received: list"),
        (
            {"dag_func": "InputBlockAuxLossDAG", "dag_kwargs": {"add_output": False}},
            ConfigError,
            "add_output=True",
        ),
        (
            {"output_op": [Operation("dense", units=1), Operation("dense", units=1, name="x")]},
            ModelSpaceError,
            "one Op",
        ),
    ],
)
def test_words_of_the_edges(changes: dict[str, Any], error: Any, said: str) -> None:
    with pytest.raises(error, match=said):
        make_builder(CONFIGS[0], **changes)


@pytest.mark.parametrize("recorded", MUTATIONS)
def test_golden_dag_mutation(recorded: dict[str, Any], tally: Tally) -> None:
    """The first AMBER wrote names into the operations of the user."""
    names = [text.split("'name': ")[1].strip("'}") for text in recorded["ops_after"]]
    output = Operation("dense", units=1, activation="linear")
    for config in (config for config in CONFIGS if config["dag_func"] == "DAG" and len(config["space"]) == len(names)):
        space = ModelSpace.from_dict(config["space"])
        before = space.to_dict()
        builder = make_builder(config, model_space=space, output_op=output)
        arc = builder.layout.encode(ones(builder))
        builder(arc)
        assert space.to_dict() == before
        assert output == Operation("dense", units=1, activation="linear")
        if layers_of(builder.plan(arc)) == names:
            break
    else:
        pytest.fail(f"no configuration has these layers: {names}")
    assert recorded["equal_to_fresh_op"] is False
    tally.supersede("dag", "A2 nothing of the user's is written to")


def ones(builder: DAGModelBuilder) -> Architecture:
    return builder.layout.decode([size - 1 for size in builder.layout.sizes])


@pytest.mark.parametrize("recorded", REPEATED)
def test_golden_dag_repeated_builds(recorded: dict[str, Any], tally: Tally) -> None:
    """Layers with weights have the recorded names in every build; merges are named after their node, not counted."""

    def names_of(builder: DAGModelBuilder) -> list[str]:
        return [layer.name for layer in builder(builder.layout.encode(ones(builder))).layers]

    def without_merges(names: list[str]) -> list[str]:
        return sorted(
            name for name in names if not name.startswith("concatenate") and not name.endswith("_concatenate")
        )

    for expected in recorded["layer_names"]:
        builders = [make_builder(config) for config in CONFIGS if not any("error" in each for each in config["cases"])]
        found = [names_of(builder) for builder in builders if len(names_of(builder)) == len(expected)]
        assert without_merges(expected) in map(without_merges, found)
    tally.check("dag")
