"""Tables of names are those of Keras and of the registries, so that they cannot go stale."""

from __future__ import annotations

import contextlib
import inspect
from typing import Any

import keras
import pytest

from amber import known_names
from amber.errors import ConfigError
from amber.metric_names import check_loss, check_metric
from amber.search.rewards import KNOWLEDGE, REWARDS
from amber.search.samplers.controller import controller_options


@pytest.mark.parametrize("name", sorted(known_names.METRICS))
def test_keras_knows_each_metric(name: str) -> None:
    with contextlib.suppress(TypeError):  # one that needs arguments
        assert hasattr(keras.metrics, name) or keras.metrics.get(name) is not None


@pytest.mark.parametrize("name", sorted(known_names.LOSSES))
def test_keras_knows_each_loss(name: str) -> None:
    assert hasattr(keras.losses, name) or keras.losses.get(name) is not None


def test_no_loss_or_metric_of_keras_is_missing() -> None:
    for module, known, base in (
        (keras.losses, known_names.LOSSES, keras.losses.Loss),
        (keras.metrics, known_names.METRICS, keras.metrics.Metric),
    ):
        classes = {
            name
            for name, each in vars(module).items()
            if isinstance(each, type) and issubclass(each, base) and each is not base
        }
        assert classes - {"MeanMetricWrapper", "CategoricalGeneralizedCrossEntropy"} <= known  # not to be had by name


@pytest.mark.parametrize("name", sorted(known_names.OPTIMIZERS))
def test_options_of_optimizers_are_those_of_keras(name: str) -> None:
    assert known_names.OPTIMIZERS[name] == set(keras.optimizers.get(name).get_config()) - {"learning_rate", "name"}


def test_no_optimizer_of_keras_is_missing() -> None:
    base = keras.optimizers.Optimizer
    found = {
        n.lower() for n, each in vars(keras.optimizers).items() if isinstance(each, type) and issubclass(each, base)
    }
    assert found - {"optimizer", "lossscaleoptimizer", "multioptimizer", "lamb"} <= set(known_names.OPTIMIZERS)


def test_tables_of_ours_are_the_registries() -> None:
    assert set(known_names.CONTROLLER_OPTIONS) == controller_options()
    assert set(known_names.REWARDS) <= set(REWARDS.names())
    assert set(known_names.KNOWLEDGE) <= set(KNOWLEDGE.names())


@pytest.mark.parametrize(
    ("ending", "module"),
    [
        ("activation", keras.activations),
        ("initializer", keras.initializers),
        ("regularizer", keras.regularizers),
        ("constraint", keras.constraints),
    ],
)
def test_names_that_attributes_may_hold_are_those_of_keras(ending: str, module: Any) -> None:
    known = known_names.OF_ATTRIBUTES[ending]
    for name in known:
        with contextlib.suppress(TypeError, KeyError):  # one that needs arguments
            assert module.get(name) is not None
    classes = {name for name, each in vars(module).items() if isinstance(each, type)}
    functions = {name for name, each in vars(module).items() if inspect.isfunction(each)}
    others = {"Initializer", "Regularizer", "Constraint", "get", "serialize", "deserialize", "l1_l2"}
    assert (functions if ending == "activation" else classes) - others <= known


@pytest.mark.parametrize("name", ["", "auroq", "x" * 100_000])
def test_unknown_name_is_named_shortly(name: str) -> None:
    with pytest.raises(ConfigError, match="Unknown reward: expected one of accuracy, auprc") as caught:
        known_names.check_known(name, known_names.REWARDS, "reward")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize(
    ("option", "value", "wrong"),
    [("beta_1", 5, True), ("beta_1", 0.9, False), ("weight_decay", -1, True), ("amsgrad", True, False)],
)
def test_values_of_options_are_looked_at(option: str, value: float, wrong: bool) -> None:
    assert bool(known_names.optimizer_mistake("adam", option, value)) is wrong


@pytest.mark.parametrize("classes", [None, 2, 5])
def test_a_loss_or_metric_of_ones_own_is_told_where_it_goes(classes: int | None) -> None:
    with pytest.raises(ConfigError, match="`model_compile_dict` of a builder"):
        check_loss("own>Focal", classes)
    with pytest.raises(ConfigError, match="registered as a reward and named by `search.reward`"):
        check_metric("own>Gain", classes)
