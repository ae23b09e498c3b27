"""Files to data sets.

What may be changed here: which data sets are packaged, and where others are looked for.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from amber.data.dataset import Dataset, Split, TestVault
from amber.data.labels import encode_labels
from amber.data.sequences import encode_sequences
from amber.data.splits import (
    DEFAULT_FRACTIONS,
    SplitIndices,
    column_split,
    grouped_split,
    random_split,
)
from amber.data.tables import read_table
from amber.errors import DataError

DATA_DIR_VARIABLE = "AMBER_DATA_DIR"
_FILES = Path(__file__).parent / "files"
_PACKAGED = {"mfeat": _FILES / "mfeat.csv.gz", "splice": _FILES / "splice.csv.gz"}
_ENDINGS = ("", ".csv", ".csv.gz")


def find_data(name: str | os.PathLike[str]) -> Path:
    """Find the file of a data set.

    Args:
        name: a packaged data set (`"splice"`, `"mfeat"`), the path of an existing file, or a file of the folder that
            the environment variable `AMBER_DATA_DIR` names, with or without its ending `.csv` or `.csv.gz`.

    Returns:
        Path of the file.

    Raises:
        DataError: nothing of that name; the message lists the known names and tells of the variable.
    """
    text = os.fspath(name)
    if text in _PACKAGED:
        return _PACKAGED[text]
    if text and Path(text).is_file():
        return Path(text)
    folder = os.environ.get(DATA_DIR_VARIABLE, "")
    known = set(_PACKAGED)
    if folder:
        for ending in _ENDINGS if text else ():
            candidate = Path(folder) / f"{text}{ending}"
            if candidate.is_file():
                return candidate
        known |= _names_in(Path(folder))
        where = f"{DATA_DIR_VARIABLE} is {folder!r}"
        if not Path(folder).is_dir():
            where += ", which is no folder"
    else:
        where = f"{DATA_DIR_VARIABLE} is not set; it can name a folder with more .csv or .csv.gz files"
    raise DataError(
        f"Expected an existing file or one of the data sets {', '.join(map(repr, sorted(known)))} ({where}). "
        f"Received: {text!r}"
    )


def is_packaged(name: str | os.PathLike[str]) -> bool:
    """Says whether a name is that of a data set that comes with the package."""
    return os.fspath(name) in _PACKAGED


def load_dataset(
    name: str | os.PathLike[str] = "splice",
    split: str = "gsplit",
    seed: int = 0,
    *,
    sequence: str = "seq",
    label: str = "label",
    classes: Sequence[str] | None = None,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
) -> Dataset:
    """Load a data set of sequences by name.

    Args:
        name: as for `find_data`.
        split: a column with `train`, `val` and `test`, by default `"gsplit"`, where near-duplicates are kept
            together; or `"random"`, drawn with `seed` and stratified by label; or `"grouped"`, drawn with
            `seed`, keeping together the groups of the column `group`.
        seed: of the drawn splits; a split column does not use it.
        sequence: column of the sequences.
        label: column of the class names.
        classes: class names in the order of their numbers; by default sorted.
        fractions: of train, validation and test, for the drawn splits.

    Returns:
        The data set; `x` is float32 `(n, length, 4)`, `y` int64 class numbers.

    Raises:
        DataError: no such data, or data that cannot be used.
    """
    drawn = split in ("random", "grouped")
    return load_sequences(
        find_data(name),
        sequence=sequence,
        label=label,
        split=None if drawn else split,
        group="group" if split == "grouped" else None,
        classes=classes,
        seed=seed,
        fractions=fractions,
        name=str(name) if is_packaged(name) else None,
    )


def load_sequences(
    path: str | os.PathLike[str],
    sequence: str = "seq",
    label: str = "label",
    split: str | None = "gsplit",
    classes: Sequence[str] | None = None,
    *,
    group: str | None = None,
    seed: int = 0,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    alphabet: str = "ACGT",
    name: str | None = None,
) -> Dataset:
    """Load labelled sequences of equal length from a CSV file.

    Args:
        path: the file, as for `read_table`.
        sequence: column of the sequences.
        label: column of the class names.
        split: column with `train`, `val` and `test`; None to draw the parts with `seed`.
        classes: class names in the order of their numbers; by default sorted.
        group: only with `split=None`: column of groups to keep together; without it parts are drawn record by
            record, stratified by label.
        seed: of the drawn parts.
        fractions: of train, validation and test, for drawn parts.
        alphabet: order of the channels.
        name: of the data set; by default the file name without its endings.

    Returns:
        The data set; `x` is float32 `(n, length, 4)`, `y` int64 class numbers.

    Raises:
        DataError: a file, column, sequence, label or split that cannot be used, named with file and line.
    """
    if split is not None and group is not None:
        raise DataError(
            f"`group` must be None when a split column is given. Received: split={split!r}, group={group!r}"
        )
    wanted = [column for column in (sequence, label, split, group) if column is not None]
    table = read_table(path, list(dict.fromkeys(wanted)))
    source = str(table.path)
    x = encode_sequences(table[sequence], alphabet, names=[f"{source}, line {line}" for line in table.lines])
    y, known = encode_labels(table[label], classes, lines=table.lines, source=source)
    parts: SplitIndices
    if split is not None:
        parts = column_split(table[split], lines=table.lines, source=source)
        kind, origin = split, f"column {split}"
    elif group is not None:
        parts = grouped_split(table[group], fractions, seed)
        kind, origin = "grouped", f"drawn at random, groups of {group} kept together, seed {seed}"
    else:
        parts = random_split(len(table), fractions, seed, stratify=y)
        kind, origin = "random", f"drawn at random, stratified, seed {seed}"
    title = name or table.path.name.removesuffix(".gz").removesuffix(".csv")
    return Dataset(
        name=title,
        train=Split(x[parts.train], y[parts.train]),
        validation=Split(x[parts.validation], y[parts.validation]),
        test=TestVault(Split(x[parts.test], y[parts.test]), title),
        classes=known,
        input_shape=x.shape[1:],
        split=kind,
        path=table.path.absolute(),
        split_origin=origin,
    )


def _names_in(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    names = (file.name for file in folder.iterdir() if file.name.endswith((".csv", ".csv.gz")))
    return {name.removesuffix(".gz").removesuffix(".csv") for name in names}
