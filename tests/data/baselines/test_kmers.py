"""Counts of k-mers, and linear models of them."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from amber.data import Dataset, Split, TestVault, logistic_regression_baseline, ridge_baseline
from amber.data.baselines.kmers import KmerCounts
from amber.data.baselines.linear_models import labels_baseline
from amber.data.targets.target import Labels, Target
from amber.types import Inputs

LETTERS = "ACGT"
DIGITS = str.maketrans(LETTERS, "0123")


def encoded(texts: list[str], letters: str = LETTERS) -> np.ndarray:
    rows = [
        [
            np.eye(len(letters))[letters.index(base)] if base in letters else np.full(len(letters), 1 / len(letters))
            for base in text
        ]
        for text in texts
    ]
    return np.array(rows, dtype="float32")


def dataset(x: Inputs, y: np.ndarray, target: Target, test: Inputs | None = None) -> Dataset:
    part = Split(x, y)
    shapes = {name: each.shape[1:] for name, each in x.items()} if isinstance(x, dict) else x.shape[1:]
    return Dataset(
        "made",
        part,
        part,
        TestVault(Split(x if test is None else test, y)),
        target.classes or (),
        shapes,
        "random",
        targets=(target,),
    )


def motif_data(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of which every second one has a word anywhere, which no single position tells."""
    generator = np.random.default_rng(seed)
    texts = ["".join(generator.choice(list(LETTERS), 60)) for _ in range(count)]
    for row in range(0, count, 2):
        at = int(generator.integers(0, 52))
        texts[row] = f"{texts[row][:at]}TGACTCAT{texts[row][at + 8 :]}"
    return encoded(texts), np.arange(1, count + 1) % 2


def test_counts_are_those_of_words() -> None:
    generator = np.random.default_rng(0)
    texts = ["".join(generator.choice([*LETTERS, "N"], 30, p=[0.24] * 4 + [0.04])) for _ in range(5)]
    counts = KmerCounts({"": 3}, False)
    found = counts(encoded(texts)).toarray()
    for row, text in zip(found, texts, strict=True):
        words = Counter(text[at : at + 3] for at in range(28) if "N" not in text[at : at + 3])
        numbers = {
            sum(LETTERS.index(base) * 4 ** (2 - k) for k, base in enumerate(word)): n for word, n in words.items()
        }
        assert {number: int(row[number]) for number in np.flatnonzero(row)} == numbers


def test_what_is_counted_follows_from_the_inputs() -> None:
    y, two = np.array([0, 1] * 10), Target("y", ("a", "b"))
    long, short = encoded(["ACGTACGTAC"] * 20), encoded(["ACG"] * 20)
    protein = encoded(["ACDEFGHIKL"] * 20, "ACDEFGHIKLMNPQRSTVWY")
    numbers = np.random.default_rng(0).normal(size=(20, 7)).astype("float32")

    def counts(x: Inputs) -> KmerCounts | None:
        return KmerCounts.of(dataset(x, y, two))

    assert counts(numbers) is None and counts(np.random.default_rng(0).random((20, 9, 4), "float32")) is None
    for x, length in ((long, 6), (short, 3), (protein, 2)):
        found = counts(x)
        assert found is not None and found.length == {"": length} and found.name == f"{length}-mers"
    both = counts({"dna": long, "age": numbers})
    assert both is not None and both.length == {"dna": 6}
    features = both({"dna": long, "age": numbers}).toarray()
    assert features.shape == (20, 4**6 + 7)
    np.testing.assert_allclose(features[:, -7:], numbers)


def test_a_model_of_words_finds_what_stands_anywhere() -> None:
    x, y = motif_data(600, 0)
    other, labels = motif_data(300, 1)
    made = dataset(x, y, Target("y", ("no", "yes")))
    counts = KmerCounts.of(made)
    assert counts is not None
    test = Split(other, labels)
    words = logistic_regression_baseline(made, test, features=counts).predictions[:, 1]
    positions = logistic_regression_baseline(made, test).predictions[:, 1]
    assert roc_auc_score(labels, words) > 0.9 > 0.7 > roc_auc_score(labels, positions)


def test_counts_in_batches_are_those_at_once() -> None:
    x, y = motif_data(400, 2)
    target = Target("y", labels=Labels(("yes", "no")))
    both = np.stack([y, 1 - y], axis=1).astype("float32")
    made = dataset(x, both, target)
    counts = KmerCounts.of(made)
    assert counts is not None and counts.in_batches and counts.name == "5-mers"
    at_once = KmerCounts(counts.length, False)
    np.testing.assert_array_equal(counts(x)[np.arange(50)], at_once(x).toarray()[:50])
    found = [labels_baseline(made, made.validation, features=each).predictions for each in (counts, at_once)]
    np.testing.assert_allclose(found[0], found[1], atol=1e-2)


@pytest.mark.parametrize("in_batches", [False, True])
def test_numbers_are_predicted_from_words(in_batches: bool) -> None:
    x, y = motif_data(400, 3)
    made = dataset(x, (y * 2.0)[:, None].astype("float32"), Target("y", None))
    found = ridge_baseline(made, made.validation, features=KmerCounts({"": 4}, in_batches))
    assert found.r2 > 0.5
