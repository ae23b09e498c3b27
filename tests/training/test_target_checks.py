"""An output's shape must fit its target: checked on the plan, for every builder and loss, before any training."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest

from amber.architect import BranchedModelSpace, ModelSpace, Operation
from amber.errors import AmberError, ConfigError, DataError, InvalidArchitectureError, ModelSpaceError
from amber.modeler import (
    ComputationGraph,
    ComputationNode,
    DAGModelBuilder,
    KerasBranchModelBuilder,
    KerasModelBuilder,
    KerasMultiIOModelBuilder,
    KerasResidualCnnBuilder,
)
from amber.search import Objective, run_search
from amber.training.data_checks import check_targets

SPARSE, ONE_HOT = "sparse_categorical_crossentropy", "categorical_crossentropy"
X = np.zeros((12, 10, 4), "float32")
CLASSES = np.arange(12) % 3
CONV = {"Layer_type": "conv1d", "filters": 3, "kernel_size": 3, "padding": "same"}
FLAT = {"Layer_type": "flatten"}
INPUT = Operation("input", shape=(10, 4), name="x")


def space(*candidates: dict[str, Any]) -> ModelSpace:
    return ModelSpace.from_dict([list(candidates)])


def compiled(loss: Any, metrics: Any = ()) -> dict[str, Any]:
    return {"optimizer": "sgd", "loss": loss, "metrics": list(metrics)}


def dense(units: int = 3, name: str = "y", activation: str = "softmax") -> Operation:
    return Operation("dense", units=units, activation=activation, name=name)


def multi_io(*candidates: dict[str, Any], loss: Any = SPARSE, outputs: Any = None, metrics: Any = ()) -> Any:
    return KerasMultiIOModelBuilder(
        INPUT, outputs or dense(), compiled(loss, metrics), space(*candidates), with_input_blocks=False,
        with_output_blocks=False, dropout_rate=0.0,
    )  # fmt: skip


def objective(builder: Any, y: Any = CLASSES, metric: str = "val_loss", **settings: Any) -> Objective:
    return Objective(builder, (X, y), (X, y), metric=metric, direction="minimize", epochs=1, **settings)


def sequential(*candidates: dict[str, Any]) -> Any:
    return KerasModelBuilder(INPUT, dense(), compiled(SPARSE), space(*candidates))


def dag(*candidates: dict[str, Any]) -> Any:
    return DAGModelBuilder(
        [INPUT], dense(), space(*candidates), model_compile_dict=compiled(SPARSE), with_input_blocks=False,
        with_skip_connection=False,
    )  # fmt: skip


def branch(*candidates: dict[str, Any]) -> Any:
    branched = BranchedModelSpace([[space(*candidates)], ModelSpace.from_dict([[{"Layer_type": "identity"}]])])
    return KerasBranchModelBuilder([INPUT], dense(), compiled(SPARSE), branched)


@pytest.mark.parametrize("make", [multi_io, sequential, dag, branch])
def test_a_network_that_does_not_flatten_is_no_network_for_classes(make: Any) -> None:
    checked = objective(make(CONV, FLAT))
    tokens = [0] * len(checked.layout)
    with pytest.raises(InvalidArchitectureError, match=r"'y'.* \(10, 3\).*shape \(\).*flatten"):
        checked.prepare(tokens)
    assert checked.prepare([1, *tokens[1:]]).parameters


def test_a_residual_network_flattens_by_itself() -> None:
    builder = KerasResidualCnnBuilder(
        INPUT,
        dense(),
        2,
        "Flatten",
        model_compile_dict=compiled(SPARSE),
        model_space=space(CONV, CONV | {"kernel_size": 4}),
    )
    assert objective(builder).prepare([0]).parameters


@pytest.mark.slow
@pytest.mark.parametrize(
    ("outputs", "loss", "y", "wrong"),
    [
        (
            [dense(name="a"), dense(1, "b", "linear")],
            {"a": SPARSE, "b": "mse"},
            {"a": CLASSES, "b": CLASSES * 1.0},
            "a",
        ),
        ([dense(1, "b", "linear")], "mse", CLASSES[:, None] * 1.0, "b"),
        ([dense(1, "b", "sigmoid")], "binary_crossentropy", CLASSES % 2, "b"),
        ([dense(3, "c")], ONE_HOT, np.eye(3)[CLASSES], "c"),
    ],
)
def test_numbers_one_hot_targets_and_several_outputs(outputs: Any, loss: Any, y: Any, wrong: str) -> None:
    checked = objective(multi_io(CONV, FLAT, loss=loss, outputs=outputs), y)
    with pytest.raises(InvalidArchitectureError, match=f"Output '{wrong}' has shape"):
        checked.prepare([0])
    result = run_search(checked, trials=1, seed=0)
    assert {trial.status for trial in result.trials} <= {"complete", "invalid"} and result.best is not None


def test_targets_for_each_position_are_learnt_without_flattening() -> None:
    result = run_search(objective(multi_io(CONV, CONV | {"filters": 5}), np.zeros((12, 10), int)), trials=1, seed=0)
    assert result.best is not None


def test_a_space_without_any_network_that_fits_is_refused_at_once() -> None:
    with pytest.raises(ModelSpaceError, match=r"of 2 architectures looked at none is one. Received: Output 'y' has"):
        run_search(objective(multi_io(CONV, CONV | {"filters": 5})), trials=1, seed=0)


@pytest.mark.parametrize(
    ("loss", "y", "error", "message"),
    [
        (SPARSE, np.eye(3)[CLASSES], DataError, r"look one-hot: give class numbers \(y.argmax"),
        (ONE_HOT, CLASSES, DataError, "needs targets of shape \\(3,\\).*For class numbers use sparse_"),
        ("binary_crossentropy", CLASSES, DataError, "needs targets of shape \\(3,\\).*For class numbers use sparse_"),
        ("mse", CLASSES[:, None] * 1.0, DataError, "needs targets of shape \\(3,\\)"),
        (SPARSE, np.zeros((12, 2), int), DataError, r"targets of shape \(2,\)"),
        ({"z": SPARSE}, CLASSES, ConfigError, "names of outputs, y. Received: 'z'"),
    ],
)
def test_a_loss_that_does_not_fit_the_targets(loss: Any, y: Any, error: type[AmberError], message: str) -> None:
    with pytest.raises(error, match=message):
        run_search(objective(multi_io(FLAT, CONV, loss=loss), y), trials=1, seed=0)


def test_one_column_has_no_categorical_loss() -> None:
    builder = multi_io(FLAT, loss=ONE_HOT, outputs=[dense(1, "y", "sigmoid")])
    with pytest.raises(ConfigError, match="at least two columns.*Use binary_crossentropy"):
        objective(builder, CLASSES % 2).prepare([0])


def test_a_loss_of_the_users_own_is_left_to_the_user() -> None:
    def own(y_true: Any, y_pred: Any) -> Any:
        return (y_pred[..., 0] * 0).sum(-1)

    assert objective(multi_io(FLAT, loss=own), np.zeros((12, 7))).prepare([0]).parameters


@pytest.mark.parity
@pytest.mark.parametrize("metric", ["auc", "f1_score", "nonsense"])
def test_a_metric_that_does_not_work_is_named_before_training(metric: str) -> None:
    with pytest.raises(ConfigError, match=f"metric '{metric}' must work on targets of the shapes \\(4,\\)"):
        run_search(objective(multi_io(FLAT, metrics=["accuracy", metric])), trials=1, seed=0)


def test_a_metric_that_is_not_reported_is_named_before_training() -> None:
    checked = objective(multi_io(FLAT, metrics=["Accuracy"]), metric="val_accuracy")
    with pytest.raises(ConfigError, match="what fit reports: .*val_Accuracy.*Did you mean 'val_Accuracy'"):
        run_search(checked, trials=1, seed=0)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"sample_weight": np.ones(5)}, DataError, "one weight for each of the 12 training rows. Received: 5 rows"),
        ({"sample_weight": [1.0] * 12}, DataError, "sample_weight must be an array"),
        ({"sample_weight": np.full(12, np.nan)}, DataError, "sample_weight must be finite"),
        ({"class_weight": {"a": 1.0}}, ConfigError, "weights by class number"),
        ({"class_weight": [1.0, 2.0]}, ConfigError, "weights by class number"),
        ({"sample_weights": np.ones(12)}, ConfigError, "arguments of keras.Model.fit.*Received: 'sample_weights'"),
    ],
)
def test_arguments_of_fit_are_checked_at_once(arguments: Any, error: type[AmberError], message: str) -> None:
    with pytest.raises(error, match=message):
        objective(multi_io(FLAT), fit_kwargs=arguments)


def chain(output: Operation, *layers: Operation) -> Any:
    nodes = [ComputationNode(INPUT, "x")]
    for number, operation in enumerate([*layers, output]):
        nodes.append(ComputationNode(operation, f"n{number}", parents=[nodes[-1].node_name]))
    return ComputationGraph(nodes, ["x"], [nodes[-1].node_name])


FLATTENED = [Operation("flatten")]


@pytest.mark.parametrize("targets", [(12,), (12, 1)])
@pytest.mark.parametrize(
    ("loss", "units"), [(SPARSE, 3), ("mse", 1), ("binary_crossentropy", 1), (keras.losses.MeanSquaredError(), 1)]
)
def test_one_target_for_each_example_may_have_an_axis_of_its_own(loss: Any, units: int, targets: Any) -> None:
    graph = chain(dense(units, activation="linear"), *FLATTENED)
    check_targets(graph, graph.cost, {"loss": loss}, np.zeros(targets), "train")


@pytest.mark.parametrize(
    ("layers", "loss", "units", "targets", "error"),
    [
        ([], SPARSE, 3, (12,), InvalidArchitectureError),  # flattened it would fit
        ([], SPARSE, 3, (12, 10), None),
        ([], SPARSE, 3, (12, 10, 1), None),
        ([], SPARSE, 3, (12, 9), DataError),
        ([], "mse", 3, (12, 10, 3), None),
        ([], "mse", 3, (12, 3), InvalidArchitectureError),
        ([], "mse", 3, (12, 2), DataError),
        ([], "mse", 1, (12, 10), None),
        (FLATTENED, "mse", 3, (12, 3), None),
        (FLATTENED, "mse", 3, (12, 1), DataError),
        (FLATTENED, "mse", 3, (12, 3, 1), DataError),
        (FLATTENED, ONE_HOT, 1, (12, 1), ConfigError),
        (FLATTENED, "no_loss_of_keras", 3, (12, 99), None),
        (FLATTENED, None, 3, (12, 99), None),
    ],
)
def test_which_targets_an_output_can_learn(layers: Any, loss: Any, units: int, targets: Any, error: Any) -> None:
    graph = chain(dense(units, activation="linear"), *layers)

    def check() -> None:
        check_targets(graph, graph.cost, {"loss": loss}, np.zeros(targets), "train")

    if error is None:
        check()
    else:
        with pytest.raises(error):
            check()


@pytest.mark.parametrize(("targets", "wrong"), [([0, 2], None), ([0, 3], 3), ([-1, 0], -1), ([0, 0.5], 0.5)])
def test_class_numbers_go_from_0_to_one_below_the_number_of_classes(targets: Any, wrong: Any) -> None:
    graph = chain(dense(3), *FLATTENED)

    def check() -> None:
        check_targets(graph, graph.cost, {"loss": SPARSE}, np.array(targets), "train")

    if wrong is None:
        check()
    else:
        with pytest.raises(DataError, match=rf"from 0 to 2, as the network has 3 outputs. Received: {wrong}"):
            check()


@pytest.mark.parametrize(
    ("loss", "said"),
    [
        (ONE_HOT, "categorical_crossentropy"),
        (keras.losses.CategoricalCrossentropy(), "categorical_crossentropy"),
        (keras.losses.categorical_crossentropy, "categorical_crossentropy"),
        (keras.losses.CategoricalCrossentropy(name="CategoricalCrossentropy"), "CategoricalCrossentropy"),
    ],
)
def test_a_loss_is_known_and_named_in_each_of_its_forms(loss: Any, said: str) -> None:
    graph = chain(dense(3), *FLATTENED)
    with pytest.raises(DataError, match=f"the loss {said} of output"):
        check_targets(graph, graph.cost, {"loss": loss}, CLASSES, "train")


def test_class_numbers_on_a_device_are_left_there() -> None:
    graph = chain(dense(3), *FLATTENED)
    check_targets(graph, graph.cost, {"loss": SPARSE}, keras.ops.convert_to_tensor(np.array([0, 7])), "train")
