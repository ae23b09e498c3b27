"""Weights of examples: read from a column, used by linear models, and given to training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber.data import Dataset, Split, Target, TestVault, logistic_regression_baseline, ridge_baseline
from amber.data.baselines.label_ridge import label_ridge
from amber.data.baselines.linear_term import fit_linear
from amber.data.baselines.streamed import FeatureBatches, StreamedModel, mapped, ridge_regression
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import TableSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

SPEC = DatasetSpec({"output": TargetSpec("label")}, SplitSpec("random"), one_input=True, weights="w")


def _table(folder: Path, weight: dict[int, str] | None = None, every: str = "") -> TableSource:
    path = folder / "d.csv"
    given = [(weight or {}).get(k, every or str(k % 3)) for k in range(60)]
    path.write_text("seq,label,w\n" + "".join(f"{'ACGT'[k % 4]}CGT,{'ab'[k % 2]},{given[k]}\n" for k in range(60)))
    return TableSource.plain(str(path))


def test_the_weights_of_a_column_follow_the_parts(tmp_path: Path) -> None:
    data = load(_table(tmp_path), Wanted(), SPEC, "d")
    plain = load(_table(tmp_path), Wanted(), replace(SPEC, weights=None), "d")
    assert data.train.weights is not None and data.validation.weights is not None
    assert len(data.train.weights) == len(data.train) and set(data.train.weights.tolist()) <= {0.0, 1.0, 2.0}
    assert "Training examples are weighed by the column w, 0 to 2." in data.notes
    assert data.fingerprint != plain.fingerprint and plain.train.weights is None
    assert data.fit_arguments(data.train) == {"sample_weight": data.train.weights}
    assert plain.fit_arguments(plain.train) is None
    both = data.train.joined(data.validation)
    assert both.weights is not None and len(both.weights) == len(both)


def test_weights_of_examples_and_of_classes_are_multiplied(tmp_path: Path) -> None:
    data = load(_table(tmp_path), Wanted(), replace(SPEC, class_weights={"b": 5}), "d")
    arguments = data.fit_arguments(data.train)
    assert arguments is not None and data.train.weights is not None and list(arguments) == ["sample_weight"]
    expected = data.train.weights * np.where(np.asarray(data.train.y) == 1, 5, 1)
    assert np.array_equal(arguments["sample_weight"], expected)
    by_class = load(_table(tmp_path), Wanted(), replace(SPEC, weights=None, class_weights={"b": 5}), "d")
    assert by_class.fit_arguments(by_class.train) == {"class_weight": {0: 1.0, 1: 5.0}}


@pytest.mark.parametrize("bad", ["heavy", "-1", "nan", "inf", "NA"])
def test_a_value_that_is_no_weight_is_named_with_its_line(tmp_path: Path, bad: str) -> None:
    with pytest.raises(DataError, match=rf"d.csv, line 9, column 'w'.*at least 0.*Received: '{bad}'") as raised:
        load(_table(tmp_path, {7: bad}), Wanted(), SPEC, "d")
    assert raised.value.field == ("weights",)


def test_nothing_that_counts_and_no_such_column_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="above 0. Received: 0 for all of 42"):
        load(_table(tmp_path, every="0"), Wanted(), SPEC, "d")
    with pytest.raises(DataError, match="'weight'") as raised:
        load(_table(tmp_path), Wanted(), replace(SPEC, weights="weight"), "d")
    assert raised.value.field == ("weights", "column")


def _with_copies(weights: np.ndarray, classes: bool) -> tuple[Dataset, Dataset, Split]:
    """Return a data set with weights 1 and 3, and one in which examples of weight 3 stand three times."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(len(weights), 3)).astype("float32")
    y = x @ [1.0, -2.0, 0.5] + rng.normal(size=len(weights))
    y = (y > 0).astype(int) if classes else y[:, None].astype("float32")
    test = Split(x, y)
    copies = np.repeat(np.arange(len(x)), weights.astype(int))
    target = Target("output", ("a", "b") if classes else None)
    made = [
        Dataset("d", train, test, TestVault(test), target.classes or (), (3,), targets=(target,))
        for train in (Split(x, y, weights.astype("float32")), Split(x[copies], y[copies]))
    ]
    return made[0], made[1], test


@pytest.mark.parametrize("classes", [True, False])
def test_a_weight_of_three_is_an_example_three_times(classes: bool) -> None:
    weighed, copied, test = _with_copies(np.where(np.arange(80) % 4 == 0, 3, 1), classes)
    baseline = logistic_regression_baseline if classes else ridge_baseline
    found = [np.asarray(baseline(each, test).predictions) for each in (weighed, copied)]
    assert np.allclose(found[0], found[1], atol=2e-3)
    kernels = [fit_linear(each, each.targets[0]) for each in (weighed, copied)]
    assert kernels[0] is not None and kernels[1] is not None
    assert np.allclose(kernels[0].kernel, kernels[1].kernel, atol=5e-3)


def test_weights_of_labels_and_of_batches() -> None:
    rng = np.random.default_rng(1)
    x, weights = rng.normal(size=(90, 3)), np.where(np.arange(90) % 3 == 0, 2.0, 1.0)
    y = (x[:, :2] + rng.normal(size=(90, 2)) > 0).astype(float)
    copies = np.repeat(np.arange(90), weights.astype(int))
    (expected,) = label_ridge(x[copies], y[copies], [10.0])
    for given in (x, FeatureBatches(x)):
        (found,) = label_ridge(given, y, [10.0], weights)
        assert np.allclose(found.kernel, expected.kernel) and np.allclose(found.bias, expected.bias)
    streamed = ridge_regression(FeatureBatches(x), 1.0)
    assert isinstance(streamed, StreamedModel)
    only_zeros = streamed.fit(FeatureBatches(x), y[:, 0], sample_weight=1 - y[:, 0])
    assert not mapped(only_zeros.predict, FeatureBatches(x)).any()
