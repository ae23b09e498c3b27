"""Propose how to read arrays: npz and HDF5 files, and Zarr stores."""

from __future__ import annotations

from pathlib import Path

from amber.data.sources import ArraysSource, Wanted, ZarrSource
from amber.starting.fasta import class_name
from amber.starting.proposal import RANDOM, SIMILAR, Line, Proposal, SplitOption, relative
from amber.starting.tables import label_lines


def propose_arrays(path: Path, folder: Path, label: str | None, kind: str = "arrays") -> Proposal:
    """Propose the section `data` for arrays.

    Raises:
        DataError: a file that holds no arrays, no sequences, or nothing that looks like a label.
    """
    source = ZarrSource(str(path)) if kind == "zarr" else ArraysSource(str(path))
    examples = source.examples(Wanted(sequence="x"))
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
    lines = [
        Line("source", {kind: relative(path, folder)}, f"{len(examples):,} examples", guess=False),
        Line("sequence", "x", "the array of sequences"),
        *targets,
    ]
    length = getattr(read, "length", None)
    seen = [
        ("File", f"{path.name}: arrays of {len(examples):,} examples"),
        ("Sequences", f"{len(examples):,} of {length:,} letters" if length else "of unequal lengths"),
    ]
    return Proposal(class_name(path), lines, [*splits, SIMILAR, RANDOM], seen)
