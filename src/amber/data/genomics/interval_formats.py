"""The lines of BED, narrowPeak, broadPeak, bedGraph, GFF3 and GTF files, to values.

What may be changed here: formats, how they are recognised, and what a field of each means.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from amber.data.text.reading import Expected, read_lines
from amber.errors import DataError
from amber.wording import shown

_EXPECTED = Expected(
    "a file of intervals: BED, narrowPeak, broadPeak, bedGraph, GFF3 or GTF",
    accepted=("bed", "gff", "vcf lines"),
)
_BY_ENDING = {
    ".narrowpeak": "narrowPeak",
    ".broadpeak": "broadPeak",
    ".bedgraph": "bedGraph",
    ".bg": "bedGraph",
    ".gff": "GFF3",
    ".gff3": "GFF3",
    ".gtf": "GTF",
}
_BY_TRACK = {"narrowpeak": "narrowPeak", "broadpeak": "broadPeak", "bedgraph": "bedGraph"}
_TRACK_TYPE = re.compile(r"\btype=[\"']?(\w+)", re.IGNORECASE)
# The second and third names of a header without '#'.
_START_NAMES = frozenset({"start", "chromstart", "chrom_start", "begin", "txstart"})
_END_NAMES = frozenset({"end", "stop", "chromend", "chrom_end", "txend"})
# How files say on which strand an interval is; Ensembl and pandas write numbers.
STRANDS = {"+": "+", "-": "-", ".": ".", "1": "+", "+1": "+", "-1": "-", "": ".", "?": "."}
_NUMBERED = ("1", "+1", "-1")
_UNSET = frozenset({"", ".", "-"})
_LARGEST_DIGITS = 18
_GTF_ATTRIBUTE = re.compile(r'\s*\w+\s+"')
_ATTRIBUTE_NAMES = ("Name", "name", "gene_name", "ID", "transcript_id", "gene_id")
_ATTRIBUTE = {each: re.compile(rf'(?:^|;)\s*{each}(?:=|\s+)"?([^";]*)') for each in _ATTRIBUTE_NAMES}


@dataclass
class IntervalLines:
    """What the lines of a file said, one value per interval; positions count from 0.

    Attributes:
        kind: the format.
        notes: one sentence for whatever was recognised or changed.
        chromosome, start, end, name, score, strand, summit, feature, line: as `Intervals` has them.
    """

    kind: str
    notes: list[str] = field(default_factory=list)
    chromosome: list[str] = field(default_factory=list)
    start: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)
    name: list[str] = field(default_factory=list)
    score: list[float] = field(default_factory=list)
    strand: list[str] = field(default_factory=list)
    summit: list[int] = field(default_factory=list)
    feature: list[str] = field(default_factory=list)
    line: list[int] = field(default_factory=list)


@dataclass
class _Rows:
    """The rows of a file that hold intervals, and what its other lines say of them."""

    file: Path
    lines: list[str]
    track: str = ""
    gff: bool = False

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        for number, line in enumerate(self.lines, start=1):
            if line.startswith("#"):
                self.gff = self.gff or line.startswith("##gff-version")
                if line.startswith("##FASTA"):
                    return
            elif line.startswith(("track", "browser")) and line.split(None, 1)[0] in ("track", "browser"):
                found = _TRACK_TYPE.search(line)
                self.track = found[1].lower() if found else self.track
            elif line and not line.isspace():
                yield number, line.split("\t") if "\t" in line else line.split()


def read_interval_lines(file: Path, size_limit: int | None) -> IntervalLines:
    """Read the intervals of a file; see `intervals.read_intervals`."""
    rows = _Rows(file, read_lines(file, _EXPECTED, size_limit))
    each = iter(rows)
    number, first = next(each, (0, []))
    header = _is_header(first)
    names = first
    if header:
        number, first = next(each, (0, []))
    if not first:
        return IntervalLines(_kind_by_ending(file) or "BED3", [f"{file.name} holds no intervals."])
    kind = _kind(rows, first)
    read = IntervalLines(kind, [f"{file.name} is read as {kind}, {len(first)} columns."])
    if header:
        read.notes.append(f"The row of names {shown(names[:3])} in {file.name} is not an interval.")
    reader = _GffRow(file, read) if kind in ("GFF3", "GTF") else _BedRow(file, read)
    reader.add(number, first)
    for number, values in each:
        reader.add(number, values)
    read.notes += reader.remarks(len(first))
    return read


def _is_header(values: list[str]) -> bool:
    if len(values) < 3 or values[1].strip().isdecimal():
        return False
    return values[1].strip().lower() in _START_NAMES and values[2].strip().lower() in _END_NAMES


def _kind_by_ending(file: Path) -> str | None:
    endings = [each.lower() for each in file.suffixes if each.lower() not in (".gz", ".bgz")]
    return _BY_ENDING.get(endings[-1]) if endings else None


def _kind(rows: _Rows, first: list[str]) -> str:
    """Return the format: by content where it is clear, then by a track line and the ending."""
    named = _BY_TRACK.get(rows.track) or _kind_by_ending(rows.file)
    positions = [each.isdecimal() for each in first[:5]]
    if rows.gff or (len(first) >= 8 and not positions[1] and all(positions[3:5])) or named in ("GFF3", "GTF"):
        quoted = len(first) > 8 and _GTF_ATTRIBUTE.match(first[8])
        return "GTF" if quoted or (named == "GTF" and not rows.gff) else "GFF3"
    if named is not None:
        return named
    signals = [_is_number_or_unset(each) for each in first[6:9]]
    if len(first) == 10 and all(signals) and re.fullmatch(r"-1|\d+", first[9]):
        return "narrowPeak"
    if len(first) == 9 and all(signals) and not (first[6].isdecimal() and first[7].isdecimal()):
        return "broadPeak"
    return f"BED{max(3, min(len(first), 12))}"


def _is_number_or_unset(text: str) -> bool:
    return text in _UNSET or not math.isnan(_number(text))


def _number(text: str) -> float:
    """Return a finite number, or NaN for whatever is none."""
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


class _Row:
    """Adds rows of a format to the intervals that were read, and counts what is odd about them."""

    strand_column, score_column = 5, 4
    least_columns = 3

    def __init__(self, file: Path, read: IntervalLines) -> None:
        self.file, self.read = file, read
        self.columns: dict[int, int] = {}
        self.odd: dict[str, list[int]] = {}
        self.numbered_strands = 0
        self._chromosomes: dict[str, str] = {}

    def add(self, number: int, values: list[str]) -> None:
        """Add one row; DataError where it is not an interval."""
        raise NotImplementedError

    def remarks(self, columns: int) -> list[str]:
        """Return one sentence for each kind of oddity."""
        total = len(self.read.start)
        ragged = total - self.columns.get(columns, 0)
        notes = [f"{ragged:,} of {total:,} rows have another number of columns than the first."] if ragged else []
        zero = sum(map(int.__eq__, self.read.start, self.read.end))
        if zero:
            notes.append(f"{zero:,} of {total:,} intervals have length zero.")
        if self.numbered_strands:
            notes.append(f"{self.numbered_strands:,} of {total:,} strands are written 1 or -1: read as + and -.")
        for what, lines in self.odd.items():
            notes.append(f"{len(lines):,} of {total:,} {what}, the first in line {lines[0]}; they count as missing.")
        return notes

    def _append(self, number: int, values: list[str], start: int, end: int) -> None:
        chromosome = values[0].strip()
        if not chromosome:
            raise self._error(number, "the first column must name a chromosome", values[0])
        self.columns[len(values)] = self.columns.get(len(values), 0) + 1
        self.read.chromosome.append(self._chromosomes.setdefault(chromosome, chromosome))
        self.read.start.append(start)
        self.read.end.append(end)
        self.read.line.append(number)
        self.read.strand.append(self._strand(number, values))
        score = values[self.score_column] if len(values) > self.score_column else ""
        self.read.score.append(self._score(number, score))

    def _strand(self, number: int, values: list[str]) -> str:
        strand = values[self.strand_column].strip() if len(values) > self.strand_column else "."
        if strand not in STRANDS:
            self.odd.setdefault("strands are none of + - . 1 -1", []).append(number)
        self.numbered_strands += strand in _NUMBERED
        return STRANDS.get(strand, ".")

    def _score(self, number: int, text: str) -> float:
        text = text.strip()
        if text in _UNSET:
            return math.nan
        score = _number(text)
        if math.isnan(score):
            self.odd.setdefault("scores are not finite numbers", []).append(number)
        return score

    def _position(self, number: int, what: str, text: str) -> int:
        digits = text.strip()
        if digits.isascii() and digits.isdecimal() and len(digits) <= _LARGEST_DIGITS:
            return int(digits)
        raise self._error(number, f"{what} must be an integer of at least 0", text)

    def _ordered(self, number: int, start: int, end: int) -> None:
        if start > end:
            raise self._error(number, "an interval must not start after its end", f"{start} to {end}")

    def _check_columns(self, number: int, values: list[str]) -> None:
        if len(values) < self.least_columns:
            raise self._error(
                number, f"expected at least {self.least_columns} columns, separated by tabs", "\t".join(values)
            )

    def _error(self, number: int, expected: str, received: str) -> DataError:
        message = f"{self.file}, line {number}: {expected} (read as {self.read.kind}). Received: {shown(received)}"
        return DataError(message, file=str(self.file), line=number)


class _BedRow(_Row):
    """A row of BED and the formats that begin as it does: positions from 0, the end is not part of the interval."""

    def __init__(self, file: Path, read: IntervalLines) -> None:
        super().__init__(file, read)
        self.peaks, self.values = read.kind == "narrowPeak", read.kind == "bedGraph"
        self.score_column = 3 if self.values else 4

    def add(self, number: int, values: list[str]) -> None:
        """Add one row; DataError where it is not an interval."""
        self._check_columns(number, values)
        start = self._position(number, "the start", values[1])
        end = self._position(number, "the end", values[2])
        self._ordered(number, start, end)
        self._append(number, values, start, end)
        name = values[3].strip() if len(values) > 3 and not self.values else ""
        self.read.name.append("" if name in _UNSET else name)
        self.read.feature.append("")
        self.read.summit.append(self._summit(number, values, start, end))

    def _summit(self, number: int, values: list[str], start: int, end: int) -> int:
        text = values[9].strip() if self.peaks and len(values) > 9 else "-1"
        if text == "-1" or text in _UNSET:
            return -1
        summit = start + self._position(number, "the summit (column 10)", text)
        if summit >= max(end, start + 1):
            raise self._error(
                number, f"the summit (column 10) must lie within the interval of {end - start} bases", text
            )
        return summit


class _GffRow(_Row):
    """A row of GFF3 or GTF: positions from 1, the end is part of the feature."""

    strand_column, score_column = 6, 5
    least_columns = 8

    def add(self, number: int, values: list[str]) -> None:
        """Add one row; DataError where it is not a feature."""
        self._check_columns(number, values)
        first = self._position(number, "the start (column 4)", values[3])
        last = self._position(number, "the end (column 5)", values[4])
        if first < 1:
            raise self._error(number, "the start (column 4) must be at least 1", values[3])
        self._ordered(number, first, last)
        self._append(number, values, first - 1, last)
        self.read.feature.append(self._chromosomes.setdefault(values[2], values[2]))
        self.read.name.append(_name_of(values[8]) if len(values) > 8 else "")
        self.read.summit.append(-1)


def _name_of(attributes: str) -> str:
    for each in _ATTRIBUTE_NAMES:
        if each in attributes:
            found = _ATTRIBUTE[each].search(attributes)
            if found and found[1].strip():
                return found[1].strip()
    return ""
