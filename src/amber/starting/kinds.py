"""Recognise the kind of data in a file by its first bytes and its suffix."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from pathlib import Path
from typing import Literal

from amber.data.text.formats import recognise
from amber.errors import DataError
from amber.files import open_regular
from amber.files.missing import no_data

Kind = Literal["table", "parquet", "fasta", "intervals", "arrays", "zarr", "anndata", "bigwig"]
_INTERVALS = (".bed", ".narrowpeak", ".broadpeak", ".bedgraph", ".bg", ".gff", ".gff3", ".gtf")
_CHROMOSOME = frozenset({"chrom", "chr", "chromosome", "#chrom", "#chr", "seqnames", "seqid"})
_START = frozenset({"start", "chromstart", "chrom_start", "begin"})
_ZARR = ("zarr.json", ".zgroup", ".zarray")
_HEAD = 1 << 16
_PACKED = ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open), (b"\xfd7zXZ\x00", lzma.open))


def kind_of(path: Path) -> Kind:
    """Return what kind of data a file holds.

    Raises:
        DataError: it is missing, empty, or in a format that AMBER does not read; the message names the format.
    """
    if not path.exists():
        raise no_data(path)
    if path.is_dir():
        if any((path / each).is_file() for each in _ZARR):
            return "zarr"
        raise DataError(
            f"{path}: expected a file, or a folder with a Zarr store. Received: another folder", file=str(path)
        )
    head = _head(path)
    if not head.strip():
        raise DataError(f"{path}: expected a file of data. Received: an empty file", file=str(path))
    name = path.name.lower().removesuffix(".gz")
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith(b"\x89HDF") and name.endswith(".h5ad"):
        return "anndata"
    if head.startswith((b"\x89HDF", b"PK\x03\x04")) and not name.endswith((".xlsx", ".zip")):
        return "arrays"
    if name.endswith(_INTERVALS) or _is_interval_table(head):
        return "intervals"
    found = recognise(head)
    if found is None or found.kind == "utf-16":
        return "table"
    if found.kind == "fasta":
        return "fasta"
    if found.kind in ("bed", "gff"):
        return "intervals"
    if found.kind == "bigwig":
        return "bigwig"
    raise DataError(
        f"{path}: expected a table, FASTA, intervals with a genome, npz or HDF5; {found.way_out}. "
        f"Received: {found.name}",
        file=str(path),
    )


def _head(path: Path) -> bytes:
    with open_regular(path, what="a file of data", error=DataError) as stream:
        head = stream.read(_HEAD)
    for magic, unpack in _PACKED:
        if head.startswith(magic):
            try:
                with unpack(path, "rb") as stream:
                    return bytes(stream.read(_HEAD))
            except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
                raise DataError(
                    f"{path}: expected a sound compressed file. Received: {error}", file=str(path)
                ) from error
    return bytes(head)


def _is_interval_table(head: bytes) -> bool:
    first = head.decode("utf-8-sig", errors="replace").splitlines()[:1]
    names = {each.strip().strip('"').lower() for sign in "\t,;" for each in (first[0] if first else "").split(sign)}
    return bool(names & _CHROMOSOME) and bool(names & _START)
