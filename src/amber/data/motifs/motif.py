"""`Motif`: a pattern of bases, where it comes from and where it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from amber.errors import DataError
from amber.types import Array

_BASES = "ACGT"


@dataclass(frozen=True)
class Seqlet:
    """One place of a motif.

    Attributes:
        example: number of the sequence.
        start: first position, from 0.
        end: the position after the last.
        is_reverse: whether it stands on the other strand.
    """

    example: int
    start: int
    end: int
    is_reverse: bool


@dataclass(frozen=True, eq=False, repr=False)
class Motif:
    """A pattern of bases.

    Attributes:
        name: unique in its list or file.
        probabilities: of A, C, G and T at each position, shape (width, 4); rows sum to 1.
        alternative: a second name, as a factor's beside an identifier.
        sites: number of sequences that it was made of.
        contributions: mean contribution of each base at each position, of the same shape, where that is known.
        seqlets: its places.
    """

    name: str
    probabilities: Array
    alternative: str = ""
    sites: int = 20
    contributions: Array | None = None
    seqlets: Sequence[Seqlet] = field(default=())

    def __post_init__(self) -> None:
        shape = np.shape(self.probabilities)
        if len(shape) != 2 or shape[1] != 4 or not shape[0]:
            raise DataError(f"The probabilities of a motif must have the shape (width, 4). Received: {shape}")

    def __repr__(self) -> str:
        names = ", ".join(repr(name) for name in (self.name, self.alternative) if name)
        return f"Motif({names}, {self.consensus}, sites={self.sites})"

    def _repr_html_(self) -> str:
        """Return name and logo for notebooks."""
        known = self.contributions is not None
        unit = "mean contribution" if known else "bits"
        title = escape(f"{self.name} {self.alternative}".strip())
        return f"<p><b>{title}</b>, {self.sites:,} sites ({unit})</p>{logo_svg(self, use_contributions=known)}"

    @property
    def consensus(self) -> str:
        """The most probable base of each position."""
        return "".join(_BASES[base] for base in self.probabilities.argmax(axis=1))

    @property
    def information(self) -> Array:
        """Bits at each position, against equally frequent bases: 0 to 2."""
        safe = np.clip(self.probabilities, 1e-9, 1)
        bits: Array = 2 + (self.probabilities * np.log2(safe)).sum(axis=1)
        return bits

    @property
    def information_beyond_chance(self) -> Array:
        """Bits at each position, less those that as many random sequences would have in common; may be negative.

        Schneider et al., "Information content of binding sites on nucleotide sequences", Journal of Molecular Biology
        188 (1986), 415-431.
        """
        bits: Array = self.information - 3 / (2 * np.log(2) * max(self.sites, 1))
        return bits

    def trimmed(self, share: float = 0.25) -> Motif:
        """Return the motif without the positions at both ends that weigh less than a share of the heaviest.

        A position weighs its contributions where they are known, else its information.
        """
        known = self.contributions is not None
        weight = np.abs(self.contributions).sum(axis=1) if self.contributions is not None else self.information
        heavy = np.flatnonzero(weight >= share * weight.max())
        first, last = int(heavy[0]), int(heavy[-1]) + 1
        cut = len(weight) - last
        return Motif(
            self.name,
            self.probabilities[first:last],
            self.alternative,
            self.sites,
            self.contributions[first:last] if known and self.contributions is not None else None,
            [_narrowed(each, first, cut) for each in self.seqlets],
        )


def logo_svg(motif: Motif, use_contributions: bool = False) -> str:
    """Return the logo of a motif as SVG: by information, in bits, or by mean contribution."""
    from amber.data.motifs.logos import heights_svg

    if use_contributions and motif.contributions is not None:
        return heights_svg(motif.contributions)
    return heights_svg(motif.probabilities * motif.information[:, None], (0, 2))


def _narrowed(seqlet: Seqlet, first: int, cut: int) -> Seqlet:
    left, right = (cut, first) if seqlet.is_reverse else (first, cut)
    return Seqlet(seqlet.example, seqlet.start + left, seqlet.end - right, seqlet.is_reverse)
