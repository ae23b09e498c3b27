"""Intervals on a genome as a source: BED, narrowPeak, broadPeak, GFF, GTF and tables, with windows around them.

What may be changed here: how labels are made of several files of intervals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from amber.checks import positive_integer
from amber.data.encoding.alphabets import Alphabet
from amber.data.examples import Places
from amber.data.genomics.genome import Genome
from amber.data.genomics.intervals import Intervals, text_column
from amber.data.genomics.overlaps import Spans, covered_bases, merged, touched_bins
from amber.data.genomics.tracks import Track
from amber.data.genomics.windows import AtChromosomeEnd, Centre, Strand, Windows, windows
from amber.data.negatives.matched import LABEL, NEGATIVE, POSITIVE, matched_windows
from amber.data.sources.interval_tables import IntervalTable, read_interval_table, without_summits
from amber.data.sources.signals import MissingSignal, SignalSummary, Summarised, summaries
from amber.data.sources.source import Source, Wanted, register_source
from amber.data.sources.windows_on_genome import SIGNAL, GenomeWindows
from amber.data.tables.table import shown_names
from amber.data.targets.number_columns import ProfileColumn
from amber.errors import DataError
from amber.types import Array
from amber.wording import shown

# DeepSEA's: a bin has a label where more than half of it lies in a peak.
DEEPSEA_SHARE = 0.5


@dataclass(frozen=True, repr=False)
class IntervalsSource(Source):
    """Windows of a genome around intervals.

    The examples have the columns `chromosome`, `start`, `end` and `strand` (of the windows), `name`, `score` and
    `feature` (of the intervals), those of a table with a header, and labels where there are several files.

    Attributes:
        intervals: one file; or one for each class, `{bound: a.bed, free: b.bed}`, whose name is the column `label`; or,
            with `bins`, one for each label.
        genome: FASTA, plain or compressed, with its index or without.
        window: bases of each example.
        centre: of a window: the `middle` of the interval, its `summit`, or the `start` of the feature.
        strand: `feature` (the strand of the interval is read) or `forward`.
        at_end: what is done with a window beyond a chromosome's end: `drop`, `pad`, `shift` or `refuse`.
        feature: of GFF and GTF: the type that is taken, such as `gene`; None: all.
        labels: name -> a file of intervals: columns that are 1 where these cover the interval, else 0.
        bins: bases of the bins that the genome is cut into, 200 for DeepSEA; examples are those that any file touches,
            and the labels are the names of the files.
        overlap: the share of a bin or interval that must be covered for a label; more than it. 0: any base.
        tracks: name -> a bigWig file: the channels of a second input, `signal`; 0 where there is no value.
        signals: name -> a bigWig file: columns that are the signal in each window, as a number to be predicted.
        profile: bases of a bin: each signal is a profile then, a number for each bin along the strand that is read.
        strand_pairs: of profiles: name of the signal of the plus strand -> that of the minus strand, which takes its
            place where the other strand is read.
        summary: of a signal: `mean`, `max`, `sum` or `log1p`, which is ln(1 + sum).
        summary_width: bases in the middle of the window that are summarised; None: all.
        negatives: for each window so many of the genome with its GC content and repeats, where `intervals` is one file
            of positives: the column `label` is `positive` or `negative`. They are the same in every run.
        excluded: files of regions without negatives, such as weaker peaks and the ENCODE blacklist.
        missing: bases without a value, and chromosomes that a file of `signals` does not have, are `nan` (left out; a
            window without any value is missing) or `zero`.
    """

    intervals: str | dict[str, str]
    genome: str
    window: int
    centre: Centre = "middle"
    strand: Strand = "feature"
    at_end: AtChromosomeEnd = "drop"
    feature: str | None = None
    labels: dict[str, str] | None = None
    bins: int | None = None
    overlap: float = DEEPSEA_SHARE
    tracks: dict[str, str] | None = None
    signals: dict[str, str] | None = None
    profile: int | None = None
    strand_pairs: dict[str, str] | None = None
    summary: SignalSummary = "mean"
    summary_width: int | None = None
    missing: MissingSignal = "nan"
    negatives: int | None = None
    excluded: str | list[str] | None = None
    PATHS: ClassVar[tuple[str, ...]] = ("intervals", "genome", "labels", "tracks", "signals", "excluded")
    UNUSED: ClassVar[tuple[str, ...]] = ("sequence", "blocks", "length", "align")
    LABELS: ClassVar[str] = (
        "Give each class a file of its own, as in intervals: {bound: a.bed, free: b.bed}; or write `negatives: 1` "
        "where all are positive, or files of `labels` or `signals`"
    )

    def __post_init__(self) -> None:
        positive_integer(self.window, "window", error=DataError)
        if self.bins is not None:
            positive_integer(self.bins, "bins", error=DataError)
        if not self.intervals:
            raise DataError("`intervals` must name a file. Received: nothing", field=("intervals",))
        if self.bins is not None and (self.labels is not None or isinstance(self.intervals, str)):
            raise DataError(
                "`bins` needs a file of intervals for each label, as {name: file} under `intervals`, and no `labels`. "
                f"Received: {shown(self.intervals)}",
                field=("bins",),
            )
        if isinstance(self.intervals, Mapping) and self.bins is None and len(self.intervals) < 2:
            raise DataError(
                "`intervals` must give a file for each of two classes at least, or write `bins`. "
                f"Received: {shown(self.intervals)}",
                field=("intervals",),
            )
        if self.negatives is not None:
            positive_integer(self.negatives, "negatives", error=DataError)
            if not isinstance(self.intervals, str) or self.labels is not None:
                raise DataError(
                    "`negatives` needs one file of positive `intervals`, and no `labels`. "
                    f"Received: {shown(self.intervals)}",
                    field=("negatives",),
                )
        if self.excluded and self.negatives is None:
            raise DataError(
                f"`excluded` are regions without `negatives`; write how many. Received: {shown(self.excluded)}",
                field=("excluded",),
            )
        if self.summary_width is not None:
            positive_integer(self.summary_width, "summary_width", error=DataError)
            if self.summary_width > self.window:
                raise DataError(
                    f"`summary_width` must be at most the window, {self.window}. Received: {self.summary_width}",
                    field=("summary_width",),
                )
        self._check_profile()
        if not 0 <= self.overlap < 1:
            raise DataError(
                f"`overlap` must be a share from 0 to below 1. Received: {shown(self.overlap)}", field=("overlap",)
            )

    def _check_profile(self) -> None:
        width = self.summary_width or self.window
        known = set(self.signals or {})
        pairs = [*(self.strand_pairs or {}), *(self.strand_pairs or {}).values()]
        if self.strand_pairs and (self.profile is None or not set(pairs) <= known or len(set(pairs)) < len(pairs)):
            raise DataError(
                "`strand_pairs` must name signals of a `profile`, each once, such as {plus: minus}. "
                f"Received: {shown(self.strand_pairs)}",
                field=("strand_pairs",),
            )
        if self.profile is None:
            return
        positive_integer(self.profile, "profile", error=DataError)
        if not self.signals:
            raise DataError(
                f"`profile` is about `signals`; name bigWig files. Received: {self.profile}", field=("profile",)
            )
        if width % self.profile or width == self.profile:
            raise DataError(
                f"`profile` must divide the {width} bases that are summarised into two bins or more. "
                f"Received: {self.profile}",
                field=("profile",),
            )
        if (self.window - width) % 2:
            raise DataError(
                f"`summary_width` and `window` must both be even, or both odd, so that a profile is in the middle on "
                f"either strand. Received: {width} and {self.window}",
                field=("summary_width",),
            )

    @property
    def ways_to_labels(self) -> str:
        """How windows get labels; those of bins have columns."""
        if self.bins is None or isinstance(self.intervals, str):
            return self.LABELS
        names = ", ".join(self.intervals)
        return f"Each file of `intervals` is a label of the bins: write `labels: [{names}]` beside `source`"

    def examples(self, wanted: Wanted) -> GenomeWindows:
        """Return the windows, in the order of the files; of bins, in the order of the genome.

        Raises:
            DataError: a file that cannot be read, intervals of another genome, or none that is left; named with file
                and line.
        """
        genome = Genome(self.genome)
        alphabet = Alphabet.of(wanted.form.alphabet)
        if not alphabet.is_nucleotides:
            raise DataError(
                f"Windows of a genome are nucleotides; expected the alphabet dna or rna. Received: {alphabet.letters}",
                field=("alphabet",),
            )
        if self.bins is not None:
            return self._of_bins(genome, alphabet, self.bins, wanted.size_limit)
        tables = {name: read_interval_table(file, wanted.size_limit) for name, file in self._files().items()}
        middles = without_summits(tables) if self.centre == "summit" else {}
        parts = [self._of_file(name, table, genome, name in middles) for name, table in tables.items()]
        for part in parts:
            if not len(part.windows):
                raise DataError(
                    f"{part.intervals.path}: expected intervals whose windows of {self.window:,} bases lie on the "
                    f"genome. Received: none of {len(part.intervals):,}. {' '.join(part.windows.notes)}",
                    file=str(part.intervals.path),
                )
        chosen = _joined([part.windows for part in parts])
        shared = [name for name in parts[0].columns if all(name in part.columns for part in parts)]
        columns = {name: np.concatenate([part.columns[name] for part in parts]) for name in shared}
        notes = [*genome.notes, *(note for part in parts for note in part.intervals.notes), *chosen.notes]
        notes += middles.values()
        if self.labels is not None:
            spans, said = _spans(self.labels, genome, wanted.size_limit)
            starts, ends = (
                np.concatenate([getattr(part.intervals, each)[part.windows.interval] for part in parts])
                for each in ("start", "end")
            )
            columns |= _labels(spans, self.overlap, chosen.chromosome, starts, ends)
            notes += said
        places = Places(
            tuple(str(part.intervals.path) for part in parts),
            np.repeat(np.arange(len(parts), dtype=np.int32), [len(part.windows) for part in parts]),
            np.concatenate([part.intervals.line[part.windows.interval] for part in parts]),
        )
        if self.negatives is not None:
            drawn = matched_windows(genome, chosen, self.negatives, excluded=self._excluded(wanted.size_limit))
            partners = np.concatenate([np.arange(len(chosen)), drawn.interval])
            columns, places = {name: each[partners] for name, each in columns.items()}, places.take(partners)
            columns[LABEL] = np.repeat(np.array([POSITIVE, NEGATIVE], dtype=object), [len(chosen), len(drawn)])
            chosen, notes = _joined([chosen, drawn]), [*notes, *drawn.notes]
        return self._assembled(genome, chosen, columns, places, alphabet, notes)

    def _excluded(self, size_limit: int | None) -> list[Intervals]:
        files = [self.excluded] if isinstance(self.excluded, str) else self.excluded or []
        return [read_interval_table(file, size_limit).intervals for file in files]

    def input_names(self, wanted: Wanted) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return ("sequence", SIGNAL) if self.tracks else ("sequence",)

    def _assembled(
        self,
        genome: Genome,
        chosen: Windows,
        columns: dict[str, Array],
        places: Places,
        alphabet: Alphabet,
        notes: list[str],
    ) -> GenomeWindows:
        pairs = self.strand_pairs or {}
        how = Summarised(self.summary_width, self.summary, self.missing, self.profile, pairs)
        signals, said = summaries(self.signals or {}, chosen, how)
        profiles = (
            {} if self.profile is None else {name: ProfileColumn(self.profile, how.partner(name)) for name in signals}
        )
        of_windows: dict[str, Array] = {
            "chromosome": chosen.chromosome,
            "start": chosen.start,
            "end": chosen.end,
            "strand": chosen.strand,
        }
        tracks = {name: Track(file) for name, file in (self.tracks or {}).items()}
        for track in tracks.values():
            match = track.match(str(each) for each in chosen.chromosome)
            if not match.names:
                raise track.names.unknown(match.missing)
            if match.missing:
                without = int(np.isin(chosen.chromosome.astype(np.str_), match.missing).sum())
                said.append(
                    f"{track.path.name} does not have the chromosomes {shown_names(match.missing)} of {without:,} "
                    f"windows: its signal is 0 there."
                )
        return GenomeWindows(
            genome,
            chosen,
            columns | signals | of_windows,
            places,
            alphabet,
            (*notes, *said),
            tracks,
            profiles,
            frozenset(signals),
        )

    def _files(self) -> dict[str, str]:
        return {"": self.intervals} if isinstance(self.intervals, str) else dict(self.intervals)

    def _of_file(self, name: str, table: IntervalTable, genome: Genome, by_middle: bool) -> _Part:
        """Return the windows of one file, with the columns of each."""
        intervals = table.intervals
        if not len(intervals):
            raise DataError(f"{intervals.path}: expected intervals. Received: none", file=str(intervals.path))
        rows = np.arange(len(intervals)) if self.feature is None else self._of_feature(intervals)
        intervals = intervals.take(rows)
        centre: Centre = "middle" if by_middle else self.centre
        found = windows(intervals, self.window, genome, centre=centre, strand=self.strand, at_end=self.at_end)
        columns: dict[str, Array] = {"name": intervals.name, "score": intervals.score, "feature": intervals.feature}
        columns |= {column: values[rows] for column, values in table.columns.items()}
        columns |= {LABEL: text_column([name] * len(intervals))} if name else {}
        return _Part(intervals, found, {column: values[found.interval] for column, values in columns.items()})

    def _of_feature(self, intervals: Intervals) -> NDArray[np.int64]:
        rows = np.flatnonzero(intervals.feature == self.feature)
        if not len(rows):
            raise DataError(
                f"{intervals.path}: expected features of the type {self.feature!r}; it has "
                f"{shown_names(sorted(set(intervals.feature.tolist()) - {''})) or 'no types'}. Received: none",
                field=("source", "feature"),
                file=str(intervals.path),
            )
        return rows

    def _of_bins(self, genome: Genome, alphabet: Alphabet, width: int, size_limit: int | None) -> GenomeWindows:
        files = self._files()
        spans, notes = _spans(files, genome, size_limit)
        touched = [touched_bins(each, genome.lengths, width) for each in spans.values()]
        by_name = {
            name: np.unique(np.concatenate([each[name] for each in touched if name in each]))
            for name in genome.lengths
            if any(name in each for each in touched)
        }
        numbers = [*by_name.values()]
        start = np.concatenate([np.zeros(0, np.int64), *numbers]) * width
        chromosome = text_column([name for name, each in by_name.items() for _ in range(len(each))])
        columns = _labels(spans, self.overlap, chromosome, start, start + width)
        labelled = np.flatnonzero(np.any(list(columns.values()), axis=0))
        if not len(labelled):
            raise DataError(
                f"{next(iter(files.values()))}: expected peaks that cover more than {self.overlap:g} of a bin of "
                f"{width} bases; write a smaller `overlap` (0: any base) or smaller `bins`. Received: none in any file",
                field=("source", "overlap"),
            )
        bins = Intervals(
            path=Path(self.genome),
            kind="bins",
            chromosome=chromosome[labelled],
            start=start[labelled],
            end=start[labelled] + width,
            name=text_column([""] * len(labelled)),
            score=np.full(len(labelled), np.nan),
            strand=np.full(len(labelled), ".", dtype="<U1"),
            summit=np.full(len(labelled), -1, dtype=np.int64),
            feature=text_column([""] * len(labelled)),
            line=start[labelled] // width + 1,
        )
        chosen = windows(bins, self.window, genome, at_end=self.at_end)
        notes += [*genome.notes, f"{len(labelled):,} bins of {width} bases have a label.", *chosen.notes]
        kept = labelled[chosen.interval]
        places = Places.in_file(self.genome, bins.line[chosen.interval], chromosome[kept], f"bin of {width} bases")
        labels = {name: each[kept] for name, each in columns.items()}
        return self._assembled(genome, chosen, labels, places, alphabet, notes)


@dataclass(frozen=True)
class _Part:
    """The intervals of one file, the windows around them, and what is known of each window."""

    intervals: Intervals
    windows: Windows
    columns: dict[str, Array]


def _spans(
    files: Mapping[str, str], genome: Genome, size_limit: int | None
) -> tuple[dict[str, dict[str, Spans]], list[str]]:
    """Return what each file covers of the genome; a file without any is said."""
    spans, notes = {}, []
    for name, file in files.items():
        intervals = read_interval_table(file, size_limit).intervals
        spans[name] = merged(intervals, genome.names)
        if not spans[name]:
            notes.append(f"{Path(file).name} covers nothing of the genome: the label {name} is 0 everywhere.")
    return spans, notes


def _labels(
    spans: Mapping[str, Mapping[str, Spans]],
    share: float,
    chromosomes: Array,
    starts: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> dict[str, Array]:
    """Return a column of 1 and 0 for each label, uint8."""
    return {
        name: (covered_bases(each, chromosomes, starts, ends) > share * (ends - starts)).astype(np.uint8)
        for name, each in spans.items()
    }


def _joined(parts: list[Windows]) -> Windows:
    """Return the windows of several files as one; `interval` counts within each file."""
    arrays = {
        each.name: np.concatenate([getattr(part, each.name) for part in parts])
        for each in fields(Windows)
        if each.name != "notes"
    }
    return Windows(**arrays, notes=tuple(note for part in parts for note in part.notes))


register_source("intervals", IntervalsSource)
