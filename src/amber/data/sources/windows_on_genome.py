"""Windows of a genome as examples, read from the file when they are asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import InputKind, Places, SequenceInput, TrackInput
from amber.data.fingerprints import fingerprint
from amber.data.genome_places import GenomePlaces
from amber.data.genomics.genome import Genome
from amber.data.genomics.tracks import Track
from amber.data.genomics.windows import Windows
from amber.data.sources.signals import channels
from amber.data.targets.number_columns import ProfileColumn
from amber.display import one_line
from amber.types import Array

# The name of the input of tracks.
SIGNAL = "signal"
# How many windows are read at once for the fingerprint.
_AT_ONCE = 4096


@dataclass(frozen=True, eq=False)
class GenomeWindows:
    """Examples that are windows of a genome; only names and places are held.

    Attributes:
        genome: the file.
        windows: names and places, strands as they are read.
        columns: what is known of each; `chromosome`, `start`, `end` and `strand` are those of the windows.
        places: of the intervals that they were made from.
        alphabet: of the codes.
        notes: one sentence for whatever was dropped, moved or padded.
        tracks: whose signals are the channels of the input `signal`; none: there is no such input.
        profiles: the columns that are profiles, `(windows, bins)`.
        measured: the columns that are signals: numbers, also where they have few different values.
    """

    genome: Genome
    windows: Windows
    columns: Mapping[str, Array]
    places: Places
    alphabet: Alphabet
    notes: tuple[str, ...] = ()
    tracks: Mapping[str, Track] = field(default_factory=dict)
    profiles: Mapping[str, ProfileColumn] = field(default_factory=dict)
    measured: frozenset[str] = frozenset()
    inputs: Mapping[str, InputKind] = field(init=False)
    __repr__ = one_line

    def __post_init__(self) -> None:
        length = int(self.windows.end[0] - self.windows.start[0])
        inputs: dict[str, InputKind] = {"sequence": SequenceInput(self.alphabet, length)}
        if self.tracks:
            inputs[SIGNAL] = TrackInput(length, len(self.tracks))
        object.__setattr__(self, "inputs", inputs)

    def __len__(self) -> int:
        """Number of windows."""
        return len(self.windows)

    def read(self, rows: NDArray[np.int64]) -> dict[str, Array]:
        """Return the bases of some windows as codes, and signals, along the strand that each is read on."""
        chosen = self.windows
        ascii_codes = self.genome.fetch_codes(
            chosen.chromosome[rows], chosen.start[rows], chosen.end[rows], chosen.strand[rows], at_end="pad"
        )
        read: dict[str, Array] = {"sequence": self.alphabet.translate(ascii_codes)}
        return read | ({SIGNAL: channels(self.tracks, chosen, rows)} if self.tracks else {})

    @property
    def on_genome(self) -> GenomePlaces:
        """Where the windows lie."""
        chosen = self.windows
        return GenomePlaces(chosen.chromosome, chosen.start, chosen.strand == "-", dict(self.genome.lengths))

    def describe(self, row: int) -> str:
        """Return file and line of the interval that a window was made from."""
        return self.places.describe(row)

    @cached_property
    def fingerprint(self) -> str:
        """Of the bases of all windows, and of the columns."""
        digest = hashlib.blake2b(digest_size=16)
        for first in range(0, len(self), _AT_ONCE):
            rows = np.arange(first, min(first + _AT_ONCE, len(self)))
            for values in self.read(rows).values():
                digest.update(np.ascontiguousarray(values).data)
        return fingerprint([digest.hexdigest(), self.alphabet.letters, dict(self.columns)])
