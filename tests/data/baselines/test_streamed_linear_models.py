from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from amber.data import Dataset, Split, TestVault, logistic_regression_baseline, ridge_baseline
from amber.data.baselines.kmers import KmerCounts
from amber.data.baselines.linear_models import labels_baseline, numbers_baseline
from amber.data.baselines.linear_term import fit_linear
from amber.data.baselines.streamed import FeatureBatches, features
from amber.data.batches.streamed import streamed_inputs
from amber.data.dataset import flat
from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import ArrayExamples, NumbersInput, SequenceInput
from amber.data.targets.target import Labels, Numbers, Target

KINDS = {"dna": SequenceInput(Alphabet.of("dna"), 8), "age": NumbersInput(1)}
RNG = np.random.default_rng(0)
CODES, AGES = RNG.integers(0, 4, (3000, 8), dtype=np.uint8), RNG.normal(size=(3000, 1)).astype(np.float32)
EXAMPLES = ArrayExamples({"dna": CODES, "age": AGES}, KINDS)
# How much of it is C or G, and the age.
NUMBERS = (np.isin(CODES, (1, 2)).sum(axis=1) - 4 + AGES[:, 0] + 0.3 * RNG.normal(size=3000)).astype(np.float32)
PARTS = np.split(np.arange(3000), [2000, 2500])


def dataset(classes: tuple[str, ...] | None, held: bool) -> Dataset:
    y = NUMBERS if classes is None else np.digitize(NUMBERS, [0.0] if len(classes) == 2 else [-1.0, 1.0])
    parts = []
    for rows in PARTS:
        x: dict[str, Any] = dict(streamed_inputs(EXAMPLES, rows))
        parts.append(Split({name: np.asarray(each) for name, each in x.items()} if held else x, y[rows]))
    shape = {"dna": (8, 4), "age": (1,)}
    targets = (Target("y", classes),)
    return Dataset("made", parts[0], parts[1], TestVault(parts[2]), classes or (), shape, "random", targets=targets)


@pytest.mark.parametrize("classes", [("a", "b"), ("a", "b", "c")])
@pytest.mark.parametrize("refit", [False, True])
def test_a_classifier_that_reads_batches_is_about_as_good(classes: tuple[str, ...], refit: bool) -> None:
    scores = []
    for held in (False, True):
        data = dataset(classes, held)
        scores.append(logistic_regression_baseline(data, data.open_test(), refit=refit).accuracy)
    assert scores[1] > 0.75 and scores[0] > scores[1] - 0.04


def test_a_regression_that_reads_batches_is_about_as_good() -> None:
    scores = []
    for held in (False, True):
        data = dataset(None, held)
        scores.append(ridge_baseline(data, data.open_test(), refit=True).r2)
    assert scores[1] > 0.9 and scores[0] > scores[1] - 0.03


@pytest.mark.parametrize("classes", [None, ("a", "b"), ("a", "b", "c")])
def test_the_linear_term_reads_batches(classes: tuple[str, ...] | None) -> None:
    found = []
    for held in (False, True):
        data = dataset(classes, held)
        model = fit_linear(data, data.targets[0])
        assert model is not None
        found.append(model.predict(data.validation.x, classes is not None))
    assert found[0].shape == found[1].shape
    if classes is None:
        assert np.corrcoef(found[0][:, 0], found[1][:, 0])[0, 1] > 0.99
    else:
        assert (found[0].argmax(axis=1) == found[1].argmax(axis=1)).mean() > 0.9


def test_features_of_batches_are_those_of_arrays() -> None:
    x = streamed_inputs(EXAMPLES, np.arange(50))
    batches = features(dict(x))
    assert isinstance(batches, FeatureBatches) and batches.shape == (50, 33)
    rows = np.array([4, 0])
    assert np.array_equal(batches[rows], flat({name: np.asarray(each) for name, each in x.items()})[rows])
    assert sorted(np.concatenate(list(batches.batches(np.random.default_rng(1)))).tolist()) == list(range(50))
    assert isinstance(features({"age": AGES}), np.ndarray)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("kmers", [False, True])
@pytest.mark.parametrize("kind", ["class", "number", "labels", "numbers"])
def test_a_part_may_be_held_otherwise_than_what_is_fitted(kind: str, kmers: bool, held: bool) -> None:
    """As new files beside a run whose examples are augmented, or are too many for the memory."""
    fitted, other = dataset_of_kind(kind, held), dataset_of_kind(kind, not held).open_test()
    counts = KmerCounts.of(fitted)
    assert counts is not None
    baseline = {
        "class": logistic_regression_baseline,
        "number": ridge_baseline,
        "labels": labels_baseline,
        "numbers": numbers_baseline,
    }[kind]
    more = {"features": counts} if kmers else {}
    same, found = (baseline(fitted, part, **more) for part in (fitted.open_test(), other))
    np.testing.assert_allclose(found.predictions, same.predictions, rtol=1e-4, atol=1e-5)


def dataset_of_kind(kind: str, held: bool) -> Dataset:
    """One class of two, one number, or two of them, all made of the same."""
    made = dataset(("a", "b") if kind == "class" else None, held)
    if kind in ("class", "number"):
        return made
    both = (NUMBERS[:, None] > [0.0, 1.0]).astype(np.float32) if kind == "labels" else np.stack([NUMBERS] * 2, axis=1)
    of = {"labels": Labels(("p", "q"))} if kind == "labels" else {"numbers": Numbers(("p", "q"))}
    parts = [
        Split(part.x, both[rows])
        for part, rows in zip((made.train, made.validation, made.open_test()), PARTS, strict=True)
    ]
    vault = TestVault(parts[2])
    target = (Target("y", None, **of),)  # type: ignore[arg-type]
    return Dataset("made", parts[0], parts[1], vault, (), made.input_shape, "random", targets=target)
