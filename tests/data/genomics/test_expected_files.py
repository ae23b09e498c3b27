"""Every file of a folder that `AMBER_DATA_DIR` names, against what its `EXPECTED.tsv` says; none where it is not set.

The table has the columns file, kind, records and checksum: the MD5 of a FASTA file's sequences, the covered bases and
the sum of a bigWig file; `pysam refuses` stands where a VCF file cannot be read.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from amber.data.genomics import Genome, Track, read_fasta, read_intervals, read_variants
from amber.errors import DataError

FOLDER = Path(os.environ.get("AMBER_DATA_DIR", "/nowhere"))


def expected() -> list[dict[str, str]]:
    table = FOLDER / "EXPECTED.tsv"
    if not table.is_file():
        return []
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))
    return [row for row in rows if row["kind"] in ("fasta", "bed", "gff", "bigwig", "vcf")]


def check_fasta(path: Path, row: dict[str, str], folder: Path) -> None:
    copy = Path(shutil.copyfile(path, folder / path.name))
    if row["records"] == "0":
        with pytest.raises(DataError, match="an empty file"):
            read_fasta(path)
        with pytest.raises(DataError, match="an empty file"):
            Genome(copy)
        return
    read = read_fasta(path)
    assert len(read) == int(row["records"])
    assert hashlib.md5("\n".join(read.sequences).encode()).hexdigest() == row["checksum"]
    genome = Genome(copy)
    assert list(genome.lengths) == read.names
    assert [genome.fetch(name, 0, size) for name, size in genome.lengths.items()] == read.sequences


def check_intervals(path: Path, row: dict[str, str]) -> None:
    header = "no integer 1" in row["notes"]
    zero = re.search(r"zero-length (\d+)", row["notes"])
    read = read_intervals(path)
    assert len(read) == int(row["records"]) - header
    assert int((read.start == read.end).sum()) == (int(zero[1]) if zero else 0)
    if len(read) and row["kind"] == "gff":
        first = row["first"].split()
        # The table cuts long rows off after the start.
        assert (read.chromosome[0], str(read.start[0] + 1)) == (first[0], first[3])
    elif len(read) and not header:
        assert [read.chromosome[0], str(read.start[0]), str(read.end[0])] == row["first"].split()[:3]


def check_track(path: Path, row: dict[str, str]) -> None:
    track = Track(path)
    covered, total = 0, 0.0
    for name, size in track.lengths.items():
        # Nothing lies beyond in these files.
        for start in range(0, min(size, 4_000_000), 1_000_000):
            values = track.values([name], np.array([start]), np.array([min(start + 1_000_000, size)]))
            covered += int((~np.isnan(values)).sum())
            total += float(np.nansum(values))
    right = re.fullmatch(r"covered (\d+) bp, sum (.*)", row["checksum"])
    assert right and covered == int(right[1]) and total == pytest.approx(float(right[2]), rel=1e-5)


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data).decode("utf-8", "replace")


def check_variants(path: Path, row: dict[str, str]) -> None:
    if row["records"].startswith("pysam refuses") and "#CHROM" not in _text(path):
        # Without the line of column names it is read all the same.
        assert row["records"].endswith(f"; {read_variants(path).records} data lines")
        return
    if row["records"].startswith("pysam refuses"):
        with pytest.raises(DataError, match=f"{re.escape(path.name)}, line "):
            read_variants(path)
        return
    read = read_variants(path)
    counts = {name: int(count) for name, count in re.findall(r"(samples|indel|star|no ALT) (\d+)", row["notes"])}
    assert read.records == int(row["records"]) and len(read.samples) == counts["samples"]
    assert read.skipped.get("no alternative allele", 0) == counts["no ALT"]
    assert read.skipped.get("allele deleted by another variant (*)", 0) == counts["star"]
    assert len(set(read.record[read.length_change() != 0].tolist())) == counts["indel"]


@pytest.mark.parametrize("row", expected(), ids=lambda row: row["file"]) if expected() else lambda test: None
def test_a_file_is_read_as_expected(row: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    path = FOLDER / row["file"]
    match row["kind"]:
        case "fasta":
            check_fasta(path, row, tmp_path)
        case "bed" | "gff":
            check_intervals(path, row)
        case "bigwig":
            check_track(path, row)
        case _:
            check_variants(path, row)
