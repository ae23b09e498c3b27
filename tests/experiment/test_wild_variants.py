"""What is scored, skipped and mismatching in odd VCF files equals what a plain reading with pysam says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pysam
import pysam.bcftools
import pytest

from amber.data.genomics.alleles import BEYOND, DIFFERS, NO_CHROMOSOME, SCORED, TOO_LONG
from amber.experiment.variant_scoring import ScoredVariants, score_variants

LENGTH, WINDOW = 600, 40
WILD = Path(__file__).parents[1] / "data" / "genomics" / "files"
LETTERS = set("ACGTN")
# Everything that callers write, on two chromosomes that the genome has and one that it lacks.
HEADER = """##fileformat=VCFv4.2
##INFO=<ID=AC,Number=A,Type=Integer,Description="Allele count">
##INFO=<ID=END,Number=1,Type=Integer,Description="End">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##contig=<ID=chr1,length=600>
##contig=<ID=chr2,length=600>
##contig=<ID=chrUn_7,length=600>
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	s1
"""


def genome_of(folder: Path, names: list[str], length: int = LENGTH) -> tuple[Path, dict[str, str]]:
    generator = np.random.default_rng(7)
    bases = {name: "".join(generator.choice(list("ACGT"), length)) for name in names}
    # Lower case and N, as soft-masked genomes have.
    bases = {name: f"{text[:300]}{text[300:320].lower()}NNNN{text[324:]}" for name, text in bases.items()}
    path = folder / "genome.fa"
    path.write_text("".join(f">{name}\n{text}\n" for name, text in bases.items()))
    return path, bases


def odd_file(folder: Path, bases: dict[str, str]) -> Path:
    first, second = bases["chr1"].upper(), bases["chr2"].upper()
    other = {base: "ACGT"[("ACGT".index(base) + 1) % 4] if base in "ACGT" else "A" for base in "ACGTN"}

    def at(text: str, position: int, length: int = 1) -> str:
        return text[position - 1 : position - 1 + length]

    rows = [
        ("chr1", 50, at(first, 50), other[at(first, 50)]),
        ("chr1", 51, at(first, 51).lower(), other[at(first, 51)].lower()),
        ("chr1", 60, at(first, 60, 4), f"{at(first, 60)},{at(first, 60, 4)}TTTT,<DEL>,*"),
        ("chr1", 70, at(first, 70), "."),
        ("chr1", 80, other[at(first, 80)], at(first, 80)),
        ("chr1", 90, at(first, 90), "<NON_REF>"),
        ("chr1", 100, at(first, 100), f"{at(first, 100)}]chr2:5],{other[at(first, 100)]}"),
        ("chr1", 110, at(first, 110), "G" * 30),
        ("chr1", 310, at(first, 310), other[at(first, 310)]),
        ("chr1", 321, "N", "A"),
        ("chr1", 322, "A", "C"),
        ("chr1", 600, at(first, 600), other[at(first, 600)]),
        ("chr1", 600, at(first, 600) + "A", "T"),
        ("chr1", 1, at(first, 1), f"{at(first, 1)}CC"),
        ("chr2", 5, at(second, 5, 3), f"{at(second, 5)},{other[at(second, 5)]}{at(second, 6, 2)}"),
        ("chr2", 40, other[at(second, 40)] + at(second, 41), other[at(second, 40)]),
        ("chr2", 900, "A", "C"),
        ("chrUn_7", 5, "A", "C,G"),
        ("chr2", 200, at(second, 200), "R"),
    ]
    path = folder / "odd.vcf"
    lines = [f"{name}\t{place}\t.\t{ref}\t{alt}\t.\t.\t.\tGT\t./." for name, place, ref, alt in rows]
    path.write_text(HEADER + "\n".join(lines) + "\n")
    return path


def plainly(path: Path, bases: dict[str, str], window: int = WINDOW) -> tuple[Counter[str], int]:
    """How many alleles have each status, and how many alleles and records without any are skipped."""
    counts: Counter[str] = Counter()
    skipped = 0
    with pysam.VariantFile(str(path)) as stream:
        for record in stream:
            skipped += not record.alts
            for alternative in record.alts or ():
                if not set(alternative.upper()) <= LETTERS:
                    skipped += 1
                    continue
                there = bases.get(record.chrom, "")
                found = there[record.start : record.start + len(record.ref)].upper()
                if not there:
                    counts[NO_CHROMOSOME] += 1
                elif record.start + len(record.ref) > len(there):
                    counts[BEYOND] += 1
                elif found != record.ref.upper():
                    counts[DIFFERS] += 1
                elif max(len(record.ref), len(alternative)) > window // 2:
                    counts[TOO_LONG] += 1
                else:
                    counts[SCORED] += 1
    return counts, skipped


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(0)
    inputs = keras.Input((WINDOW, 4))
    hidden = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(8, 7, activation="relu")(inputs))
    path = tmp_path_factory.mktemp("model") / "model.keras"
    keras.Model(inputs, keras.layers.Dense(1, "sigmoid")(hidden)).save(path)
    return path


def check(scored: ScoredVariants, path: Path, bases: dict[str, str]) -> None:
    counts, skipped = plainly(path, bases)
    windows = scored.effects.windows
    assert windows.counts == dict(counts)
    assert sum(windows.variants.skipped.values()) == skipped
    assert np.isfinite(scored.effects.difference[windows.status == SCORED]).all()
    assert np.isnan(scored.effects.difference[windows.status != SCORED]).all()
    # Each count is said to the person, too.
    said = "\n".join(scored.found)
    assert f"{counts[SCORED]:,} variants scored" in said
    assert all(f"{count:,} not scored: {status}" in said for status, count in counts.items() if status != SCORED)


def test_an_odd_file(model: Path, tmp_path: Path) -> None:
    genome, bases = genome_of(tmp_path, ["chr1", "chr2"])
    path = odd_file(tmp_path, bases)
    counts, skipped = plainly(path, bases)
    # The file has something of every kind.
    assert counts == {SCORED: 11, DIFFERS: 3, BEYOND: 2, NO_CHROMOSOME: 2, TOO_LONG: 1} and skipped == 6
    check(score_variants(model, path, genome), path, bases)


@pytest.mark.parametrize(
    ("name", "chromosomes", "length"),
    [("GenVarLoader__issue_153.vcf", ["chr2"], 50_000), ("bedtools2__bug44_a.vcf.gz", ["MT"], 17_000)],
)
def test_files_of_the_wild(name: str, chromosomes: list[str], length: int, model: Path, tmp_path: Path) -> None:
    path = WILD / name
    genome, bases = genome_of(tmp_path, chromosomes, length)
    # A genome that has the reference allele of every second record.
    letters = {each: list(text) for each, text in bases.items()}
    with pysam.VariantFile(str(path)) as stream:
        for number, record in enumerate(stream):
            if number % 2 == 0 and record.chrom in letters and record.stop <= length:
                letters[record.chrom][record.start : record.stop] = record.ref
    bases = {each: "".join(text) for each, text in letters.items()}
    genome.write_text("".join(f">{each}\n{text}\n" for each, text in bases.items()))
    counts, _ = plainly(path, bases)
    assert counts[SCORED] > 5 and counts[DIFFERS] > 5
    check(score_variants(model, path, genome), path, bases)


def test_what_is_written_is_a_vcf_file(model: Path, tmp_path: Path) -> None:
    genome, bases = genome_of(tmp_path, ["chr1", "chr2"])
    path = odd_file(tmp_path, bases)
    scored = score_variants(model, path, genome)
    scored.write(tmp_path / "effects.vcf.gz")
    values = []
    with pysam.VariantFile(str(tmp_path / "effects.vcf.gz")) as stream, pysam.VariantFile(str(path)) as before:
        (key,) = [each for each in stream.header.info if each.endswith("_DIFF")]
        assert stream.header.info[key].number == "A" and stream.header.info[key].type == "Float"
        for record, old in zip(stream, before, strict=True):
            assert (record.chrom, record.pos, record.ref, record.alts) == (old.chrom, old.pos, old.ref, old.alts)
            values += [each for each in record.info.get(key, ()) if each is not None]
    expected = scored.effects.difference[scored.effects.windows.scored][:, 0]
    np.testing.assert_allclose(values, expected, rtol=1e-4, atol=1e-7)
    # As bcftools reads it: a value or a dot for each allele.
    text = pysam.bcftools.query("-f", f"%INFO/{key}\n", str(tmp_path / "effects.vcf.gz"))
    shown = [float(each) for each in text.replace("\n", ",").split(",") if each not in ("", ".")]
    np.testing.assert_allclose(shown, expected, rtol=1e-4, atol=1e-7)
    assert "chrUn_7" in pysam.bcftools.view("-h", str(tmp_path / "effects.vcf.gz"))
