"""VCF files, with the counts that pysam gives, and a reason with a line where pysam refuses."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pysam
import pytest

from amber.data.genomics import read_variants
from amber.data.genomics.annotated_vcf import InfoField, write_annotated_vcf
from amber.errors import DataError

FILES = Path(__file__).parent / "files"
SYMBOLIC, STAR, NONE = "symbolic allele", "allele deleted by another variant (*)", "no alternative allele"


@pytest.mark.parametrize(
    ("name", "records", "rows", "indels", "samples", "skipped"),
    [
        ("GenVarLoader__issue_153.vcf", 32, 30, 5, 1, {STAR: 2}),
        ("bedtools2__bug44_a.vcf.gz", 62, 63, 5, 3, {}),
        ("igv_js__example.vcf", 8, 9, 4, 3, {NONE: 1}),
        ("igv_js__gvcf_mixed.vcf", 5, 5, 0, 1, {SYMBOLIC: 5}),
        ("igv_js__svtype_BND.vcf", 6, 0, 0, 0, {"breakend": 6}),
        ("igv_js__testvcf2.vcf", 1, 0, 0, 0, {NONE: 1}),
        ("igv_js__vars.vcf", 4, 4, 2, 8, {}),
    ],
)
def test_files_from_the_wild(
    name: str, records: int, rows: int, indels: int, samples: int, skipped: dict[str, int]
) -> None:
    read = read_variants(FILES / name)
    assert (read.records, len(read), len(read.samples), read.skipped) == (records, rows, samples, skipped)
    assert len(set(read.record[read.length_change() != 0].tolist())) == indels
    assert len(read.notes) == len(skipped)
    with pysam.VariantFile(str(FILES / name)) as stream:
        alleles = [
            (each.chrom, each.pos - 1, each.ref, alternative) for each in stream for alternative in each.alts or ()
        ]
    mine = list(zip(read.chromosome, read.position.tolist(), read.reference, read.alternative, strict=True))
    assert mine == [each for each in alleles if each[3].isalpha()]


def test_alleles(tmp_path: Path) -> None:
    path = tmp_path / "v.vcf"
    rows = [
        "chr1\t1\trs1\ta\tG\t.\t.\t.",
        "chr1\t5\t.\tAC\tA,ACT,<DEL>,*\t.\t.\t.",
        "chr1\t9\t.\tA\t.\t.\t.\t.",
        "chr1\t9\t.\tA\tA[chr2:5[,.C,R\t.\t.\t.",
    ]
    path.write_text("##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + "\n".join(rows) + "\n")
    read = read_variants(path)
    assert list(zip(read.position.tolist(), read.reference, read.alternative, read.name, strict=True)) == [
        (0, "A", "G", "rs1"),
        (4, "AC", "A", ""),
        (4, "AC", "ACT", ""),
    ]
    assert read.record.tolist() == [0, 1, 1] and read.records == 4
    assert read.is_substitution().tolist() == [True, False, False] and read.length_change().tolist() == [0, -1, 1]
    assert read.skipped == {
        SYMBOLIC: 1,
        STAR: 1,
        NONE: 1,
        "breakend": 2,
        "allele not written in A, C, G, T and N": 1,
    }
    assert "2 of v.vcf skipped: breakend." in read.notes


def test_plain_gzip(tmp_path: Path) -> None:
    path = tmp_path / "v.vcf.gz"
    path.write_bytes(gzip.compress((FILES / "igv_js__vars.vcf").read_bytes()))
    assert len(read_variants(path)) == 4
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match="v.vcf.gz, line .* expected sound gzip data"):
        read_variants(path)


@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("igv_js__adjacent_snps.vcf", 24, "expected a record; remove blank lines. Received: a blank line"),
        (
            "kipoiseq__chr22_ENST00000319363_3UTR.vcf.gz",
            4,
            "a record of 8 columns, as the header has. Received: 7 columns",
        ),
    ],
)
def test_where_pysam_refuses(name: str, line: int, message: str) -> None:
    with pytest.raises(DataError, match=f"{name}, line {line}: .*{message}") as raised:
        read_variants(FILES / name)
    assert raised.value.line == line


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_without_the_line_of_column_names(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / "v.vcf"
    path.write_bytes(pack(b"##fileformat=VCFv4.2\nchr1\t14677\ta\tG\tA\t.\t.\nchr1\t54490\tb\tg\tA,C\t.\t.\n"))
    read = read_variants(path)
    assert read.records == 2 and read.name.tolist() == ["a", "b", "b"]
    assert read.position.tolist() == [14676, 54489, 54489] and read.reference.tolist() == ["G", "G", "G"]
    assert read.notes == (
        "v.vcf has no line of column names: its columns are read as #CHROM POS ID REF ALT QUAL FILTER INFO.",
    )
    write_annotated_vcf(tmp_path / "out.vcf", read, [InfoField("EFFECT", "an effect", np.array([1.0, 2.0, 3.0]))])
    assert "EFFECT=2,3" in (tmp_path / "out.vcf").read_text()


def test_a_wild_file_without_the_line_of_column_names() -> None:
    read = read_variants(FILES / "bedtools2__a_vcfSVtest.vcf")
    assert read.records == 4 and read.skipped[SYMBOLIC] == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"chr1\t1\ta\tG\tA\nchr1\tx\ta\tG\tA\n", "line 1: expected the header line #CHROM"),
        (b"", "expected a VCF file. Received: an empty file"),
        (b">a\nACGT\n", "expected a VCF file. Received: a FASTA file"),
        (b"chr1\t1\t5\n", "line 1: expected the header line #CHROM"),
        (b"##fileformat=VCFv4.2\n", "line 1: expected the header line #CHROM"),
        (b"\x1f\x8b\x08\x00", "expected sound gzip data"),
    ],
)
def test_other_files(tmp_path: Path, content: bytes, message: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "v.vcf"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_variants(path)
    assert capfd.readouterr().err == ""
