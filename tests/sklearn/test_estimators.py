"""The estimators keep the rules of scikit-learn, and search when they are fitted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.utils.estimator_checks import check_estimator

from amber.data.dataset import Dataset
from amber.errors import AmberError
from amber.sklearn import AmberClassifier, AmberRegressor
from amber.sklearn.estimators import _SearchEstimator

# Array API inputs are asked for by a variable of SciPy's environment, which is not set.
NOT_CHECKED = {"check_array_api_input"}
SHORT = {
    "training": {"epochs": 1},
    "final": {"epochs": 1, "ensemble": 1, "patience": None},
}


class Linear:
    """A linear model in the place of a searched network: the rules are about what surrounds the search."""

    def __init__(self, dataset: Dataset) -> None:
        parts = (dataset.train, dataset.validation, dataset.open_test())
        x = np.concatenate([np.asarray(part.x).reshape(len(part), -1) for part in parts])
        y = np.concatenate([np.asarray(part.y).reshape(-1) for part in parts])
        self.is_classifier = dataset.targets[0].classes is not None
        self.scaling = dataset.targets[0].scaling
        self.inputs = dataset.scaling.get("input")
        self.model = (LogisticRegression(C=100) if self.is_classifier else Ridge(0.1)).fit(x, y)

    def predict(self, inputs: Any) -> Any:
        x = np.asarray(inputs, dtype="float64")
        x = (x if self.inputs is None else self.inputs.apply(x)).astype("float64")  # sums in any order agree
        if self.is_classifier:
            return self.model.predict_proba(x)
        found = self.model.predict(x).reshape(-1, 1)
        return (found if self.scaling is None else self.scaling.invert(found))[:, 0]


@pytest.fixture
def linear(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_SearchEstimator, "_search", lambda self, dataset, seed: Linear(dataset))


@pytest.mark.parametrize("estimator", [AmberClassifier(random_state=0), AmberRegressor(random_state=0)], ids=repr)
def test_rules_of_scikit_learn(estimator: Any, linear: None) -> None:
    checked = check_estimator(estimator, on_skip=None, on_fail=None)
    failed = {each["check_name"]: each["exception"] for each in checked if each["status"] not in ("passed", "skipped")}
    assert not failed
    assert len(checked) > 50 and {each["check_name"] for each in checked if each["status"] == "skipped"} <= NOT_CHECKED


@pytest.mark.parametrize(
    ("estimator", "error", "said"),
    [
        (AmberRegressor(), ValueError, "Expected numbers; AmberClassifier takes classes. Received: .*'a'"),
        (AmberClassifier(budget=0), AmberError, "budget must be a positive integer. Received: 0"),
        (AmberClassifier(sections=5), AmberError, "`sections` must be a dictionary of sections. Received: 5"),
        (AmberClassifier(space="resnet"), AmberError, "expected auto, or one of .* Received: 'resnet'"),
        (AmberClassifier(random_state=-1), AmberError, "seed must be an integer from 0 .* Received: -1"),
        (AmberClassifier(run_directory=5), AmberError, "run_directory must be the path .* Received: 5"),
    ],
)
def test_arguments_that_cannot_be_are_named(estimator: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        estimator.fit(["ACGTACGT", "GGGGCCCC"] * 10, ["a", "b"] * 10)


def test_classes_keep_their_names_and_order(linear: None) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = np.where(x[:, 0] > 0, "yes", "no")
    fitted = AmberClassifier(random_state=0).fit(x, y)
    assert fitted.classes_.tolist() == ["no", "yes"]
    assert (fitted.predict(x) == y).mean() > 0.9
    with pytest.raises(ValueError, match="at least 10 examples"):
        AmberClassifier().fit(x[:4], y[:4])


@pytest.mark.slow
def test_a_search_on_sequences() -> None:
    rng = np.random.default_rng(0)
    sequences = ["".join(rng.choice(list("ACGT"), 40)) for _ in range(40)]
    classes = ["bound", "free"] * 20
    fitted = AmberClassifier(budget=1, sections=SHORT, random_state=0).fit(sequences, classes)
    found = fitted.predict_proba(sequences)
    assert found.shape == (40, 2) and np.allclose(found.sum(axis=1), 1, atol=1e-5)
    assert set(fitted.predict(sequences)) <= {"bound", "free"}
    with pytest.raises(AmberError):
        fitted.predict(["ACGT"])
