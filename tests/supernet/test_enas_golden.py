"""The supernets against the recorded facts: shared tensors, totals, masks, losses and predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import ops
from tests.golden_cases import Tally, load, prescribed_input, prescribed_weight
from tests.supernet.spaces import masked_weights

from amber.architect import ModelSpace, Operation
from amber.errors import AmberError
from amber.modeler import EnasAnnModelBuilder, EnasCnnModelBuilder
from amber.modeler.dag import EnasConv1dDAG

pytestmark = pytest.mark.parity

ANN, CNN = load("enas_ann"), load("enas_cnn")
# Variables of TensorFlow 1 that no prediction depends on.
SLOTS = ("biased", "local_step")


def operations(described: Any) -> Any:
    if isinstance(described, list):
        return [Operation.from_dict(each) for each in described]
    return Operation.from_dict(described)


def make_builder(config: dict[str, Any], **changes: Any) -> Any:
    outputs = config["output_op"]
    count = len(outputs) if isinstance(outputs, list) else 1
    # The original averaged a loss given by one name over the outputs; Keras adds, with weights.
    loss = {"loss": "mse"} if count == 1 else {"loss": ["mse"] * count, "loss_weights": [1 / count] * count}
    family = EnasAnnModelBuilder if isinstance(config["inputs_op"], list) else EnasCnnModelBuilder
    return family(
        inputs_op=operations(config["inputs_op"]),
        output_op=operations(outputs),
        model_space=ModelSpace.from_dict(config["space"]),
        model_compile_dict={"optimizer": "sgd", **loss},
        **{**config["kwargs"], **changes},
    )


def set_weights(builder: Any, config: dict[str, Any]) -> None:
    layout = [entry for entry in config["weight_layout"] if entry[1] not in SLOTS]
    weights = builder.supernet.weights
    assert [list(weight.shape) for weight in weights] == [shape for _, _, shape, _ in layout]
    builder.supernet.set_weights([prescribed_weight(number, kind, shape) for _, kind, shape, number in layout])


def data(config: dict[str, Any]) -> np.ndarray:
    described = config["inputs_op"]
    if not isinstance(described, list):
        return prescribed_input(0, described["shape"])
    return np.concatenate([prescribed_input(k, op["shape"]) for k, op in enumerate(described)], axis=-1)


def listed(predictions: Any) -> list[np.ndarray]:
    return [np.asarray(each) for each in (predictions if isinstance(predictions, list) else [predictions])]


def agrees_with_its_extract(builder: Any, arc: Any, x: np.ndarray) -> None:
    standalone = builder.supernet.extract(arc)
    for mine, alone in zip(
        listed(builder(arc).predict(x, verbose=0)), listed(standalone.predict(x, verbose=0)), strict=True
    ):
        assert np.all(np.isfinite(mine))
        np.testing.assert_allclose(mine, alone, rtol=1e-5, atol=1e-6)


def check_case(builder: Any, config: dict[str, Any], case: dict[str, Any], tolerance: float) -> None:
    x = data(config)
    model = builder(case["arc_seq"])
    predictions = listed(model.predict(x, verbose=0))
    for mine, recorded in zip(predictions, case["predictions"], strict=True):
        np.testing.assert_allclose(mine, recorded, atol=tolerance)
    targets = [np.full(each.shape, 0.5, "float32") for each in predictions]
    losses = model.evaluate(x, targets if len(targets) > 1 else targets[0], verbose=0, return_dict=True)
    assert losses["loss"] == pytest.approx(case["mse_loss_against_0.5"], abs=tolerance)
    if "nonzero_weights_after_masking" in case:
        masked = masked_weights(builder.supernet, case["arc_seq"])
        counts = [[int(np.count_nonzero(each)) for each in pair] for pair in masked]
        assert counts == case["nonzero_weights_after_masking"]


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Builders with the prescribed weights, by configuration; they are only read."""
    return {}


def builder_of(made: dict[str, Any], config: dict[str, Any]) -> Any:
    key = str(id(config))
    if key not in made:
        builder = make_builder(config)
        set_weights(builder, config)
        made[key] = builder
    return made[key]


def cases(recorded: list[dict[str, Any]]) -> list[Any]:
    return [
        pytest.param(config, case, id=f"{config.get('tag')}-{number}")
        for config in recorded
        for number, case in enumerate(config.get("cases", ()))
    ]


def units_are_off(config: dict[str, Any], builder: Any, case: dict[str, Any]) -> bool:
    """Rule A13: the original's switched-off units gave act(0), which for these activations is not 0."""
    design = builder.supernet.design
    tokens = builder.layout.decode(case["arc_seq"]).operations
    return design.activation in ("sigmoid", "softmax") and any(design.units[k] < max(design.units) for k in tokens)


@pytest.mark.parametrize(("config", "case"), cases(ANN))
def test_golden_ann(config: dict[str, Any], case: dict[str, Any], made: dict[str, Any], tally: Tally) -> None:
    builder = builder_of(made, config)
    total = sum(int(np.prod(weight.shape)) for weight in builder.supernet.trainable_weights)
    assert total == config["trainable_params"]
    assert len(builder.layout) == config["arc_length"]
    design = builder.supernet.design
    assert max(design.units) == config["max_units"]
    assert [list(span) for span in zip(design.starts, design.starts[1:], strict=False)] == config["input_block_map"]
    if units_are_off(config, builder, case):
        agrees_with_its_extract(builder, case["arc_seq"], data(config))
        tally.supersede("enas_ann", "A13 units that are off give nothing")
        return
    check_case(builder, config, case, 1e-5)
    tally.check("enas_ann")


@pytest.mark.parametrize("config", [each for each in ANN if "error" in each], ids=lambda c: c.get("tag", "node_dag"))
def test_golden_ann_errors(config: dict[str, Any], tally: Tally) -> None:
    if "inputs_op" not in config:
        # Which of the recorded networks failed with nodes is in a text; none of them does.
        for other in (each for each in ANN if "error" not in each):
            builder = make_builder(other, use_node_dag=True)
            arc = builder.layout.sample(0)
            assert [node.name for node in builder(arc).nodes] == [node.name for node in builder.plan(arc).prune().nodes]
        tally.supersede("enas_ann", "A12 use_node_dag works")
        return
    if len(config["inputs_op"]) == 1:
        builder = make_builder(config)
        agrees_with_its_extract(builder, builder.layout.sample(0), data(config))
        tally.supersede("enas_ann", "A12 a single input block works")
        return
    with pytest.raises(AmberError, match="Received"):
        make_builder(config)
    tally.check("enas_ann")


@pytest.mark.parametrize(("config", "case"), cases(CNN))
def test_golden_cnn(config: dict[str, Any], case: dict[str, Any], made: dict[str, Any], tally: Tally) -> None:
    builder = builder_of(made, config)
    supernet = builder.supernet
    total = sum(int(np.prod(weight.shape)) for weight in supernet.trainable_weights)
    assert total == config["trainable_params"]
    assert len(supernet.trainable_weights) == config["num_trainable_tensors"]
    assert (supernet.design.out_filters, supernet.design.pool_layers) == (config["out_filters"], config["pool_layers"])
    if supernet.settings.with_skip_connection:
        assert len(builder.layout) == config["arc_length"]
    if supernet.fixed_arc is not None:
        # Recorded with the statistics of the batch; ours obey the training flag.
        still = builder(dropouts=[0.0] * (len(supernet.design.out_filters) + 2))
        trained = ops.convert_to_numpy(still(data(config), training=True))
        np.testing.assert_allclose(trained, case["predictions"][0], atol=3e-5)
        set_weights(builder, config)
        agrees_with_its_extract(builder, case["arc_seq"], data(config))
        tally.supersede("enas_cnn", "A17 predictions use moving statistics")
        return
    check_case(builder, config, case, 3e-5)
    tally.check("enas_cnn")


def rule_of(config: dict[str, Any]) -> str:
    """Why a configuration that failed works now."""
    options = config["kwargs"].get("dag_kwargs", {})
    if options.get("data_format") == "NCW":
        return "A18 NCW works"
    if config["inputs_op"]["shape"][1] != 4:
        return "A18 any number of channels"
    if options.get("with_skip_connection") is False:
        return "A18 filters change without skips"
    if not config["with_controller"]:
        return "A18 children without a controller"
    if not options.get("stem_config", {}).get("has_stem_conv", True):
        return "A18 no stem"
    return pytest.fail(f"a failure that no rule explains: {config}")


@pytest.mark.parametrize("config", [each for each in CNN if "error" in each], ids=lambda config: config.get("tag"))
def test_golden_cnn_errors(config: dict[str, Any], tally: Tally) -> None:
    try:
        builder = make_builder(config)
    except AmberError as error:
        assert "Received" in str(error)
        tally.check("enas_cnn")
        return
    agrees_with_its_extract(builder, builder.layout.sample(1), data(config))
    tally.supersede("enas_cnn", rule_of(config))


@pytest.mark.parametrize("recorded", [config for config in CNN if "compile_dict_after" in config])
def test_golden_cnn_compile_arguments_stay(recorded: dict[str, Any], tally: Tally) -> None:
    assert "metrics" not in recorded["compile_dict_after"]
    config = next(each for each in CNN if each.get("cases") and "train_fixed_arc" not in str(each["kwargs"]))
    arguments = {**recorded["compile_dict_after"], "metrics": ["accuracy"]}
    given = dict(arguments)
    builder = make_builder(config)
    builder = EnasCnnModelBuilder(
        inputs_op=operations(config["inputs_op"]),
        output_op=operations(config["output_op"]),
        model_space=builder.model_space,
        model_compile_dict=arguments,
        controller="uniform",
        **config["kwargs"],
    )
    x = data(config)
    y = np.zeros((len(x), 1), "float32")
    for model in (builder(), builder(builder.layout.sample(0))):
        assert set(model.fit(x, y, verbose=0).history) == {"loss", "accuracy"}
    assert arguments == given
    tally.supersede("enas_cnn", "A3 metrics stay in the compile arguments")


@pytest.mark.parametrize("recorded", [config for config in CNN if "default" in config])
def test_golden_cnn_default_dag(recorded: dict[str, Any], tally: Tally) -> None:
    builder = make_builder(next(each for each in CNN if each.get("cases") and "dag_func" not in each["kwargs"]))
    assert type(builder.dag) is EnasConv1dDAG
    assert type(builder.dag).__name__ in recorded["default"]
    tally.check("enas_cnn")
