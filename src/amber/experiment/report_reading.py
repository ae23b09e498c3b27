"""What of a run's explanation, last training and data a report shows, and the commands that follow."""

from __future__ import annotations

import math
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from amber.experiment.before_keras.explained import FOUND
from amber.wording import without_folders

if TYPE_CHECKING:
    from amber.explain.motifs.page import NamedMotif
    from amber.report.contents import DataFacts, DrawnMotif, LearningCurve, Reading

_MOST_SHOWN, _MOST_DRAWN, _MOST_NETWORKS, _MOST_EPOCHS = 6, 4, 32, 10_000
_CHANNELS = 4


def reading_of(run: Path) -> Reading | None:
    """Return the motifs and sequences that `amber explain` left in a run; None where it was not run.

    Raises:
        StorageError: a file that does not hold what it writes.
    """
    if not (run / "explain" / FOUND).is_file():
        return None
    # Loads Keras.
    from amber.data.motifs.logos import heights_svg
    from amber.experiment.explained import read_found
    from amber.report.contents import Reading

    found = read_found(run / "explain")
    if found is None:
        return None
    sections = [
        (each.title, each.note, [_drawn(motif) for motif in each.motifs[:_MOST_SHOWN]]) for each in found.sections
    ]
    stretches = [(each.heading, heights_svg(each.heights)) for each in found.drawn[:_MOST_DRAWN]]
    return Reading(f"Of the {found.model}, on {found.examples} validation and training examples.", sections, stretches)


def learning_of(record: Mapping[str, Any]) -> tuple[LearningCurve, ...]:
    """Return the learning curves of a `test.json`; raises TypeError or ValueError for others."""
    from amber.report.contents import LearningCurve

    found = []
    for number, each in enumerate(record.get("learning", ())[:_MOST_NETWORKS], start=1):
        train, validation = ([_number(value) for value in each.get(key, ())] for key in ("loss", "val_loss"))
        found.append(LearningCurve(f"network {number}", train[:_MOST_EPOCHS], validation[:_MOST_EPOCHS]))
    return tuple(found)


def data_of(record: Mapping[str, Any]) -> DataFacts:
    """Return what a `test.json` says of the data; nothing where it is of an earlier version."""
    from amber.report.contents import DataFacts

    facts = record.get("data_facts", {})
    return DataFacts(
        [without_folders(str(line)) for line in facts.get("sentences", ())],
        [str(name) for name in facts.get("header", ())],
        [[str(cell) for cell in row] for row in facts.get("rows", ())],
    )


def next_steps(run: Path, inputs: Mapping[str, tuple[int, ...]], *, is_explained: bool) -> tuple[tuple[str, str], ...]:
    """Return the commands that follow a finished search, each with what it does.

    Args:
        run: its directory.
        inputs: shapes of the network's inputs.
        is_explained: whether `amber explain` was run.
    """
    name = shlex.quote(str(run))
    reads_bases = [shape for shape in inputs.values() if len(shape) == 2 and shape[-1] == _CHANNELS]
    steps = []
    if reads_bases:
        again = "again, with more examples or other known motifs" if is_explained else "shows which motifs it reads"
        steps.append((f"amber explain {name}", f"{again}; then write this report again"))
    if len(inputs) == 1:
        steps.append((f"amber predict {name} FILE -o predictions.tsv", "predicts for your own sequences or intervals"))
    steps.append((f"amber evaluate {name} FILE", "scores the network on new examples whose labels you know"))
    if reads_bases and len(inputs) == 1:
        steps.append((f"amber variants {name} calls.vcf --genome genome.fa", "says what variants change"))
    steps.append((f"amber export {name} -o model/", "writes a folder to share, with a model card"))
    steps.append((f"amber data {shlex.quote(str(run / 'config.yaml'))} -o card.html", "shows the data in full"))
    return tuple(steps)


def _drawn(named: NamedMotif) -> DrawnMotif:
    from amber.data.motifs.motif import logo_svg
    from amber.report.contents import DrawnMotif

    motif = named.motif
    detail = f"{motif.name}: {motif.consensus}; {motif.sites} places in {named.examples} sequences"
    if named.effect:
        detail = f"{named.effect}; {detail}"
    if named.places:
        detail += f", half of them starting at {named.places}"
    return DrawnMotif(
        named.title,
        detail,
        logo_svg(motif),
        "" if motif.contributions is None else logo_svg(motif, use_contributions=True),
        [(f"{each.motif.alternative} {each.motif.name}".strip(), f"{each.q_value:.2g}") for each in named.names],
    )


def _number(value: Any) -> float:
    return math.nan if value is None else float(value)
