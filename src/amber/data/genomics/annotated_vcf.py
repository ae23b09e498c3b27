"""A VCF file written again, with values for each alternative allele added to its INFO column."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO

import numpy as np

from amber.data.genomics.handles import library, quiet_htslib
from amber.data.genomics.variants import Variants, seekable
from amber.errors import DataError
from amber.types import Array

SUFFIXES = (".vcf", ".vcf.gz")
_ALTERNATIVES, _INFO = 4, 7


@dataclass(frozen=True)
class InfoField:
    """A number for each alternative allele.

    Attributes:
        name: the key, of letters, digits and `_`, not beginning with a digit.
        description: what it is, for the header.
        values: of each variant, `(n,)`; NaN where there is none.
    """

    name: str
    description: str
    values: Array


def write_annotated_vcf(path: str | os.PathLike[str], variants: Variants, fields: Sequence[InfoField]) -> None:
    """Write the records that variants were read from, all of them, with fields added to INFO.

    Args:
        path: the file to write, plain, or compressed with bgzip where it ends in `.gz`.
        variants: from `read_variants`; the file is read again.
        fields: what is added; an allele without a value gets `.`, a record without any is left as it is.

    Raises:
        DataError: pysam is not installed, or the file cannot be read again.
        OSError: it cannot be written.
    """
    pysam = library("pysam", "A VCF file")
    rows: dict[int, dict[str, int]] = {}
    for row, (record, bases) in enumerate(zip(variants.record, variants.alternative, strict=True)):
        rows.setdefault(int(record), {})[bases] = row
    target = Path(path)
    with quiet_htslib(pysam), seekable(variants.path) as place:
        stream = pysam.BGZFile(str(target), "w") if target.suffix == ".gz" else target.open("wb")
        with stream:
            _write_header(stream, _header(pysam, place), fields)
            for number, line in enumerate(_records(pysam, place)):
                stream.write(_annotated(line, rows.get(number, {}), fields).encode("utf-8"))


def _header(pysam: ModuleType, place: str) -> str:
    """Return the header as htslib has it once all records are read: it adds what they name and the file did not."""
    with pysam.VariantFile(place) as stream:
        for _ in stream:
            pass
        return str(stream.header)


def _records(pysam: ModuleType, place: str) -> Iterator[str]:
    with pysam.VariantFile(place) as stream:
        for record in stream:
            yield str(record)


def _write_header(stream: IO[bytes], header: str, fields: Sequence[InfoField]) -> None:
    *lines, columns = header.rstrip("\n").split("\n")
    new = [f'##INFO=<ID={each.name},Number=A,Type=Float,Description="{each.description}">' for each in fields]
    taken = [each.name for each in fields if any(line.startswith(f"##INFO=<ID={each.name},") for line in lines)]
    if taken:
        raise DataError(f"The VCF file must not have the INFO fields that are added. Received: {', '.join(taken)}")
    stream.write("".join(f"{line}\n" for line in [*lines, *new, columns]).encode("utf-8"))


def _annotated(line: str, rows: Mapping[str, int], fields: Sequence[InfoField]) -> str:
    cells = line.rstrip("\n").split("\t")
    places = [rows.get(bases.upper()) for bases in cells[_ALTERNATIVES].split(",")]
    added = [f"{each.name}={','.join(texts)}" for each in fields if (texts := _texts(each, places))]
    if added:
        cells[_INFO] = ";".join([*([] if cells[_INFO] == "." else [cells[_INFO]]), *added])
    return "\t".join(cells) + "\n"


def _texts(field: InfoField, places: Sequence[int | None]) -> list[str]:
    values = [np.nan if place is None else float(field.values[place]) for place in places]
    return [] if np.isnan(values).all() else ["." if np.isnan(value) else f"{value:.6g}" for value in values]
