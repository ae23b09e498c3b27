"""Signals of bigWig files in windows: as channels that a network reads, and as numbers that it predicts.

What may be changed here: how the signal of a window becomes a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from amber.data.genomics.tracks import Summary, Track
from amber.data.genomics.windows import Windows
from amber.errors import DataError
from amber.types import Array

SignalSummary = Literal["mean", "max", "sum", "log1p"]
MissingSignal = Literal["nan", "zero"]
_OF_TRACKS: dict[str, Summary] = {"mean": "mean", "max": "max", "sum": "sum", "log1p": "sum"}


def channels(tracks: Mapping[str, Track], windows: Windows, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the signal at each base of some windows, `(rows, length, tracks)`, along the strand that is read.

    Bases without a value are 0, and so are chromosomes that a track does not have.
    """
    chosen = [
        track.values(windows.chromosome[rows], windows.start[rows], windows.end[rows], missing=0.0, absent="missing")
        for track in tracks.values()
    ]
    values = np.stack(chosen, axis=2)
    minus = windows.strand[rows] == "-"
    values[minus] = values[minus, ::-1]
    return values


@dataclass(frozen=True)
class Summarised:
    """How the signal of a window becomes numbers.

    Attributes:
        width: bases in the middle of a window that are summarised; None: all.
        summary: of the bases with a value: `mean`, `max`, `sum`, or `log1p`: ln(1 + sum).
        missing: what bases without a value and absent chromosomes have: `"nan"` (none; what has none at all is missing)
            or `"zero"`.
        bin_width: bases of each bin of a profile; None: the window is one number.
        strand_pairs: name of a signal -> the one that has its place on the other strand.
    """

    width: int | None = None
    summary: SignalSummary = "mean"
    missing: MissingSignal = "nan"
    bin_width: int | None = None
    strand_pairs: Mapping[str, str] = field(default_factory=dict)

    def partner(self, name: str) -> str:
        """Return the signal that has the place of one on the other strand: another one, or itself."""
        backwards = {second: first for first, second in self.strand_pairs.items()}
        return self.strand_pairs.get(name, backwards.get(name, name))


def summaries(files: Mapping[str, str], windows: Windows, how: Summarised) -> tuple[dict[str, Array], list[str]]:
    """Return the signal of each file in the middle of each window, float32, and what was missing.

    It is one number, `(windows,)`, or a profile, `(windows, bins)`, along the strand that is read.

    Args:
        files: name -> bigWig file.
        windows: of one length.
        how: they become numbers.

    Raises:
        DataError: a file that cannot be read, that has none of the chromosomes, or a sum below 0 for `log1p`.
    """
    length = int(windows.end[0] - windows.start[0])
    width = how.width or length
    start = windows.start + (length - width) // 2
    end = start + width
    bins = 1 if how.bin_width is None else width // how.bin_width
    columns: dict[str, Array] = {}
    notes = []
    for name, file in files.items():
        track = Track(file)
        match = track.match(str(each) for each in windows.chromosome)
        if not match.names:
            raise track.names.unknown(match.missing)
        fill = 0.0 if how.missing == "zero" else np.nan
        values = track.values(
            windows.chromosome,
            start,
            end,
            bins=bins,
            summary=_OF_TRACKS[how.summary],
            missing=fill,
            absent="missing",
        )
        if how.summary == "log1p":
            if (values < 0).any():
                raise DataError(
                    f"{file}: expected signals of at least 0 for `summary: log1p`; choose sum. "
                    f"Received: a sum of {np.nanmin(values):g}",
                    field=("source", "summary"),
                )
            values = np.log1p(values)
        count = int(np.isnan(values).all(axis=1).sum())
        if count:
            notes.append(
                f"{count:,} of {len(values):,} windows have no value in {track.path.name} ({name} is missing)."
            )
        if match.missing:
            what = "0" if how.missing == "zero" else "missing"
            notes.append(f"{track.path.name} does not have {', '.join(match.missing[:5])}: {name} is {what} there.")
        columns[name] = values[:, 0] if how.bin_width is None else values
    if how.bin_width is not None:
        columns = _along_strand(columns, windows.strand == "-", how)
    return columns, notes


def _along_strand(columns: Mapping[str, Array], minus: NDArray[np.bool_], how: Summarised) -> dict[str, Array]:
    """Return profiles along the strand that is read: on `-` from the other end, and of the paired signal."""
    found = {name: values.copy() for name, values in columns.items()}
    for name, values in found.items():
        values[minus] = columns[how.partner(name)][minus, ::-1]
    return found
