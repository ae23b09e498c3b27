"""Propose how to read intervals on a genome: windows, classes, and a split by whole chromosomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from amber.data.genomics.genome import Genome
from amber.data.genomics.intervals import Intervals
from amber.data.genomics.windows import Centre, windows
from amber.data.negatives.matched import matched_windows
from amber.data.sources.interval_tables import read_interval_table
from amber.errors import ConfigError, DataError
from amber.starting.fasta import by_class, class_name
from amber.starting.proposal import RANDOM, SIMILAR, Line, Proposal, SplitOption, relative
from amber.starting.tables import label_lines

_NARROWEST, _WIDEST, _OF_SUMMITS = 200, 2_000, 500
# Shares of the intervals: what is enough for a part, the most that it may have, and the fewest.
_ENOUGH = {"test": 0.15, "validation": 0.08}
_AT_MOST = {"test": 0.25, "validation": 0.2}
_LEAST = 0.03
_POSITION_COLUMNS = ("chrom", "chr", "chromosome", "start", "end", "strand", "name")


def propose_intervals(
    files: Sequence[Path], genome: Path, folder: Path, label: str | None, signals: Sequence[Path] = ()
) -> Proposal:
    """Propose the section `data` for intervals; one file without labels gets windows matched for GC and repeats.

    Args:
        files: of intervals.
        genome: FASTA.
        folder: of the configuration.
        label: the column to predict; None: guessed.
        signals: bigWig files whose mean in each window is predicted.

    Raises:
        DataError: files that are not intervals, or that belong to another genome.
    """
    tables = [read_interval_table(str(each), None) for each in files]
    read = [each.intervals for each in tables]
    window, said = _window(read)
    centre: Centre = "summit" if all((each.summit >= 0).all() and len(each) for each in read) else "middle"
    source: dict[str, object] = {"intervals": relative(files[0], folder)}
    lines: list[Line] = []
    made: dict[Path, str] = {}
    seen = [
        (
            "Files",
            f"{len(files)} file{'s' if len(files) > 1 else ''} of intervals: " + ", ".join(map(_said, files, read)),
        )
    ]
    if signals and len(files) > 1:
        raise ConfigError(f"Expected one file of intervals beside bigWig files. Received: {len(files)}")
    if signals:
        source["signals"] = by_class(signals, folder)
        names = list(by_class(signals, folder))
        lines = [Line("label", names[0] if len(names) == 1 else names, "the mean signal in each window")]
        reason = "`summary` is mean, max, sum or log1p; `profile: 32` would predict bins of 32 bases"
        seen.append(("Signals", ", ".join(names)))
    elif len(files) > 1:
        source["intervals"] = by_class(files, folder)
        reason = "one file for each class; for labels that may overlap write bins, see docs/data.md"
    elif tables[0].columns:
        names = [name for name in tables[0].columns if name.lower() not in _POSITION_COLUMNS]
        lines = label_lines(names, tables[0].columns, [], label, str(files[0]))
        reason = "columns of the table are labels"
    else:
        background = folder / f"{class_name(files[0])}.background.bed"
        made[background] = _background(read[0], background, genome, window, centre)
        source["intervals"] = {class_name(files[0]): relative(files[0], folder), "background": background.name}
        reason = "one file without labels: the other class is windows of the genome matched for GC and repeats"
        seen.append(("Negatives", f"{background.name}: windows of the genome matched for GC content and repeats"))
    source |= {"genome": relative(genome, folder), "window": window}
    if centre == "summit":
        source["centre"] = centre
    first = Line("source", source, f"{reason}. Windows of {window:,} bp: {said}")
    return Proposal(class_name(files[0]), [first, *lines], _splits(read), seen, made)


def _said(path: Path, intervals: Intervals) -> str:
    return f"{class_name(path)} ({len(intervals):,}, {intervals.kind})"


def _window(read: Sequence[Intervals]) -> tuple[int, str]:
    lengths = np.concatenate([each.end - each.start for each in read])
    if not len(lengths):
        raise DataError(f"{read[0].path}: expected intervals. Received: none", file=str(read[0].path))
    if lengths.min() == lengths.max() and lengths[0] > 1:
        return int(lengths[0]), "as long as every interval"
    if any((each.summit >= 0).any() for each in read):
        return _OF_SUMMITS, "around summits"
    median = float(np.median(lengths))
    rounded = int(min(_WIDEST, max(_NARROWEST, np.ceil(median / 100) * 100)))
    if lengths.min() == lengths.max():
        return rounded, "every interval is a single base"
    return rounded, f"half of the intervals have at most {median:,.0f} bp"


def _splits(read: Sequence[Intervals]) -> list[SplitOption]:
    counts = Counter(str(name) for each in read for name in each.chromosome)
    total = sum(counts.values())
    parts: dict[str, list[str]] = {"test": [], "validation": []}
    held = {"test": 0, "validation": 0}
    for name, count in counts.most_common():
        for part, names in parts.items():
            if held[part] < _ENOUGH[part] * total and held[part] + count <= _AT_MOST[part] * total:
                names.append(name)
                held[part] += count
                break
    if min(held.values()) < _LEAST * total:
        return [SIMILAR, RANDOM]
    shares = f"{held['validation'] / total:.0%} and {held['test'] / total:.0%} of the intervals"
    whole = {"chromosomes": {"validation": sorted(parts["validation"]), "test": sorted(parts["test"])}}
    return [
        SplitOption(whole, f"whole chromosomes, so that no window overlaps another split; {shares}"),
        SIMILAR,
        RANDOM,
    ]


def _background(intervals: Intervals, target: Path, genome: Path, window: int, centre: Centre) -> str:
    """Return windows that match intervals, for another file, as BED."""
    if target.exists():
        raise DataError(
            f"{target}: expected no such file, because matched windows are written there. Move it away first."
        )
    whole = Genome(genome)
    found = matched_windows(whole, windows(intervals, window, whole, centre=centre), excluded=[intervals])
    rows = zip(found.chromosome, found.start, found.end, found.strand, strict=True)
    text = "".join(f"{name}\t{start}\t{end}\tbackground\t0\t{strand}\n" for name, start, end, strand in rows)
    if not text:
        raise DataError(
            f"{intervals.path}: expected matching windows outside these in the genome, as the other class; give a "
            f"second file of intervals instead. Received: none in {genome}"
        )
    return text
