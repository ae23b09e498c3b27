"""Variants of VCF and BCF files: substitutions, insertions and deletions, one row per alternative allele.

What may be changed here: which alleles are read, and how the others are counted.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from amber.data.genomics.handles import library, quiet_htslib
from amber.data.genomics.intervals import text_column
from amber.data.text.reading import Expected, check_compression, compression_of, read_lines, unpacked_blocks
from amber.display import one_line
from amber.errors import DataError
from amber.files import open_regular
from amber.wording import said, shown

_VCF = Expected("a VCF file", accepted=("vcf", "vcf lines", "bed"))
_FIXED = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO")
# CHROM to ALT.
_FEWEST = 5
_HEAD = 1 << 20
# What copies that were given a line of column names end with.
_HEADED = ".headed.vcf"
_BASES = re.compile(r"[ACGTNacgtn]+")


class _Record(Protocol):
    """What of `pysam.VariantRecord` is used."""

    chrom: str
    start: int
    ref: str | None
    id: str | None
    alts: tuple[str, ...] | None


@dataclass(frozen=True)
class Variants:
    """Variants, one row per alternative allele that is written in bases; arrays of shape `(n,)`.

    Attributes:
        path: the file.
        chromosome: names as the file has them.
        position: of the first base of the reference allele, counted from 0.
        reference: the reference allele, upper case.
        alternative: the alternative allele, upper case.
        name: the identifier, such as `rs4880`; empty where there is none.
        record: the number of the record in the file, counted from 0; several alternatives share one.
        records: how many records the file has.
        samples: names of its samples.
        skipped: reason -> how many alleles (or records without any) were not read.
        notes: one sentence for what was skipped.
    """

    path: Path
    chromosome: NDArray[np.object_]
    position: NDArray[np.int64]
    reference: NDArray[np.object_]
    alternative: NDArray[np.object_]
    name: NDArray[np.object_]
    record: NDArray[np.int64]
    records: int
    samples: tuple[str, ...]
    skipped: dict[str, int]
    notes: tuple[str, ...] = ()
    __repr__ = one_line

    def __len__(self) -> int:
        """Number of variants."""
        return len(self.position)

    def is_substitution(self) -> NDArray[np.bool_]:
        """Say of each variant whether both alleles have one base (an SNV)."""
        pairs = zip(self.reference, self.alternative, strict=True)
        return np.array([len(each) == len(other) == 1 for each, other in pairs], dtype=np.bool_)

    def length_change(self) -> NDArray[np.int64]:
        """Return how many bases each variant inserts; negative where it deletes."""
        pairs = zip(self.reference, self.alternative, strict=True)
        return np.array([len(other) - len(each) for each, other in pairs], dtype=np.int64)


def read_variants(path: str | os.PathLike[str]) -> Variants:
    """Read a VCF file, plain or compressed with gzip or bgzip, or a BCF file, with pysam.

    A file without the line of column names (`#CHROM ...`) is read if its records have the first five of its columns or
    more; a note says so.

    Alleles that are not written in bases are counted and left out: symbolic ones (`<DEL>`, `<NON_REF>`), breakends,
    `*` (deleted by another variant), and records without an alternative (`.`). Alleles are not normalised: positions
    and bases are those of the file.

    Args:
        path: the file.

    Raises:
        DataError: pysam is not installed; the file is missing or empty; or htslib does not read it (with its reason,
            and the line at fault where that can be found).
    """
    file = Path(path)
    pysam = library("pysam", "A VCF file")
    rows: list[tuple[str, int, str, str, str, int]] = []
    skipped: Counter[str] = Counter()
    number, notes = 0, []
    try:
        with quiet_htslib(pysam), seekable(file) as place, pysam.VariantFile(place) as stream:
            samples = tuple(stream.header.samples)
            if place.endswith(_HEADED):
                notes = [f"{file.name} has no line of column names: its columns are read as {' '.join(_FIXED)}."]
            for number, record in enumerate(stream, start=1):
                rows += _alleles(record, number - 1, skipped)
    except (OSError, ValueError) as error:
        raise _refused(file, number, said(error)) from error
    return Variants(
        path=file,
        chromosome=text_column([row[0] for row in rows]),
        position=np.array([row[1] for row in rows], dtype=np.int64),
        reference=text_column([row[2] for row in rows]),
        alternative=text_column([row[3] for row in rows]),
        name=text_column([row[4] for row in rows]),
        record=np.array([row[5] for row in rows], dtype=np.int64),
        records=number,
        samples=samples,
        skipped=dict(skipped),
        notes=(
            *notes,
            *(f"{count:,} of {file.name} skipped: {reason}." for reason, count in sorted(skipped.items())),
        ),
    )


def _lacks_names(head: bytes) -> bool:
    """Say whether a record comes before the line of column names."""
    first = next((line for line in head.splitlines() if line.strip() and not line.startswith(b"##")), b"#")
    return not first.startswith((b"#", b"BCF"))


def _with_names(file: Path) -> str:
    """Return the text of a file with the line of column names added, or nothing where its records are not of VCF."""
    lines = read_lines(file, _VCF)
    records = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    if not records or not all(len(each) >= _FEWEST and each[1].isdecimal() for each in records):
        return ""
    full = [[*each[: len(_FIXED)], *["."] * (len(_FIXED) - len(each))] for each in records]
    described = [line for line in lines if line.startswith("##") and not line.startswith("##fileformat")]
    return "\n".join(["##fileformat=VCFv4.2", *described, "\t".join(_FIXED), *map("\t".join, full), ""])


@contextlib.contextmanager
def seekable(file: Path) -> Iterator[str]:
    """Give the path at which pysam reads a VCF file: its own, or that of a temporary copy.

    Plain gzip is unpacked, and a file without the line of column names is given one.
    """
    with open_regular(file, what=_VCF.what, error=DataError) as stream:
        compression = compression_of(stream)
        head = next(unpacked_blocks(file, stream), b"") if compression != "none" else stream.read(_HEAD)
        if _lacks_names(head) and (text := _with_names(file)):
            with tempfile.NamedTemporaryFile(suffix=_HEADED) as copy:
                copy.write(text.encode())
                copy.flush()
                yield copy.name
            return
        stream.seek(0)
        if compression != "gzip":
            yield os.path.abspath(file)
            return
        with tempfile.NamedTemporaryFile(suffix=".vcf") as copy:
            size = 0
            for block in unpacked_blocks(file, stream):
                size += len(block)
                check_compression(file, size, stream.tell())
                copy.write(block)
            copy.flush()
            yield copy.name


def _alleles(record: _Record, number: int, skipped: Counter[str]) -> Iterator[tuple[str, int, str, str, str, int]]:
    if not record.alts:
        skipped["no alternative allele"] += 1
        return
    reference = record.ref or ""
    for alternative in record.alts:
        reason = _reason_to_skip(reference, alternative)
        if reason:
            skipped[reason] += 1
        else:
            yield record.chrom, record.start, reference.upper(), alternative.upper(), record.id or "", number


def _reason_to_skip(reference: str, alternative: str) -> str:
    if alternative.startswith("<"):
        return "symbolic allele"
    if "[" in alternative or "]" in alternative or (len(alternative) > 1 and "." in (alternative[0], alternative[-1])):
        return "breakend"
    if alternative == "*":
        return "allele deleted by another variant (*)"
    if not (_BASES.fullmatch(reference) and _BASES.fullmatch(alternative)):
        return "allele not written in A, C, G, T and N"
    return ""


def _refused(file: Path, read: int, reason: str) -> DataError:
    """Return why htslib does not read a file: the line after the records that it did read."""
    lines = read_lines(file, _VCF)
    if not lines:
        return DataError(f"{file}: expected {_VCF.what}. Received: an empty file", file=str(file))
    header = next((number for number, line in enumerate(lines, 1) if line.startswith("#CHROM")), None)
    data = [number for number, line in enumerate(lines, 1) if not line.startswith("#")]
    if header is None and not _with_names(file):
        line = data[0] if data else len(lines)
        expected = f"expected the header line {' '.join(_FIXED)} (with tabs) before the first record"
    elif header is not None and tuple(lines[header - 1].split("\t")[: len(_FIXED)]) != _FIXED:
        line, expected = header, f"expected the columns {' '.join(_FIXED)}, separated by tabs"
    elif read >= len(data):
        return DataError(f"{file}: expected a VCF file that htslib reads. Received: {reason}", file=str(file))
    else:
        line = data[read]
        found = len(lines[line - 1].split("\t"))
        columns = found if header is None else len(lines[header - 1].split("\t"))
        blank = not lines[line - 1].strip()
        expected = (
            "expected a record; remove blank lines"
            if blank
            else f"expected a record of {columns} columns, as the header has"
            if columns != found
            else "expected a record that htslib reads"
        )
        reason = "a blank line" if blank else f"{found} columns" if columns != found else reason
        return DataError(f"{file}, line {line}: {expected}. Received: {reason}", file=str(file), line=line)
    received = shown(lines[line - 1])
    return DataError(f"{file}, line {line}: {expected}. Received: {received}", file=str(file), line=line)
