"""Linear models as plain numbers."""

from __future__ import annotations

import numpy as np
import pytest

from amber.data import Dataset, Split, TestVault
from amber.data.baselines.linear_term import fit_linear, losses
from amber.data.dataset import flat
from amber.data.targets.target import Target


def dataset(y: np.ndarray, classes: tuple[str, ...] | None, x: np.ndarray) -> Dataset:
    part = Split(x, y)
    return Dataset(
        "made", part, part, TestVault(part), classes or (), x.shape[1:], "random", targets=(Target("y", classes),)
    )


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c"), ("a", "b", "absent", "c")])
def test_probabilities_are_those_of_the_logistic_regression(classes: tuple[str, ...]) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 3, 2)).astype("float32")
    present = [number for number, name in enumerate(classes) if name != "absent"]
    y = np.array(present)[np.digitize(x[:, 0, 0], np.linspace(-0.5, 0.5, len(present) - 1))]
    made = dataset(y, classes, x)
    model = fit_linear(made, made.targets[0])
    assert model is not None
    found = model.predict(x, probabilities=True)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)
    assert np.mean(found.argmax(axis=1) == y) > 0.85
    if "absent" in classes:
        assert found[:, 2].max() < 1e-6
    if len(classes) < 4:
        from sklearn.linear_model import LogisticRegression

        fits = [LogisticRegression(C=c, max_iter=1000).fit(flat(x), y).predict_proba(flat(x)) for c in (0.01, 0.1, 1.0)]
        assert any(np.allclose(found, each, atol=1e-3) for each in fits)


def test_a_number_and_one_class() -> None:
    x = np.random.default_rng(1).normal(size=(60, 4)).astype("float32")
    made = dataset((x @ [1, 2, 0, 0]).astype("float32")[:, None], None, x)
    model = fit_linear(made, made.targets[0])
    assert model is not None
    assert losses(made.targets[0], made.train.y, model.predict(x, False)).mean() < 0.01
    alone = dataset(np.zeros(60, "int64"), ("a", "b"), x)
    assert fit_linear(alone, alone.targets[0]) is None


def test_probabilities_count_alike_below_the_least() -> None:
    target, y = Target("y", ("a", "b")), np.array([0, 0])
    sure, doubtful = np.array([[0.999, 0.001]] * 2), np.array([[0.96, 0.04]] * 2)
    assert losses(target, y, sure).mean() < losses(target, y, doubtful).mean()
    assert losses(target, y, sure, 0.05).mean() == losses(target, y, doubtful, 0.05).mean()
