"""Motifs in the minimal MEME format, and JASPAR CORE, which ships in it.

The format: https://meme-suite.org/meme/doc/meme-format.html.
"""

from __future__ import annotations

import lzma
import os
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Literal

import numpy as np

from amber.data.motifs.motif import Motif
from amber.errors import DataError
from amber.files import limits
from amber.files.bounded import read_bounded
from amber.files.missing import MOTIFS
from amber.files.whole import write_whole
from amber.wording import shown

TAXA = ("fungi", "vertebrates")
Taxon = Literal["fungi", "vertebrates"]


def jaspar(taxon: Taxon | None = None) -> list[Motif]:
    """Return JASPAR 2024 CORE, non-redundant: 178 motifs of fungi, 879 of vertebrates, or both.

    Rauluseviciute et al., "JASPAR 2024", Nucleic Acids Research 52 (2024), D174-D182; CC BY 4.0.

    Raises:
        DataError: another taxon.
    """
    if taxon not in (None, *TAXA):
        raise DataError(f"`taxon` must be {' or '.join(TAXA)}. Received: {shown(taxon)}")
    folder = resources.files("amber.data.motifs") / "files"
    found: list[Motif] = []
    for each in TAXA if taxon is None else (taxon,):
        packed = (folder / f"jaspar2024_core_{each}.meme.xz").read_bytes()
        found += _parse(lzma.decompress(packed).decode(), f"JASPAR {each}")
    return found


def read_meme(path: str | os.PathLike[str]) -> list[Motif]:
    """Return the DNA motifs of a file in MEME format.

    Raises:
        DataError: a file that is missing, too large, or not in the format, or of another alphabet; names the line.
    """
    read = read_bounded(path, limit=limits.MOTIF_BYTES, what=MOTIFS, error=DataError)
    try:
        text = read.decode()
    except UnicodeDecodeError as error:
        line = read[: error.start].count(b"\n") + 1
        raise DataError(
            f"{path}, line {line}: expected motifs in MEME format, text in UTF-8. "
            f"Received: byte 0x{read[error.start]:02x}"
        ) from error
    return _parse(text, os.fspath(path))


def write_meme(path: str | os.PathLike[str], motifs: Sequence[Motif]) -> Path:
    """Write motifs in MEME format, version 4, and return the path.

    Raises:
        StorageError: the file cannot be written.
    """
    lines = ["MEME version 4", "", "ALPHABET= ACGT", "", "strands: + -", "", "Background letter frequencies"]
    lines += ["A 0.25 C 0.25 G 0.25 T 0.25", ""]
    for motif in motifs:
        name = "_".join(motif.name.split())
        lines.append(f"MOTIF {name} {motif.alternative}".rstrip())
        width = len(motif.probabilities)
        lines.append(f"letter-probability matrix: alength= 4 w= {width} nsites= {motif.sites} E= 0")
        lines += [" ".join(f"{value:.6f}" for value in row) for row in motif.probabilities]
        lines.append("")
    return write_whole(path, "\n".join(lines))


def _parse(text: str, where: str) -> list[Motif]:
    lines = enumerate(text.splitlines(), 1)
    found: list[Motif] = []
    names: list[str] = []
    if not text.lstrip().startswith("MEME version"):
        raise DataError(f"{where}, line 1: expected 'MEME version 4'. Received: {shown(text[:40])}")
    for number, line in lines:
        words = line.split()
        if line.startswith("ALPHABET") and "ACGT" not in line.replace(" ", "") and '"DNA"' not in line:
            raise DataError(f"{where}, line {number}: expected the alphabet ACGT. Received: {shown(line)}")
        if words[:1] == ["MOTIF"]:
            if len(words) < 2:
                raise DataError(f"{where}, line {number}: expected a name after MOTIF. Received: nothing")
            names = words[1:]
        elif line.startswith("letter-probability matrix") and names:
            found.append(_matrix(line, number, lines, names, where))
    if not found:
        raise DataError(f"{where}: expected at least one motif with a letter-probability matrix. Received: none")
    return found


def _matrix(line: str, number: int, lines: Iterator[tuple[int, str]], names: list[str], where: str) -> Motif:
    options = dict(zip(line.replace("=", " = ").split()[2::3], line.replace("=", " = ").split()[4::3], strict=False))
    try:
        width, sites = int(options["w"]), int(float(options.get("nsites", 20)))
    except (KeyError, ValueError, OverflowError) as error:
        raise DataError(
            f"{where}, line {number}: expected 'w= WIDTH' and, where it is known, 'nsites= NUMBER'. "
            f"Received: {shown(line)}"
        ) from error
    rows = []
    for _ in range(width):
        number, row = next(lines, (number, ""))
        try:
            values = [float(value) for value in row.split()]
        except ValueError:
            values = []
        if len(values) != 4 or min(values) < 0 or not 0.9 < sum(values) < 1.1:
            raise DataError(
                f"{where}, line {number}: expected four probabilities that sum to 1. Received: {shown(row)}"
            )
        rows.append(np.array(values) / sum(values))
    if not rows:
        raise DataError(f"{where}, line {number}: expected a motif of at least one position. Received: w= {width}")
    return Motif(names[0], np.array(rows), " ".join(names[1:]), sites)
