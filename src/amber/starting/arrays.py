"""Propose how to read arrays: npz and HDF5 files, and Zarr stores."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from amber.data.examples import NumbersInput
from amber.data.sources import ArraysSource, Wanted, ZarrSource
from amber.data.sources.arrays import USUAL_NAMES
from amber.data.tables.table import shown_names
from amber.errors import DataError
from amber.starting.fasta import class_name
from amber.starting.proposal import RANDOM, SIMILAR, Line, Proposal, SplitOption, relative
from amber.starting.tables import beside_sequence, label_lines
from amber.types import Array

_LETTERS = frozenset("ACGTUNacgtun")
_LOOKED_AT = 500
# Arrays that say how examples are divided.
_DIVIDING = ("split", "gsplit", "group")


def propose_arrays(path: Path, folder: Path, label: str | None, kind: str = "arrays") -> Proposal:
    """Propose the section `data` for arrays.

    Args:
        path: the file, or the folder of a Zarr store.
        folder: of the configuration.
        label: the column to predict; None: guessed.
        kind: `arrays` or `zarr`.

    Raises:
        DataError: a file that holds no arrays, no input, or nothing that looks like a label.
    """
    source = ZarrSource(str(path)) if kind == "zarr" else ArraysSource(str(path))
    named = source.named()
    arrays, _ = named.together()
    chosen = _input(arrays)
    if chosen is None:
        raise DataError(
            f"{path}: expected an array of sequences (text, codes, or one-hot) or of numbers (examples, columns). "
            f"Received: {shown_names(list(arrays)) or 'no arrays'}",
            file=str(path),
        )
    is_sequence = _is_sequence(arrays[chosen])
    examples = named.examples(Wanted(blocks={"input": {"sequence": chosen} if is_sequence else chosen}))
    (read,) = examples.inputs.values()
    names = list(examples.columns)
    matrix = [name for name in names if name.startswith("y_")]
    if label is None and len(matrix) > 1:
        targets = [Line("labels", "y_*", f"the {len(matrix)} columns of y")]
    else:
        targets = label_lines(names, examples.columns, [], label, str(path))
    splits = (
        [SplitOption("split", "the names of the arrays, or the array `split`, decide it")] if "split" in names else []
    )
    if is_sequence:
        inputs, length = Line("sequence", chosen, "the array of sequences"), getattr(read, "length", None)
        said = ("Sequences", f"{len(examples):,} of {length:,} letters" if length else "of unequal lengths")
    else:
        inputs = Line("blocks", {chosen: chosen}, "an array of numbers")
        said = ("Numbers", f"{read.width:,} of each example" if isinstance(read, NumbersInput) else "tracks")
    lines = [Line("source", {kind: relative(path, folder)}, f"{len(examples):,} examples", guess=False), inputs]
    seen = [("File", f"{path.name}: arrays of {len(examples):,} examples"), said]
    beside = _beside(arrays, {chosen, *_DIVIDING}, targets)
    if is_sequence and beside:
        lines.append(beside_sequence(chosen, beside))
        seen.append(("Numbers", f"not used, but named in a comment: {shown_names(beside)}"))
    lines += targets
    return Proposal(class_name(path), lines, [*splits, *([SIMILAR] if is_sequence else []), RANDOM], seen)


def _beside(arrays: Mapping[str, Array], taken: set[str], targets: Sequence[Line]) -> list[str]:
    """Return the arrays of numbers that are neither input nor label."""
    written = [text for line in targets for text in ([line.value] if isinstance(line.value, str) else line.value)]
    labels = {text for text in written} | {re.sub(r"_(\d+|\*)(\.\..*)?$", "", text) for text in written}
    return [
        name
        for name, values in arrays.items()
        if name not in taken | labels and values.ndim in (1, 2) and values.dtype.kind in "iuf"
    ]


def _input(arrays: Mapping[str, Array]) -> str | None:
    """Return the array that is the input: by its name, else one of sequences, else one of numbers."""
    usual = [name for name in USUAL_NAMES if name in arrays]
    sequences = [name for name, values in arrays.items() if _is_sequence(values)]
    numbers = [
        name
        for name, values in arrays.items()
        if values.ndim > 1 and values.dtype.kind in "iuf" and not name.lower().startswith("y")
    ]
    return next(iter([*usual, *sequences, *numbers]), None)


def _is_sequence(values: Array) -> bool:
    """Return whether an array looks like text of nucleotides, codes, or one-hot nucleotides."""
    if values.ndim == 1 and values.dtype.kind in "US":
        texts = [each.decode("latin-1") if isinstance(each, bytes) else each for each in values[:_LOOKED_AT].tolist()]
        return bool(texts) and set("".join(texts)) <= _LETTERS and min(map(len, texts)) > 1
    if values.ndim == 3:
        return 4 in values.shape[1:] and bool(values.size) and values[0].min() >= 0 and values[0].max() <= 1
    return values.ndim == 2 and values.dtype == "uint8" and bool(values.size) and values.max() <= 4
