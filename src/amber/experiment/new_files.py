"""Files of new examples, read as the data of a run are: which source they are, and what their labels mean."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from amber.data.new_part import NewPart, read_part
from amber.data.sources import SOURCES, IntervalsSource, SimulatedSource, Source
from amber.data.sources.table import TableSource
from amber.data.targets.target import Labels, Numbers, Target
from amber.errors import ConfigError, DataError
from amber.experiment.configuration.document import read_yaml
from amber.experiment.configuration.reading import Configuration, config_from_text
from amber.experiment.configuration.source_section import wanted_of
from amber.experiment.data import dataset_spec
from amber.experiment.run_files.recorded import config_of, record_beside
from amber.experiment.task_spec import INPUT
from amber.experiment.trained.files import bundle_of
from amber.experiment.trained.genomic_files import kind_by_ending
from amber.experiment.trained.preprocessing import Preprocessing

_ARRAYS = {".npz": "arrays", ".h5": "arrays", ".hdf5": "arrays", ".parquet": "parquet", ".zarr": "zarr"}
_SOURCES = {**_ARRAYS, ".h5ad": "anndata"}
_NAMED = re.compile(r"([^=/\\]+)=(.+)", re.DOTALL)


def config_beside(source: Path) -> Configuration | None:
    """Return the configuration of the run or bundle that a network belongs to; None for a model file alone.

    Raises:
        ConfigError: a file that cannot be read, or does not hold what a search writes.
    """
    bundle = bundle_of(source)
    if bundle is None:
        record = record_beside(source)
        return None if record is None else config_of(record, source)
    path = bundle / "config.yaml"
    if not path.is_file():
        return None
    return config_from_text(read_yaml(path).text, str(path), recorded=True)


def targets_of(preprocessing: Preprocessing) -> tuple[Target, ...]:
    """Return the outputs of a network as targets."""
    return tuple(
        Target(
            name,
            classes=outcome if isinstance(outcome, tuple) else None,
            labels=outcome if isinstance(outcome, Labels) else None,
            numbers=outcome if isinstance(outcome, Numbers) else None,
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
    source = _source(files, loaded, preprocessing, genome)
    paths = [path for _, path in source.files()]
    for path in paths:
        if not Path(path).exists():
            raise DataError(f"Expected an existing file. Received: {path}", file=path)
    section = loaded.config.data
    spec = dataset_spec(loaded, one_input=section.blocks is None)
    wanted = wanted_of(section)
    if section.blocks is None and section.outputs is not None and isinstance(source, TableSource):
        wanted, spec = replace(wanted, blocks={INPUT: {"sequence": section.sequence}}), replace(spec, one_input=False)
    return read_part(source, wanted, spec, targets_of(preprocessing), preprocessing.scaling, Path(paths[0]))


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
    entry = SOURCES.get(kind)
    if kind == "intervals":
        return _intervals(given, known, preprocessing, genome)
    if isinstance(known, entry):
        return replace(known, **{kind: given})
    is_plain = kind == "table" and (known is None or isinstance(known, SimulatedSource))
    return TableSource.plain(paths[0]) if is_plain else entry(given)  # type: ignore[call-arg]


def _intervals(
    given: dict[str, str] | list[str] | str, known: Source | None, preprocessing: Preprocessing, genome: Path | None
) -> IntervalsSource:
    if isinstance(given, list):
        raise ConfigError(
            f"FILES: expected one file of intervals, or CLASS=FILE for each class. Received: {', '.join(given)}"
        )
    if isinstance(known, IntervalsSource):
        return replace(known, intervals=given, genome=known.genome if genome is None else str(genome))
    lengths = {each.length for each in preprocessing.sequences.values()}
    if genome is None or len(lengths) != 1:
        raise ConfigError(
            "--genome: expected the FASTA file of the genome that the intervals are on, for a network of one input of "
            f"DNA. Received: {genome or 'none'}"
        )
    return IntervalsSource(given, str(genome), lengths.pop())


def _name_of(text: str) -> re.Match[str] | None:
    return None if Path(text).exists() else _NAMED.fullmatch(text)


def _kind(path: Path) -> str:
    found = _SOURCES.get(path.suffix.lower()) or kind_by_ending(path)
    if found == "variants":
        raise ConfigError(
            f"{path}: variants have no labels that a network could be evaluated on; `amber variants` scores them."
        )
    return found
