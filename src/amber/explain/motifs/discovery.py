"""Motifs in attributions, by TF-MoDISco.

Shrikumar et al., "Technical note on Transcription Factor Motif Discovery from Importance Scores (TF-MoDISco)",
arXiv 1811.00416; the implementation is modisco-lite.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from amber.backend import interrupts
from amber.checks import positive_integer
from amber.data.motifs.compiled import keep_compiled
from amber.data.motifs.extra import SHORTEST_SEQUENCE, required
from amber.data.motifs.motif import Motif, Seqlet
from amber.errors import DataError
from amber.types import Array

_FEWEST_SEQLETS = 20
# Runs of its clustering, of which the best counts: its command line makes 2.
_CLUSTERINGS = 4
LEAST_INFORMATION = 0.9
"""Bits that the bases which contribute must hold in the mean, so that a pattern counts as a motif. In the ten planted
ones of docs/benchmarks.md they hold 1.1 or more; in other clusters 0.6 or less, but for half a motif with 0.85."""


@interrupts.guarded()
def discover_motifs(
    sequences: Array,
    hypothetical: Array,
    most_seqlets: int = 2000,
    least_information: float = LEAST_INFORMATION,
) -> list[Motif]:
    """Return the motifs that recur where contributions are large.

    TF-MoDISco also gives clusters of places that resemble each other by chance. A pattern is therefore a motif only
    where the bases that contribute are conserved.

    Args:
        sequences: one-hot, shape (examples, length, 4), at least 42 positions; channels in the order ACGT.
        hypothetical: hypothetical contributions, of the same shape, as `deep_lift(..., hypothetical=True)` gives.
        most_seqlets: places looked at for each sign.
        least_information: bits that the positions of a motif hold in the mean, each weighing what it contributes, less
            what so few places have in common by chance; 0 keeps every pattern.

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
    keep_compiled("modiscolite", "modisco-lite")
    if not np.any(hypothetical * sequences):
        return []
    try:
        found = modisco.TFMoDISco(
            one_hot=np.ascontiguousarray(sequences, dtype=np.float32),
            hypothetical_contribs=np.ascontiguousarray(hypothetical, dtype=np.float32),
            max_seqlets_per_metacluster=most_seqlets,
            min_metacluster_size=_FEWEST_SEQLETS,
            n_leiden_runs=_CLUSTERINGS,
        )
    except (ValueError, IndexError, ZeroDivisionError) as error:
        # What it raises where no window stands out.
        raise DataError(f"TF-MoDISco found no windows to compare: {error}") from error
    motifs = []
    for sign, patterns in zip(("positive", "negative"), found, strict=True):
        ordered = sorted(patterns or (), key=lambda pattern: -len(pattern.seqlets))
        conserved = [each for each in map(_motif, ordered) if conservation(each) >= least_information]
        motifs += [replace(each, name=f"{sign}_{rank}") for rank, each in enumerate(conserved, 1)]
    return motifs


def conservation(motif: Motif) -> float:
    """Return the mean information beyond chance of a motif's positions, each weighing what it contributes, in bits."""
    contributions = np.ones((len(motif.probabilities), 1)) if motif.contributions is None else motif.contributions
    weights = np.abs(contributions).sum(axis=1)
    return max(0.0, float(np.average(motif.information_beyond_chance, weights=weights)))


def _motif(pattern: Any) -> Motif:
    probabilities = np.asarray(pattern.sequence, dtype=np.float64) + 1e-9
    seqlets = [
        Seqlet(int(each.example_idx), int(each.start), int(each.end), bool(each.is_revcomp)) for each in pattern.seqlets
    ]
    return Motif(
        "pattern",
        probabilities / probabilities.sum(axis=1, keepdims=True),
        sites=len(seqlets),
        contributions=np.asarray(pattern.contrib_scores, dtype=np.float64),
        seqlets=seqlets,
    ).trimmed()
