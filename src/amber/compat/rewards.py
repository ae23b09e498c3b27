"""Rewards of the first AMBER: called with a model and data, they return what the model is worth.

Every reward returns `(reward, [loss, metrics...], {'knowledge': value} or None)`; the higher a reward, the better.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from amber.compat.data import unpack_data
from amber.display import PlainRepr
from amber.errors import ConfigError, DataError
from amber.types import TensorTree

if TYPE_CHECKING:
    import keras

Score = Callable[[np.ndarray, np.ndarray], float]
Rewarded = tuple[float, list[float], dict[str, float] | None]

_METHODS: dict[str, Score] = {
    "auc": roc_auc_score,
    "auroc": roc_auc_score,
    "aupr": average_precision_score,
    "auprc": average_precision_score,
}


def loss_and_metrics(evaluated: object) -> list[float]:
    """Return the loss and what follows it, of anything that `evaluate` may return.

    Raises:
        ConfigError: it is neither a number, a list nor a dictionary with a loss.
    """
    if isinstance(evaluated, Mapping):
        names = [name for name in ("val_loss", "loss") if name in evaluated]
        if names:
            first = names[0]
            return [float(evaluated[first]), *(float(value) for name, value in evaluated.items() if name != first)]
    elif isinstance(evaluated, (list, tuple)):
        if evaluated:
            return [float(value) for value in evaluated]
    elif isinstance(evaluated, (int, float, np.number, np.ndarray)) and np.ndim(evaluated) == 0:
        return [float(evaluated)]
    raise ConfigError(
        f"evaluate() must return a loss, a list that begins with it, or a dictionary. Received: {evaluated!r}"
    )


class LossReward(PlainRepr):
    """The reward is the negative loss.

    Args:
        validation_steps: batches to evaluate of a generator without end; None: all.
    """

    def __init__(self, validation_steps: int | None = None) -> None:
        self.validation_steps = validation_steps
        self.knowledge_function = None

    def __call__(self, model: keras.Model, data: object, *unused: object, **ignored: object) -> Rewarded:
        """Return the reward, loss and metrics, and None."""
        found = _evaluated(model, data, self.validation_steps)
        return -found[0], found, None


class KnowledgeReward(PlainRepr):
    """The loss and what is known of good networks, together.

    The reward is `L + Lambda * K`, where L is the negative loss (or `loss_c / loss`) and K the negative value of the
    knowledge function (or `knowledge_c / value`).

    Args:
        knowledge_function: called with model and data; the lower its value, the better. None: 0.
        Lambda: weight of the knowledge.
        loss_c, knowledge_c: see above; None: the negative value.
        validation_steps: as of LossReward.
    """

    def __init__(
        self,
        knowledge_function: Callable[..., float] | None,
        Lambda: float = 1.0,
        loss_c: float | None = None,
        knowledge_c: float | None = None,
        validation_steps: int | None = None,
    ) -> None:
        self.knowledge_function = knowledge_function
        self.Lambda = Lambda
        self.loss_c = loss_c
        self.knowledge_c = knowledge_c
        self.validation_steps = validation_steps

    def __call__(self, model: keras.Model, data: object, *unused: object, **ignored: object) -> Rewarded:
        """Return the reward, loss and metrics, and the knowledge."""
        found = _evaluated(model, data, self.validation_steps)
        value = _knowledge(self.knowledge_function, model, data)
        loss = -found[0] if self.loss_c is None else self.loss_c / found[0]
        known = -value if self.knowledge_c is None else self.knowledge_c / value
        return loss + self.Lambda * known, found, {"knowledge": value}


class LossAucReward(PlainRepr):
    """A score of the predictions, mean over outputs and columns.

    Args:
        method: "auc" (or "auroc"), "aupr" (or "auprc"), or a function of the targets and predictions of a column.
        knowledge_function: called with model and data; None: 0.
        Lambda: weight of the knowledge.
        loss_c, knowledge_c: divisors of score and knowledge; None: 1.
        pred: predictions to score, in place of the model's.

    Raises:
        ConfigError: an unknown method.
    """

    def __init__(
        self,
        method: str | Score = "auc",
        knowledge_function: Callable[..., float] | None = None,
        Lambda: float = 1.0,
        loss_c: float | None = None,
        knowledge_c: float | None = None,
        pred: TensorTree = None,
    ) -> None:
        self.method = method
        self.knowledge_function = knowledge_function
        self.Lambda = Lambda
        self.loss_c = loss_c
        self.knowledge_c = knowledge_c
        self.pred = pred
        self._score = _score_function(method)

    def __call__(self, model: keras.Model, data: object, *unused: object, **ignored: object) -> Rewarded:
        """Return the reward, the score as a list, and the knowledge."""
        x, y = unpack_data(data, unroll_generator_y=True)
        score = self._mean(y, model.predict(x, verbose=0) if self.pred is None else self.pred)
        value = _knowledge(self.knowledge_function, model, data)
        scored = score if self.loss_c is None else score / self.loss_c
        known = value if self.knowledge_c is None else value / self.knowledge_c
        return scored + self.Lambda * known, [score], {"knowledge": value}

    def min(self, data: object) -> float:
        """Return the score of shuffled targets: the reward of an architecture that is not a network."""
        _, y = unpack_data(data, unroll_generator_y=True)
        outputs = y if isinstance(y, (list, tuple)) else [y]
        order = np.random.default_rng(0).permutation(len(outputs[0]))
        shuffled = [np.asarray(each)[order] for each in outputs]
        score = self._mean(y, shuffled if isinstance(y, (list, tuple)) else shuffled[0])
        return score if self.loss_c is None else score / self.loss_c

    def _mean(self, targets: TensorTree, predictions: TensorTree) -> float:
        scores = []
        for true, predicted in _outputs(targets, predictions):
            for column in range(true.shape[1]):
                scores.append(self._of_column(true[:, column], predicted[:, column]))
        found = [score for score in scores if not math.isnan(score)]
        if not found:
            raise DataError(
                "No column of the targets can be scored: each has one class only. "
                f"Received: {len(scores)} columns for the method {self.method!r}"
            )
        return float(np.mean(found))

    def _of_column(self, true: np.ndarray, predicted: np.ndarray) -> float:
        """The score of a column; NaN where it has one class only."""
        if isinstance(self.method, str) and len(np.unique(true)) < 2:
            return math.nan
        try:
            return float(self._score(true, predicted))
        except ValueError:
            return math.nan


class SparseCategoricalReward(LossAucReward):
    """Like LossAucReward, but the method is given whole arrays: targets as they are, and all predictions."""

    def _mean(self, targets: TensorTree, predictions: Any) -> float:
        if isinstance(targets, (list, tuple)):
            pairs = zip(targets, predictions, strict=True)
            return float(np.mean([float(self._score(np.asarray(y), np.asarray(p))) for y, p in pairs]))
        return float(self._score(np.asarray(targets), np.asarray(predictions)))

    def min(self, data: object) -> float:
        """Return the score of predictions that belong to other examples, as one-hot rows of class numbers."""
        _, y = unpack_data(data, unroll_generator_y=True)
        if isinstance(y, (list, tuple)):
            return min(self.min((None, each)) for each in y)
        true = np.asarray(y)
        classes = np.eye(int(true.max()) + 1)[true.reshape(-1).astype(int)] if true.ndim == 1 else true
        return self._mean(y, classes[np.random.default_rng(0).permutation(len(true))])


def _evaluated(model: keras.Model, data: object, steps: int | None) -> list[float]:
    x, y = unpack_data(data)
    limit = {} if steps is None else {"steps": steps}
    return loss_and_metrics(model.evaluate(x, verbose=0, **limit) if y is None else model.evaluate(x, y, verbose=0))


def _knowledge(function: Callable[..., float] | None, model: keras.Model, data: object) -> float:
    return 0.0 if function is None else float(function(model, data))


def _score_function(method: str | Score) -> Score:
    if callable(method):
        return method
    if isinstance(method, str) and method.lower() in _METHODS:
        return _METHODS[method.lower()]
    raise ConfigError(
        f"method must be one of {', '.join(_METHODS)}, or a function of targets and predictions. Received: {method!r}"
    )


def _outputs(targets: Any, predictions: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Targets and predictions of each output, as columns."""
    several = isinstance(targets, (list, tuple))
    pairs = list(zip(targets, predictions, strict=True)) if several else [(targets, predictions)]
    return [(_columns(true), _columns(predicted)) for true, predicted in pairs]


def _columns(values: object) -> np.ndarray:
    array = np.asarray(values)
    return array[:, None] if array.ndim == 1 else array.reshape(len(array), -1)
