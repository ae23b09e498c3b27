"""A small genome, and variants called on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

CHROMOSOME = "".join(np.random.default_rng(4).choice(list("ACGT"), 300))
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def write_calls(folder: Path, rows: Sequence[str]) -> tuple[Path, Path]:
    """Writes a VCF file of records and the genome that they are on, and returns their paths."""
    (folder / "g.fa").write_text(f">chr1\n{CHROMOSOME}\n")
    (folder / "v.vcf").write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return folder / "v.vcf", folder / "g.fa"
