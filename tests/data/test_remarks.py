"""Data that can be trained on and are odd are remarked on."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from amber.data import Dataset, Split, TestVault, encode_sequences
from amber.data.remarks import identities, remarks
from amber.types import Array

_RANDOM = np.random.default_rng(0)


def _sequences(count: int) -> list[str]:
    return ["".join(_RANDOM.choice(list("ACGT"), 20)) for _ in range(count)]


def _part(sequences: list[str], labels: Array | None = None) -> Split:
    return Split(encode_sequences(sequences), np.arange(len(sequences)) % 2 if labels is None else labels)


def _dataset(train: Split, validation: Split, test: Split) -> Dataset:
    return Dataset("data", train, validation, TestVault(test), ("a", "b"), train.x.shape[1:])


def _odd() -> dict[str, tuple[Callable[[], Dataset], str]]:
    train, validation, test = _sequences(60), _sequences(12), _sequences(12)
    labels = np.arange(60) % 2
    unknown = ["N" * 12 + sequence[12:] for sequence in train[:3]] + train[3:]
    again = [*train[:58], train[0], train[1]]
    return {
        "test": (
            lambda: _dataset(_part(train), _part(validation), _part([*test[:10], train[0], train[5]])),
            "2 of 12 test examples have the inputs of a training example",
        ),
        "validation": (
            lambda: _dataset(_part(train), _part([*validation[:11], train[0]]), _part(test)),
            "1 of 12 validation examples have",
        ),
        "contradictory": (
            lambda: _dataset(_part(again, np.array([*labels[:58], 1, 1])), _part(validation), _part(test)),
            "2 training examples have the inputs of another and a different label",
        ),
        "unknown letters": (
            lambda: _dataset(_part(unknown), _part(validation), _part(test)),
            "3 of 60 training sequences are for more than half N",
        ),
        "few training examples": (
            lambda: _dataset(_part(train[:49]), _part(validation), _part(test)),
            "The training part has only 49 examples: a network hardly learns from fewer than 50",
        ),
        "few of a class": (
            lambda: _dataset(_part(train, (np.arange(60) < 4).astype(int)), _part(validation), _part(test)),
            "fewer than 5 examples of some classes ('b' 4): no network learns a class",
        ),
        "one validation example": (
            lambda: _dataset(_part(train), _part(validation[:1]), _part(test)),
            "only 1 example:",
        ),
    }


@pytest.mark.parametrize("name", _odd())
def test_odd_data_are_remarked_on_once(name: str) -> None:
    make, words = _odd()[name]
    dataset = make()
    (line,) = remarks(dataset)
    assert words in line
    assert dataset.test_opened == 0


def test_nothing_is_said_of_other_data() -> None:
    assert remarks(_dataset(_part(_sequences(60)), _part(_sequences(12)), _part(_sequences(12)))) == []


def test_examples_of_several_blocks_are_equal_where_all_blocks_are() -> None:
    first, second = np.array([[1.0, 2], [1, 2], [3, 4]]), np.array([[5.0], [6], [5]])
    one, two, three = identities({"first": first, "second": second}).tolist()  # type: ignore[union-attr]
    assert len({one, two, three}) == 3
    assert len(set(identities({"first": first}).tolist())) == 2  # type: ignore[union-attr]
