"""The child with intermediate outputs: data of every kind, losses, metrics, reports, saving."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tests.modeler.builders.dag.networks import PAIRS, inputs, pairs_builder
from tests.new_process import run_code

from amber.architect import Operation
from amber.errors import ConfigError, DataError
from amber.graph.models.batches import with_tuples
from amber.modeler import DAGModelBuilder, DenseAddOutputChild

OUTPUTS = ["output", "add_out_1", "add_out_2", "add_out_3"]
ROWS, BATCH = 12, 4
rng = np.random.default_rng(0)
X = {name: rng.normal(size=(ROWS, 2)).astype("float32") for name in "ABCD"}
Y = rng.integers(0, 2, size=(ROWS, 1)).astype("float32")
WEIGHT = np.linspace(0, 2, ROWS).astype("float32")


def make_child(**changes: Any) -> DenseAddOutputChild:
    """A compiled child of prescribed weights, so that any two of them are equal."""
    compiling = {"optimizer": keras.optimizers.SGD(0.1), "loss": "mse", "metrics": ["mae", "mse"], **changes}
    child: DenseAddOutputChild = pairs_builder("InputBlockAuxLossDAG", model_compile_dict=compiling)(PAIRS)
    generator = np.random.default_rng(1)
    child.set_weights([generator.normal(size=weight.shape) for weight in child.get_weights()])
    return child


def losses_by_hand(child: Any, y: Any = Y, weight: Any = 1.0) -> list[float]:
    """Of the final output and then of each intermediate one: mean squares."""
    predicted = child.predict(X, verbose=0, final_only=False)
    labels = y if isinstance(y, list) else [y] * len(predicted)
    scale = np.reshape(np.broadcast_to(weight, (ROWS,)), (ROWS, 1))
    return [float(np.mean(scale * (each - label) ** 2)) for each, label in zip(predicted, labels, strict=True)]


class Batches(keras.utils.PyDataset):
    """Batches of labels in any form."""

    def __init__(self, arrange: Callable[[Any], Any], weighted: bool = False, **workers: Any) -> None:
        super().__init__(**workers)
        self.epochs_seen = 0
        self.arrange = arrange
        self.weighted = weighted

    def __len__(self) -> int:
        return ROWS // BATCH

    def __getitem__(self, number: int) -> Any:
        rows = slice(number * BATCH, (number + 1) * BATCH)
        batch = ({name: block[rows] for name, block in X.items()}, self.arrange(Y[rows]))
        return (*batch, WEIGHT[rows]) if self.weighted else batch

    def on_epoch_end(self) -> None:
        self.epochs_seen += 1


LABELS: dict[str, Callable[[Any], Any]] = {
    "array": lambda y: y,
    "list of one": lambda y: [y],
    "list": lambda y: [y] * 4,
    "dictionary of the final": lambda y: {"output": y},
    "dictionary": lambda y: dict.fromkeys(OUTPUTS, y),
}


def generate(arrange: Callable[[Any], Any]) -> Iterator[Any]:
    batches = Batches(arrange)
    while True:
        for number in range(len(batches)):
            yield batches[number]


def trained(feed: Callable[[Any], Any]) -> list[np.ndarray]:
    child = make_child()
    feed(child)
    return child.get_weights()


@pytest.fixture(scope="module")
def expected() -> list[np.ndarray]:
    """Weights after an epoch in order, by plain Keras on labels written out for every output."""
    child = make_child()
    plain = keras.Model(child.inputs, child.outputs)
    plain.compile(keras.optimizers.SGD(0.1), loss=["mse"] * 4, loss_weights=[1, 0.1, 0.1, 0.1])
    plain.fit(X, [Y] * 4, batch_size=BATCH, shuffle=False, verbose=0)
    return plain.get_weights()


@pytest.mark.slow
@pytest.mark.parity
@pytest.mark.parametrize("labels", LABELS)
def test_labels_reach_every_output(labels: str, expected: list[np.ndarray]) -> None:
    arrange = LABELS[labels]
    ways: dict[str, Callable[[Any], Any]] = {
        "arrays": lambda child: child.fit(X, arrange(Y), batch_size=BATCH, shuffle=False, verbose=0),
        "PyDataset": lambda child: child.fit(Batches(arrange), shuffle=False, verbose=0),
        "generator": lambda child: child.fit(generate(arrange), steps_per_epoch=3, verbose=0),
        "one batch": lambda child: [child.train_on_batch(*Batches(arrange)[number]) for number in range(3)],
    }
    if keras.backend.backend() == "tensorflow":
        ways["tf.data"] = lambda child: child.fit(pipeline(arrange), verbose=0)
    for way, feed in ways.items():
        for mine, other in zip(trained(feed), expected, strict=True):
            np.testing.assert_allclose(mine, other, atol=1e-5, err_msg=way)


def pipeline(arrange: Callable[[Any], Any]) -> Any:
    """The same batches as a tf.data.Dataset."""
    from tensorflow.data import Dataset

    targets = arrange(Y)
    # A list would become one tensor.
    return Dataset.from_tensor_slices((X, tuple(targets) if isinstance(targets, list) else targets)).batch(BATCH)


@pytest.mark.parity
def test_losses_have_weights_1_and_a_tenth() -> None:
    child = make_child()
    final, *others = losses_by_hand(child)
    reported = child.evaluate(X, Y, verbose=0, final_only=False, return_dict=True)
    assert reported["loss"] == pytest.approx(final + 0.1 * sum(others), rel=1e-4)
    assert [reported[f"{name}_loss"] for name in OUTPUTS] == pytest.approx([final, *others], rel=1e-4)
    assert (child.aux_loss_weight, child.aux_loss_weights) == (0.1, dict.fromkeys(OUTPUTS[1:], 0.1))


@pytest.mark.parametrize(
    ("given", "weights"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4]),
        ({"add_out_2": 0.7}, [1, 0.1, 0.7, 0.1]),
        ({"output": 0.5, **dict.fromkeys(OUTPUTS[1:], 0)}, [0.5, 0, 0, 0]),
    ],
)
def test_weights_of_losses_may_be_set(given: Any, weights: list[float]) -> None:
    child = make_child(loss_weights=given)
    total = child.evaluate(X, Y, verbose=0, final_only=False)[0]
    assert total == pytest.approx(float(np.dot(weights, losses_by_hand(child))), rel=1e-4)


def test_the_weight_of_intermediate_outputs_is_an_option_of_the_builder() -> None:
    compiling = {"optimizer": "sgd", "loss": "mse"}
    builder = pairs_builder("InputBlockAuxLossDAG", model_compile_dict=compiling, dag_kwargs={"aux_loss_weight": 0.4})
    child = builder(PAIRS)
    final, *others = losses_by_hand(child)
    assert child.evaluate(X, Y, verbose=0, final_only=False)[0] == pytest.approx(final + 0.4 * sum(others), rel=1e-4)


def test_losses_by_output() -> None:
    child = make_child(loss={"output": "mse", "add_out_1": "mae"})
    plain, absolute = child.evaluate(X, Y, verbose=0, final_only=False, return_dict=True), make_child(loss=["mae"] * 4)
    others = absolute.evaluate(X, Y, verbose=0, final_only=False, return_dict=True)
    assert plain["add_out_1_loss"] == pytest.approx(others["add_out_1_loss"])
    assert plain["add_out_2_loss"] == pytest.approx(losses_by_hand(child)[2], rel=1e-4)


@pytest.mark.parity
def test_evaluate_selects_by_output() -> None:
    child = make_child(metrics=["mse", "mae"])
    whole = child.evaluate(X, Y, verbose=0, final_only=False)
    named = child.evaluate(X, Y, verbose=0, final_only=False, return_dict=True)
    final = child.evaluate(X, Y, verbose=0)
    expected_order = ["loss", *(f"{name}_loss" for name in OUTPUTS)]
    expected_order += [f"{name}_{metric}" for name in OUTPUTS for metric in ("mse", "mae")]
    assert whole == pytest.approx([named[name] for name in expected_order])
    assert final == pytest.approx([named["output_loss"], named["output_mse"], named["output_mae"]])
    assert child.evaluate(X, Y, verbose=0, return_dict=True) == pytest.approx(
        dict(zip(["loss", "mse", "mae"], final, strict=True))
    )
    # Where a mapping says where the loss of two blocks stands, it is there.
    assert whole[child.block_loss_mapping[("A", "C")]] == pytest.approx(losses_by_hand(child)[3], rel=1e-4)


def test_labels_that_differ_by_output() -> None:
    child = make_child()
    labels = [Y, 1 - Y, Y + 2, Y * 3]
    by_hand = losses_by_hand(child, labels)
    for y in (labels, dict(zip(OUTPUTS, labels, strict=True))):
        assert child.evaluate(X, y, verbose=0, final_only=False)[1:5] == pytest.approx(by_hand, rel=1e-4)


@pytest.mark.parity
def test_predict_selects_the_final_output() -> None:
    child = make_child()
    everything = child.predict(X, verbose=0, final_only=False)
    assert [each.shape for each in everything] == [(ROWS, 1)] * 4
    np.testing.assert_array_equal(child.predict(X, verbose=0), everything[0])
    np.testing.assert_allclose(child.predict(list(X.values()), 5, verbose=0), everything[0], atol=1e-6)


class Steps(keras.callbacks.Callback):
    """Counts batches."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen += 1

    def on_predict_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen += 1


def test_arguments_of_keras_are_passed_on() -> None:
    child = make_child()
    for batch_size, steps in ((4, 3), (12, 1)):
        counts = [Steps(), Steps()]
        child.evaluate(X, Y, batch_size=batch_size, verbose=0, callbacks=[counts[0]])
        child.predict(X, batch_size=batch_size, verbose=0, callbacks=[counts[1]])
        assert [count.seen for count in counts] == [steps, steps]
    assert child.evaluate(X, Y, verbose=0, sample_weight=WEIGHT)[0] == pytest.approx(
        losses_by_hand(child, weight=WEIGHT)[0], rel=1e-4
    )
    with pytest.raises((TypeError, ValueError)):
        child.evaluate(X, Y, colour="red")


@pytest.mark.parity
@pytest.mark.parametrize(
    "given",
    [WEIGHT, [WEIGHT], [WEIGHT] * 4, {"output": WEIGHT}, dict.fromkeys(OUTPUTS, WEIGHT)],
    ids=["array", "list of one", "list", "dictionary of the final", "dictionary"],
)
def test_sample_weights_reach_every_output(given: Any) -> None:
    child = make_child()
    final, *others = losses_by_hand(child, weight=WEIGHT)
    total = child.evaluate(X, Y, sample_weight=given, verbose=0, final_only=False)[0]
    assert total == pytest.approx(final + 0.1 * sum(others), rel=1e-4)
    history = child.fit(X, Y, sample_weight=given, batch_size=ROWS, verbose=0).history
    assert history["loss"][0] == pytest.approx(total, rel=1e-4)


def test_sample_weights_that_differ_by_output() -> None:
    child = make_child()
    weights = [WEIGHT, 2 * WEIGHT, 3 * WEIGHT, 0 * WEIGHT]
    by_hand = losses_by_hand(child, weight=WEIGHT)
    found = child.evaluate(X, Y, sample_weight=weights, verbose=0, final_only=False)[1:5]
    assert found == pytest.approx(np.multiply(by_hand, [1, 2, 3, 0]), rel=1e-4)
    assert child.evaluate(Batches(lambda y: y, weighted=True), verbose=0)[0] == pytest.approx(by_hand[0], rel=1e-4)


@pytest.mark.parity
def test_class_weights_reach_every_output() -> None:
    class_weight = {0: 0.5, 1: 3.0}
    weights = np.where(Y[:, 0] == 1, 3.0, 0.5)
    for y in (Y, [Y, Y + 0, Y, Y]):
        child = make_child()
        final, *others = losses_by_hand(child, weight=weights)
        history = child.fit(X, y, class_weight=class_weight, batch_size=ROWS, verbose=0).history
        assert history["loss"][0] == pytest.approx(final + 0.1 * sum(others), rel=1e-4)


@pytest.mark.parity
def test_fit_reports_the_final_output_under_plain_names() -> None:
    child = make_child()
    stopping = keras.callbacks.EarlyStopping(monitor="val_mae", mode="max", patience=1, min_delta=100)
    history = child.fit(
        X, Y, validation_data=(X, {"output": Y}, WEIGHT), epochs=9, callbacks=stopping, verbose=0
    ).history
    # Nothing improves by so much: one epoch to set the mark, one of patience.
    assert len(history["loss"]) == 2
    for prefix in ("", "val_"):
        for metric in ("mae", "mse"):
            assert history[f"{prefix}{metric}"] == history[f"{prefix}output_{metric}"]
        total = np.array(history[f"{prefix}output_loss"])
        for name in OUTPUTS[1:]:
            total = total + 0.1 * np.array(history[f"{prefix}{name}_loss"])
        np.testing.assert_allclose(history[f"{prefix}loss"], total, rtol=1e-4)


def test_validation_data_of_every_form() -> None:
    by_lists = Batches(lambda y: [y] * 4)
    for validation in ((X, Y), (X, [Y] * 4), (X, {"output": Y}), (by_lists,), by_lists):
        history = make_child().fit(X, Y, validation_data=validation, batch_size=4, verbose=0).history
        assert "val_mae" in history
    assert "val_mae" in make_child().fit(X, Y, validation_split=0.25, verbose=0).history


def test_a_dataset_keeps_its_workers_and_hears_of_epochs() -> None:
    data = Batches(lambda y: [y] * 4, workers=2)
    history = make_child().fit(data, epochs=2, verbose=0).history
    # Keras calls it once more when it looks at the first batch.
    assert data.epochs_seen >= 2
    assert len(history["loss"]) == 2


def test_a_dataset_in_another_form_has_the_same_workers() -> None:
    seen: Any = with_tuples(Batches(LABELS["list"], workers=3, max_queue_size=7))
    assert (seen.workers, seen.use_multiprocessing, seen.max_queue_size) == (3, False, 7)


def test_metrics_and_losses_that_are_objects() -> None:
    child = make_child(
        loss=keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="right")],
        weighted_metrics=["mae"],
    )
    reported = child.evaluate(X, Y, verbose=0, final_only=False, return_dict=True)
    right = [np.mean((each > 0.5) == Y) for each in child.predict(X, verbose=0, final_only=False)]
    assert [reported[f"{name}_right"] for name in OUTPUTS] == pytest.approx(right)
    assert list(child.evaluate(X, Y, verbose=0, return_dict=True)) == ["loss", "right", "mae"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([Y, Y], r"y must hold one entry for each of the 4 outputs.*Received: 2"),
        ({"nowhere": Y}, "y must be given by names of outputs.*unknown 'nowhere'"),
        ({"add_out_1": Y}, "nothing for 'output'"),
    ],
)
def test_labels_that_do_not_fit(y: Any, message: str) -> None:
    child = make_child()
    with pytest.raises(DataError, match=message):
        child.fit(X, y, verbose=0)
    with pytest.raises(DataError, match=message):
        child.evaluate(X, y, verbose=0)
    with pytest.raises(DataError, match=message):
        child.train_on_batch(X, y)
    with pytest.raises(DataError, match="unknown 'E'"):
        child.predict({**X, "E": X["A"]}, verbose=0)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": ["mse"] * 3}, "loss must hold one entry"),
        ({"loss_weights": 0.5}, "loss_weights must hold a number"),
        ({"metrics": [["mae"], ["mse"]]}, "metrics as a list of lists"),
        ({"metrics": {"nowhere": ["mae"]}}, "metrics must be given by names"),
    ],
)
def test_compile_arguments_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_child(**changes)


def single_output() -> tuple[DAGModelBuilder, Any]:
    builder = DAGModelBuilder(
        inputs([2], "A"),
        Operation("dense", units=1),
        pairs_builder("DAG").model_space,
        {"optimizer": "sgd", "loss": "mse", "metrics": ["mae"], "loss_weights": None},
        dag_func="InputBlockDAG",
        dag_kwargs={"add_output": False},
    )
    return builder, builder([size - 1 for size in builder.layout.sizes])


def test_with_one_output_everything_is_keras_own() -> None:
    _, child = single_output()
    x = {"A": X["A"]}
    for y in (Y, [Y], {"output": Y}):
        history = child.fit(x, y, validation_data=(x, y), verbose=0).history
        assert set(history) == {"loss", "mae", "val_loss", "val_mae"}
        assert len(child.evaluate(x, y, verbose=0)) == 2
    assert child.evaluate(x, Y, verbose=0, final_only=False) == child.evaluate(x, Y, verbose=0)
    assert child.predict(x, verbose=0, final_only=False).shape == (ROWS, 1)


def test_made_by_hand() -> None:
    x = keras.Input((2,), name="A")
    hidden = keras.layers.Dense(3)(x)
    heads = [keras.layers.Dense(1, name=name)(hidden) for name in ("y", "y_near")]
    child = DenseAddOutputChild(inputs=x, outputs=heads, aux_loss_weight={"y_near": 0.5})
    child.compile("sgd", "mse", metrics=["mae"])
    assert (child.nodes, child.block_loss_mapping, child.aux_loss_weight) == ([], {}, 0.5)
    # One name is the beginning of the other.
    reported = child.evaluate(X["A"], Y, verbose=0, return_dict=True)
    assert reported == pytest.approx(
        {
            name: child.evaluate(X["A"], Y, verbose=0, final_only=False, return_dict=True)[f"y_{name}"]
            for name in ("loss", "mae")
        }
    )
    for wrong in (-1, float("nan"), True, {"y": 0.1}):
        with pytest.raises(ConfigError, match="aux_loss_weight"):
            DenseAddOutputChild(x, heads, aux_loss_weight=wrong)  # type: ignore[arg-type]


LOADER = """
import sys
import numpy as np, keras
import amber.modeler
model = keras.saving.load_model(sys.argv[1] + ".keras")
case = np.load(sys.argv[1] + ".npz")
x = {name: case[name] for name in "ABCD"}
found = model.evaluate(x, case["y"], verbose=0, final_only=False)
np.testing.assert_allclose(found, case["evaluated"], rtol=1e-5)
print(type(model).__name__, len(model.nodes), model.nodes[2].parents, model.block_loss_mapping[("A", "C")])
print(model.aux_loss_weights, model.trainable)
before = model.evaluate(x, case["y"], verbose=0)[0]
model.fit(x, case["y"], epochs=20, verbose=0)
print(model.evaluate(x, case["y"], verbose=0)[0] < before)
"""


@pytest.mark.parity
def test_saved_and_loaded_in_a_new_process(tmp_path: Path) -> None:
    child = make_child(loss_weights={"add_out_1": 0.3}, metrics=["mae", keras.metrics.MeanSquaredError(name="squares")])
    child.fit(X, Y, verbose=0)
    evaluated = child.evaluate(X, Y, verbose=0, final_only=False)
    np.savez(tmp_path / "m.npz", **X, y=Y, evaluated=evaluated)
    child.save(tmp_path / "m.keras")
    done = run_code(LOADER, tmp_path / "m")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "DenseAddOutputChild 4 ('L0_dense_u3_relu', 'L1_dense_u3_relu') 4",
        f"{dict.fromkeys(OUTPUTS[1:], 0.1)} True",
        "True",
    ]


def test_a_loaded_child_has_the_state_of_its_optimizer(tmp_path: Path) -> None:
    x = keras.Input((2,), name="A")
    child = DenseAddOutputChild(x, [keras.layers.Dense(1, name=name)(x) for name in ("y", "near")])
    child.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    child.optimizer.build(child.trainable_variables)
    for number, variable in enumerate(child.optimizer.variables):
        variable.assign(keras.ops.full(variable.shape, number + 1, variable.dtype))
    child.save(tmp_path / "m.keras")
    loaded = keras.saving.load_model(tmp_path / "m.keras")
    kept, found = (
        [keras.ops.convert_to_numpy(each) for each in model.optimizer.variables] for model in (child, loaded)
    )
    for mine, theirs in zip(kept, found, strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parity
def test_the_network_of_the_final_output_loads_where_amber_is_not_installed(tmp_path: Path) -> None:
    child = make_child()
    final = child.final_model()
    assert final.output_names == child.output_names[:1] and final.get_layer("output") is child.get_layer("output")
    with pytest.raises(DataError, match="unknown 'b'"):
        final.predict({**X, "b": X["B"]}, verbose=0)
    expected = child.predict(X, verbose=0)
    np.testing.assert_allclose(final.predict(X, verbose=0), expected, atol=1e-6)
    final.save(tmp_path / "m.keras")
    np.savez(tmp_path / "m.npz", **X, y=expected)
    code = (
        "import sys; sys.modules['amber'] = None\n"
        "import keras, numpy as np\n"
        "model, case = keras.saving.load_model(sys.argv[1] + '.keras'), np.load(sys.argv[1] + '.npz')\n"
        "np.testing.assert_allclose(model.predict([case[n] for n in 'ABCD'], verbose=0), case['y'], atol=1e-6)\n"
    )
    done = run_code(code, tmp_path / "m")
    assert done.returncode == 0, done.stderr


def test_description_and_weights_make_the_same_child(tmp_path: Path) -> None:
    child = make_child()
    again = DenseAddOutputChild.from_config(child.get_config())
    assert (again.name, again.nodes, again.block_loss_mapping) == (child.name, child.nodes, child.block_loss_mapping)
    child.save_weights(tmp_path / "m.weights.h5")
    again.load_weights(tmp_path / "m.weights.h5")
    np.testing.assert_array_equal(again.predict(X, verbose=0), child.predict(X, verbose=0))
    nodes = child.nodes
    nodes.clear()
    child.block_loss_mapping.clear()
    assert len(child.nodes) == 4
    assert child.block_loss_mapping
