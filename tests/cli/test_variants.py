"""`amber variants`: the table, the annotated VCF file, and what is refused before a model is loaded."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pysam
import pytest
from tests.cli.calls import CHROMOSOME, HEADER, write_calls

from amber.data.genomics.alleles import AlleleWindows
from amber.experiment.configuration.data_sections import DataSection
from amber.experiment.trained.preprocessing import Preprocessing
from amber.experiment.variant_scoring import ScoredVariants, _in_units
from amber.explain.variants import VariantEffects

Amber = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    others = [each for each in "ACGT" if each != CHROMOSOME[99]]
    rows = [
        f"1\t100\trs1\t{CHROMOSOME[99]}\t{others[0]},{others[1]}\t.\tPASS\tAC=1,2",
        f"1\t200\t=cmd\t{CHROMOSOME[199:203]}\t{CHROMOSOME[199]},<DEL>\t.\t.\t.",
        f"1\t100\twrong\t{others[0]}\t{CHROMOSOME[99]}\t.\t.\t.",
    ]
    return write_calls(tmp_path, rows)


def test_table_and_vcf(amber: Amber, finished_run: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    calls, genome = files
    table, annotated = tmp_path / "out" / "e.tsv", tmp_path / "e.vcf.gz"
    done = amber("variants", finished_run, calls, "--genome", genome, "-o", table, "-o", annotated)
    assert done.exit_code == 0, done.stderr
    assert "3 records, 4 variants in bases" in done.stdout and "1 of v.vcf skipped: symbolic allele" in done.stdout
    assert "3 variants scored, in windows of 60 bases" in done.stdout
    assert "1 not scored: reference allele differs from the genome (the first: 1:100" in done.stdout
    assert f"where the genome has {CHROMOSOME[99]})" in done.stdout
    rows = list(csv.DictReader(table.open(), delimiter="\t"))
    assert [row["output"] for row in rows] == ["EI", "IE", "N"] * 3 + [""]
    assert [row["position"] for row in rows[::3]] == ["100", "100", "200", "100"] and rows[6]["id"] == "'=cmd"
    for row in rows[:9]:
        before, after = float(row["predicted_reference"]), float(row["predicted_alternative"])
        assert float(row["difference"]) == pytest.approx(after - before, abs=1e-5)
        odds = np.log2(after / (1 - after)) - np.log2(before / (1 - before))
        assert float(row["log2_odds_ratio"]) == pytest.approx(odds, abs=1e-3)
    for alternative in (rows[:3], rows[3:6], rows[6:9]):
        assert sum(float(row["predicted_alternative"]) for row in alternative) == pytest.approx(1, abs=1e-4)
    assert rows[9]["status"] == "reference allele differs from the genome" and rows[9]["difference"] == ""
    first, second, third = pysam.VariantFile(str(annotated))
    assert first.info["AC"] == ("1", "2") and dict(third.info) == {}
    assert first.info["AMBER_EI_DIFF"] == pytest.approx([float(rows[0]["difference"]), float(rows[3]["difference"])])
    assert second.info["AMBER_N_LOG2R"][1] is None


def test_standard_output_is_the_table_alone(amber: Amber, finished_run: Path, files: tuple[Path, Path]) -> None:
    done = amber("variants", finished_run / "best.keras", files[0], "--genome", files[1], "--both-strands")
    assert done.exit_code == 0, done.stderr
    assert len(list(csv.DictReader(io.StringIO(done.stdout), delimiter="\t"))) == 10
    assert "3 variants scored" in done.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"output": "e.txt"}, "--output: expected a file ending in .tsv or .csv or .vcf or .vcf.gz"),
        ({"chromosome": "chr7"}, "It has 'chr1'. Received: 'chr7'"),
        ({"genome": "missing.fa"}, "missing.fa"),
        ({"calls": "missing.vcf"}, "missing.vcf"),
    ],
)
def test_what_is_refused(
    change: dict[str, str], message: str, amber: Amber, finished_run: Path, files: tuple[Path, Path], tmp_path: Path
) -> None:
    calls, genome = files
    if "chromosome" in change:
        calls.write_text(HEADER + f"{change['chromosome']}\t5\t.\tA\tC\t.\t.\t.\n")
    calls = tmp_path / change.get("calls", calls.name)
    genome = tmp_path / change.get("genome", genome.name)
    output = tmp_path / change.get("output", "e.tsv")
    done = amber("variants", finished_run, calls, "--genome", genome, "-o", output)
    assert done.exit_code == 2 and message in done.stderr, done.stderr
    assert not output.exists()


def test_units_of_every_kind_of_output() -> None:
    record = {
        "inputs": {"input": [60, 4]},
        "outputs": {
            "kind": ["off", "on"],
            "site": ["EI", "IE", "N"],
            "marks": {"labels": ["Reb1", "Abf1"], "missing": True},
            "level": None,
        },
        "output_scaling": {"level": {"mean": [10.0], "scale": [2.0]}},
    }
    units = Preprocessing.of_run(record, DataSection()).units()
    assert [(each.title, each.column, each.is_probability) for each in units] == [
        ("kind: on", 1, True),
        ("site: EI", 2, True),
        ("site: IE", 3, True),
        ("site: N", 4, True),
        ("marks: Reb1", 5, True),
        ("marks: Abf1", 6, True),
        ("level", 7, False),
    ]
    scores = np.arange(8.0)[None] / 8
    windows: AlleleWindows = None  # type: ignore[assignment]
    effects = _in_units(VariantEffects(windows, scores, scores + 1), units)
    np.testing.assert_allclose(effects.reference, [[*(np.arange(1, 7) / 8), 11.75]])
    np.testing.assert_allclose(effects.difference[0, -1], 2.0)
    names = [each.name for each in ScoredVariants(effects, tuple(units), ())._info()]
    assert names[:3] == ["AMBER_kind_on_DIFF", "AMBER_kind_on_LOG2R", "AMBER_kind_on_LOG2OR"]
    assert names[-2:] == ["AMBER_level_DIFF", "AMBER_level_LOG2R"] and len(set(names)) == len(names)


def test_what_is_read_is_not_written_over(amber: Amber, finished_run: Path, files: tuple[Path, Path]) -> None:
    calls, genome = files
    before = calls.read_bytes()
    done = amber("variants", finished_run, calls, "--genome", genome, "-o", calls)
    assert done.exit_code == 2 and "expected another file than the one that is read" in done.stderr
    assert calls.read_bytes() == before
