"""Estimators of scikit-learn that search for a network when they are fitted.

What may be changed here: how arguments of scikit-learn become those of `amber.search`.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from amber.data.dataset import Dataset
from amber.data.encoding.given import texts_of
from amber.data.from_arrays import dataset_from_arrays
from amber.data.targets.tasks import TargetSpec
from amber.types import Array

if TYPE_CHECKING:
    from amber.architect import ModelSpace
    from amber.experiment.trained.model import TrainedModel

# A search divides what it is given into three parts, each with an example of every class.
_FEWEST_EXAMPLES = 10
_LABEL = "label"


class _SearchEstimator(BaseEstimator):
    """What both estimators share: arguments, examples and the search."""

    def __init__(
        self,
        space: ModelSpace | str = "auto",
        budget: int | None = None,
        *,
        sections: Mapping[str, Any] | None = None,
        run_directory: str | os.PathLike[str] | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.space = space
        self.budget = budget
        self.sections = sections
        self.run_directory = run_directory
        self.random_state = random_state

    def _inputs(self, X: Any, y: Any = None, *, fitted: bool) -> Any:  # noqa: N803
        """Return checked examples: sequences as text, or finite numbers `(n, features)` or `(n, length, channels)`."""
        texts = texts_of(X, "X")
        if texts is not None:
            return texts
        is_deep = np.asarray(X).ndim == 3
        if fitted:
            return validate_data(self, X, reset=False, allow_nd=is_deep)
        return validate_data(self, X, y, allow_nd=is_deep, y_numeric=isinstance(self, RegressorMixin))[0]

    def _search(self, dataset: Dataset, seed: int) -> TrainedModel:
        """Search for a network, and return it; without a run directory its files are removed."""
        from amber.experiment.reporter import LogReporter
        from amber.starting.searching import search

        with tempfile.TemporaryDirectory() as temporary:
            folder = f"{temporary}/run" if self.run_directory is None else self.run_directory
            options: dict[str, Any] = {"sections": self.sections, "run_directory": folder, "overwrite": True}
            return search(dataset, self.space, self.budget, seed=seed, reporter=LogReporter(), **options).best_model

    def _fit(self, inputs: Any, y: Array, target: TargetSpec) -> None:
        if len(y) < _FEWEST_EXAMPLES:
            raise ValueError(
                f"Expected at least {_FEWEST_EXAMPLES} examples, as they are divided into training, validation and "
                f"test. Received: n_samples = {len(y)}"
            )
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = int(check_random_state(seed).randint(2**31 - 1))
        self.model_ = self._search(dataset_from_arrays(inputs, y, target=target), int(seed))

    def _predicted(self, X: Any) -> Array:  # noqa: N803
        check_is_fitted(self, "model_")
        return np.asarray(self.model_.predict(self._inputs(X, fitted=True)))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        return tags


class AmberClassifier(ClassifierMixin, _SearchEstimator):
    """A classifier whose network is searched for.

    The examples given to `fit` are divided into training, validation and test parts by class; the best network of the
    search predicts.

    Args:
        space: what may be built: a ModelSpace, or the name of a preset; `auto` chooses by the data.
        budget: number of networks to train; None: follows from data and space.
        sections: sections of a configuration that do not follow from the data, such as `{"training": {"epochs": 5}}`.
        run_directory: folder of the search's files, replaced by each `fit`; None: they are not kept.
        random_state: seed, or a generator that a seed is drawn from; None: a seed from NumPy's.

    Attributes:
        model_: the trained network with its preprocessing, as `amber.load` returns it.
        classes_: the classes in the order of the columns of `predict_proba`.

    Example:
        ```
        classifier = AmberClassifier(budget=10, random_state=0)
        classifier.fit(["ACGT...", "GGCA..."], ["bound", "free"])    # sequences, or numbers (n, features)
        classifier.predict_proba(["ACGT..."])
        ```
    """

    def fit(self, X: Any, y: Any) -> AmberClassifier:  # noqa: N803
        """Search for a network.

        Args:
            X: sequences as text, numbers `(n, features)`, or one-hot sequences `(n, length, channels)`.
            y: a class for each example.

        Raises:
            ValueError: values that cannot be used, fewer than 10 examples, or one class only.
            AmberError: settings or sequences that cannot be used.
        """
        inputs = self._inputs(X, y, fitted=False)
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError(f"Expected two classes at least. Received: 1 class, {self.classes_[0]!r}")
        names = [str(number) for number in range(len(self.classes_))]
        self._fit(inputs, codes, TargetSpec(_LABEL, "classes", names))
        return self

    def predict_proba(self, X: Any) -> Array:  # noqa: N803
        """Return the probability of each class, shape `(n, classes)`, in the order of `classes_`."""
        return self._predicted(X)

    def predict(self, X: Any) -> Array:  # noqa: N803
        """Return the most probable class of each example, shape `(n,)`."""
        check_is_fitted(self, "model_")
        chosen: Array = self.classes_[self.predict_proba(X).argmax(axis=1)]
        return chosen


class AmberRegressor(RegressorMixin, _SearchEstimator):
    """A regressor whose network is searched for.

    Arguments and division of the examples are those of `AmberClassifier`.

    Attributes:
        model_: the trained network with its preprocessing, as `amber.load` returns it.
    """

    def fit(self, X: Any, y: Any) -> AmberRegressor:  # noqa: N803
        """Search for a network.

        Args:
            X: sequences as text, numbers `(n, features)`, or one-hot sequences `(n, length, channels)`.
            y: a number for each example.

        Raises:
            ValueError: values that cannot be used, or fewer than 10 examples.
            AmberError: settings or sequences that cannot be used.
        """
        inputs = self._inputs(X, y, fitted=False)
        column = column_or_1d(y, warn=True)
        try:
            values = column.astype("float64")
        except ValueError as error:
            raise ValueError(f"Expected numbers; AmberClassifier takes classes. Received: {error}") from error
        self._fit(inputs, values, TargetSpec(_LABEL, "number"))
        return self

    def predict(self, X: Any) -> Array:  # noqa: N803
        """Return a number for each example, in the units of `y`, shape `(n,)`."""
        return self._predicted(X).reshape(-1)
