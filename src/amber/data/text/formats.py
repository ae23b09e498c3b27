"""What a file is that was given as a CSV file and is not one: its format by name, and what to do about it.

What may be changed here: a format, with its name and the way out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

_SEQUENCES = "write its sequences into a CSV file with the columns seq and label"
_VARIANTS = (
    "variants are not examples to train on; score them with a network: amber variants MODEL FILE --genome FASTA, "
    "or predict each allele: amber predict; measured effects are read from a table of sequences"
)
_INTERVALS = "write the sequences of its intervals into a CSV file with the columns seq and label"
_FASTA = f"write source: {{fasta: {{a: FILE, b: FILE}}}} in a configuration, a file for each class, or {_SEQUENCES}"
_ON_GENOME = f"write source: {{intervals: FILE, genome: FASTA}} in a configuration, or {_INTERVALS}"
_ARRAYS = "write source: {arrays: FILE} in a configuration, or convert it to CSV, with pandas for example"
_PARQUET = "write source: {parquet: FILE} in a configuration, or convert it to CSV, with pandas for example"
_UNPACK = "unpack it first"
_SAVE = "save it as CSV"
_CONVERT = "convert it to CSV, with pandas for example"


FormatKind = Literal["fasta", "bed", "gff", "vcf", "vcf lines", "bigwig", "utf-16", "other"]


@dataclass(frozen=True)
class Format:
    """A format that was recognised.

    Attributes:
        name: such as `a FASTA file`, for messages.
        way_out: what to do, as an imperative.
        kind: what code asks for; `other` for what AMBER reads nowhere.
    """

    name: str
    way_out: str
    kind: FormatKind = "other"


_WIDE_TEXT = Format("text in UTF-16", "save it as UTF-8", "utf-16")
# First bytes of a file -> format.
_BINARY: tuple[tuple[bytes, Format], ...] = (
    (b"\xd0\xcf\x11\xe0", Format("an Excel workbook (.xls)", _SAVE)),
    (b"PAR1\x15", Format("a Parquet file", _PARQUET)),
    (b"ARROW1", Format("an Arrow file", _CONVERT)),
    (b"\x89HDF\r\n\x1a\n", Format("an HDF5 file", _ARRAYS)),
    (b"\x93NUMPY", Format("a NumPy array (.npy)", _CONVERT)),
    (b"SQLite format 3", Format("an SQLite database", "export the table as CSV")),
    (b"\xfd7zXZ\x00", Format("a file compressed with xz", _UNPACK)),
    (b"\x28\xb5\x2f\xfd", Format("a file compressed with zstd", "unpack it first, or compress it with gzip")),
    (b"7z\xbc\xaf\x27\x1c", Format("a 7z archive", _UNPACK)),
    (b"Rar!\x1a", Format("a RAR archive", _UNPACK)),
    (b"%PDF", Format("a PDF document", "copy its table into a CSV file")),
    (b"\x89PNG", Format("an image", "give a CSV file")),
    (b"\x7fELF", Format("a program", "give a CSV file")),
    (b"BAM\x01", Format("a BAM file", _INTERVALS)),
    (b"CRAM\x03", Format("a CRAM file", _INTERVALS)),
    (b"BCF\x02", Format("a BCF file", _VARIANTS)),
    (b"\x26\xfc\x8f\x88", Format("a bigWig file", _INTERVALS, "bigwig")),
    (b"\x88\x8f\xfc\x26", Format("a bigWig file", _INTERVALS, "bigwig")),
    (b"\xeb\xf2\x89\x87", Format("a bigBed file", _INTERVALS)),
    (b"\x87\x89\xf2\xeb", Format("a bigBed file", _INTERVALS)),
    (b"\x43\x27\x41\x1a", Format("a 2bit genome", _INTERVALS)),
    (b"\x1a\x41\x27\x43", Format("a 2bit genome", _INTERVALS)),
    (b"RDX3\n", Format("an R data file", "write it as CSV with write.csv")),
    (b"\xff\xfe\x00\x00", Format("text in UTF-32", "save it as UTF-8")),
    (b"\xff\xfe", _WIDE_TEXT),
    (b"\xfe\xff", _WIDE_TEXT),
    (b"\x80\x04\x95", Format("a Python pickle", _CONVERT)),
)
# The beginning of a text -> format.
_TEXT: tuple[tuple[re.Pattern[str], Format], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), found)
    for pattern, found in (
        (r">", Format("a FASTA file (it begins with '>')", _FASTA, "fasta")),
        (r"@(HD|SQ|RG|PG|CO)\t", Format("a SAM file", _INTERVALS)),
        (r"@[^\n]*\n[^\n]*\n\+", Format("a FASTQ file", _SEQUENCES)),
        (r"##fileformat=VCF|#CHROM\tPOS", Format("a VCF file", _VARIANTS, "vcf")),
        (r"##gff-version|##gtf", Format("a GFF file", _ON_GENOME, "gff")),
        (r"(track type=wiggle|[^\n]*\n)?(fixedStep|variableStep)\s", Format("a wiggle file", _INTERVALS)),
        (r"track type=wiggle", Format("a wiggle file", _INTERVALS)),
        (r"(track|browser) ", Format("a BED file with a track line", _ON_GENOME, "bed")),
        (r"MEME version", Format("a file of motifs in MEME format", "give a CSV file of sequences")),
        (r"LOCUS {2}", Format("a GenBank file", _SEQUENCES)),
        (r"ID   ", Format("an EMBL file", _SEQUENCES)),
        (r"# STOCKHOLM", Format("a Stockholm alignment", _SEQUENCES)),
        (r"CLUSTAL[ WO]", Format("a Clustal alignment", _SEQUENCES)),
        (
            r"version https://git-lfs",
            Format("a Git LFS pointer in place of the file", "fetch the file with git lfs pull"),
        ),
        (r"<!doctype html|<html", Format("a web page", "download the file itself, not the page that shows it")),
        (r"<\?xml|<[a-z]", Format("an XML file", _CONVERT)),
        (r"[{\[]\s*[\"{\[\]}\d-]", Format("a JSON file", _CONVERT)),
    )
)

_GFF_LINE = re.compile(r"[^\t]+\t[^\t]*\t[^\t]+\t\d+\t\d+\t[^\t]*\t[-+.?]\t[012.]\t?[^\t]*")
_BED_LINE = re.compile(r"\S+[\t ]+\d+[\t ]+\d+([\t ].*)?")
_VCF_LINE = re.compile(r"[^\t]+\t\d+\t[^\t]+\t[ACGTN]+\t[^\t]+\t[^\t]+\t.*", re.IGNORECASE)
# Of lines such as `chr1 10 20`.
_LINES = (
    (_GFF_LINE, Format("a GFF file", _ON_GENOME, "gff")),
    (_VCF_LINE, Format("a VCF file without its header", _VARIANTS, "vcf lines")),
    (_BED_LINE, Format("a BED file", _ON_GENOME, "bed")),
)
_INTERVAL_COLUMNS = frozenset(
    {"chrom", "chr", "chromosome", "#chrom", "start", "end", "stop", "chromstart", "chromend"}
)
_SEQUENCE = re.compile(r"[ACGTUN]{8,}", re.IGNORECASE)


def recognise(head: bytes) -> Format | None:
    """Return the format of a file that is not CSV; None where it may be.

    Args:
        head: the first bytes of the file, decompressed; the more, the surer.
    """
    if head.startswith(b"PK\x03\x04"):
        workbook = b"[Content_Types].xml" in head or b"xl/" in head or b"_rels/" in head
        return Format("an Excel workbook (.xlsx)", _SAVE) if workbook else Format("a zip archive", _UNPACK)
    if head.startswith(b"BZh") and head[4:10] == b"1AY&SY":
        return Format("a file compressed with bzip2", _UNPACK)
    for magic, found in _BINARY:
        if head.startswith(magic):
            return found
    if head[257:262] == b"ustar":
        return Format("a tar archive", _UNPACK)
    if b"\0" in head:
        return _WIDE_TEXT if _is_wide(head[:400]) else Format("a binary file", "give a CSV file")
    return _of_text(head.decode("utf-8-sig", errors="replace"))


def _of_text(text: str) -> Format | None:
    text = text.lstrip()
    for pattern, found in _TEXT:
        if pattern.match(text):
            return found
    line = next(
        (line for line in text.splitlines() if line.strip() and not line.startswith(("#", "track", "browser"))), ""
    )
    return next((found for pattern, found in _LINES if pattern.fullmatch(line)), None)


def _is_wide(head: bytes) -> bool:
    """Say whether every other byte is a letter and most of the others are 0, as in UTF-16 of English text."""
    halves = head[0::2], head[1::2]
    return any(_is_printable(half) and 2 * other.count(0) > len(other) for half, other in (halves, halves[::-1]))


def _is_printable(data: bytes) -> bool:
    return len(data) > 3 and all(byte in b"\t\r\n" or 32 <= byte < 127 for byte in data)


def advice_on_header(header: list[str]) -> str:
    """Return what to do where a header lacks a column, as a sentence; empty where it says nothing."""
    if _INTERVAL_COLUMNS & {name.lower() for name in header[:12]}:
        return " These are intervals: the table must hold the sequences themselves."
    if looks_like_data(header):
        return " Line 1 looks like data: put a header before it, such as seq,label."
    if header and header[0].startswith("#"):
        return " Line 1 begins with '#': remove comments, so that the header comes first."
    if header and header[0].strip().lower().startswith("sep="):
        return " Line 1 tells a spreadsheet the separator: remove it, so that the header comes first."
    return ""


def looks_like_data(fields: list[str]) -> bool:
    """Say whether the first fields of a row are data rather than names of columns: one is a sequence or a number."""
    return any(is_sequence(field) or _is_number(field) for field in fields[:50])


def is_sequence(text: str) -> bool:
    """Say whether a field looks like a sequence of nucleotides."""
    return _SEQUENCE.fullmatch(text) is not None


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[-+]?\d*\.?\d+([eE][-+]?\d+)?", text) is not None
