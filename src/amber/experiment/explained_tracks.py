"""Contributions along the genome, which `amber explain` writes as bigWig."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from amber.data import Dataset
from amber.data.genome_places import GenomePlaces
from amber.data.words_of_titles import words_of
from amber.errors import ConfigError
from amber.explain.saving import save_bigwig
from amber.types import Array

_ONE = "contributions.bw"


def check_tracks(data: Dataset, run: Path, *, asked: bool) -> None:
    """Raise ConfigError where contributions along a genome are asked for and the examples do not lie on one."""
    if asked and data.train.places is None:
        raise ConfigError(
            "--bigwig: expected a run on windows of a genome, as `data.source: {intervals: ..., genome: ...}` reads "
            "them. Leave it out: contributions.h5 holds the arrays, and `amber.explain.saving.save_bigwig` writes them "
            f"at places that you know. Received: {run}, whose examples have no places"
        )


def names_of_tracks(titles: Sequence[str]) -> dict[str, str]:
    """Return the name of the file of contributions to each output of a network, by its title."""
    if len(titles) == 1:
        return {titles[0]: _ONE}
    return {title: f"contributions_{word}.bw" for title, word in zip(titles, words_of(titles), strict=True)}


def write_tracks(
    folder: Path, names: Mapping[str, str], arrays: Mapping[str, Array], places: GenomePlaces | None
) -> list[Path]:
    """Write a file for each output that was explained, and return their paths; nothing where examples have no places.

    Each base has its contribution on the forward strand; where windows overlap, the mean.

    Args:
        folder: to write in.
        names: of the files, by title of the output.
        arrays: `contributions/TITLE` of those that were explained, shape (examples, length, 4), as windows are read.
        places: of the examples.
    """
    if places is None:
        return []
    where = list(zip(places.chromosome.tolist(), places.start.tolist(), strict=True))
    return [
        save_bigwig(
            folder / name, places.along_genome(arrays[f"contributions/{title}"].sum(axis=-1)), where, places.sizes
        )
        for title, name in names.items()
        if f"contributions/{title}" in arrays
    ]
