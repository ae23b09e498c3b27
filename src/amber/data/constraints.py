"""What designed sequences must be like, and those that they begin with; known without a network."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from amber.data.encoding.alphabets import IUPAC
from amber.display import one_line
from amber.errors import ConfigError, DataError

BASES = "ACGT"
_COMPLEMENT = str.maketrans("ACGTRYSWKMBDHVN", "TGCAYRSWMKVHDBN")


@dataclass(frozen=True)
class Constraints:
    """What a designed sequence must be like.

    Attributes:
        gc: least and most share of G and C.
        forbidden: sites in IUPAC letters, such as those of restriction enzymes; on neither strand.
        fixed: positions that stay as they are, from 0.

    Raises:
        ConfigError: a range outside 0 to 1, or a site that is not written in IUPAC letters.
    """

    gc: tuple[float, float] = (0.0, 1.0)
    forbidden: Sequence[str] = ()
    fixed: frozenset[int] = field(default_factory=frozenset)
    __repr__ = one_line

    def __post_init__(self) -> None:
        low, high = self.gc
        if not 0 <= low <= high <= 1:
            raise ConfigError(f"`gc` must be a least and a most share within 0 to 1. Received: {low} to {high}")
        for site in self.forbidden:
            if not site or not set(site.upper()) <= set(IUPAC):
                raise ConfigError(f"`forbidden` sites are written in the letters {''.join(IUPAC)}. Received: {site!r}")

    @cached_property
    def _sites(self) -> re.Pattern[str] | None:
        each = [site.upper() for site in self.forbidden]
        both = dict.fromkeys([*each, *(site.translate(_COMPLEMENT)[::-1] for site in each)])
        words = ["".join(f"[{IUPAC[letter]}]" for letter in site) for site in both]
        return re.compile("|".join(f"(?={word})" for word in words)) if words else None

    def violations(self, sequence: str) -> float:
        """Return how much is wrong with a sequence: 0 where nothing is; each forbidden site counts as 1."""
        low, high = self.gc
        share = sum(base in "GC" for base in sequence) / len(sequence)
        outside = max(low - share, share - high, 0.0)
        sites = len(self._sites.findall(sequence)) if self._sites is not None else 0
        return outside + sites


def check_starts(starts: Sequence[str], length: int) -> None:
    """Raise DataError for a sequence of another length, or of other letters than A, C, G and T."""
    for number, start in enumerate(starts):
        if len(start) != length or not set(start.upper()) <= set(BASES):
            raise DataError(
                f"Sequence {number}: expected {length} letters of A, C, G and T. Received: {len(start)} letters, "
                f"{''.join(sorted(set(start.upper()) - set(BASES))) or 'ACGT'} among them"
            )
