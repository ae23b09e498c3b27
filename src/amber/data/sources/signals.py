"""Signals of bigWig files in windows: as channels that a network reads, and as numbers that it predicts.

What may be changed here: how the signal of a window becomes a number.
"""

from __future__ import annotations

from collections.abc import Mapping
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


def summaries(
    files: Mapping[str, str], windows: Windows, width: int | None, summary: SignalSummary, missing: MissingSignal
) -> tuple[dict[str, Array], list[str]]:
    """Return the signal of each file in the middle of each window as one number, float32, and what was missing.

    Args:
        files: name -> bigWig file.
        windows: of one length.
        width: bases in the middle of a window that are summarised; None: all.
        summary: of the bases with a value: `mean`, `max`, `sum`, or `log1p`: ln(1 + sum).
        missing: what bases without a value and absent chromosomes have: `"nan"` (none; a window without any is missing)
            or `"zero"`.

    Raises:
        DataError: a file that cannot be read, that has none of the chromosomes, or a sum below 0 for `log1p`.
    """
    length = int(windows.end[0] - windows.start[0])
    start = windows.start + (length - (width or length)) // 2
    end = start + (width or length)
    columns: dict[str, Array] = {}
    notes = []
    for name, file in files.items():
        track = Track(file)
        match = track.match(str(each) for each in windows.chromosome)
        if not match.names:
            raise track.names.unknown(match.missing)
        fill = 0.0 if missing == "zero" else np.nan
        values = track.values(
            windows.chromosome,
            start,
            end,
            bins=1,
            summary=_OF_TRACKS[summary],
            missing=fill,
            absent="missing",
        )[:, 0]
        if summary == "log1p":
            if (values < 0).any():
                raise DataError(
                    f"{file}: expected signals of at least 0 for `summary: log1p`; choose sum. "
                    f"Received: a sum of {np.nanmin(values):g}",
                    field=("source", "summary"),
                )
            values = np.log1p(values)
        count = int(np.isnan(values).sum())
        if count:
            notes.append(
                f"{count:,} of {len(values):,} windows have no value in {track.path.name} ({name} is missing)."
            )
        if match.missing:
            what = "0" if missing == "zero" else "missing"
            notes.append(f"{track.path.name} does not have {', '.join(match.missing[:5])}: {name} is {what} there.")
        columns[name] = values
    return columns, notes
