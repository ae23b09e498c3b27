"""Propose how to read an AnnData file: all features as one input, and a column of `obs` as the label."""

from __future__ import annotations

from pathlib import Path

from amber.data.examples import NumbersInput
from amber.data.sources import AnnDataSource, Wanted
from amber.starting.fasta import class_name
from amber.starting.proposal import RANDOM, Line, Proposal, SplitOption, relative
from amber.starting.tables import label_lines

_NAME = "name"


def propose_anndata(path: Path, folder: Path, label: str | None) -> Proposal:
    """Propose the section `data` for observations with features.

    Args:
        path: the file.
        folder: of the configuration.
        label: the column of `obs` to predict; None: guessed.

    Raises:
        DataError: a file that cannot be used, or no column that looks like a label.
    """
    examples = AnnDataSource(str(path)).examples(Wanted())
    (kind,) = examples.inputs.values()
    width = kind.width if isinstance(kind, NumbersInput) else 0
    names = [name for name in examples.columns if name != _NAME]
    lines = [
        Line("source", {"anndata": relative(path, folder)}, f"{len(examples):,} observations", guess=False),
        *label_lines(names, examples.columns, [], label, str(path)),
    ]
    known = {name.lower(): name for name in names}
    splits = [SplitOption(known[name], "the column decides it") for name in ("gsplit", "split") if name in known]
    if "group" in known:
        splits.append(SplitOption("grouped", "observations of one `group` stay in one split"))
    seen = [
        ("File", f"{path.name}: AnnData of {len(examples):,} observations"),
        ("Inputs", f"{width:,} features of X; `blocks` would make several inputs of them, and `layer` takes a layer"),
    ]
    return Proposal(class_name(path), lines, [*splits, RANDOM], seen)
