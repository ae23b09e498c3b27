"""Columns of 0 and 1 to labels: one output of a network, of which each example has any number.

What may be changed here: what counts as a label that is there, that is not, and that is not known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from amber.data.examples import Examples
from amber.data.tables.blocks import BlockSpec
from amber.data.tables.table import shown_names
from amber.data.targets.labels import is_missing, number_of
from amber.data.targets.target import MISSING_LABEL, Labels
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

# What a label may be written as, beside 0 and 1.
_WORDS = {"true": 1.0, "false": 0.0, "positive": 1.0, "negative": 0.0}


@dataclass(frozen=True)
class LabelMatrix:
    """Labels of examples.

    Attributes:
        labels: their names, and whether some are missing.
        y: 0, 1 or `MISSING_LABEL`, float32 `(rows, labels)`.
        rows: the examples of which a label is known.
        notes: what was left out or is odd.
    """

    labels: Labels
    y: NDArray[np.float32]
    rows: NDArray[np.int64]
    notes: tuple[str, ...] = ()


def read_labels(examples: Examples, written: str | Sequence[str], source: str) -> LabelMatrix:
    """Read labels from columns of examples.

    Args:
        examples: of a source.
        written: a column, a range `first..last` in the order of the columns, a pattern `peak_*`, or a list of such.
        source: what messages call the examples.

    Raises:
        DataError: a column that is not there, a value that is none of 0, 1 and nothing (named with its place), or no
            label that is ever there.
    """
    try:
        names = BlockSpec.parse(written, "labels").select(list(examples.columns), "labels")
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
    y = np.empty((len(examples), len(names)), dtype=np.float32)
    for place, name in enumerate(names):
        y[:, place] = _column(examples, examples.columns[name], name)
    known = y != MISSING_LABEL
    rows = np.flatnonzero(known.any(axis=1))
    positives = (y == 1).sum(axis=0)
    if not positives.any():
        raise DataError(
            f"{source}, columns {shown_names(names)}: expected labels that some examples have. Received: none in "
            f"{len(examples):,} examples"
        )
    notes = []
    if len(rows) < len(examples):
        notes.append(f"{len(examples) - len(rows):,} of {len(examples):,} examples have no known label: left out.")
    never = [name for name, count in zip(names, positives.tolist(), strict=True) if not count]
    if never:
        notes.append(f"No example has the labels {shown_names(never)}.")
    missing = int((~known[rows]).sum())
    if missing:
        share = 100 * missing / known[rows].size
        are = "label ({:.1f} %) is missing: it counts" if missing == 1 else "labels ({:.1f} %) are missing: they count"
        notes.append(f"{missing:,} {are.format(share)} neither in training nor in scores.")
    return LabelMatrix(Labels(tuple(names), missing > 0), y[rows], rows, tuple(notes))


def _column(examples: Examples, values: Array, name: str) -> NDArray[np.float32]:
    """Return a column as 0, 1 and MISSING_LABEL."""
    if values.dtype.kind in "biuf":
        numbers = values.astype(np.float32)
        result = np.where(np.isnan(numbers), np.float32(MISSING_LABEL), numbers)
        wrong = ~np.isnan(numbers) & (numbers != 0) & (numbers != 1)
    else:
        texts = values.tolist()
        meaning = {text: _meaning(str(text)) for text in set(texts)}
        result = np.array([meaning[text] for text in texts], dtype=np.float32)
        wrong = np.isnan(result)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise DataError(
            f"{examples.describe(row)}, column {name!r}: a label must be 0 or 1, or nothing where it is not known. "
            f"Received: {shown(values[row].item() if hasattr(values[row], 'item') else values[row])}"
        )
    return result


def _meaning(text: str) -> float:
    """Return 0, 1 or MISSING_LABEL; NaN for anything else."""
    if is_missing(text):
        return MISSING_LABEL
    known = _WORDS.get(text.strip().lower())
    value = number_of(text) if known is None else known
    return value if value in (0.0, 1.0) else float("nan")
