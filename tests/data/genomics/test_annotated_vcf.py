"""VCF files written again with values added, read back by pysam."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pysam
import pytest

from amber.data.genomics import read_variants
from amber.data.genomics.annotated_vcf import InfoField, write_annotated_vcf
from amber.errors import DataError

FILES = Path(__file__).parent / "files"


@pytest.mark.parametrize("suffix", [".vcf", ".vcf.gz"])
@pytest.mark.parametrize(
    "name",
    [
        "GenVarLoader__issue_153.vcf",
        "bedtools2__bug44_a.vcf.gz",
        "igv_js__example.vcf",
        "igv_js__gvcf_mixed.vcf",
        "igv_js__testvcf2.vcf",
        "igv_js__vars.vcf",
    ],
)
def test_files_from_the_wild_keep_their_records_and_gain_values(name: str, suffix: str, tmp_path: Path) -> None:
    variants = read_variants(FILES / name)
    values = np.arange(len(variants)) / 4.0
    values[::3] = np.nan
    path = tmp_path / f"out{suffix}"
    write_annotated_vcf(path, variants, [InfoField("AMBER_x_DIFF", "A difference", values)])
    before, after = ([*pysam.VariantFile(str(each))] for each in (FILES / name, path))
    assert len(before) == len(after) == variants.records
    by_place = {}
    for row, record in enumerate(variants.record):
        by_place[int(record), variants.alternative[row]] = values[row]
    for number, (old, new) in enumerate(zip(before, after, strict=True)):
        assert (old.chrom, old.pos, old.alleles, old.id, len(old.samples)) == (
            new.chrom,
            new.pos,
            new.alleles,
            new.id,
            len(new.samples),
        )
        expected = [by_place.get((number, each.upper()), np.nan) for each in new.alts or ()]
        found = new.info.get("AMBER_x_DIFF")
        if np.isnan(expected).all():
            assert found is None
        else:
            np.testing.assert_allclose([np.nan if each is None else each for each in found], expected)
        kept = {key: value for key, value in new.info.items() if key != "AMBER_x_DIFF"}
        assert str(kept) == str(dict(old.info.items()))
    assert path.read_bytes()[:2] == (b"\x1f\x8b" if suffix == ".vcf.gz" else b"##")


def test_fields_that_the_file_has_are_not_written_over(tmp_path: Path) -> None:
    variants = read_variants(FILES / "igv_js__example.vcf")
    with pytest.raises(DataError, match="must not have the INFO fields that are added. Received: DP"):
        write_annotated_vcf(tmp_path / "o.vcf", variants, [InfoField("DP", "depth", np.zeros(len(variants)))])
