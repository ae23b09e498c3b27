"""Columns of 0 and 1 to labels, and the data set, scores and linear model of labels."""

from __future__ import annotations

import math

import numpy as np
import pytest

from amber.data.baselines.label_ridge import label_ridge
from amber.data.baselines.linear_models import labels_baseline
from amber.data.baselines.scores import LabelScore
from amber.data.baselines.streamed import FeatureBatches
from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import ArrayExamples, Places, SequenceInput
from amber.data.from_examples import DatasetSpec, dataset_of
from amber.data.splits.division import SplitSpec
from amber.data.targets.label_columns import read_labels
from amber.data.targets.target import Labels, Target, known_labels
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError
from amber.types import Array

DNA = Alphabet.of("dna")


def _examples(count: int = 4, **columns: Array | list[str]) -> ArrayExamples:
    codes = np.random.default_rng(0).integers(0, 4, (count, 6)).astype(np.uint8)
    arrays = {
        name: each if isinstance(each, np.ndarray) else np.array(each, dtype=object) for name, each in columns.items()
    }
    places = Places.in_file("t.csv", np.arange(count) + 2)
    return ArrayExamples({"seq": codes}, {"seq": SequenceInput(DNA, 6)}, arrays, places)


def test_labels_are_read_from_text_and_numbers() -> None:
    examples = _examples(
        a=["0", "1.0", "", "NA"], b=np.array([1, 0, 1, np.nan]), c=np.array([True, False, True, False])
    )
    found = read_labels(examples, "a..b", "t.csv")
    assert found.labels == Labels(("a", "b"), missing=True)
    assert found.rows.tolist() == [0, 1, 2]
    assert known_labels(found.y).tolist()[0] == [0, 1]
    assert math.isnan(known_labels(found.y)[2, 0])
    assert found.notes == (
        "1 of 4 examples have no known label: left out.",
        "1 label (16.7 %) is missing: it counts neither in training nor in scores.",
    )
    whole = read_labels(examples, ["c"], "t.csv")
    assert whole.labels == Labels(("c",)) and whole.y.tolist() == [[1], [0], [1], [0]]


@pytest.mark.parametrize(
    ("columns", "written", "message"),
    [
        ({"a": ["0", "2", "1", "0"]}, "a", r"t\.csv, line 3, column 'a': a label must be 0 or 1.*Received: '2'"),
        ({"a": ["0", "yes", "1", "0"]}, "a", r"line 3, column 'a'.*Received: 'yes'"),
        ({"a": np.array([0, 1, 0.5, 1])}, "a", r"line 4, column 'a'.*Received: 0\.5"),
        ({"a": np.array([0, np.inf, 0, 1])}, "a", r"line 3, column 'a'.*Received: inf"),
        ({"a": np.zeros(4)}, "a", "expected labels that some examples have"),
        ({"a": np.zeros(4)}, "b", r"t\.csv: Block 'labels': expected a column.*'a'.*'b'"),
        ({"a": np.zeros(4)}, "b_*", "a pattern that matches"),
    ],
)
def test_columns_that_are_no_labels(columns: dict[str, Array], written: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_labels(_examples(**columns), written, "t.csv")


def _dataset_of_labels(y: Array) -> tuple[DatasetSpec, ArrayExamples]:
    columns = {f"l{k}": y[:, k] for k in range(y.shape[1])}
    examples = _examples(len(y), **columns)
    return DatasetSpec({"output": TargetSpec("label")}, SplitSpec("random"), labels="l*", one_input=True), examples


def test_a_data_set_of_labels() -> None:
    y = np.random.default_rng(1).integers(0, 2, (60, 3)).astype(float)
    y[0] = np.nan
    y[1, 0] = np.nan
    spec, examples = _dataset_of_labels(y)
    dataset = dataset_of(examples, spec, "d")
    assert sum(dataset.sizes.values()) == 59
    assert dataset.train.y.shape == (len(dataset.train), 3)
    target = dataset.targets[0]
    assert (target.units, target.task, target.classes) == (3, "multi-label classification", None)
    assert target.describe() == "multi-label classification, 3 labels l0, l1, l2, some missing"
    assert Target("o", labels=Labels(("a",))).task == "binary classification"
    test = dataset.open_test()
    found = labels_baseline(dataset, test)
    assert found.predictions.shape == (len(test), 3)
    assert 0 < found.predictions.min() <= found.predictions.max() < 1
    assert labels_baseline(dataset, test, refit=True).predictions.shape == found.predictions.shape


def test_scores_count_known_labels_only() -> None:
    true = np.array([[0, 1], [1, np.nan], [1, 0], [np.nan, 0]])
    score = LabelScore.of(true, np.array([[0.1, 0.2], [0.9, 0.9], [0.8, 0.3], [0.99, 0.1]]), ["a", "b"])
    assert score.per_label_auroc == {"a": 1.0, "b": 0.5}
    assert score.auroc == 0.75 and score.n == 4
    empty = LabelScore.of(np.full((4, 1), np.nan), np.full((4, 1), 0.5), ["a"])
    assert math.isnan(empty.auroc) and empty.to_dict()["auroc"] is None
    with pytest.raises(DataError, match="2 labels"):
        LabelScore.of(true, true[:, :1], ["a", "b"])


def test_a_ridge_read_in_batches_is_the_one_of_arrays() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(3000, 5)), rng.integers(0, 2, (3000, 2)).astype(float)
    penalties = [1.0, 50.0]
    both = zip(label_ridge(x, y, penalties), label_ridge(FeatureBatches(x), y, penalties), strict=True)
    for held, streamed in both:
        np.testing.assert_allclose(streamed.kernel, held.kernel, atol=1e-8)
        np.testing.assert_allclose(streamed.predict(FeatureBatches(x)), held.predict(x), atol=1e-8)
