"""What the network of a run says of variants: a table with a row for each, and the VCF file with values added."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from amber.data.encoding.alphabets import Alphabet
from amber.data.genomics import Genome, Variants, read_variants
from amber.data.genomics.alleles import NO_CHROMOSOME, SCORED
from amber.data.genomics.annotated_vcf import SUFFIXES, InfoField, write_annotated_vcf
from amber.data.words_of_titles import words_of
from amber.experiment.final.strands import strand_mean
from amber.experiment.run_files.recorded import load_model
from amber.experiment.task_spec import has_profile
from amber.experiment.trained.files import KnownNetwork, genome_of, network_file
from amber.experiment.trained.preprocessing import Preprocessing, in_units
from amber.experiment.trained.units import Unit
from amber.files.csv_text import csv_text
from amber.files.output import write_text, writing
from amber.wording import shortened

if TYPE_CHECKING:
    import keras

    from amber.explain.variants import VariantEffects

OUTPUT_SUFFIXES = (".tsv", ".csv", *SUFFIXES)
_COLUMNS = (
    "chromosome",
    "position",
    "id",
    "reference",
    "alternative",
    "status",
    "output",
    "predicted_reference",
    "predicted_alternative",
    "difference",
    "log2_ratio",
    "log2_odds_ratio",
)
_INFO = (
    ("DIFF", "alternative minus reference", "difference"),
    ("LOG2R", "binary logarithm of alternative / reference", "log2_ratio"),
    ("LOG2OR", "binary logarithm of the ratio of odds", "log2_odds_ratio"),
)


@dataclass(frozen=True)
class ScoredVariants:
    """What a network says of variants, number by number in the units of the data.

    Attributes:
        effects: predictions for both alleles, `(variants, units)`.
        units: what each column is; of two classes there is one, the second.
        found: sentences for a person: what was scored, and what was not and why.
    """

    effects: VariantEffects
    units: tuple[Unit, ...]
    found: tuple[str, ...]

    def __repr__(self) -> str:
        """Return how many variants there are, how many of them are scored, and by what, in one line."""
        windows = self.effects.windows
        units = shortened(", ".join(unit.title for unit in self.units))
        return f"ScoredVariants({len(windows.variants):,} variants, {len(windows.scored):,} scored; {units})"

    def table(self, delimiter: str = "\t") -> str:
        """Return a row for each variant and unit, with positions counted from 1; not scored ones have one row."""
        return csv_text(_COLUMNS, self._rows(), delimiter=delimiter)

    def write(self, path: Path) -> None:
        """Write the table (`.tsv`, `.csv`), or the VCF file with values in INFO (`.vcf`, `.vcf.gz`).

        Raises:
            DataError: the VCF file has such fields already.
            StorageError: it cannot be written.
        """
        if path.name.endswith(SUFFIXES):
            with writing(path) as aside:
                write_annotated_vcf(aside, self.effects.windows.variants, self._info())
        else:
            write_text(path, self.table("," if path.suffix == ".csv" else "\t"))

    def _rows(self) -> Iterator[list[object]]:
        effects = self.effects
        variants, status = effects.windows.variants, effects.windows.status
        numbers = np.stack([getattr(effects, name) for name in ("reference", "alternative", *_MEASURES)], axis=-1)
        for row in range(len(variants)):
            place: list[object] = [str(variants.chromosome[row]), int(variants.position[row]) + 1, variants.name[row]]
            place += [variants.reference[row], variants.alternative[row], status[row]]
            if status[row] != SCORED:
                yield [*place, *[None] * (len(_COLUMNS) - len(place))]
                continue
            for number, unit in enumerate(self.units):
                values = [_short(value) for value in numbers[row, number]]
                yield [*place, unit.title, *(values if unit.is_probability else [*values[:-1], None])]

    def _info(self) -> list[InfoField]:
        fields: list[InfoField] = []
        words = words_of([unit.title for unit in self.units])
        for number, (unit, word) in enumerate(zip(self.units, words, strict=True)):
            name = f"AMBER_{word}"
            title = unit.title.replace("\\", " ").replace('"', "'")
            for key, meaning, measure in _INFO:
                if unit.is_probability or measure != "log2_odds_ratio":
                    values = getattr(self.effects, measure)[:, number]
                    fields.append(InfoField(f"{name}_{key}", f"Predicted {title}: {meaning}", values))
        return fields


_MEASURES = tuple(measure for _, _, measure in _INFO)


def score_variants(
    source: Path,
    calls: Path,
    genome: Path | None = None,
    *,
    both_strands: bool = False,
    batch_size: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> ScoredVariants:
    """Predict windows with either allele of each variant of a file.

    What can be known of the files is checked before the model, and with it Keras, is loaded.

    Args:
        source: run directory, its `best.json`, a bundle, or a model file.
        calls: VCF or BCF file.
        genome: FASTA file of the genome that the variants were called on; None: that of the run.
        both_strands: predict each window as the mean of its two strands.
        batch_size: windows a step.
        progress: called with the number of variants done and of all that are scored.

    Raises:
        ConfigError: no model, or no genome.
        DataError: files that cannot be read, variants none of which lies on a chromosome of the genome, or a model that
            reads other than one input of one-hot DNA.
    """
    file = network_file(source)
    known = KnownNetwork(source)
    preprocessing = known.preprocessing
    if preprocessing is not None:
        check_input(preprocessing, source)
    variants, bases = read_calls(calls, genome_of(known.configuration, genome, calls))
    model = load_model(file)
    return scored(model, preprocessing, variants, bases, both_strands, batch_size=batch_size, progress=progress)


def read_calls(calls: Path, genome: Path) -> tuple[Variants, Genome]:
    """Read variants and open their genome.

    Raises:
        DataError: files that cannot be read, or no variant on a chromosome of the genome.
    """
    variants, bases = read_variants(calls), Genome(genome)
    names = variants.chromosome.tolist()
    match = bases.match(names)
    if names and not match.names:
        raise bases.names.unknown(match.missing)
    return variants, bases


def scored(
    model: keras.Model,
    preprocessing: Preprocessing | None,
    variants: Variants,
    genome: Genome,
    both_strands: bool,
    *,
    batch_size: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> ScoredVariants:
    """Predict windows with either allele, in the units of the data; see `score_variants`."""
    from amber.explain.variants import variant_effects

    reading = next(iter(preprocessing.sequences.values())) if preprocessing else None
    if both_strands and preprocessing is not None and has_profile(preprocessing.task):
        # Profiles of the other strand are turned round, which the model does by itself then.
        model, both_strands = strand_mean(model, preprocessing, {}), False
    effects = variant_effects(
        model,
        variants,
        genome,
        alphabet=reading.alphabet if reading else "dna",
        unknown=reading.unknown if reading else "mean",
        both_strands=both_strands,
        batch_size=batch_size,
        progress=progress,
    )
    sizes = [int(tensor.shape[-1]) for tensor in model.outputs]
    units = preprocessing.units() if preprocessing else _units_of_model(list(model.output_names), sizes)
    return ScoredVariants(_in_units(effects, units), tuple(units), tuple(_said(effects, genome)))


def check_input(preprocessing: Preprocessing, source: Path) -> None:
    """Raise DataError, which names the network, unless it reads one input of DNA."""
    inputs = preprocessing.task.inputs
    (first, *others) = inputs
    reading = preprocessing.sequences.get(first)
    if others or reading is None or not Alphabet.of(reading.alphabet).is_nucleotides:
        way_out = "Variants need a run on DNA alone; with other inputs beside it, predict both alleles as examples."
        raise preprocessing.task.not_read(str(source), "DNA and nothing else", way_out)


def _units_of_model(names: Sequence[str], sizes: Sequence[int]) -> list[Unit]:
    """Return the units of a model of which only the file is known."""
    titles: list[str] = []
    for name, size in zip(names, sizes, strict=True):
        titles += [name] if size == 1 else [f"{name}: {unit}" for unit in range(size)]
    return [Unit(title, column, False) for column, title in enumerate(titles)]


def _in_units(effects: VariantEffects, units: Sequence[Unit]) -> VariantEffects:
    """Return the predictions of the units alone, numbers scaled back."""
    from amber.explain.variants import VariantEffects

    return VariantEffects(effects.windows, in_units(effects.reference, units), in_units(effects.alternative, units))


def _said(effects: VariantEffects, genome: Genome) -> Iterator[str]:
    windows = effects.windows
    variants = windows.variants
    yield f"{variants.path.name}: {variants.records:,} records, {len(variants):,} variants in bases."
    yield from (*variants.notes, *genome.notes)
    match = genome.match(variants.chromosome.tolist())
    if match.note:
        yield match.note
    counts = windows.counts
    yield f"{counts.get(SCORED, 0):,} variants scored, in windows of {windows.length:,} bases."
    for status, count in counts.items():
        if status != SCORED:
            row = int(np.argmax(windows.status == status))
            there = windows.found[row]
            more = "" if status == NO_CHROMOSOME or not there else f", where the genome has {_cut(there)}"
            example = f"{variants.chromosome[row]}:{variants.position[row] + 1:,} {_cut(variants.reference[row])}"
            yield f"{count:,} not scored: {status} (the first: {example}{more})."


def _cut(bases: str) -> str:
    return bases if len(bases) <= 20 else f"{bases[:17]}..."


def _short(value: float) -> float | None:
    return None if np.isnan(value) else float(f"{value:.6g}")
