"""Predictions for FASTA files and for intervals on a genome: read, predicted and written in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import Unknown
from amber.data.encoding.coding import SequenceForm
from amber.data.examples import Examples, SequenceInput
from amber.data.genomics import Genome
from amber.data.genomics.signal_files import SUFFIXES as SIGNAL_SUFFIXES, mean_of_windows, write_bigwig
from amber.data.inputs import arrays_of
from amber.data.sources import FastaSource, IntervalsSource, Wanted
from amber.data.sources.windows_on_genome import GenomeWindows
from amber.data.words_of_titles import words_of
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.experiment.final.scoring import predictions
from amber.experiment.run_files.recorded import load_model
from amber.experiment.trained.files import KnownNetwork, genome_of, network_file
from amber.experiment.trained.preprocessing import FILES_OF_RUN, Preprocessing, in_units
from amber.files.csv_text import STRANDS, csv_text
from amber.files.output import naming, writing
from amber.types import Array

if TYPE_CHECKING:
    import keras

OUTPUT_SUFFIXES = (".tsv", ".csv", ".bed", *SIGNAL_SUFFIXES)
_FASTA = (".fa", ".fasta", ".fna", ".fas", ".ffn", ".faa")
_INTERVALS = (".bed", ".narrowpeak", ".broadpeak", ".bedgraph", ".gff", ".gff3", ".gtf")
_PACKED = (".gz", ".bgz", ".bz2", ".xz")
# Examples that are read and predicted at once.
_AT_ONCE = 2048
_PLACE = ("chromosome", "start", "end", "strand")

Progress = Callable[[int, int], None]


def kind_by_ending(path: Path) -> str:
    """Return what a file holds, by its suffix: `fasta`, `intervals`, `variants`, or else `table`."""
    endings = [each.lower() for each in path.suffixes]
    while endings and endings[-1] in _PACKED:
        endings.pop()
    last = endings[-1] if endings else ""
    if last in (".vcf", ".bcf"):
        return "variants"
    return "fasta" if last in _FASTA else "intervals" if last in _INTERVALS else "table"


def read_fasta_examples(path: Path, preprocessing: Preprocessing) -> Examples:
    """Read the entries of a FASTA file as inputs of a network; lengths are cut or padded as in training.

    Raises:
        DataError: the network does not read exactly one input of sequences, or the file cannot be used.
    """
    reading = preprocessing.only_sequence(f"{path}")
    return FastaSource(str(path)).examples(Wanted(form=reading.form))


def read_interval_examples(
    path: Path, genome: Path, preprocessing: Preprocessing, source: IntervalsSource | None
) -> Examples:
    """Read windows around intervals, with the length that the network reads, placed as in the run.

    Args:
        path: BED, narrowPeak, broadPeak, bedGraph, GFF or GTF.
        genome: FASTA.
        preprocessing: of the network.
        source: the run's data where they are intervals: says how windows are placed, and names tracks.

    Raises:
        DataError: the network reads anything but DNA (with tracks), or the files cannot be used.
    """
    lengths = {each.length for each in preprocessing.sequences.values()}
    if len(lengths) != 1:
        raise preprocessing.task.not_read(str(path), "windows of DNA, for intervals", FILES_OF_RUN)
    alphabet = next(iter(preprocessing.sequences.values())).alphabet
    window = lengths.pop()
    if source is None:
        chosen = IntervalsSource(str(path), str(genome), window)
    else:
        # What was predicted is not asked for.
        chosen = replace(
            source,
            intervals=str(path),
            genome=str(genome),
            window=window,
            labels=None,
            bins=None,
            signals=None,
            profile=None,
            strand_pairs=None,
            negatives=None,
            excluded=None,
        )
    return chosen.examples(Wanted(form=SequenceForm(alphabet)))


def predict_genomic_file(
    source: Path,
    file: Path,
    genome: Path | None = None,
    *,
    both_strands: bool = False,
    batch_size: int = 256,
    progress: Progress | None = None,
) -> GenomicPredictions:
    """Prepare the predictions of a FASTA file or of intervals; the file is read before the network is loaded.

    Args:
        source: run directory, its `best.json` or `best.keras`, or a bundle.
        file: FASTA or intervals, by its suffix.
        genome: of intervals; None: that of the run.
        both_strands: predict the mean of both strands.
        batch_size: examples per batch.
        progress: called with the number of examples done and of all.

    Raises:
        ConfigError: no such network, one of which only the file is known, or no genome.
        DataError: a file that cannot be used, or that does not fit the network.
    """
    network, known = network_file(source), KnownNetwork(source)
    preprocessing = known.required_preprocessing()
    if kind_by_ending(file) == "fasta":
        examples = read_fasta_examples(file, preprocessing)
    else:
        loaded = known.configuration
        intervals = loaded.source if loaded is not None and isinstance(loaded.source, IntervalsSource) else None
        examples = read_interval_examples(file, genome_of(loaded, genome, file), preprocessing, intervals)
    _check_lengths(examples, preprocessing)
    return GenomicPredictions(load_model(network), preprocessing, examples, both_strands, batch_size, progress)


def _check_lengths(examples: Examples, preprocessing: Preprocessing) -> None:
    reads = next(iter(preprocessing.sequences.values()), None)
    lengths = [kind.length for kind in examples.inputs.values() if isinstance(kind, SequenceInput)]
    if reads is not None and lengths and lengths[0] != reads.length:
        where = examples.describe(0)
        raise DataError(f"{where}: the network reads sequences of {reads.length} letters. Received: {lengths[0]}")


@dataclass(frozen=True)
class GenomicPredictions:
    """Predictions of a network, computed batch by batch as they are written.

    Attributes:
        model: the network.
        preprocessing: what belongs to it.
        examples: from a FASTA file or of windows.
        both_strands: predict the mean of both strands.
        batch_size: examples per batch.
        progress: called with the number of examples done and of all.
    """

    model: keras.Model
    preprocessing: Preprocessing
    examples: Examples
    both_strands: bool = False
    batch_size: int = 256
    progress: Progress | None = None
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of examples."""
        return len(self.examples)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for whatever was guessed, dropped or shortened."""
        return self.examples.notes

    @property
    def genome(self) -> Genome | None:
        """The genome that the examples are on; None for sequences without one."""
        return self.examples.genome if isinstance(self.examples, GenomeWindows) else None

    def write_text(self, stream: TextIO, suffix: str = ".tsv") -> None:
        """Write a row for each example: name or position, the prediction of every output, and the most probable class.

        Args:
            stream: where the text goes.
            suffix: `.tsv`, `.csv` or `.bed`; a BED file begins with chromosome, start, end, name, score and strand and
                has the columns in a comment at its head.
        """
        delimiter = "," if suffix == ".csv" else "\t"
        keys = self._keys(suffix)
        heading: list[str] | None = None
        for rows, found in self._batches():
            columns = self.preprocessing.columns(found, keys)
            if heading is None:
                heading = [*keys, *columns]
                stream.write(csv_text(heading, [], delimiter=delimiter) if suffix != ".bed" else _comment(heading))
            cells = [[value[row] for row in rows.tolist()] for value in keys.values()]
            lines = list(zip(*cells, *columns.values(), strict=True))
            stream.write(_bed(lines) if suffix == ".bed" else _body(lines, delimiter))

    def write(self, path: Path) -> list[Path]:
        """Write a table, BED, or for windows one bigWig file for each output unit, and return the paths.

        Raises:
            ConfigError: BED or bigWig of examples that are not on a genome.
            StorageError: a file cannot be written.
        """
        suffix = path.suffix.lower()
        if suffix not in (".tsv", ".csv") and self.genome is None:
            raise ConfigError(f"--output: {suffix} is for intervals; write .tsv or .csv. Received: {path}")
        if suffix in SIGNAL_SUFFIXES and self.genome is not None:
            return self._write_signals(path, self.genome)
        with writing(path) as aside, aside.open("w", encoding="utf-8", newline="") as stream:
            self.write_text(stream, suffix)
        return [path]

    def _write_signals(self, path: Path, genome: Genome) -> list[Path]:
        columns, sizes = self.examples.columns, genome.lengths
        units = self.preprocessing.units()
        values = np.concatenate([in_units(np.concatenate(found, axis=-1), units) for _, found in self._batches()])
        words = words_of([each.title for each in units])
        paths = [path] if len(units) == 1 else [path.with_stem(f"{path.stem}_{word}") for word in words]
        for column, target in enumerate(paths):
            runs = mean_of_windows(columns["chromosome"], columns["start"], columns["end"], values[:, column])
            inside = [(name, max(0, start), min(end, sizes[name]), value) for name, start, end, value in runs]
            with naming(target):
                write_bigwig(target, [run for run in inside if run[1] < run[2]], sizes)
        return paths

    def _keys(self, suffix: str) -> dict[str, Sequence[object]]:
        columns = {name: list(values.tolist()) for name, values in self.examples.columns.items()}
        names = columns.get("name") or [str(row) for row in range(len(self.examples))]
        if self.genome is None:
            return {"name": names}
        if suffix != ".bed":
            strands = [STRANDS[strand == "-"] for strand in columns["strand"]]
            return {**{name: columns[name] for name in _PLACE}, "strand": strands, "name": names}
        named = [name or "." for name in names]
        starts = [max(0, start) for start in columns["start"]]
        score = ["0"] * len(names)
        place = {"chromosome": columns["chromosome"], "start": starts, "end": columns["end"]}
        return {**place, "name": named, "score": score, "strand": columns["strand"]}

    def _batches(self) -> Iterator[tuple[NDArray[np.int64], list[Array]]]:
        total = len(self.examples)
        for first in range(0, total, _AT_ONCE):
            rows = np.arange(first, min(first + _AT_ONCE, total))
            arrays = arrays_of(self.examples, rows, self._unknown())
            if len(arrays) == 1:  # a source may call its only input otherwise than the network
                arrays = dict(zip(self.preprocessing.task.inputs, arrays.values(), strict=True))
            found = self._of(arrays)
            if self.both_strands:
                other = self._of(self.preprocessing.other_strand(arrays))
                found = self.preprocessing.mean_of_strands(found, other)
            yield rows, found
            if self.progress is not None:
                self.progress(int(rows[-1]) + 1, total)

    def _of(self, arrays: Mapping[str, Array]) -> list[Array]:
        x = dict(arrays) if len(arrays) > 1 else next(iter(arrays.values()))
        return predictions(self.model, x, "the examples", self.batch_size)

    def _unknown(self) -> Unknown:
        return next(iter(self.preprocessing.sequences.values())).unknown


def _comment(heading: Sequence[str]) -> str:
    return "#" + "\t".join(heading) + "\n"


def _body(rows: list[tuple[object, ...]], delimiter: str) -> str:
    text = csv_text([], rows, delimiter=delimiter)
    return text[text.index("\n") + 1 :]


def _bed(rows: list[tuple[object, ...]]) -> str:
    return "".join("\t".join(" ".join(str(cell).split()) for cell in row) + "\n" for row in rows)
