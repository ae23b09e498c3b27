"""`amber predict` on VCF files: a row for each allele."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.cli.calls import CHROMOSOME, write_calls

import amber as package

Amber = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    others = [each for each in "ACGT" if each != CHROMOSOME[99]]
    rows = [
        f"1\t100\t=cmd\t{CHROMOSOME[99]}\t{others[0]},{others[1]}\t.\t.\t.",
        f"1\t100\twrong\t{others[0]}\t{CHROMOSOME[99]}\t.\t.\t.",
        f"1\t200\tdel\t{CHROMOSOME[199:203]}\t{CHROMOSOME[199]}\t.\t.\t.",
    ]
    return write_calls(tmp_path, rows)


def test_a_row_for_each_allele(amber: Amber, finished_run: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    calls, genome = files
    done = amber("predict", finished_run, calls, "--genome", genome, "-o", tmp_path / "out.tsv")
    assert done.exit_code == 0, done.stderr
    assert "Wrote" in done.stdout and "4 variants" in done.stdout
    assert "1 not predicted: reference allele differs from the genome." in done.stderr
    rows = list(csv.DictReader((tmp_path / "out.tsv").open(), delimiter="\t"))
    one, two = [each for each in "ACGT" if each != CHROMOSOME[99]][:2]
    assert [row["allele"] for row in rows] == [
        CHROMOSOME[99], one, two, CHROMOSOME[99], CHROMOSOME[199:203], CHROMOSOME[199]
    ]  # fmt: skip
    # What a spreadsheet would run is text.
    assert rows[0]["id"] == "'=cmd" and rows[3]["predicted"] == "" and rows[3]["status"] != "scored"
    model = package.load(finished_run)
    scored = model.variants(calls, genome)
    numbers = [[float(row[name]) for name in ("EI", "IE", "N")] for row in rows if row["status"] == "scored"]
    before, after = scored.effects.reference, scored.effects.alternative
    np.testing.assert_allclose(numbers, [before[0], after[0], after[1], before[3], after[3]], atol=2e-6)


def test_both_strands_are_the_mean(amber: Amber, finished_run: Path, files: tuple[Path, Path]) -> None:
    done = amber("predict", finished_run, files[0], "--genome", files[1], "--both-strands")
    assert done.exit_code == 0, done.stderr
    rows = list(csv.DictReader(done.stdout.splitlines(), delimiter="\t"))
    both = package.load(finished_run).variants(*files, both_strands=True)
    np.testing.assert_allclose(
        [float(rows[1][name]) for name in ("EI", "IE", "N")], both.effects.alternative[0], atol=2e-6
    )


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "--genome: expected the FASTA file"),
        (["--genome", "g.fa", "--classes", "a,b"], "variants have no classes"),
        (["--genome", "g.fa", "-o", "out.bed"], "--output: expected a file ending in .tsv or .csv"),
    ],
)
def test_what_is_refused(
    more: list[str],
    words: str,
    amber: Amber,
    finished_run: Path,
    files: tuple[Path, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(files[0].parent)
    done = amber("predict", finished_run, files[0], *more)
    assert done.exit_code == 2 and words in done.stderr.replace("\n", " ")
