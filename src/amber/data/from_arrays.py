"""A data set from what a Python program holds: sequences as text, arrays of numbers, labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from amber.data.dataset import Dataset
from amber.data.encoding.coding import SequenceForm, coded_sequences
from amber.data.examples import ArrayExamples, InputKind, NumbersInput, Ragged, TrackInput
from amber.data.from_examples import DatasetSpec, dataset_of
from amber.data.genomics.intervals import text_column
from amber.data.splits.division import SplitSpec
from amber.data.targets.tasks import TargetSpec
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

_INPUT, _OUTPUT, _LABEL = "input", "output", "label"


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
        if _is_text(values):
            coded = coded_sequences(list(values), form or SequenceForm(), lambda row: f"example {row}")
            arrays[key], inputs[key] = coded.values, coded.kind
            notes += coded.notes
        else:
            arrays[key] = array = _numbers(key, values)
            inputs[key] = NumbersInput(array.shape[1]) if array.ndim == 2 else TrackInput(*array.shape[1:])
    labels = text_column([str(each) for each in np.asarray(y).reshape(-1).tolist()])
    examples = ArrayExamples(arrays, inputs, {_LABEL: labels}, notes=tuple(notes))
    spec = DatasetSpec(
        targets={_OUTPUT: target or TargetSpec(_LABEL)},
        split=split or SplitSpec(),
        one_input=not isinstance(x, Mapping),
    )
    return dataset_of(examples, spec, name)


def _is_text(values: Any) -> bool:
    if isinstance(values, str):
        raise DataError(f"Expected a list of sequences, not one text. Received: {shown(values)}")
    if isinstance(values, np.ndarray) and values.dtype.kind not in "OUS":
        return False
    return isinstance(values, (Sequence, np.ndarray)) and len(values) > 0 and isinstance(values[0], str)


def _numbers(name: str, values: Any) -> Array:
    try:
        array = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"Input {name!r}: expected sequences as text, or numbers. Received: {shown(values)}") from error
    if array.ndim not in (2, 3) or not array.size or not np.isfinite(array).all():
        raise DataError(
            f"Input {name!r}: expected finite numbers of shape (examples, features) or (examples, length, channels). "
            f"Received: shape {array.shape}" + ("" if np.isfinite(array).all() else ", with values that are not finite")
        )
    return array
