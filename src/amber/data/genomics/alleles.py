"""Windows of a genome with the one and the other allele of a variant: what a network is given to compare.

What may be changed here: where a variant lies in its window, and which variants are not scored.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.genomics.genome import Genome
from amber.data.genomics.intervals import text_column
from amber.data.genomics.variants import Variants
from amber.display import one_line

Codes: TypeAlias = NDArray[np.uint8]

SCORED = "scored"
NO_CHROMOSOME = "chromosome not in the genome"
BEYOND = "beyond the end of the chromosome"
DIFFERS = "reference allele differs from the genome"
TOO_LONG = "allele longer than half a window"
STATUSES = (SCORED, NO_CHROMOSOME, BEYOND, DIFFERS, TOO_LONG)


@dataclass(frozen=True)
class AlleleWindows:
    """Windows of one length with both alleles of variants; the bases are read when they are asked for.

    The first base of a variant is base `length // 2` of its window, counted from 0. Both windows begin at the same base
    of the genome: what an insertion adds falls out at the end, and what a deletion leaves is filled up there with the
    bases that follow. Beyond the ends of a chromosome stands N.

    Attributes:
        variants: from `read_variants`.
        genome: the genome they were called on.
        length: of every window, in bases.
        status: of each variant, one of `STATUSES`: `"scored"`, or why it has no windows; `(n,)`.
        found: what the genome has where the reference allele should be, upper case; `(n,)`.
        chromosome: names as the genome has them, `(n,)`.
    """

    variants: Variants
    genome: Genome
    length: int
    status: NDArray[np.object_]
    found: NDArray[np.object_]
    chromosome: NDArray[np.object_]
    __repr__ = one_line

    @property
    def scored(self) -> NDArray[np.int64]:
        """The numbers of the variants that have windows."""
        return np.flatnonzero(self.status == SCORED)

    @property
    def counts(self) -> dict[str, int]:
        """How many variants have each status; those that none has are left out."""
        counted = Counter(self.status.tolist())
        return {status: counted[status] for status in STATUSES if counted[status]}

    def read(self, rows: NDArray[np.int64]) -> tuple[Codes, Codes]:
        """Return windows of variants that are scored, as ASCII codes of bases in upper case.

        Args:
            rows: numbers of the variants, `(k,)`.

        Returns:
            With the reference alleles, and with the alternative ones; each uint8 `(k, length)`.
        """
        references = [self.variants.reference[row] for row in rows]
        longest = max(map(len, references), default=0)
        starts = self.variants.position[rows] - self.length // 2
        # As many bases more as the longest deletion could bring in.
        wide = self.genome.fetch_codes(self.chromosome[rows], starts, starts + self.length + longest, at_end="pad")
        wide = _upper(wide)
        reference, alternative = wide[:, : self.length].copy(), wide[:, : self.length].copy()
        first = self.length // 2
        for place, (row, bases) in enumerate(zip(rows, references, strict=True)):
            other = np.frombuffer(self.variants.alternative[row].encode("ascii"), dtype=np.uint8)
            changed = np.concatenate([other, wide[place, first + len(bases) :]])
            alternative[place, first:] = changed[: self.length - first]
        return reference, alternative


def allele_windows(variants: Variants, genome: Genome, length: int) -> AlleleWindows:
    """Compare the reference alleles of variants with a genome, and put a window around each that agrees.

    Args:
        variants: from `read_variants`.
        genome: the genome they were called on; names of chromosomes may differ.
        length: of every window, in bases.

    Raises:
        DataError: the length is not a positive integer.
    """
    size = positive_integer(length, "length")
    match = genome.match(variants.chromosome.tolist())
    chromosome = text_column([match.names.get(each, each) for each in variants.chromosome])
    known = np.array([each in match.names for each in variants.chromosome], dtype=np.bool_)
    lengths = np.array([len(each) for each in variants.reference], dtype=np.int64)
    others = np.array([len(each) for each in variants.alternative], dtype=np.int64)
    ends = np.array([genome.lengths.get(each, 0) for each in chromosome], dtype=np.int64)
    inside = known & (variants.position >= 0) & (variants.position + lengths <= ends)
    found = _bases_there(genome, chromosome, variants.position, lengths, inside)
    status = np.full(len(variants), SCORED, dtype=object)
    # The last that applies is what is said.
    status[np.maximum(lengths, others) > size - size // 2] = TOO_LONG
    status[inside & (found != variants.reference)] = DIFFERS
    status[known & ~inside] = BEYOND
    status[~known] = NO_CHROMOSOME
    return AlleleWindows(variants, genome, size, status, found, chromosome)


def _bases_there(
    genome: Genome,
    chromosome: NDArray[np.object_],
    position: NDArray[np.int64],
    lengths: NDArray[np.int64],
    inside: NDArray[np.bool_],
) -> NDArray[np.object_]:
    """Return what the genome has in place of each reference allele; alleles of one length are read at once."""
    found = text_column([""] * len(position))
    for length in np.unique(lengths[inside]):
        rows = np.flatnonzero(inside & (lengths == length))
        codes = _upper(genome.fetch_codes(chromosome[rows], position[rows], position[rows] + length))
        for row, bases in zip(rows, codes, strict=True):
            found[row] = bases.tobytes().decode("ascii")
    return found


def _upper(codes: Codes) -> Codes:
    return np.where((codes >= ord("a")) & (codes <= ord("z")), codes - 32, codes).astype(np.uint8)
