"""The residual CNN against the recorded facts: graph, counts, shapes, predictions, and a saved model elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.golden_cases import Tally, load, prescribed_input, set_prescribed_weights
from tests.golden_edges import Rule, architectures, check_edge, edges_of
from tests.new_process import run_code

from amber.architect import ModelSpace, Operation
from amber.modeler import KerasResidualCnnBuilder
from amber.modeler.builders.residual_cnn import KerasResidualCnnBuilder as Builder

pytestmark = pytest.mark.parity

COMPILE = {"optimizer": "adam", "loss": "binary_crossentropy"}
RECORDED = load("residual")
CONFIGS = [config for config in RECORDED if any("what" not in case for case in config.get("cases", ()))]
EDGES = edges_of(RECORDED)
LAYER_CONFIGS = [config for config in RECORDED if "configs" in config]
# Types whose automatic names Keras 2 numbered; weights never hang on these names.
AUTOMATIC = {"dense": "dense", "dense_1": "output"}
KERAS_3_CLASS = {"Lambda": "Identity"}
VALIDATED = "A7 tokens are validated"
LINEAR = "1.2 an activation is linear where an operation says nothing"


def make_builder(config: dict[str, Any], **changes: Any) -> KerasResidualCnnBuilder:
    return KerasResidualCnnBuilder(
        Operation.from_dict(config["inputs_op"]),
        Operation.from_dict(config["output_op"]),
        model_compile_dict=COMPILE,
        model_space=ModelSpace.from_dict(config["space"]),
        **{**config["kwargs"], **changes},
    )


def strided_pools(config: dict[str, Any], arc_seq: list[int]) -> bool:
    """Rule A20: the original ignored the strides of a pool; here they are honoured."""
    layers = len(config["space"])
    chosen = [config["space"][layer][arc_seq[layer * (layer + 1) // 2]] for layer in range(layers)]
    return any("pool" in op["Layer_type"] and op.get("strides", 1) != 1 for op in chosen)


def expected_edges(builder: Builder, arc_seq: list[int]) -> set[tuple[str, str]]:
    """Which layer reads which, by the rule of the residual network, from the tokens alone."""
    architecture = builder.layout.decode(arc_seq)
    edges = set()
    for layer, skips in enumerate(architecture.skips):
        for source, bit in enumerate(skips):
            if bit:
                edges.add((f"L{source}", f"L{layer}"))
    return edges


def skip_edges(graph: Any) -> set[tuple[str, str]]:
    found = set()
    for node in graph.nodes:
        if not node.name.endswith("_resAdd"):
            continue
        for parent in node.parents[:-1]:
            while graph.node(parent).group.startswith("reduce"):
                parent = graph.node(parent).parents[0]
            found.add((graph.node(parent).group, node.group))
    return found


CASES = [(config, case) for config in CONFIGS for case in config["cases"] if "what" not in case]


@pytest.mark.parametrize(
    ("config", "case"),
    CASES,
    ids=[f"{config['tag']}-{'_'.join(map(str, c['arc_seq'][:6]))}" for config, c in CASES],
)
def test_golden_residual(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    builder = make_builder(config)
    arc = case["arc_seq"]
    assert builder.out_filters == config["out_filters"]
    assert builder.pool_layers == config["pool_layers"]
    graph = builder.plan(arc)
    assert skip_edges(graph) == expected_edges(builder, arc)
    cost = builder.measure(arc)
    model = builder(arc)
    assert cost.parameters == model.count_params()
    if strided_pools(config, arc):
        pools = [node for node in graph.nodes if node.operation.get("strides", 1) != 1]
        assert pools, "a strided pool was chosen and none was planned"
        tally.supersede("residual", "A20 pool strides are honoured")
        return
    assert model.count_params() == case["total_params"]
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == case["trainable_params"]
    assert [list(i.shape) for i in model.inputs] == case["input_shapes"]
    assert [list(o.shape) for o in model.outputs] == case["output_shapes"]
    check_layers(model, case["layers"])
    if "predictions" in case:
        set_prescribed_weights(model, case["weight_layout"], AUTOMATIC)
        x = prescribed_input(0, config["inputs_op"]["shape"])
        np.testing.assert_allclose(model.predict(x, verbose=0), case["predictions"][0], atol=1e-5)
    tally.check("residual")


def class_name(layer: keras.layers.Layer) -> str:
    """Average pooling may be a small stack that gives equal numbers on every backend."""
    return "AveragePooling1D" if isinstance(layer, keras.Sequential) else type(layer).__name__


def check_layers(model: keras.Model, recorded: list[list[str]]) -> None:
    classes = Counter(KERAS_3_CLASS.get(kind, kind) for _, kind in recorded)
    assert Counter(map(class_name, model.layers)) == classes
    named = {name for name, _ in recorded if name.startswith(("L", "stem_", "pool_at_"))}
    assert named <= {layer.name for layer in model.layers}


def rules_of(config: dict[str, Any]) -> list[Rule]:
    arc = [0] * len(make_builder(config).layout)

    def call(tokens: Any = arc, space: Any = None, **changes: Any) -> Callable[[], keras.Model]:
        return lambda: make_builder({**config, "space": space or config["space"]}, **changes)(tokens)

    def space_with(**changes: Any) -> list[Any]:
        """The space with another first candidate; a value of None takes an attribute away."""
        space = [[dict(op) for op in layer] for layer in config["space"]]
        first = {**space[0][0], **changes}
        space[0][0] = {name: value for name, value in first.items() if value is not None}
        return space

    mixed = space_with(filters=config["space"][0][0]["filters"] + 1)
    return [
        Rule(("flatten_mode",), call(flatten_mode="max"), "AssertionError"),
        Rule(("filters", "without|missing|no "), call(space=space_with(filters=None)), "KeyError"),
        Rule(("filters", "mixed|different|differ"), call(space=mixed), "AssertionError"),
        Rule(("activation",), call(space=space_with(activation="softplus")), "Exception"),
        Rule(("activation", "without|missing|no "), call(space=space_with(activation=None)), "KeyError", LINEAR),
        Rule(("type|dense|lstm|unknown op",), call(space=space_with(Layer_type="dense")), "Exception"),
        Rule(("short",), call(arc[:1]), "IndexError"),
        Rule(("long",), call([*arc, 0]), superseded=VALIDATED),
        Rule(("out of range",), call([99, *arc[1:]]), "IndexError"),
        Rule(("negative|-1",), call([-1, *arc[1:]]), superseded=VALIDATED),
        Rule(("skip|bit", "0/1|2|bit|not"), call([*arc[:-1], 2]), superseded=VALIDATED),
        Rule(("dropout_rate",), call(dropout_rate=1.5), "ValueError"),
        Rule(("fc_units",), call(fc_units=0), "ValueError"),
        Rule(("numpy|array",), call(np.array(arc))),
        Rule(("tuple",), call(tuple(arc))),
    ]


@pytest.mark.parametrize(("config", "case"), EDGES, ids=[case["what"] for _, case in EDGES])
def test_golden_residual_edges(config: dict[str, Any], case: dict[str, Any], tally: Tally) -> None:
    builder = make_builder(config)
    check_edge("residual", case, rules_of(config), [(builder, architectures(builder))], tally)


@pytest.mark.parametrize("recorded", LAYER_CONFIGS)
def test_golden_residual_layer_configs(recorded: dict[str, Any], tally: Tally) -> None:
    """The space is not recorded: it is that of the edge cases, or of the configuration with these layers."""
    configs = [*(config for config, _ in EDGES[:1]), *CONFIGS]
    arc, names = recorded["arc_seq"], {name for name, *_ in recorded["configs"] if name.startswith("L")}
    fitting = [each for each in map(make_builder, configs) if len(each.layout) == len(arc)]
    model = next(
        model for model in (builder(arc) for builder in fitting) if names <= {each.name for each in model.layers}
    )
    for name, kind, options, initializer, regularizer, constraint in recorded["configs"]:
        if kind in ("InputLayer", "Dropout") and not name.startswith("L"):
            continue
        layer = model.get_layer(AUTOMATIC.get(name, name))
        assert type(layer).__name__ == KERAS_3_CLASS.get(kind, kind)
        config = layer.get_config()
        for option, value in options.items():
            mine = config[option]
            assert (list(mine) if isinstance(mine, tuple) else mine) == value, (name, option)
        if kind == "Conv1D":
            assert ("VarianceScaling" in initializer) == (config["kernel_initializer"]["class_name"] == "HeNormal")
            assert (config["kernel_regularizer"] is None) == (regularizer == "None")
            assert (config["kernel_constraint"] is None) == (constraint == "None")
            if regularizer != "None":
                assert config["kernel_regularizer"]["config"]["l2"] == pytest.approx(5e-7)
                assert config["kernel_constraint"]["config"] == {"max_value": 0.9, "axis": 0}
    tally.check("residual")


LOADER = """
import sys, numpy as np, keras
for path in sys.argv[1:]:
    case = np.load(path + ".npz")
    model = keras.saving.load_model(path + ".keras")
    np.testing.assert_allclose(model.predict(case["x"], verbose=0), case["y"], rtol=2e-4, atol=1e-6)
print("amber" in sys.modules, len(sys.argv) - 1)
"""


def test_saved_models_predict_the_same_in_a_new_process(tmp_path: Path) -> None:
    paths = []
    for config in CONFIGS:
        builder = make_builder(config)
        arc = config["cases"][0]["arc_seq"]
        model = builder(arc)
        x = prescribed_input(0, config["inputs_op"]["shape"])
        path = tmp_path / config["tag"]
        model.save(f"{path}.keras")
        np.savez(f"{path}.npz", x=x, y=model.predict(x, verbose=0))
        paths.append(str(path))
    result = run_code(LOADER, *paths)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["False", str(len(CONFIGS))]
