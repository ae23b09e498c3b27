"""Files of other formats that are given as CSV: read where that is plain, otherwise named, with what to do."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from amber.data import load_dataset, read_table
from amber.data.text.formats import recognise
from amber.errors import DataError

ROWS = "seq,label\n" + "".join(f"{'ACGT'[k % 4]}CGT,{'ab'[k % 2]}\n" for k in range(40))


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, ROWS)
    return held.getvalue()


def saved_array() -> bytes:
    held = io.BytesIO()
    np.save(held, np.ones(3))
    return held.getvalue()


FASTA = r"source: \{fasta: \{a: FILE, b: FILE\}\}.*columns seq and label"
ON_GENOME = r"source: \{intervals: FILE, genome: FASTA\}"
OTHERS: dict[str, tuple[bytes, str, str]] = {
    "fasta": (
        b">chr1 a\nACGT\n>chr2 b\nACGA\n",
        "a FASTA file",
        FASTA,
    ),
    "fasta after blanks": (
        b"\n\n>chr1\nACGT\n",
        "a FASTA file",
        FASTA,
    ),
    "fastq": (b"@read1\nACGT\n+\nIIII\n", "a FASTQ file", "columns seq and label"),
    "sam": (b"@HD\tVN:1.6\n", "a SAM file", "intervals"),
    "bed": (b"chr1\t10\t20\nchr1\t30\t40\n", "a BED file", ON_GENOME),
    "bed with comments": (
        b"#c\n" * 4000 + b"chr1 10 20 x\n",
        "a BED file",
        ON_GENOME,
    ),
    "bed with a track": (
        b'track name="x"\nchr1\t10\t20\n',
        "a BED file with a track line",
        ON_GENOME,
    ),
    "vcf": (b"##fileformat=VCFv4.2\n#CHROM\tPOS\n", "a VCF file", "amber variants MODEL FILE"),
    "gff": (b"chr1\tx\tgene\t1\t9\t.\t+\t.\tID=a\n", "a GFF file", ON_GENOME),
    "wiggle": (b"fixedStep chrom=chr1 start=1 step=1\n1\n", "a wiggle file", "intervals"),
    "bigwig": (b"\x26\xfc\x8f\x88" + bytes(60), "a bigWig file", "intervals"),
    "meme": (b"MEME version 4\n", "a file of motifs in MEME format", "sequences"),
    "genbank": (b"LOCUS       AB1   4 bp\n", "a GenBank file", "columns seq and label"),
    "xlsx": (zipped("[Content_Types].xml", "xl/workbook.xml"), r"an Excel workbook \(.xlsx\)", "save it as CSV"),
    "zip": (zipped("d.csv"), "a zip archive", "unpack it first"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(60), r"an Excel workbook \(.xls\)", "save it as CSV"),
    "parquet": (b"PAR1\x15\x04\x15" + bytes(60), "a Parquet file", r"source: \{parquet: FILE\}"),
    "hdf5": (b"\x89HDF\r\n\x1a\n" + bytes(60), "an HDF5 file", r"source: \{arrays: FILE\}"),
    "npy": (saved_array(), "a NumPy array", "convert it to CSV"),
    "utf-16": (ROWS.encode("utf-16"), "text in UTF-16", "save it as UTF-8"),
    "utf-16 without mark": (ROWS.encode("utf-16-le"), "text in UTF-16", "save it as UTF-8"),
    "table with zero bytes": (ROWS.encode().replace(b"A", b"\0", 2), "a binary file", "CSV"),
    "binary": (bytes(range(256)) * 4, "a binary file", "CSV"),
    "json": (b'[{"seq": "ACGT", "label": "a"}]', "a JSON file", "convert it to CSV"),
    "web page": (b"<!DOCTYPE html><html><body>404</body></html>", "a web page", "download the file itself"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer", "git lfs pull"),
    "pdf": (b"%PDF-1.7\n", "a PDF document", "CSV"),
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("name", ["d.csv", "d.csv.gz"])
def test_another_format_is_named(tmp_path: Path, kind: str, name: str) -> None:
    content, seen, way_out = OTHERS[kind]
    path = tmp_path / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    with pytest.raises(DataError, match=f"{name}: expected a CSV file with a header; .*{way_out}.*Received: {seen}"):
        load_dataset(path)


@pytest.mark.parametrize(("name", "pack"), [("bzip2", bz2.compress), ("xz", lzma.compress)])
def test_other_compressions_are_read_and_packed_twice_is_named(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / "d.csv"
    path.write_bytes(pack(ROWS.encode()))
    assert len(read_table(path)) == ROWS.count("\n") - 1
    path.write_bytes(pack(ROWS.encode())[:-6])
    with pytest.raises(DataError, match=rf"line \d+ or after: expected sound {name} data"):
        read_table(path)
    path.write_bytes(gzip.compress(pack(ROWS.encode())))
    with pytest.raises(DataError, match=f"unpack it first. Received: a file compressed with {name}"):
        read_table(path)


@pytest.mark.parametrize(("sign", "words"), [("\t", "tabs"), (";", "semicolons"), ("|", "vertical bars")])
def test_other_separators_are_read_and_said(tmp_path: Path, sign: str, words: str) -> None:
    path = tmp_path / "d.csv"
    path.write_text(ROWS)
    plain = load_dataset(path)
    for text in (ROWS.replace(",", sign), "\ufeff" + ROWS.replace(",", sign), ROWS.replace(",", f'"{sign}"')):
        quoted = '"' in text
        path.write_text("\n".join(f'"{line}"' for line in text.splitlines()) if quoted else text)
        data = load_dataset(path)
        assert data.fingerprint == plain.fingerprint
        assert data.notes[0] == f"d.csv is read with {words} between its fields."
    assert plain.notes[0].startswith("No column")


def test_a_comma_in_another_column_does_not_mislead(tmp_path: Path) -> None:
    path = tmp_path / "d.tsv"
    path.write_text("name, of the gene\tseq\tlabel\nx, y\tACGT\ta\n")
    assert read_table(path, ["seq", "label"]).columns == {"seq": ["ACGT"], "label": ["a"]}


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("ACGTACGT,1\nACGTACGA,0\n", "Line 1 looks like data: put a header before it"),
        ("# made by x\nseq,label\nACGT,a\n", "Line 1 begins with '#': remove comments"),
        ("sep=;\nseq;label\nACGT;a\n", "Line 1 tells a spreadsheet the separator: remove it"),
        ("chrom,start,end,label\nchr1,1,5,a\n", "These are intervals: the table must hold the sequences"),
        ("sequence,label\nACGT,a\n", r"Did you mean 'sequence'\?"),
    ],
)
def test_advice_where_a_column_is_missing(tmp_path: Path, text: str, advice: str) -> None:
    (tmp_path / "d.csv").write_text(text)
    with pytest.raises(DataError, match=f"line 1: expected a column 'seq'.*{advice}"):
        load_dataset(tmp_path / "d.csv")


def test_latin_1_is_named_with_the_sign(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_bytes("seq,label\nACGT,a\nACGT,é\n".encode("latin-1"))
    with pytest.raises(DataError, match="line 3: expected text in UTF-8; save it so.*Latin-1.*byte b'.xe9', 'é' there"):
        load_dataset(tmp_path / "d.csv")


def test_what_is_not_a_number_in_features(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    for odd, advice in (("NA", "fill in what is missing"), ('"0,5"', "with a point"), ("x", ""), ("-inf", "")):
        path.write_text("a,b\n1,2\n1," + odd + "\n")
        with pytest.raises(DataError, match=f"line 3, column 'b': expected a finite number.*{advice}.*Received: "):
            from amber.data import read_features

            read_features(path, ["b"])


@pytest.mark.parametrize(
    "text", [b"BZh9,label\nACGT,a\n", b"seqs1AY&SY,label\n", b"PK,label\nACGT,a\n", b"a,b\n" * 100]
)
def test_a_table_that_begins_like_another_format_is_a_table(text: bytes) -> None:
    assert recognise(text) is None
    assert recognise(bz2.compress(text)) is not None


def test_an_archive_is_named_by_its_257th_byte() -> None:
    for before, name in ((b"a" * 257, "a tar archive"), (b"a" * 256, None)):
        found = recognise(before + b"ustar")
        assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b">a\nACGT\n", "fasta"),
        (b"chr1\t1\t5\n", "bed"),
        (b"chr1 1 5 name\n", "bed"),
        (b"track name=x\nchr1\t1\t5\n", "bed"),
        (b"##gff-version 3\n", "gff"),
        (b"chr1\ts\tgene\t1\t5\t.\t+\t.\tx\n", "gff"),
        (b"##fileformat=VCFv4.2\n", "vcf"),
        (b"chr1\t5\t.\tA\tC\t.\t.\t.\n", "vcf lines"),
        (b"\x26\xfc\x8f\x88", "bigwig"),
        (b"\x88\x8f\xfc\x26", "bigwig"),
        ("seq,label\n".encode("utf-16"), "utf-16"),
        ("seq,label\n".encode("utf-16-le"), "utf-16"),
        (b"@r\nACGT\n+\n!!!!\n", "other"),
        (b"\xeb\xf2\x89\x87", "other"),
    ],
)
def test_what_code_asks_a_format_for(head: bytes, kind: str) -> None:
    found = recognise(head)
    assert found is not None and found.kind == kind
