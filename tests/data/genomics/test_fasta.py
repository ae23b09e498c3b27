"""FASTA files read as a whole; what the files in `files/` hold was found with pyfaidx and pysam (SOURCES.md)."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from amber.data.genomics import read_fasta
from amber.errors import DataError

FILES = Path(__file__).parent / "files"
TANGERMEME = "b20b2ae04547f2c4d1a27eda56aee75f"


@pytest.mark.parametrize(
    ("name", "entries", "first", "checksum"),
    [
        ("bedtools2__rna.fasta", 1, "chr1", "c42f437f505ec8dd40978926f9c88a39"),
        ("bedtools2__t.fa", 1, "chr1", "79ed1561dc6465e4a2905ccb8194ffc4"),
        ("bedtools2__t.fa.gz", 1, "chr1", "79ed1561dc6465e4a2905ccb8194ffc4"),
        ("bedtools2__test.iupac.fa", 2, "1", "20a67181104b11a50c21fb33c01ab380"),
        ("gReLU__test.fa.gz", 2, "seq1", "c90d9030530f75a793ee14c17be8534e"),
        ("genomepy__gap.fa", 3, "chr1", "e0c79b92c704fe638a15b0414a050174"),
        ("igv_js__ecoli_out.padded.fasta", 1, "NC_000913_bb", "ad3db3982d7c9e876cc668f9deb18674"),
        ("igv_js__test.fa", 1, "chr1", "7cdbcb850fe1a52ac72d786064b70748"),
        ("igv_js__sliced2.fasta", 3, "chr1:2000001-2000025", "303cb7bbf21390144dbe76511765c09b"),
        ("kipoiseq__demo_proteins.pep.all.fa", 2, "ENSP00000370568", "ca536fd5e03cc461ac3eac33a08747e2"),
        ("tangermeme__test.fa", 7, "chr1", TANGERMEME),
        ("tangermeme_test.crlf.fa", 7, "chr1", TANGERMEME),
        ("tangermeme_test.bgz.fa.gz", 7, "chr1", TANGERMEME),
        ("tangermeme_test.plain.fa.gz", 7, "chr1", TANGERMEME),
    ],
)
def test_files_from_the_wild(name: str, entries: int, first: str, checksum: str) -> None:
    read = read_fasta(FILES / name)
    assert (len(read), read.names[0], read.lines[0]) == (entries, first, 1)
    assert hashlib.md5("\n".join(read.sequences).encode()).hexdigest() == checksum


def test_headers_blank_lines_and_comments(tmp_path: Path) -> None:
    path = tmp_path / "a.fa"
    path.write_bytes(
        b"\xef\xbb\xbf\r\n>s1 first of two\r\nAC gt\r\n\r\nNN\r\n; a comment\r\n> s1\tpos=3 x\r\nacgu*\r\n\r\n"
    )
    read = read_fasta(path)
    assert read.names == ["s1", "s1"] and read.descriptions == ["first of two", "pos=3 x"]
    assert read.sequences == ["ACgtNN", "acgu*"] and read.lines == [2, 7]
    assert read.notes == ("1 of 2 names in a.fa occur more than once.",)
    assert read.where(1) == f"{path}, line 7 (s1)"


@pytest.mark.parametrize(
    ("content", "message", "line"),
    [
        (b"", "Received: an empty file", None),
        (b"\n \n", "Received: blank lines and comments only", None),
        (b"\nACGT\n>a\nAC\n", "line 2: expected a header, which begins with '>', first. Received: 'ACGT'", 2),
        (b">a\n>b\nAC\n", "line 1: an entry must have a sequence; .* Received: 'a' alone", 1),
        (b">a\nAC\n>b\n", "line 3: an entry must have a sequence", 3),
        (b">a\nAC\n> \nGT\n", "line 3: a header must give a name after '>'", 3),
        (b">a\nAC\xff\n", "line 2: expected text in UTF-8", 2),
        (b">a\nAC\0\0GT\n", "expected a FASTA file, .*Received: a binary file", None),
        (b"chr1\t10\t20\n", "expected a FASTA file.* Received: a BED file", None),
        (b"@r\nACGT\n+\n!!!!\n", "Received: a FASTQ file", None),
        (
            gzip.compress(b">a\nACGT\n" * 9000, mtime=0)[:-20],
            "line .* or after: expected sound gzip data. Received: EOFError",
            1,
        ),
        (b"\x1f\x8b", "line 1 or after: expected sound gzip data", 1),
    ],
)
def test_refusals_name_file_and_line(tmp_path: Path, content: bytes, message: str, line: int | None) -> None:
    path = tmp_path / "bad.fa"
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as raised:
        read_fasta(path)
    assert str(path) in str(raised.value) and raised.value.line == line


def test_limit_of_size(tmp_path: Path) -> None:
    path = tmp_path / "long.fa"
    path.write_text(">a\n" + "A" * (2 << 20))
    assert len(read_fasta(path).sequences[0]) == 2 << 20
    with pytest.raises(DataError, match="expected at most 1.0 MiB"):
        read_fasta(path, size_limit=1)
    with pytest.raises(DataError, match="expected a FASTA file.*a regular file. Received: a folder"):
        read_fasta(tmp_path)
