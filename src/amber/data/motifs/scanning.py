"""Instances of motifs in sequences, by FIMO.

Grant, Bailey and Noble, "FIMO: scanning for occurrences of a given motif", Bioinformatics 27 (2011), 1017-1018; the
implementation is memelite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from amber.data.motifs.extra import required
from amber.data.motifs.motif import Motif
from amber.errors import ConfigError
from amber.types import Array


@dataclass(frozen=True)
class Hit:
    """One instance of a motif.

    Attributes:
        motif: name of the motif.
        example: number of the sequence.
        start: first position, from 0.
        end: the position after the last.
        strand: `+` or `-`.
        score: log-odds against equally frequent bases, in bits.
        p_value: of the score, for one position.
    """

    motif: str
    example: int
    start: int
    end: int
    strand: str
    score: float
    p_value: float


def scan(motifs: Sequence[Motif], sequences: Array, threshold: float = 1e-4) -> list[Hit]:
    """Return the instances of motifs on both strands of sequences, in the order of sequences and positions.

    Args:
        motifs: with names that differ.
        sequences: one-hot, shape (examples, length, 4), channels in the order ACGT.
        threshold: the largest p-value of an instance.

    Raises:
        ConfigError: memelite is not installed, or a threshold that is not between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise ConfigError(f"`threshold` must be between 0 and 1. Received: threshold={threshold!r}")
    fimo = required("memelite.fimo", "Scanning for motifs").fimo
    named = {motif.name: np.ascontiguousarray(motif.probabilities.T, dtype=np.float64) for motif in motifs}
    transposed = np.ascontiguousarray(sequences.transpose(0, 2, 1), dtype=np.int8)
    tables = fimo(named, transposed, threshold=threshold)
    hits = [
        Hit(
            str(row["motif_name"]),
            int(row["sequence_name"]),
            int(row["start"]),
            int(row["end"]),
            str(row["strand"]),
            float(row["score"]),
            float(row["p-value"]),
        )
        for table in tables
        for row in table.to_dict("records")
    ]
    return sorted(hits, key=lambda hit: (hit.example, hit.start, hit.motif))
