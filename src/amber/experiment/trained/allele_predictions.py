"""Predictions for the alleles of a VCF file: a row for the reference and one for each alternative."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np

from amber.data.encoding.alphabets import Alphabet
from amber.data.encoding.one_hot import one_hot
from amber.data.genomics.alleles import SCORED, AlleleWindows, allele_windows
from amber.data.targets.target import units_of
from amber.display import one_line
from amber.experiment.final.scoring import predictions
from amber.experiment.run_files.recorded import load_model
from amber.experiment.trained.files import KnownNetwork, genome_of, network_file
from amber.experiment.trained.preprocessing import Preprocessing
from amber.experiment.variant_scoring import check_input, read_calls
from amber.files.csv_text import csv_text
from amber.files.output import writing
from amber.types import Array

if TYPE_CHECKING:
    import keras

OUTPUT_SUFFIXES = (".tsv", ".csv")
_COLUMNS = ("chromosome", "position", "id", "reference", "allele", "status")
# Variants whose windows are held at once.
_AT_ONCE = 1024


@dataclass(frozen=True)
class AllelePredictions:
    """Predictions of windows with either allele of each variant, computed batch by batch as they are written.

    Attributes:
        model: the network.
        preprocessing: what belongs to it.
        windows: the alleles in their windows, and why some variants are not predicted.
        both_strands: predict the mean of both strands.
        batch_size: windows per batch.
        progress: called with the number of variants done and of all.
    """

    model: keras.Model
    preprocessing: Preprocessing
    windows: AlleleWindows
    both_strands: bool = False
    batch_size: int = 256
    progress: Callable[[int, int], None] | None = None
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of variants; a record of several alternatives counts as several."""
        return len(self.windows.variants)

    @property
    def notes(self) -> tuple[str, ...]:
        """A sentence for whatever was skipped or is not predicted."""
        counts = self.windows.counts
        missing = [f"{count:,} not predicted: {status}." for status, count in counts.items() if status != SCORED]
        return (*self.windows.variants.notes, *missing)

    def write_text(self, stream: TextIO, suffix: str = ".tsv") -> None:
        """Write a row for the reference allele of each variant and one for its alternative.

        Where several alternatives of one place follow each other, their reference allele is written once. Positions are
        counted from 1. A variant that cannot be predicted has one row without predictions; `status` says why.

        Args:
            stream: where the text goes.
            suffix: `.tsv` or `.csv`.
        """
        delimiter = "," if suffix == ".csv" else "\t"
        units = [units_of(each) for each in self.preprocessing.task.outputs.values()]
        nothing = self.preprocessing.columns([np.zeros((0, each), np.float32) for each in units], _COLUMNS)
        stream.write(csv_text([*_COLUMNS, *nothing], [], delimiter=delimiter))
        before: tuple[object, ...] = ()
        for first in range(0, len(self), _AT_ONCE):
            rows = np.arange(first, min(first + _AT_ONCE, len(self)))
            lines: list[Sequence[object]] = []
            for place, alleles in self._predicted(rows, len(nothing)):
                lines += alleles if place != before else alleles[1:]
                before = place
            text = csv_text([], lines, delimiter=delimiter)
            stream.write(text[text.index("\n") + 1 :])
            if self.progress is not None:
                self.progress(int(rows[-1]) + 1, len(self))

    def write(self, path: Path) -> list[Path]:
        """Write a table, and return its path; raise StorageError where that fails."""
        with writing(path) as aside, aside.open("w", encoding="utf-8", newline="") as stream:
            self.write_text(stream, path.suffix.lower())
        return [path]

    def _predicted(self, rows: Array, width: int) -> Iterator[tuple[tuple[object, ...], list[list[object]]]]:
        """Yield the place of each variant, and its lines: reference and alternative, or one without predictions."""
        variants, status = self.windows.variants, self.windows.status
        scored = rows[status[rows] == SCORED]
        of_row = {row: number for number, row in enumerate(scored.tolist())}
        texts: list[list[Sequence[str]]] = []
        if len(scored):
            for codes in self.windows.read(scored):
                columns = self.preprocessing.columns(self._of(codes), _COLUMNS)
                texts.append(list(zip(*columns.values(), strict=True)))
        for row in rows.tolist():
            where = [str(variants.chromosome[row]), int(variants.position[row]) + 1]
            key = (*where, variants.reference[row])
            start = [*where, variants.name[row], variants.reference[row]]
            if row not in of_row:
                yield (), [[*start, variants.alternative[row], status[row], *[None] * width]]
                continue
            alleles = (variants.reference[row], variants.alternative[row])
            yield (
                key,
                [[*start, allele, SCORED, *found[of_row[row]]] for allele, found in zip(alleles, texts, strict=True)],
            )

    def _of(self, codes: Array) -> list[Array]:
        (name, reading), *_ = self.preprocessing.sequences.items()
        letters = Alphabet.of(reading.alphabet)
        x = one_hot(letters.translate(codes), letters, unknown=reading.unknown)
        found = predictions(self.model, x, "the variants", self.batch_size)
        if not self.both_strands:
            return found
        turned = self.preprocessing.other_strand({name: x})[name]
        other = predictions(self.model, turned, "the variants", self.batch_size)
        return self.preprocessing.mean_of_strands(found, other)


def predict_alleles(
    source: Path,
    calls: Path,
    genome: Path | None = None,
    *,
    both_strands: bool = False,
    batch_size: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> AllelePredictions:
    """Prepare the predictions of the alleles of a VCF file; the files are read before the network is loaded.

    Args:
        source: run directory, its `best.json` or `best.keras`, or a bundle.
        calls: VCF or BCF file.
        genome: FASTA that the variants were called on; None: that of the run.
        both_strands: predict the mean of both strands.
        batch_size: windows per batch.
        progress: called with the number of variants done and of all.

    Raises:
        ConfigError: no such network, one of which only the file is known, or no genome.
        DataError: files that cannot be read, or a network that reads other than one input of DNA.
    """
    network, known = network_file(source), KnownNetwork(source)
    preprocessing = known.required_preprocessing()
    check_input(preprocessing, source)
    variants, bases = read_calls(calls, genome_of(known.configuration, genome, calls))
    reading = next(iter(preprocessing.sequences.values()))
    windows = allele_windows(variants, bases, reading.length)
    return AllelePredictions(load_model(network), preprocessing, windows, both_strands, batch_size, progress)
