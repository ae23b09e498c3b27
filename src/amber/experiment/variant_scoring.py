"""What the network of a run says of variants: a table with a row for each, and the VCF file with values added."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from amber.data import Scaling
from amber.data.genomics import Genome, read_variants
from amber.data.genomics.alleles import NO_CHROMOSOME, SCORED
from amber.data.genomics.annotated_vcf import SUFFIXES, InfoField, write_annotated_vcf
from amber.data.targets import Labels
from amber.errors import DataError
from amber.experiment.run_files.recorded import checked_model_file, config_of, load_model, record_beside
from amber.experiment.task_spec import Outcome, TaskSpec
from amber.files.csv_text import csv_text
from amber.files.output import write_text, writing
from amber.types import JsonObject

if TYPE_CHECKING:
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
class Unit:
    """One number that a network predicts.

    Attributes:
        title: the class, label or output.
        column: its place among the units of all outputs.
        is_probability: whether it lies between 0 and 1.
        scaling: what a predicted number is scaled back by; None for probabilities.
    """

    title: str
    column: int
    is_probability: bool
    scaling: Scaling | None = None


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
        for number, unit in enumerate(self.units):
            name = f"AMBER_{re.sub(r'[^A-Za-z0-9]+', '_', unit.title)}"
            if any(each.name.startswith(f"{name}_") for each in fields):
                name += f"_{number}"
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
    genome: Path,
    *,
    both_strands: bool = False,
    batch_size: int = 256,
    progress: Callable[[int, int], None] | None = None,
) -> ScoredVariants:
    """Predict windows with either allele of each variant of a file.

    What can be known of the files is checked before the model, and with it Keras, is loaded.

    Args:
        source: run directory, its `best.json`, or a model file.
        calls: VCF or BCF file.
        genome: FASTA file of the genome that the variants were called on.
        both_strands: predict each window as the mean of its two strands.
        batch_size: windows a step.
        progress: called with the number of variants done and of all that are scored.

    Raises:
        ConfigError: no model.
        DataError: files that cannot be read, variants none of which lies on a chromosome of the genome, or a model that
            reads other than one input of one-hot DNA.
    """
    checked_model_file(source)
    record = record_beside(source)
    alphabet, unknown = "dna", "mean"
    if record is not None:
        _check_input(record, source)
        section = config_of(record, source).config.data
        alphabet, unknown = section.alphabet, section.unknown
    variants, bases = read_variants(calls), Genome(genome)
    _check_chromosomes(variants.chromosome.tolist(), bases)
    model = load_model(source)
    from amber.explain.variants import variant_effects

    effects = variant_effects(
        model,
        variants,
        bases,
        alphabet=alphabet,
        unknown="zeros" if unknown == "zeros" else "mean",
        both_strands=both_strands,
        batch_size=batch_size,
        progress=progress,
    )
    sizes = [int(tensor.shape[-1]) for tensor in model.outputs]
    units = _units_of_run(record) if record else _units_of_model(list(model.output_names), sizes)
    return ScoredVariants(_in_units(effects, units), tuple(units), tuple(_said(effects, bases)))


def _check_input(record: JsonObject, source: Path) -> None:
    inputs = TaskSpec.from_dict(record).inputs
    shapes = list(inputs.values())
    if len(shapes) != 1 or len(shapes[0]) != 2 or shapes[0][1] != 4:
        received = ", ".join(f"{name} of shape {shape}" for name, shape in inputs.items())
        raise DataError(
            f"{source}: variants need a network of one input of DNA, shape (length, 4). Received: {received}"
        )


def _check_chromosomes(names: Sequence[str], genome: Genome) -> None:
    match = genome.match(names)
    if names and not match.names:
        raise genome.names.unknown(match.missing)


def _units_of_run(record: JsonObject) -> list[Unit]:
    """Return what the network of a run predicts, in words; of two classes the second says it all."""
    units: list[Unit] = []
    first, outputs = 0, TaskSpec.from_dict(record).outputs
    for output, outcome in outputs.items():
        prefix = f"{output}: " if len(outputs) > 1 else ""
        names = _names(outcome)
        if outcome is None:
            scaling = record.get("output_scaling", {}).get(output)
            units.append(Unit(output, first, False, Scaling.from_dict(scaling) if scaling else None))
        else:
            skipped = 1 if not isinstance(outcome, Labels) and len(names) == 2 else 0
            units += [Unit(f"{prefix}{each}", first + k, True) for k, each in enumerate(names) if k >= skipped]
        first += len(names)
    return units


def _names(outcome: Outcome) -> tuple[str, ...]:
    if isinstance(outcome, Labels):
        return tuple(outcome.names)
    return ("",) if outcome is None else outcome


def _units_of_model(names: Sequence[str], sizes: Sequence[int]) -> list[Unit]:
    """Return the units of a model of which only the file is known."""
    titles = [
        name if size == 1 else f"{name}: {k}" for name, size in zip(names, sizes, strict=True) for k in range(size)
    ]
    return [Unit(title, column, False) for column, title in enumerate(titles)]


def _in_units(effects: VariantEffects, units: Sequence[Unit]) -> VariantEffects:
    """Return the predictions of the units alone, numbers scaled back."""
    from amber.explain.variants import VariantEffects

    def taken(scores: np.ndarray) -> np.ndarray:
        columns = [scores[:, [each.column]] for each in units]
        scaled = [
            each.scaling.invert(column) if each.scaling else column for each, column in zip(units, columns, strict=True)
        ]
        return np.concatenate(scaled, axis=-1)

    return VariantEffects(effects.windows, taken(effects.reference), taken(effects.alternative))


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
