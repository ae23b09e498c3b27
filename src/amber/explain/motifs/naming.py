"""Names of motifs, by comparison with known ones: Tomtom.

Gupta et al., "Quantifying similarity between motifs", Genome Biology 8 (2007), R24; the implementation is memelite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amber.checks import positive_integer
from amber.data.motifs.extra import required
from amber.data.motifs.motif import Motif
from amber.data.motifs.names import is_name
from amber.display import one_line
from amber.types import Array

LEAST_BITS = 6.0
"""Bits that a motif must hold to be named. The flattest of the 1,057 motifs of JASPAR CORE holds 6.04; flatter ones, as
of filters that react to everything, resemble many motifs alike."""


@dataclass(frozen=True)
class Match:
    """A known motif that resembles another.

    Attributes:
        motif: the known motif.
        p_value: of the similarity, for this pair.
        q_value: the share of false matches among all as similar ones (Benjamini and Hochberg 1995), over the whole
            database.
    """

    motif: Motif
    p_value: float
    q_value: float
    __repr__ = one_line

    @property
    def is_name(self) -> bool:
        """Whether the motifs are alike enough for one to be called by the name of the other."""
        return is_name(self.q_value)


def match_motifs(motifs: Sequence[Motif], database: Sequence[Motif], most: int = 3) -> list[list[Match]]:
    """Return for each motif the known ones that resemble it most, the best first.

    A motif of fewer bits than `LEAST_BITS`, beyond what so few places have in common by chance, has none.

    Args:
        motifs: what is to be named.
        database: known motifs, as of `jaspar` or `read_meme`.
        most: matches kept for each.

    Raises:
        ConfigError: memelite is not installed, or `most` is not a positive integer.
    """
    most = positive_integer(most, "most")
    if not motifs or not database:
        return [[] for _ in motifs]
    tomtom = required("memelite.tomtom", "Naming motifs").tomtom
    queries = [np.ascontiguousarray(motif.probabilities.T, dtype=np.float64) for motif in motifs]
    targets = [np.ascontiguousarray(motif.probabilities.T, dtype=np.float64) for motif in database]
    p_values = np.asarray(tomtom(queries, targets, n_jobs=1)[0]).reshape(len(motifs), len(database))
    return [
        _best(row, database, most) if is_informative(motif) else [] for motif, row in zip(motifs, p_values, strict=True)
    ]


def is_informative(motif: Motif) -> bool:
    """Say whether a motif holds enough information to be named."""
    return bool(motif.information_beyond_chance.sum() >= LEAST_BITS)


def _best(p_values: Array, database: Sequence[Motif], most: int) -> list[Match]:
    order = np.argsort(p_values, kind="stable")
    ranked = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    q_values = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return [
        Match(database[place], float(p_values[place]), float(q))
        for place, q in zip(order[:most], q_values[:most], strict=True)
    ]
