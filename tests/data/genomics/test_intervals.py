"""Files of intervals, as they are found in the wild and as they are broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from amber.data.genomics import read_intervals
from amber.errors import DataError

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize(
    ("name", "kind", "rows", "first"),
    [
        ("bedtools2__a.chromheader.bed", "BED3", 1, ("chr1", 15, 25, "", ".")),
        ("bedtools2__a_withLargeHeader_bgzipped.bed.gz", "BED6", 2, ("chr1", 10, 20, "a1", "+")),
        ("bedtools2__dosLineCharWithExtraTab_b.bed", "BED3", 4, ("chr1", 1, 789, "", ".")),
        ("bedtools2__bed5.bed", "BED5", 1, ("chr1", 10, 20, "345.7", ".")),
        ("bedtools2__bedplus.bed", "BED12", 1, ("chr1", 10, 20, "345.7", ".")),
        ("bedtools2__blocks.bed12", "BED12", 4, ("chr1", 0, 45, "oneblock_comma", "+")),
        ("bedtools2__empty.bed", "BED3", 0, None),
        ("genomepy__regions.bed", "BED12", 2, ("chrI", 10, 20, "gene_a", "+")),
        ("igv_js__basic_feature_3_columns.bed", "BED3", 128, ("1", 67655271, 67655272, "", ".")),
        ("igv_js__missing_linefeed.bed.gz", "BED3", 4, ("chr1", 67655271, 67655272, "", ".")),
        ("igv_js__quoted_color.bed", "BED9", 4, ("1", 144, 145, "", ".")),
        ("igv_js__space_delimited.bed", "BED3", 5, ("chr2", 0, 1, "", ".")),
        ("igv_js__track_url.bed", "BED5", 6, ("chr22", 10000000, 10004000, "cloneA", ".")),
        ("igv_js__test.broadPeak", "broadPeak", 100, ("chr22", 16847690, 16857344, "", ".")),
        ("nf-core__test.narrowPeak", "narrowPeak", 20, ("chr22", 5785, 6292, "SPT5_T15_REP1_peak_11", ".")),
        ("tangermeme__test2.bed10", "narrowPeak", 9, ("chr1", 40, 60, "", "-")),
        ("igv_js__eden.gff", "GFF3", 20, ("chr1", 999, 9000, "EDEN", "+")),
        ("igv_js__issue-870.gff3", "GFF3", 4, ("chr1", 999, 1100, "Exon", "+")),
        ("igv_js__pombase_gene.gff3", "GFF3", 11, ("I", 2770614, 2773500, "ppk6", "-")),
        ("igv_js__wustl.gtf", "GTF", 24, ("1", 5140, 8522, "", "-")),
        ("igv_js__NCBI_hg38_MYC.gtf", "GTF", 19, ("NC_000008.11", 127735433, 127742951, "MYC", "+")),
    ],
)
def test_files_from_the_wild(name: str, kind: str, rows: int, first: tuple[str, int, int, str, str] | None) -> None:
    read = read_intervals(FILES / name)
    assert (read.kind, len(read)) == (kind, rows)
    if first is None:
        assert read.notes == (f"{name} holds no intervals.",)
    else:
        assert (read.chromosome[0], read.start[0], read.end[0], read.name[0], read.strand[0]) == first
        assert read.notes[0].startswith(f"{name} is read as {kind}, ")
    for column in (read.start, read.end, read.summit, read.line):
        assert column.dtype == np.int64 and column.shape == (rows,)


def test_what_notes_say() -> None:
    notes = read_intervals(FILES / "igv_js__basic_feature_3_columns.bed").notes
    assert notes[1:] == ("23 of 128 intervals have length zero.",)
    notes = read_intervals(FILES / "genomepy__regions.bed").notes
    assert notes[1] == "The row of names ['chrom', 'start', 'end'] in genomepy__regions.bed is not an interval."
    assert notes[2] == "1 of 2 rows have another number of columns than the first."
    assert notes[3] == "2 of 2 scores are not finite numbers, the first in line 4; they count as missing."


def test_scores_summits_and_features() -> None:
    peaks = read_intervals(FILES / "nf-core__test.narrowPeak")
    assert peaks.score[0] == 42 and peaks.summit[0] == 5785 + 370
    assert np.isnan(read_intervals(FILES / "bedtools2__bed5.bed").score[0])
    assert read_intervals(FILES / "igv_js__quoted_color.bed").score.tolist() == [-2.2, -1.35, -2.16, -2.66]
    genes = read_intervals(FILES / "igv_js__eden.gff")
    picked = genes.take(genes.feature == "mRNA")
    assert set(genes.summit.tolist()) == {-1}
    assert len(picked) == 3 and picked.name.tolist() == ["EDEN.1", "EDEN.2", "EDEN.3"]
    assert picked.where(2) == f"{FILES / 'igv_js__eden.gff'}, line 12" and picked.kind == "GFF3"


@pytest.mark.parametrize(
    ("name", "content", "kind", "expected"),
    [
        ("a.bedGraph.gz", "chr1 0 10 1.5\nchr1 10 20 -2\n", "bedGraph", [1.5, -2.0]),
        ("a.txt", "track type=bedGraph name=x\nchr1\t0\t10\t1.5\n", "bedGraph", [1.5]),
        ("a.bed", "chr1\t0\t10\tp\t5\t.\t1.5\t-1\t3\t4\n", "narrowPeak", [5.0]),
        ("a.bed", "chr1\t0\t10\tp\t5\t.\t1.5\t-1\t3\n", "broadPeak", [5.0]),
        ("a.bed", "chr1\t0\t10\tp\t5\t+\t0\t10\t0\n", "BED9", [5.0]),
        ("a.bed", "chr1\t0\t10\tp\t5\t.\t1.5\t3\t3\n", "broadPeak", [5.0]),
        ("a.bed", "chr1\t0\t10\tp\t5\t.\t3\t1.5\t3\n", "broadPeak", [5.0]),
        ("a.bed", "chr1\t0\t10\tp\t5\t+\t2\t8\n", "BED8", [5.0]),
        ("a.bed", "chr1\tsrc\tgene\t1\t10\t7\t+\t.\n", "GFF3", [7.0]),
        ("a.bed", "chr1\tsrc\tgene\t1\t10\t7\t+\t.\tID=g\n", "GFF3", [7.0]),
        ("a.gff", 'chr1\tsrc\tgene\t1\t10\t7\t+\t.\tgene_id "g"\n', "GTF", [7.0]),
        ("a.gff", "##gff-version 3\nchr1\tsrc\tgene\t1\t10\t7\t+\t.\tID=g\n##FASTA\n>chr1\nACGT\n", "GFF3", [7.0]),
    ],
)
def test_formats_by_content_and_ending(
    tmp_path: Path, name: str, content: str, kind: str, expected: list[float]
) -> None:
    (tmp_path / name.removesuffix(".gz")).write_text(content)
    read = read_intervals(tmp_path / name.removesuffix(".gz"))
    assert (read.kind, read.score.tolist()) == (kind, expected)


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        ("chr1\t1\t5\nchr1\t9\t5\n", 2, "an interval must not start after its end .*Received: '9 to 5'"),
        ("chr1\t-1\t5\n", 1, "the start must be an integer of at least 0 .* Received: '-1'"),
        ("#c\nchr1\t1\t5.0\n", 2, "the end must be an integer of at least 0 .* Received: '5.0'"),
        ("chr1\t1e3\t2000\n", 1, "the start must be an integer"),
        ("chr1\tabc\t5\n", 1, "the start must be an integer of at least 0 .* Received: 'abc'"),
        ("chr1\t1\t" + "9" * 30 + "\n", 1, "the end must be an integer"),
        ("chr1\t\u0661\t5\n", 1, "the start must be an integer"),
        ("chr1\t1\n", 1, "expected at least 3 columns, separated by tabs .*Received: .chr1.t1."),
        ("chr1,1,5\n", 1, "expected at least 3 columns"),
        ("\t1\t5\n", 1, "the first column must name a chromosome"),
        ("chr1\t0\t10\tp\t5\t.\t1.5\t-1\t3\t10\n", 1, "the summit .* must lie within the interval of 10 bases"),
        ("##gff-version 3\nchr1\t.\tgene\t0\t5\t.\t+\t.\tID=a\n", 2, "the start .column 4. must be at least 1"),
        (
            "##gff-version 3\nchr1\t.\tgene\t9\t5\t.\t+\t.\tID=a\n",
            2,
            "must not start after its end .*Received: '9 to 5'",
        ),
        ("##gff-version 3\nchr1\t9\t5\n", 2, "expected at least 8 columns"),
    ],
)
def test_broken_rows_name_file_and_line(tmp_path: Path, content: str, line: int, message: str) -> None:
    path = tmp_path / "bad.bed"
    path.write_text(content)
    with pytest.raises(DataError, match=message) as raised:
        read_intervals(path)
    assert str(raised.value).startswith(f"{path}, line {line}: ")
    assert (raised.value.file, raised.value.line) == (str(path), line)


@pytest.mark.parametrize(
    ("content", "received"),
    [
        (b">chr1\nACGT\n", "a FASTA file"),
        (b"##fileformat=VCFv4.2\n#CHROM\tPOS\n", "a VCF file"),
        (b"\x26\xfc\x8f\x88\0\0", "a bigWig file"),
        (b"BAM\x01", "a BAM file"),
    ],
)
def test_other_formats_are_named(tmp_path: Path, content: bytes, received: str) -> None:
    (tmp_path / "a.bed").write_bytes(content)
    with pytest.raises(DataError, match=f"expected a file of intervals: BED, .*Received: {received}"):
        read_intervals(tmp_path / "a.bed")


def test_strands_written_as_numbers_are_read(tmp_path: Path) -> None:
    rows = ["+", "-", "1", "-1", "+1", ".", "0"]
    path = tmp_path / "x.bed"
    path.write_text("".join(f"chr1\t{k}\t{k + 9}\tn\t0\t{strand}\n" for k, strand in enumerate(rows)))
    read = read_intervals(path)
    assert read.strand.tolist() == ["+", "-", "+", "-", "+", ".", "."]
    assert "3 of 7 strands are written 1 or -1: read as + and -." in read.notes
    assert any(note.startswith("1 of 7 strands are none of + - . 1 -1, the first in line 7") for note in read.notes)
