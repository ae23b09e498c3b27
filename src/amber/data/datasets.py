"""Files to data sets.

What may be changed here: which data sets are packaged, and where others are looked for.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from amber.data.dataset import Dataset
from amber.data.encoding.coding import SequenceForm
from amber.data.former_arguments import FORMER_ARGUMENTS, translate
from amber.data.from_examples import DatasetSpec, load
from amber.data.simulated.simulation import CLASSES, Simulation
from amber.data.sources.simulated import SimulatedSource
from amber.data.sources.source import Wanted
from amber.data.sources.table import TableSource
from amber.data.splits.division import AUTO, RANDOM, SplitSpec
from amber.data.splits.parts import DEFAULT_FRACTIONS
from amber.data.tables.table import shown_names
from amber.data.targets.tasks import TargetSpec
from amber.deprecation import deprecated_arguments
from amber.errors import DataError

# The name of the output where there is one.
OUTPUT = "output"
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
    path = Path(os.path.expanduser(text))
    if text and is_there(path):
        return path
    found = file_in_data_folder(text)
    if found is not None:
        return found
    folder = os.environ.get(DATA_DIR_VARIABLE, "")
    known = set(_PACKAGED)
    where = f"{DATA_DIR_VARIABLE} is not set; it can name a folder with more .csv or .csv.gz files"
    if folder:
        known |= _names_in(Path(folder))
        where = f"{DATA_DIR_VARIABLE} is {folder!r}" + ("" if Path(folder).is_dir() else ", which is not a folder")
    raise DataError(
        f"Expected an existing file or one of the data sets {shown_names(sorted(known))} ({where}). Received: {text!r}"
    )


def file_in_data_folder(name: str) -> Path | None:
    """Return the file of the folder AMBER_DATA_DIR that a name means, with or without its ending; None: none."""
    folder = os.environ.get(DATA_DIR_VARIABLE, "")
    candidates = [Path(folder) / f"{name}{ending}" for ending in _ENDINGS] if folder and name else []
    return next((path for path in candidates if is_there(path) and path.is_file()), None)


def is_there(path: Path) -> bool:
    """Say whether there is anything at a path; a text that cannot be a path is nowhere."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def is_packaged(name: str | os.PathLike[str]) -> bool:
    """Say whether a name is that of a data set that comes with the package."""
    return os.fspath(name) in _PACKAGED


@deprecated_arguments(FORMER_ARGUMENTS, translate, since="0.3.0", removed_in="0.5.0")
def load_dataset(
    name: str | os.PathLike[str] = "splice",
    split: str | SplitSpec = AUTO,
    seed: int = 0,
    *,
    sequence: str = "seq",
    label: str | TargetSpec = "label",
    standardize: bool = True,
    size_limit: int | None = None,
) -> Dataset:
    """Load a data set of sequences by name.

    Args:
        name: as for `find_data`.
        split: a column with `train`, `val` and `test`, such as `"gsplit"` of `splice`, where near-duplicates are kept
            together; or `"random"`, drawn with `seed` and stratified by label; or `"grouped"`, drawn with
            `seed`, keeping together the groups of the column `group`; or `"auto"` (default): the column `gsplit` or
            `split` where there is one, else `"random"`; or a SplitSpec, which also says fractions, folds and the like.
        seed: of the drawn splits, unless a SplitSpec says it; a split column with all three parts does not use it.
        sequence: column of the sequences.
        label: column of the class names, or of numbers; or a TargetSpec, which also says whether it holds classes or
            numbers, and the order of the classes.
        standardize: scale numbers that are to be predicted to mean 0 and standard deviation 1 on the training part.
        size_limit: MiB of the file at most, decompressed; by default an eighth of the machine's memory.

    Returns:
        The data set; `x` is float32 `(n, length, 4)`, `y` int64 class numbers, or float32 `(n, 1)` numbers.

    Raises:
        DataError: no such data, or data that cannot be used.
    """
    spec = DatasetSpec(
        {OUTPUT: TargetSpec.of(label)}, SplitSpec.of(split, seed), standardize=standardize, one_input=True
    )
    return load_table(name, Wanted(sequence, size_limit=size_limit), spec)


@deprecated_arguments(FORMER_ARGUMENTS, translate, since="0.3.0", removed_in="0.5.0")
def load_sequences(
    path: str | os.PathLike[str],
    sequence: str = "seq",
    label: str | TargetSpec = "label",
    split: str | SplitSpec | None = AUTO,
    *,
    seed: int = 0,
    alphabet: str = "ACGT",
    name: str | None = None,
    size_limit: int | None = None,
) -> Dataset:
    """Load labelled sequences of equal length from a CSV file.

    Args:
        path: the file, as for `read_table`.
        sequence: column of the sequences.
        label: as for `load_dataset`.
        split: as for `load_dataset`; None as `"random"`. `SplitSpec("grouped", group="family")` keeps together the
            groups of another column than `group`.
        seed: as for `load_dataset`.
        alphabet: order of the channels.
        name: of the data set; by default the file name without its endings.
        size_limit: as for `load_dataset`.

    Returns:
        As `load_dataset`.

    Raises:
        DataError: a file, column, sequence, label or split that cannot be used, named with file and line.
    """
    chosen = SplitSpec.of(RANDOM if split is None else split, seed)
    spec = DatasetSpec({OUTPUT: TargetSpec.of(label)}, chosen, one_input=True)
    wanted = Wanted(sequence, form=SequenceForm(alphabet), size_limit=size_limit)
    return load(TableSource.plain(os.fspath(path)), wanted, spec, name or title_of(path), Path(path))


def load_simulated(
    simulation: Simulation | None = None,
    *,
    outputs: Mapping[str, str] | None = None,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
) -> Dataset:
    """Return simulated data ready for a search.

    Args:
        simulation: what to simulate; by default two motifs whose distance decides.
        outputs: name of an output -> its task; by default all tasks under their own names.
        fractions: of train, validation and test.

    Returns:
        The data set; `x` is float32 `(n, length, 4)`, `y` int64: 0 negative, 1 positive, and a dictionary of them
        where there are several outputs.

    Raises:
        DataError: an unknown task, fractions that do not fit, or examples of one class only.
    """
    source = SimulatedSource(simulation)
    tasks = source.simulation.tasks
    wanted = dict(outputs) if outputs is not None else {name: name for name in tasks}
    unknown = [task for task in wanted.values() if task not in tasks]
    if unknown or not wanted:
        raise DataError(f"Expected tasks among {', '.join(tasks)}. Received: {', '.join(map(repr, unknown)) or 'none'}")
    targets = {output: TargetSpec(task, "classes", CLASSES) for output, task in wanted.items()}
    return load_drawn(source, DatasetSpec(targets, SplitSpec(RANDOM, fractions=fractions), one_input=True))


def load_drawn(source: SimulatedSource, spec: DatasetSpec) -> Dataset:
    """Return the data set of a simulation; its seed is that of the division too, so that all searches see the same.

    Args:
        source: what is drawn.
        spec: what is predicted, and how examples are divided.

    Raises:
        DataError: as `amber.data.from_examples.load`.
    """
    kind = RANDOM if spec.split.split == AUTO else spec.split.split
    split = replace(spec.split, split=kind, seed=source.simulation.seed, stratify_by_all=True)
    made = load(source, Wanted(), replace(spec, split=split), "simulated")
    # Runs that began before these data had a source know them by their parts.
    return replace(made, raw_fingerprint=None)


def load_table(name: str | os.PathLike[str], wanted: Wanted, spec: DatasetSpec) -> Dataset:
    """Return the data set of a table that is named, as for `find_data`.

    Args:
        name: of packaged data, or the path of a table.
        wanted: its inputs.
        spec: what is predicted, and how examples are divided.

    Raises:
        DataError: no such data, or data that cannot be used; its `field` is as for `amber.data.from_examples.load`.
    """
    path = find_data(name)
    return load(TableSource.plain(str(path)), wanted, spec, str(name) if is_packaged(name) else title_of(path), path)


def title_of(path: str | os.PathLike[str]) -> str:
    """Return the name of a data set: that of its file without the endings of a table."""
    return Path(path).name.removesuffix(".gz").removesuffix(".csv")


def _names_in(folder: Path) -> set[str]:
    if not folder.is_dir():
        return set()
    names = (file.name for file in folder.iterdir() if file.name.endswith((".csv", ".csv.gz")))
    return {name.removesuffix(".gz").removesuffix(".csv") for name in names}
