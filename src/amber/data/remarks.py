"""What is odd about examples that can be trained on all the same: one sentence each, for a warning before a search.

Only arrays that are held in memory are looked at; of those read in batches nothing is said.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from amber.data.dataset import Dataset, Split
from amber.data.splits.leakage import identical_across
from amber.data.splits.parts import SplitIndices
from amber.types import Array, Inputs

# Bytes of inputs that are compared at most: about two seconds.
_COMPARED = 2**30
# Fewer validation examples choose among networks by luck: one more that is right is worth a tenth.
_FEW = 10
# Fewer training examples, in all or of a class, say little of those that are not among them.
_FEW_TRAINED_ON = 50
_FEW_OF_A_CLASS = 5
# Classes that are named.
_NAMED = 3


def remarks(dataset: Dataset) -> list[str]:
    """Return one sentence for each oddity: examples in two parts, contradictory labels, unknown letters, few examples.

    Looking at which test inputs are also training inputs does not count as opening the test data.
    """
    return [
        *_of_training(dataset),
        *_of_validation(dataset),
        *_of_repeated(dataset),
        *_of_unknown_letters(dataset.train),
    ]


def _of_training(dataset: Dataset) -> Iterator[str]:
    count = len(dataset.train)
    if count < _FEW_TRAINED_ON:
        yield (
            f"The training part has only {_examples(count)}: a network hardly learns from fewer than "
            f"{_FEW_TRAINED_ON}, and its scores are mostly luck. Give it more."
        )
    for target in dataset.targets:
        if target.classes is None:
            continue
        found = np.bincount(dataset.train.values_of(target.name).astype(np.int64), minlength=len(target.classes))
        rare = [place for place in np.argsort(found, kind="stable").tolist() if 0 < found[place] < _FEW_OF_A_CLASS]
        if rare and count >= _FEW_TRAINED_ON:
            named = ", ".join(f"{target.classes[place]!r} {found[place]}" for place in rare[:_NAMED])
            more = f" and {len(rare) - _NAMED} more" if len(rare) > _NAMED else ""
            of = f" of output {target.name!r}" if len(dataset.targets) > 1 else ""
            yield (
                f"The training part has fewer than {_FEW_OF_A_CLASS} examples of some classes{of} ({named}{more}): no "
                "network learns a class from so few. Give it more, or leave these classes out."
            )


def _examples(count: int) -> str:
    return f"{count} {'example' if count == 1 else 'examples'}"


def _of_validation(dataset: Dataset) -> Iterator[str]:
    count = len(dataset.validation)
    if count < _FEW:
        yield (
            f"The validation part has only {_examples(count)}: which network is best is then mostly luck. Give it "
            "more, or draw the parts with split: random."
        )


def _of_repeated(dataset: Dataset) -> Iterator[str]:
    train, validation, test = (
        identities(x) for x in (dataset.train.x, dataset.validation.x, dataset.test.inputs_to_compare())
    )
    if train is None or validation is None or test is None:
        return
    rows = np.split(np.arange(len(train) + len(validation) + len(test)), np.cumsum([len(train), len(validation)]))
    for leak in identical_across(np.concatenate([train, validation, test]), SplitIndices(*rows)):
        if leak.other == "train":
            yield (
                f"{leak.count:,} of {leak.total:,} {leak.part} examples have the inputs of a training example: scores "
                "on them are too good. Leave duplicates out, or keep them in one part (split: grouped)."
            )
    yield from _of_contradictions(dataset.train, train)


def _of_contradictions(train: Split, keys: NDArray[np.int64]) -> Iterator[str]:
    _, place = np.unique(keys, return_inverse=True)
    counts = np.bincount(place)
    several = counts[place] > 1
    if not several.any():
        return
    for name, values in train.y.items() if isinstance(train.y, Mapping) else [("", train.y)]:
        labels = identities(values)
        if labels is None:
            continue
        kinds = np.unique(np.stack([place[several], labels[several]], axis=1), axis=0)[:, 0]
        torn = np.bincount(kinds, minlength=len(counts)) > 1
        if torn.any():
            of = f" of {name!r}" if name else ""
            yield (
                f"{int(counts[torn].sum()):,} training examples have the inputs of another and a different label{of}: "
                "no network can get all of them right."
            )


def _of_unknown_letters(train: Split) -> Iterator[str]:
    for name, values in train.x.items() if isinstance(train.x, Mapping) else [("", train.x)]:
        if not isinstance(values, np.ndarray) or values.ndim != 3 or values.shape[-1] != 4:
            continue
        if values.nbytes > _COMPARED or values.min() < 0 or values.max() > 1:
            continue
        unknown = (values.max(axis=-1) < 1).mean(axis=-1) > 0.5
        if unknown.any():
            of = f" of {name!r}" if name else ""
            yield (
                f"{int(unknown.sum()):,} of {len(unknown):,} training sequences{of} are for more than half N or "
                "another letter that stands for several."
            )


def identities(x: Inputs) -> NDArray[np.int64] | None:
    """Return a number for each example that equal ones share; None of arrays that are not in memory, or too large."""
    arrays = list(x.values()) if isinstance(x, Mapping) else [x]
    if not all(isinstance(each, np.ndarray) for each in arrays) or sum(each.nbytes for each in arrays) > _COMPARED:
        return None
    rows = [_as_bytes(each) for each in arrays]
    return np.array([hash(tuple(each[row].tobytes() for each in rows)) for row in range(len(rows[0]))], np.int64)


def _as_bytes(array: Array) -> Array:
    return np.ascontiguousarray(array.reshape(len(array), -1))
