"""Motifs in attributions, by TF-MoDISco.

Shrikumar et al., "Technical note on Transcription Factor Motif Discovery from Importance Scores (TF-MoDISco)",
arXiv 1811.00416; the implementation is modisco-lite.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from amber.backend import interrupts
from amber.checks import positive_integer
from amber.data.motifs.extra import SHORTEST_SEQUENCE, required
from amber.data.motifs.motif import Motif, Seqlet
from amber.errors import DataError
from amber.types import Array

_FEWEST_SEQLETS = 20


@interrupts.guarded()
def discover_motifs(sequences: Array, hypothetical: Array, most_seqlets: int = 2000) -> list[Motif]:
    """Return the motifs that recur where contributions are large.

    Args:
        sequences: one-hot, shape (examples, length, 4), at least 42 positions; channels in the order ACGT.
        hypothetical: hypothetical contributions, of the same shape, as `deep_lift(..., hypothetical=True)` gives.
        most_seqlets: places looked at for each sign.

    Returns:
        Motifs with their places and mean contributions, those that raise the output first, each by number of places:
        `positive_1`, ..., `negative_1`, ...

    Raises:
        ConfigError: modisco-lite is not installed, or `most_seqlets` is not a positive integer.
        DataError: arrays of other shapes, or too short sequences.
    """
    most_seqlets = positive_integer(most_seqlets, "most_seqlets")
    if sequences.ndim != 3 or sequences.shape[2] != 4 or sequences.shape != hypothetical.shape:
        raise DataError(
            "Motifs are found in one-hot sequences and hypothetical contributions of one shape, (examples, length, 4). "
            f"Received: {sequences.shape} and {hypothetical.shape}"
        )
    if sequences.shape[1] < SHORTEST_SEQUENCE:
        raise DataError(
            f"Motifs are found in sequences of at least {SHORTEST_SEQUENCE} bases. Received: {sequences.shape[1]}"
        )
    modisco = required("modiscolite.tfmodisco", "Motif discovery")
    if not np.any(hypothetical * sequences):
        return []
    try:
        found = modisco.TFMoDISco(
            one_hot=np.ascontiguousarray(sequences, dtype=np.float32),
            hypothetical_contribs=np.ascontiguousarray(hypothetical, dtype=np.float32),
            max_seqlets_per_metacluster=most_seqlets,
            min_metacluster_size=_FEWEST_SEQLETS,
        )
    except (ValueError, IndexError, ZeroDivisionError) as error:
        # What it raises where no window stands out.
        raise DataError(f"TF-MoDISco found no windows to compare: {error}") from error
    motifs = []
    for sign, patterns in zip(("positive", "negative"), found, strict=True):
        ordered = sorted(patterns or (), key=lambda pattern: -len(pattern.seqlets))
        motifs += [_motif(f"{sign}_{rank}", pattern) for rank, pattern in enumerate(ordered, 1)]
    return motifs


def _motif(name: str, pattern: Any) -> Motif:
    probabilities = np.asarray(pattern.sequence, dtype=np.float64) + 1e-9
    seqlets = [
        Seqlet(int(each.example_idx), int(each.start), int(each.end), bool(each.is_revcomp)) for each in pattern.seqlets
    ]
    return Motif(
        name,
        probabilities / probabilities.sum(axis=1, keepdims=True),
        sites=len(seqlets),
        contributions=np.asarray(pattern.contrib_scores, dtype=np.float64),
        seqlets=seqlets,
    ).trimmed()
