"""Which examples of a run are explained."""

from __future__ import annotations

import numpy as np
from tests.data.baselines.test_kmers import dataset

from amber.data.targets.target import Labels, Target
from amber.experiment.chosen_examples import chosen_examples, chosen_rows


def test_shares_are_equal_as_far_as_there_are_as_many() -> None:
    labels = np.array([0] * 900 + [1] * 80 + [2] * 20)
    shares = labels[:, None] == np.arange(3)
    rows = chosen_rows(shares, 150)
    assert np.bincount(labels[rows]).tolist() == [80, 50, 20] and (np.diff(rows) > 0).all()
    assert chosen_rows(shares, 2000).tolist() == list(range(1000))
    assert chosen_rows(shares[:, :0], 5).tolist() == [0, 1, 2, 3, 4] and len(chosen_rows(shares, 0)) == 0


def test_an_example_counts_for_each_of_its_labels() -> None:
    shares = np.zeros((100, 2), dtype=bool)
    shares[:40, 0] = shares[20:60, 1] = True
    rows = chosen_rows(shares, 50)
    assert len(rows) == 50 and shares[rows].sum(axis=0).min() >= 25


def test_validation_comes_first_and_rare_labels_are_there() -> None:
    x = np.arange(400, dtype="float32").reshape(200, 2)
    y = np.zeros((200, 2), "float32")
    y[190:, 1] = 1
    y[:100, 0] = 1
    made = dataset(x, y, Target("y", labels=Labels(("often", "rare"))))
    found = chosen_examples(made, [(0, 0), (0, 1)], 60).x
    assert found.shape == (60, 2) and {380.0, 398.0} <= set(found[:, 0].tolist())
    # Training examples only where validation has too few; here both parts are the same.
    both = chosen_examples(made, [(0, 1)], 230).x
    np.testing.assert_array_equal(both[:200], x)
    assert set(both[200:, 0].tolist()) >= set(x[190:, 0].tolist())


def test_numbers_are_explained_in_order() -> None:
    x = np.arange(40, dtype="float32").reshape(20, 2)
    made = dataset(x, np.arange(20.0)[:, None], Target("y", None))
    np.testing.assert_array_equal(chosen_examples(made, [(0, 0)], 25).x, np.concatenate([x, x[:5]]))
