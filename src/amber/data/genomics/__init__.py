"""Files of genomics, read as they come: FASTA, genomes, intervals, tracks and variants.

pysam and pybigtools (the extra `genomics`) are loaded when a genome, a track or a VCF file is opened.
"""

from __future__ import annotations

from amber.data.genomics.chromosomes import ChromosomeMatch, ChromosomeNames
from amber.data.genomics.fasta import Fasta, read_fasta
from amber.data.genomics.genome import Genome, reverse_complement
from amber.data.genomics.intervals import Intervals, read_intervals
from amber.data.genomics.tracks import Track
from amber.data.genomics.variants import Variants, read_variants
from amber.data.genomics.windows import Windows, windows

__all__ = [
    "ChromosomeMatch",
    "ChromosomeNames",
    "Fasta",
    "Genome",
    "Intervals",
    "Track",
    "Variants",
    "Windows",
    "read_fasta",
    "read_intervals",
    "read_variants",
    "reverse_complement",
    "windows",
]
