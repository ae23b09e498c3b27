"""What `amber explain` found, as a file that a report reads: motifs with their names, and stretches of sequences."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from amber.data.motifs.motif import Motif, Seqlet
from amber.display import one_line
from amber.errors import AmberError, StorageError
from amber.experiment.before_keras.explained import FOUND
from amber.explain.motifs.highlights import Highlight
from amber.explain.motifs.naming import Match
from amber.explain.motifs.page import NamedMotif, Section
from amber.files.strict_json import read_json
from amber.types import JsonObject

_WHAT = "the explained.json of `amber explain`"
_MOST_SECTIONS, _MOST_MOTIFS, _MOST_WIDTH = 24, 30, 200


@dataclass(frozen=True)
class Found:
    """What was found in a network.

    Attributes:
        model: what the network is, such as `mean of 8 networks`.
        examples: number of examples that were explained, as text.
        sections: motifs by output and class.
        drawn: stretches of sequences with their contributions.
    """

    model: str
    examples: str
    sections: tuple[Section, ...]
    drawn: tuple[Highlight, ...]
    __repr__ = one_line

    def to_dict(self) -> JsonObject:
        """Return a JSON-ready dictionary."""
        return {
            "model": self.model,
            "examples": self.examples,
            "sections": [
                {"title": each.title, "note": each.note, "motifs": [_to_dict(motif) for motif in each.motifs]}
                for each in self.sections
            ],
            "drawn": [each.to_dict() for each in self.drawn],
        }


def read_found(folder: Path) -> Found | None:
    """Return what `amber explain` wrote into a folder; None where it wrote nothing.

    Raises:
        StorageError: a file that does not hold that.
    """
    path = folder / FOUND
    if not path.is_file():
        return None
    values = read_json(path, what=_WHAT)
    try:
        sections = tuple(
            Section(
                str(each["title"]), [_from_dict(motif) for motif in each["motifs"][:_MOST_MOTIFS]], str(each["note"])
            )
            for each in values["sections"][:_MOST_SECTIONS]
        )
        drawn = tuple(Highlight.from_dict(each) for each in values["drawn"][:_MOST_SECTIONS])
        return Found(str(values["model"]), str(values["examples"]), sections, drawn)
    except (AmberError, ArithmeticError, AttributeError, KeyError, TypeError, ValueError) as error:
        raise StorageError(f"{path}: expected {_WHAT}; run it again. Received: {error!r}") from error


def _to_dict(named: NamedMotif) -> JsonObject:
    motif = named.motif
    return {
        "name": motif.name,
        "effect": named.effect,
        "sites": motif.sites,
        "probabilities": _rounded(motif.probabilities),
        "contributions": None if motif.contributions is None else _rounded(motif.contributions),
        "seqlets": [[each.example, each.start, each.end, each.is_reverse] for each in motif.seqlets],
        "matches": [
            {"name": each.motif.name, "factor": each.motif.alternative, "p": each.p_value, "q": each.q_value}
            for each in named.matches
        ],
    }


def _from_dict(values: Mapping[str, Any]) -> NamedMotif:
    probabilities = np.asarray(values["probabilities"], dtype=float)
    contributions = None if values["contributions"] is None else np.asarray(values["contributions"], dtype=float)
    both = [probabilities] if contributions is None else [probabilities, contributions]
    if len(probabilities) > _MOST_WIDTH or not all(np.shape(each) == probabilities.shape for each in both):
        raise ValueError(f"a motif of shape {probabilities.shape}")
    if not all(np.isfinite(each).all() for each in both):
        raise ValueError("a motif with values that are not finite")
    seqlets = [Seqlet(int(each[0]), int(each[1]), int(each[2]), bool(each[3])) for each in values["seqlets"]]
    motif = Motif(
        str(values["name"]), probabilities, sites=int(values["sites"]), contributions=contributions, seqlets=seqlets
    )
    # Of the known motif only its names are kept.
    matches = [
        Match(Motif(str(each["name"]), np.full((1, 4), 0.25), str(each["factor"])), float(each["p"]), float(each["q"]))
        for each in values["matches"]
    ]
    return NamedMotif(motif, matches, str(values.get("effect", "")))


def _rounded(values: Any) -> list[list[float]]:
    return [[float(f"{value:.4g}") for value in row] for row in values]
