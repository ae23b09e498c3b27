"""Design sequences for an output of a trained network, and write them with the steps that led to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from amber.data.constraints import Constraints, check_starts
from amber.data.encoding.alphabets import Alphabet
from amber.data.genomics.fasta import read_fasta
from amber.display import one_line
from amber.errors import ConfigError, DataError
from amber.experiment.trained.files import KnownNetwork, network_file
from amber.experiment.trained.model import load
from amber.experiment.trained.preprocessing import Preprocessing
from amber.files.csv_text import csv_text
from amber.files.output import check_output_folder, writing_folder
from amber.files.whole import write_whole

if TYPE_CHECKING:
    from amber.explain.design import Designed

_LETTERS = "ACGT"
_RANGE = re.compile(r"(\d{1,6})(?:-(\d{1,6}))?")
_DESIGN_COLUMNS = ("name", "start_score", "score", "substitutions", "gc", "within_constraints", "sequence")
_STEP_COLUMNS = ("name", "step", "position", "before", "after", "score")


@dataclass(frozen=True)
class DesignSettings:
    """What is designed.

    Attributes:
        output: class, label or output to raise; None: the first.
        starts: FASTA file of sequences to begin with; None: they are drawn.
        number: of sequences that are drawn.
        gc: least and most share of G and C.
        forbidden: sites that must not occur, in IUPAC letters.
        fixed: ranges of positions that stay, from 1, such as `1-20,45`.
        steps: substitutions at most.
        target: value to come close to, in the units of the data; None: as large as it can be.
        seed: of the drawn sequences.
    """

    output: str | None = None
    starts: Path | None = None
    number: int = 5
    gc: tuple[float, float] = (0.0, 1.0)
    forbidden: Sequence[str] = ()
    fixed: str = ""
    steps: int = 30
    target: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Designs:
    """Designed sequences by name.

    Attributes:
        output: what was raised.
        found: name -> the sequence and its steps; scores are in the units of the data.
    """

    output: str
    found: dict[str, Designed]
    __repr__ = one_line

    def write(self, folder: Path) -> list[Path]:
        """Write `designs.fa`, `designs.tsv` and `steps.tsv`; raise StorageError where that fails."""
        fasta = "".join(f">{name}\n{each.sequence}\n" for name, each in self.found.items())
        designs = [
            [
                *(name, _short(each.start_score), _short(each.score), len(each.steps)),
                *(_gc(each.sequence), each.is_within, each.sequence),
            ]
            for name, each in self.found.items()
        ]
        steps = [
            [name, step.number, step.position + 1, step.before, step.after, _short(step.score)]
            for name, each in self.found.items()
            for step in each.steps
        ]
        with writing_folder(folder) as aside:
            write_whole(aside / "designs.fa", fasta)
            write_whole(aside / "designs.tsv", csv_text(_DESIGN_COLUMNS, designs, delimiter="\t"))
            write_whole(aside / "steps.tsv", csv_text(_STEP_COLUMNS, steps, delimiter="\t"))
        return [folder / name for name in ("designs.fa", "designs.tsv", "steps.tsv")]


def design_run(
    source: Path, folder: Path, settings: DesignSettings, progress: Callable[[int, int], None] | None = None
) -> Designs:
    """Design sequences for the network of a run or a bundle.

    Args:
        source: run directory, a file of one, or a bundle.
        folder: that is to be written.
        settings: see `DesignSettings`.
        progress: called with the number of sequences done and of all.

    Raises:
        ConfigError: an unknown output, or a setting that does not fit.
        DataError: a network that reads other than one input of DNA, or sequences that do not fit it.
        StorageError: the folder cannot be made.
    """
    check_output_folder(folder)
    positions = fixed_positions(settings.fixed)
    constraints = Constraints(settings.gc, settings.forbidden, positions)
    names, given = _given(settings.starts)
    known = _known(source)
    length = _length(known, source)
    if positions and max(positions) >= length:
        raise ConfigError(f"--fixed: expected positions from 1 to {length}. Received: {settings.fixed}")
    check_starts(given, length)
    unit = known.unit(settings.output, "--for")
    # Loads Keras, as all that may be refused was looked at.
    from amber.explain.design import design, random_starts

    model = load(source)
    if settings.starts is None:
        given = random_starts(settings.number, length, constraints, settings.seed)
        names = [f"design_{number}" for number in range(1, len(given) + 1)]
    mean, scale = (0.0, 1.0) if unit.scaling is None else (unit.scaling.mean[0], unit.scaling.scale[0])
    found = design(
        model.network,
        given,
        model.place_of(unit),
        constraints,
        steps=settings.steps,
        target=None if settings.target is None else (settings.target - mean) / scale,
        progress=progress,
    )
    in_units = [_scaled(each, mean, scale) for each in found]
    return Designs(unit.title, dict(zip(names, in_units, strict=True)))


def fixed_positions(text: str) -> frozenset[int]:
    """Return positions, from 0, of ranges such as `1-20,45`, which count from 1.

    Raises:
        ConfigError: anything else.
    """
    found: set[int] = set()
    for part in filter(None, (each.strip() for each in text.split(","))):
        matched = _RANGE.fullmatch(part)
        first, last = (int(matched[1]), int(matched[2] or matched[1])) if matched else (0, 0)
        if not 0 < first <= last:
            raise ConfigError(f"--fixed: expected ranges of positions such as 1-20,45. Received: {text}")
        found.update(range(first - 1, last))
    return frozenset(found)


def _given(file: Path | None) -> tuple[list[str], list[str]]:
    if file is None:
        return [], []
    read = read_fasta(str(file))
    names = [str(name) or f"sequence_{number}" for number, name in enumerate(read.names, start=1)]
    if len(set(names)) != len(names):
        raise DataError(f"{file}: expected a different name for each sequence. Received: a name twice")
    return names, [str(text) for text in read.sequences]


def _known(source: Path) -> Preprocessing:
    """Return what is known of a network from the files beside it; raise ConfigError where it is none, or nothing is."""
    network_file(source)
    return KnownNetwork(source).required_preprocessing()


def _length(known: Preprocessing, source: Path) -> int:
    readings = list(known.sequences.values())
    if len(known.task.inputs) != 1 or [Alphabet.of(each.alphabet).letters for each in readings] != [_LETTERS]:
        way_out = "Sequences are designed for a run on DNA alone."
        raise known.task.not_read(str(source), "DNA and nothing else", way_out)
    return readings[0].length


def _scaled(designed: Designed, mean: float, scale: float) -> Designed:
    """Return a designed sequence whose scores are in the units of the data."""
    return replace(
        designed,
        start_score=mean + scale * designed.start_score,
        score=mean + scale * designed.score,
        steps=tuple(replace(step, score=mean + scale * step.score) for step in designed.steps),
    )


def _short(score: float) -> float:
    return float(f"{score:.6g}")


def _gc(sequence: str) -> float:
    return round(sum(base in "GC" for base in sequence) / len(sequence), 4)
