"""Files of new examples, read as the data of a run are: which source they are, and what their labels mean."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from amber.data.dataset import INPUT
from amber.data.examples import Examples
from amber.data.from_examples import DatasetSpec, by_input
from amber.data.inputs import arrays_of
from amber.data.new_part import NewPart, read_part
from amber.data.sources import SOURCES, FastaSource, IntervalsSource, SimulatedSource, Source, Wanted
from amber.data.sources.fasta import LABEL
from amber.data.sources.table import TableSource
from amber.data.tables.examples import TableExamples
from amber.data.targets.target import Binary, Labels, Numbers, Target
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.reading import Configuration
from amber.experiment.configuration.source_section import wanted_of
from amber.experiment.data import dataset_spec
from amber.experiment.trained.files import genome_of
from amber.experiment.trained.genomic_files import kind_by_ending
from amber.experiment.trained.preprocessing import Preprocessing
from amber.types import Array

_ARRAYS = {".npz": "arrays", ".h5": "arrays", ".hdf5": "arrays", ".parquet": "parquet", ".zarr": "zarr"}
_SOURCES = {**_ARRAYS, ".h5ad": "anndata"}
_BY_FILE = (FastaSource, IntervalsSource)
_MOST_NAMED = 4
_NAMED = re.compile(r"([^=/\\]+)=(.+)", re.DOTALL)


def targets_of(preprocessing: Preprocessing) -> tuple[Target, ...]:
    """Return the outputs of a network as targets."""
    return tuple(
        Target(
            name,
            classes=outcome if isinstance(outcome, tuple) else None,
            labels=outcome if isinstance(outcome, Labels) else None,
            numbers=outcome if isinstance(outcome, Numbers) else None,
            softmax=isinstance(outcome, tuple) and not isinstance(outcome, Binary),
            scaling=preprocessing.output_scaling.get(name),
        )
        for name, outcome in preprocessing.task.outputs.items()
    )


def read_files(
    files: Sequence[str], loaded: Configuration, preprocessing: Preprocessing, genome: Path | None = None
) -> NewPart:
    """Read labelled examples from new files: labels, inputs and scaling are those of a run.

    Args:
        files: paths, or `NAME=PATH` where each class or label has a file of its own.
        loaded: configuration of the run: names the columns, and says how intervals become windows.
        preprocessing: of its network.
        genome: FASTA of intervals; None: that of the run.

    Raises:
        ConfigError: files of several kinds, or intervals without a genome.
        DataError: a file that cannot be used, or labels that the network does not know; names file and place.
    """
    source = _existing(files, loaded, preprocessing, genome)
    wanted, spec = _inputs_of_run(source, loaded, preprocessing)
    path = Path(next(path for _, path in source.files()))
    if _are_by_class(source):
        spec = replace(spec, negatives=0)  # as negatives are given, none are made
        if preprocessing.classes and not _are_by_class(loaded.source):
            spec = _labelled_by_file(spec)
    try:
        return read_part(source, wanted, spec, targets_of(preprocessing), preprocessing.scaling, path)
    except DataError as error:
        if error.field[:1] != ("targets",) or error.field[-1:] != ("column",) or not isinstance(source, _BY_FILE):
            raise
        names = next(iter(preprocessing.classes.values()), ())
        advice = f" Give each class a file of its own: {_as_given(names)}." if names else ""
        raise DataError(f"{error}.{advice}", field=error.field, file=str(path)) from error


@dataclass(frozen=True)
class NewInputs:
    """Examples to predict; what they are labelled with is not read.

    Attributes:
        examples: as they were read.
        x: their inputs by name, scaled as those of the training data.
    """

    examples: Examples
    x: dict[str, Array]
    __repr__ = one_line

    @property
    def keys(self) -> tuple[str, list[str]]:
        """What tells the examples apart, and its value of each: names, sequences of a table, or rows of the file."""
        if isinstance(self.examples, TableExamples):
            return self.examples.keys
        places = getattr(self.examples, "places", None)
        if places is None:
            return "row", [str(row) for row in range(len(self.examples))]
        return (places.word, list(map(str, places.line))) if places.names is None else ("name", list(places.names))


def read_inputs(
    file: str, loaded: Configuration, preprocessing: Preprocessing, sequence: str | None = None
) -> NewInputs:
    """Read examples of arrays, Parquet or AnnData as inputs of a network; they need no labels.

    Args:
        file: path of the file, or folder of a Zarr store.
        loaded: configuration of the run: names arrays and columns.
        preprocessing: of its network.
        sequence: name of the array or column of the sequences; None: that of the run.

    Raises:
        DataError: a file that cannot be used, or one without an input of the network; names file and place.
    """
    source = _existing([file], loaded, preprocessing, None)
    wanted, spec = _inputs_of_run(source, loaded, preprocessing)
    if sequence is not None:
        wanted = replace(wanted, sequence=sequence)
    examples: Examples = source.examples(replace(wanted, columns={}))
    held = examples.held if isinstance(examples, TableExamples) else examples
    x = by_input(arrays_of(held, np.arange(len(examples)), spec.unknown), spec)
    x |= {name: each.apply(x[name]) for name, each in preprocessing.scaling.items() if name in x}
    return NewInputs(examples, x)


def holds_arrays(path: Path) -> bool:
    """Say whether a file is one of arrays, Parquet or AnnData, by its ending."""
    return path.suffix.lower() in _SOURCES


def _existing(files: Sequence[str], loaded: Configuration, preprocessing: Preprocessing, genome: Path | None) -> Source:
    """Return the source that files are, all of which exist."""
    source = _source(files, loaded, preprocessing, genome)
    for _, path in source.files():
        if not Path(path).exists():
            raise DataError(f"Expected an existing file. Received: {path}", file=path)
    return source


def _inputs_of_run(source: Source, loaded: Configuration, preprocessing: Preprocessing) -> tuple[Wanted, DatasetSpec]:
    """Return which inputs of a source a network reads, and how."""
    section = loaded.config.data
    spec = dataset_spec(loaded, one_input=section.blocks is None)
    wanted = wanted_of(section)
    wanted = replace(wanted, blocks=preprocessing.blocks_by_name(wanted.blocks))
    if section.blocks is None and section.outputs is not None and isinstance(source, TableSource):
        wanted, spec = replace(wanted, blocks={INPUT: {"sequence": section.sequence}}), replace(spec, one_input=False)
    return wanted, spec


def _source(files: Sequence[str], loaded: Configuration, preprocessing: Preprocessing, genome: Path | None) -> Source:
    """Return the source that files are: that of the run with these files, or one of its own kind."""
    named = {each[1]: each[2] for each in map(_name_of, files) if each}
    if named and len(named) < len(files):
        raise ConfigError(
            f"FILES: expected a path for each, or NAME=PATH with a different name for each. Received: {' '.join(files)}"
        )
    paths = list(named.values()) or list(files)
    kinds = sorted({_kind(Path(each)) for each in paths})
    if len(kinds) > 1:
        raise ConfigError(f"FILES: expected files of one kind. Received: {', '.join(kinds)}")
    kind, known = kinds[0], loaded.source
    if genome is not None and kind != "intervals":
        raise ConfigError(f"--genome: it is for intervals. Take it out. Received: {', '.join(paths)}")
    given: dict[str, str] | list[str] | str = named or (paths[0] if len(paths) == 1 else paths)
    if not isinstance(given, str) and kind not in ("fasta", "intervals"):
        raise ConfigError(f"FILES: expected one {kind} file. Received: {', '.join(paths)}")
    _check_classes(files, named, known, preprocessing)
    entry = SOURCES.get(kind)
    if kind == "intervals":
        return _intervals(given, loaded, preprocessing, genome)
    if kind == "fasta":
        preprocessing.only_sequence(paths[0])
    if isinstance(known, FastaSource) and named:
        return replace(known, fasta=dict(named), labels=None)
    if isinstance(known, entry):
        return replace(known, **{kind: given})
    is_plain = kind == "table" and (known is None or isinstance(known, SimulatedSource))
    return TableSource.plain(paths[0]) if is_plain else entry(given)  # type: ignore[call-arg]


def _are_by_class(source: Source | None) -> bool:
    """Say whether each class has a file of its own."""
    given = source.fasta if isinstance(source, FastaSource) else getattr(source, "intervals", None)
    return isinstance(given, Mapping) and getattr(source, "bins", None) is None


def _labelled_by_file(spec: DatasetSpec) -> DatasetSpec:
    """Return how examples are read whose class is that of their file, whatever column the run had it in."""
    if len(spec.targets) != 1:
        return spec
    return replace(spec, targets={name: replace(each, column=LABEL) for name, each in spec.targets.items()})


def _check_classes(
    files: Sequence[str], named: Mapping[str, str], known: Source | None, preprocessing: Preprocessing
) -> None:
    """Raise ConfigError where classes or labels have files of their own and these are not given by name."""
    by_file = getattr(known, "fasta", None) or getattr(known, "intervals", None)
    has_bins = getattr(known, "bins", None) is not None
    of_run = list(by_file) if isinstance(by_file, Mapping) and (has_bins or preprocessing.classes) else []
    if named and (len(named) > 1 or has_bins):
        return
    if named:
        classes = next(iter(preprocessing.classes.values()), ())
        raise ConfigError(
            f"FILES: expected a file for each of two classes at least, such as {_as_given(of_run or classes)}. "
            f"Received: {' '.join(files)}"
        )
    if of_run and {_kind(Path(each)) for each in files} <= {"fasta", "intervals"}:
        raise ConfigError(
            "FILES: each class or label of the run has a file of its own; expected new ones by name too: "
            f"{_as_given(of_run)}. Received: {' '.join(files)}"
        )


def _as_given(names: Sequence[str]) -> str:
    """Return how a file of each class is given on the command line."""
    some = " ".join(shlex.quote(f"{name}=FILE") for name in names[:_MOST_NAMED])
    return some if len(names) <= _MOST_NAMED else f"{some} ..."


def _intervals(
    given: dict[str, str] | list[str] | str, loaded: Configuration, preprocessing: Preprocessing, genome: Path | None
) -> IntervalsSource:
    known = loaded.source
    if isinstance(given, list):
        raise ConfigError(
            f"FILES: expected one file of intervals, or CLASS=FILE for each class. Received: {', '.join(given)}"
        )
    first = given if isinstance(given, str) else next(iter(given.values()))
    fasta = str(genome_of(loaded, genome, first))
    if isinstance(known, IntervalsSource):
        # Negatives that are given are not drawn.
        drawn = None if isinstance(given, dict) else known.negatives
        excluded = None if drawn is None else known.excluded
        return replace(known, intervals=given, genome=fasta, negatives=drawn, excluded=excluded)
    return IntervalsSource(given, fasta, preprocessing.only_sequence(first).length)


def _name_of(text: str) -> re.Match[str] | None:
    return None if Path(text).exists() else _NAMED.fullmatch(text)


def _kind(path: Path) -> str:
    found = _SOURCES.get(path.suffix.lower()) or kind_by_ending(path)
    if found == "variants":
        raise ConfigError(
            f"{path}: variants have no labels that a network could be evaluated on; `amber variants` scores them."
        )
    return found
