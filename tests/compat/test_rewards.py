"""Rewards: their values, and what is done with data and models of every kind."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from amber.architect.reward import KnowledgeReward, LossAucReward, LossReward, SparseCategoricalReward
from amber.errors import ConfigError, DataError


class Model:
    """Stands for a trained model: what it evaluates to and predicts is given."""

    def __init__(self, evaluated: Any = None, predicted: Any = None) -> None:
        self.evaluated, self.predicted = evaluated, predicted

    def evaluate(self, *arguments: Any, **options: Any) -> Any:
        return self.evaluated

    def predict(self, *arguments: Any, **options: Any) -> Any:
        return self.predicted


X = np.zeros((6, 2))
Y = np.array([0, 0, 0, 1, 1, 1.0])
APART = np.array([0.1, 0.2, 0.3, 0.7, 0.8, 0.9])


@pytest.mark.parametrize(
    "evaluated", [0.5, [0.5, 0.9], {"val_loss": 0.5, "val_acc": 0.9}, np.float32(0.5), np.array(0.5)]
)
def test_loss_reward_takes_whatever_evaluate_returns(evaluated: Any) -> None:
    reward, values, more = LossReward()(Model(evaluated), (X, Y), session=None, graph=None)
    assert (reward, values[0], more) == (-0.5, 0.5, None)
    assert not hasattr(LossReward(), "min")


@pytest.mark.parametrize("evaluated", ["0.5", None, [], {"accuracy": 1.0}])
def test_loss_reward_refuses_the_rest(evaluated: Any) -> None:
    with pytest.raises(ConfigError, match="evaluate"):
        LossReward()(Model(evaluated), (X, Y))


@pytest.mark.parametrize(("weight", "expected"), [(1, -0.7), (2, -0.9), (0, -0.5)])
def test_knowledge_reward(weight: float, expected: float) -> None:
    reward, values, more = KnowledgeReward(lambda model, data: 0.2, Lambda=weight)(Model([0.5]), (X, Y))
    assert reward == pytest.approx(expected)
    assert values == [0.5] and more == {"knowledge": 0.2}


def test_knowledge_reward_with_constants() -> None:
    rewarder = KnowledgeReward(lambda model, data: 0.2, Lambda=3, loss_c=1.0, knowledge_c=2.0)
    assert rewarder(Model(0.5), (X, Y))[0] == pytest.approx(1.0 / 0.5 + 3 * 2.0 / 0.2)


@pytest.mark.parametrize("method", ["auc", "AUROC", "aupr", "auprc", lambda y, p: np.corrcoef(y, p)[0, 1] > 0.9])
def test_predictions_that_separate_are_worth_one(method: Any) -> None:
    reward, values, more = LossAucReward(method=method)(Model(predicted=APART[:, None]), (X, Y))
    assert reward == 1.0 and values == [1.0] and more == {"knowledge": 0.0}


def test_a_score_is_the_mean_of_columns_that_have_two_classes() -> None:
    targets = np.stack([Y, np.ones(6), 1 - Y], axis=1)
    predicted = np.stack([APART, APART, APART], axis=1)
    assert LossAucReward("auc")(Model(predicted=predicted), (X, targets))[0] == pytest.approx(0.5)
    with pytest.raises(DataError, match="one class"):
        LossAucReward("auc")(Model(predicted=APART), (X, np.ones(6)))


def test_several_outputs_and_knowledge() -> None:
    rewarder = LossAucReward(
        "aupr", knowledge_function=lambda model, data: 0.5, Lambda=0.1, loss_c=2.0, knowledge_c=5.0
    )
    reward, values, _ = rewarder(Model(predicted=[APART, 1 - APART[:, None]]), (X, [Y, Y[:, None]]))
    mean = (1.0 + average_precision_score(Y, 1 - APART)) / 2
    assert values == [pytest.approx(mean)] and reward == pytest.approx(mean / 2 + 0.1 * 0.5 / 5)


def test_the_lowest_reward_is_that_of_shuffled_targets() -> None:
    rng = np.random.default_rng(0)
    targets = rng.integers(0, 2, 2000).astype("float64")
    assert LossAucReward("auc").min((np.zeros((2000, 1)), targets)) == pytest.approx(0.5, abs=0.05)


def test_targets_are_left_alone() -> None:
    targets, predicted = [Y.copy()], [APART.copy()]
    LossAucReward("auc")(Model(predicted=predicted), (X, targets))
    assert targets[0].shape == (6,) and predicted[0].shape == (6,)


def test_a_categorical_reward_gives_the_method_whole_arrays() -> None:
    seen = []

    def method(y: np.ndarray, p: np.ndarray) -> float:
        seen.append((y.shape, p.shape))
        return float(np.mean(y == p.argmax(axis=1)))

    rewarder = SparseCategoricalReward(method=method)
    assert rewarder(Model(predicted=np.eye(3)[[0, 1, 2, 2]]), (np.zeros((4, 1)), np.array([0, 1, 2, 0])))[0] == 0.75
    assert seen == [((4,), (4, 3))]
    many = np.random.default_rng(0).integers(0, 4, 1000)
    assert rewarder.min((None, many)) == pytest.approx(0.25, abs=0.06)


def test_batches_are_read_in_order() -> None:
    class Batches(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return X[index * 3 :][:3], Y[index * 3 :][:3]

    assert LossAucReward("auc")(Model(predicted=APART), Batches())[0] == 1.0


def test_unknown_methods_are_named() -> None:
    with pytest.raises(ConfigError, match="auroc"):
        LossAucReward("f1")
