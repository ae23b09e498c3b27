"""Weights of classes: what balanced means, what is refused, and that linear models follow them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from amber.data import Dataset, Split, Target, TestVault, logistic_regression_baseline
from amber.data.from_examples import DatasetSpec, load
from amber.data.sources import TableSource, Wanted
from amber.data.splits.division import SplitSpec
from amber.data.targets.class_weights import class_weights
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError

TARGET = Target("output", ("a", "b", "10"))


def test_balanced_weights_are_those_of_scikit_learn() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    y = np.array([0] * 6 + [1] * 3 + [2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    assert class_weights("balanced", TARGET, y) == pytest.approx(expected.tolist())
    assert class_weights("balanced", TARGET, np.array([0, 0, 1]))[2] == 1


def test_given_weights_are_by_name() -> None:
    assert class_weights({"b": 5, "10.0": 2}, TARGET, np.zeros(1, dtype=int)) == (1, 5, 2)
    with pytest.raises(DataError, match="of the classes 'a', 'b', '10'. Received: a weight of 'c'"):
        class_weights({"c": 1}, TARGET, np.zeros(1, dtype=int))
    with pytest.raises(DataError, match="Received: regression"):
        class_weights("balanced", Target("output"), np.zeros(1))


def test_a_data_set_says_its_weights(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    path.write_text("seq,label\n" + "".join(f"ACGT,{'rare' if k % 10 == 0 else 'usual'}\n" for k in range(100)))
    spec = DatasetSpec({"output": TargetSpec("label")}, SplitSpec("random"), one_input=True)
    source = TableSource.plain(str(path))
    plain = load(source, Wanted(), spec, "d")
    weighed = load(source, Wanted(), replace(spec, class_weights="balanced"), "d")
    assert plain.class_weight is None and weighed.class_weight == pytest.approx({0: 5, 1: 5 / 9})
    assert "Training examples are weighed by class: rare 5, usual 0.556." in weighed.notes
    assert weighed.fingerprint == plain.fingerprint


def test_a_linear_model_follows_the_weights() -> None:
    rng = np.random.default_rng(0)
    y = (np.arange(400) % 10 == 0).astype(int)
    part = Split(y[:, None] + rng.normal(size=(400, 1)), y)
    data = Dataset("d", part, part, TestVault(part), ("usual", "rare"), (1,))
    weighed = replace(data, targets=(Target("output", ("usual", "rare"), class_weights=(0.556, 5.0)),))
    found = [logistic_regression_baseline(each, part).per_class_accuracy["rare"] for each in (data, weighed)]
    assert found[0] < 0.3 < 0.5 < found[1]
