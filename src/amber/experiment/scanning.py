"""Instances of motifs in the sequences of a FASTA file."""

from __future__ import annotations

from pathlib import Path

from amber.data.encoding.sequences import encode_sequences
from amber.data.genomics.fasta import read_fasta
from amber.data.motifs import read_meme, scan
from amber.errors import ConfigError
from amber.files.csv_text import STRANDS, csv_text

_COLUMNS = ("sequence", "start", "end", "motif", "strand", "score", "p_value", "matched")


def scan_fasta(motifs: Path, sequences: Path, threshold: float, delimiter: str = "\t") -> tuple[str, int]:
    """Return a table of the instances of motifs, and their number.

    Positions are counted from 0, and `matched` is what stands on the forward strand.

    Args:
        motifs: file in MEME format.
        sequences: FASTA file.
        threshold: the largest p-value of an instance.
        delimiter: of the table.

    Raises:
        ConfigError: memelite is not installed, or a threshold that is not between 0 and 1.
        DataError: a file that cannot be read.
    """
    if not 0 < threshold < 1:
        raise ConfigError(f"--threshold: expected a p-value, between 0 and 1. Received: {threshold}")
    known = read_meme(motifs)
    entries = read_fasta(sequences)
    longest = max(map(len, entries.sequences), default=0)
    longest = max(longest, *(len(motif.probabilities) for motif in known))
    # Unknown bases, which fill up what is shorter, match no motif.
    encoded = encode_sequences([each.ljust(longest, "N") for each in entries.sequences], names=entries.names) == 1
    rows = []
    for hit in scan(known, encoded, threshold):
        sequence = entries.sequences[hit.example]
        if hit.end <= len(sequence):
            place = [entries.names[hit.example], hit.start, hit.end, hit.motif, STRANDS[hit.strand == "-"]]
            rows.append([*place, float(f"{hit.score:.4g}"), float(f"{hit.p_value:.4g}"), sequence[hit.start : hit.end]])
    return csv_text(_COLUMNS, rows, delimiter=delimiter), len(rows)
