"""Windows with either allele of a variant, beside ones put together from the text of the chromosome."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from amber.data.genomics import Genome, read_variants
from amber.data.genomics.alleles import AlleleWindows, allele_windows
from amber.errors import ConfigError

HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
CHROMOSOME = "".join(np.random.default_rng(5).choice(list("ACGTacgt"), 120))


def windows_of(folder: Path, rows: list[tuple[str, int, str, str]], length: int) -> AlleleWindows:
    (folder / "g.fa").write_text(f">chr1\n{CHROMOSOME}\n>chrIV\n{CHROMOSOME[:30]}\n")
    lines = [f"{name}\t{position}\t.\t{before}\t{after}\t.\t.\t." for name, position, before, after in rows]
    (folder / "v.vcf").write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return allele_windows(read_variants(folder / "v.vcf"), Genome(folder / "g.fa"), length)


def text(codes: np.ndarray) -> list[str]:
    return [row.tobytes().decode("ascii") for row in codes]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    start=st.integers(0, 115),
    deleted=st.integers(1, 5),
    inserted=st.text("ACGTN", min_size=1, max_size=5),
    length=st.integers(10, 40),
)
def test_windows_are_the_chromosome_with_the_allele_put_in(
    tmp_path: Path, start: int, deleted: int, inserted: str, length: int
) -> None:
    upper = CHROMOSOME.upper()
    found = windows_of(tmp_path, [("chr1", start + 1, upper[start : start + deleted], inserted)], length)
    assert found.counts == {"scored": 1}
    reference, alternative = map(text, found.read(found.scored))
    padded = "N" * length + upper + "N" * 2 * length
    first = start + length
    changed = padded[:first] + inserted + padded[first + deleted :]
    begin = first - length // 2
    assert reference == [padded[begin : begin + length]]
    assert alternative == [changed[begin : begin + length]]


def test_what_is_not_scored_is_said_of_each_variant(tmp_path: Path) -> None:
    upper = CHROMOSOME.upper()
    other = "C" if upper[9] != "C" else "G"
    rows = [
        ("1", 10, upper[9], other),
        ("chr1", 10, other, upper[9]),
        ("chr1", 121, "A", "C"),
        ("chr1", 119, upper[118:] + "A", "C"),
        ("chr2", 5, "A", "C"),
        ("IV", 3, upper[2], "ACGTACGTACG"),
        ("chr1", 40, upper[39:50], "A"),
    ]
    found = windows_of(tmp_path, rows, 20)
    assert found.status.tolist() == [
        "scored",
        "reference allele differs from the genome",
        "beyond the end of the chromosome",
        "beyond the end of the chromosome",
        "chromosome not in the genome",
        "allele longer than half a window",
        "allele longer than half a window",
    ]
    assert found.scored.tolist() == [0] and found.chromosome[0] == "chr1" and found.chromosome[5] == "chrIV"
    assert found.found[1] == upper[9]
    assert found.counts["beyond the end of the chromosome"] == 2


def test_the_longest_allele_that_fits_is_scored(tmp_path: Path) -> None:
    upper = CHROMOSOME.upper()
    found = windows_of(tmp_path, [("chr1", 41, upper[40:51], "A"), ("chr1", 41, upper[40], "G" * 11)], 21)
    assert found.counts == {"scored": 2}
    reference, alternative = map(text, found.read(found.scored))
    assert reference[0][10:] == upper[40:51] and alternative[1][10:] == "G" * 11


def test_a_length_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="length must be a positive integer. Received: 0"):
        windows_of(tmp_path, [("chr1", 1, "A", "C")], 0)
