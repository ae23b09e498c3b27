"""A data set from what a Python program holds: sequences as text, arrays of numbers, labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from amber.data.dataset import Dataset
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.encoding.given import letters_last, texts_of
from amber.data.examples import ArrayExamples, InputKind, NumbersInput, Ragged, TrackInput
from amber.data.from_examples import DatasetSpec, dataset_of
from amber.data.genomics.intervals import text_column
from amber.data.splits.division import SplitSpec
from amber.data.tables.features import check_features
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

_INPUT, _OUTPUT, _LABEL = "input", "output", "label"
_SEQUENCE_AXES = 3


def dataset_from_arrays(
    x: Any,
    y: Any,
    *,
    form: SequenceForm | None = None,
    split: SplitSpec | None = None,
    name: str = "data",
    target: TargetSpec | None = None,
) -> Dataset:
    """Return a data set of examples and their labels, divided at random (stratified by class).

    Args:
        x: sequences as text; or an array of numbers, shape `(examples, features)`, or of one-hot sequences or tracks,
            `(examples, length, channels)`; or several of these by name of the input.
            A table's columns keep their names.
        y: class names or numbers, or numbers to be predicted, `(examples,)`.
        form: alphabet and length of sequences as text; by default DNA of equal length.
        split: how examples are divided.
        name: of the data set.
        target: whether `y` are classes, and their order; its column is `label`. None: found out from the values.

    Raises:
        DataError: inputs and labels of unequal number, or values that cannot be used.
    """
    blocks = dict(x) if isinstance(x, Mapping) else {_INPUT: x}
    arrays: dict[str, Array | Ragged] = {}
    inputs: dict[str, InputKind] = {}
    notes: list[str] = []
    for key, values in blocks.items():
        texts = texts_of(values, key)
        if texts is not None:
            coded = coded_sequences(texts, form or SequenceForm(), lambda row: f"example {row}")
            arrays[key], inputs[key] = coded.values, coded.kind
            notes += coded.notes
            continue
        numbers = _numbers(key, values)
        arrays[key] = array = letters_last(numbers)
        if array is not numbers:
            notes.append(f"The letters of {key} stand before its positions: they are turned around.")
        inputs[key] = NumbersInput(array.shape[1], _names(values)) if array.ndim == 2 else TrackInput(*array.shape[1:])
    labels = text_column(_labels(y, len(next(iter(arrays.values()))) if arrays else 0))
    examples = ArrayExamples(arrays, inputs, {_LABEL: labels}, notes=tuple(notes))
    spec = DatasetSpec(
        targets={_OUTPUT: target or TargetSpec(_LABEL)},
        split=split or SplitSpec(),
        one_input=not isinstance(x, Mapping),
    )
    return dataset_of(examples, spec, name)


def _names(values: Any) -> tuple[str, ...]:
    """Return the names of the columns of a table in memory, where all have some."""
    names = tuple(getattr(values, "columns", ()))
    return names if all(isinstance(each, str) for each in names) and len(set(names)) == len(names) else ()


def _numbers(name: str, values: Any) -> Array:
    try:
        with np.errstate(over="ignore"):
            array = check_features(check_features(values, name, rank=None).astype(np.float32), name, rank=None)
    except DataError as error:
        raise DataError(f"Input {name!r}: expected sequences as text, or numbers. {error}") from error
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim not in (2, _SEQUENCE_AXES):
        raise DataError(
            f"Input {name!r}: expected numbers of shape (examples, features) or (examples, length, channels). "
            f"Received: shape {array.shape}"
        )
    return array


def _labels(y: Any, count: int) -> list[str]:
    """Return a label for each example as text.

    Raises:
        DataError: several for each example, or another number of them than there are examples.
    """
    values = np.asarray(y)
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if values.ndim == 1 and len(values) == count:
        return [each.decode("utf-8", "replace") if isinstance(each, bytes) else str(each) for each in values.tolist()]
    way_out = ""
    if values.ndim == 2 and len(values) == count:
        way_out = (
            "; of one-hot labels y.argmax(axis=1)"
            if values.dtype.kind in "biuf" and ((values != 0).sum(axis=1) == 1).all()
            else "; several labels or numbers of an example are columns of a table, named by `data.labels` or a list "
            "in `data.label`"
        )
    raise DataError(
        f"`y` must have one label or number for each of the {count:,} examples{way_out}. Received: "
        + (f"shape {values.shape}" if values.ndim else shown(y))
    )
