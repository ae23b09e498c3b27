"""`amber predict` on FASTA files and on intervals of a genome."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pybigtools
import pytest

import amber as package
from amber.data.genomics import reverse_complement
from amber.experiment.trained.genomic_files import predict_genomic_file

Amber = Callable[..., Any]
CHROMOSOME = "".join(np.random.default_rng(7).choice(list("ACGT"), 400))


def table(text: str, delimiter: str = "\t") -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))


def other_strand(text: str) -> str:
    return reverse_complement(np.frombuffer(text.encode(), np.uint8)[None])[0].tobytes().decode()


@pytest.fixture
def fasta(tmp_path: Path) -> Path:
    entries = [f">s{row} of {row}\n{CHROMOSOME[row : row + 60].lower()}\n" for row in range(0, 50, 10)]
    (tmp_path / "some.fa.gz").write_bytes(gzip.compress("".join(entries).encode()))
    return tmp_path / "some.fa.gz"


@pytest.fixture
def intervals(tmp_path: Path) -> tuple[Path, Path]:
    (tmp_path / "g.fa").write_text(f">chr1\n{CHROMOSOME}\n")
    (tmp_path / "p.bed").write_text("1\t100\t140\tfirst\t0\t+\n1\t130\t150\tsecond\t0\t-\n1\t0\t4\tedge\n")
    return tmp_path / "p.bed", tmp_path / "g.fa"


@pytest.mark.slow
def test_fasta(amber: Amber, finished_run: Path, fasta: Path, tmp_path: Path) -> None:
    done = amber("predict", finished_run, fasta)
    assert done.exit_code == 0, done.stderr
    rows = table(done.stdout)
    assert [row["name"] for row in rows] == ["s0", "s10", "s20", "s30", "s40"]
    expected = package.load(finished_run).predict([CHROMOSOME[row : row + 60] for row in range(0, 50, 10)])
    found = np.array([[float(row[name]) for name in ("EI", "IE", "N")] for row in rows])
    np.testing.assert_allclose(found, expected, atol=2e-6)
    assert [row["predicted"] for row in rows] == [("EI", "IE", "N")[place] for place in found.argmax(axis=1)]
    done = amber("predict", finished_run, fasta, "-o", tmp_path / "p.csv", "--both-strands")
    assert done.exit_code == 0, done.stderr
    both = table((tmp_path / "p.csv").read_text(), ",")
    mean = package.load(finished_run).predict([CHROMOSOME[:60]], both_strands=True)
    np.testing.assert_allclose([float(both[0][name]) for name in ("EI", "IE", "N")], np.asarray(mean)[0], atol=2e-6)


@pytest.mark.parametrize(("settings", "starts"), [("centre: start", [70, 120, -30]), ("", [90, 110, -28])])
def test_a_bundle_places_windows_as_its_run_did(
    finished_run: Path, intervals: tuple[Path, Path], tmp_path: Path, settings: str, starts: list[int]
) -> None:
    peaks, genome = intervals
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "model.keras").write_bytes((finished_run / "best.keras").read_bytes())
    (bundle / "preprocessing.json").write_text(json.dumps(package.load(finished_run).preprocessing.to_dict()))
    source = f"{{intervals: old.bed, genome: {genome}, window: 60, at_end: pad{', ' if settings else ''}{settings}}}"
    (bundle / "config.yaml").write_text(f"name: known\ndata: {{source: {source}}}\n")
    windows = predict_genomic_file(bundle, peaks).examples
    assert windows.columns["start"].tolist() == starts


@pytest.mark.slow
def test_intervals(amber: Amber, finished_run: Path, intervals: tuple[Path, Path], tmp_path: Path) -> None:
    peaks, genome = intervals
    done = amber("predict", finished_run, peaks, "--genome", genome)
    assert done.exit_code == 0, done.stderr
    assert "1 of 3 windows leave their chromosome and were dropped" in done.stderr
    rows = table(done.stdout)
    assert [(row["chromosome"], row["start"], row["end"], row["strand"], row["name"]) for row in rows] == [
        ("chr1", "90", "150", "forward", "first"),
        ("chr1", "110", "170", "reverse", "second"),
    ]
    read = [CHROMOSOME[90:150], other_strand(CHROMOSOME[110:170])]
    expected = np.asarray(package.load(finished_run).predict(read))
    np.testing.assert_allclose([[float(row[each]) for each in ("EI", "IE", "N")] for row in rows], expected, atol=2e-6)

    assert amber("predict", finished_run, peaks, "--genome", genome, "-o", tmp_path / "o.bed").exit_code == 0
    head, first, _ = (tmp_path / "o.bed").read_text().splitlines()
    assert head == "#chromosome\tstart\tend\tname\tscore\tstrand\tEI\tIE\tN\tpredicted"
    assert first.split("\t")[:6] == ["chr1", "90", "150", "first", "0", "+"]

    done = amber("predict", finished_run, peaks, "--genome", genome, "-o", tmp_path / "o.bw")
    assert done.exit_code == 0, done.stderr
    for place, name in enumerate(("EI", "IE", "N")):
        with pybigtools.open(str(tmp_path / f"o_{name}.bw")) as track:
            runs = list(track.records("chr1"))
        assert [run[:2] for run in runs] == [(90, 110), (110, 150), (150, 170)]
        one, two = expected[:, place]
        np.testing.assert_allclose([run[2] for run in runs], [one, (one + two) / 2, two], atol=1e-6)


@pytest.mark.parametrize(
    ("file", "options", "message"),
    [
        ("p.bed", (), "--genome: expected the FASTA file of the genome that"),
        ("some.fa.gz", ("-o", "x.bed"), "--output: .bed is for intervals; write .tsv or .csv. Received: x.bed"),
        ("short.fa", (), r"short.fa, line 1 \(a\): the network reads sequences of 60 letters. Received: 8"),
        ("calls.vcf", (), "--genome: expected the FASTA file of the genome that"),
        ("some.fa.gz", ("--sequence", "x"), "--sequence: a FASTA file has no columns"),
    ],
)
def test_what_is_refused(
    file: str,
    options: tuple[str, ...],
    message: str,
    amber: Amber,
    finished_run: Path,
    fasta: Path,
    intervals: tuple[Path, Path],
    tmp_path: Path,
) -> None:
    (tmp_path / "short.fa").write_text(">a\nACGTACGT\n>b\nACGTACGT\n")
    (tmp_path / "calls.vcf").write_text("##fileformat=VCFv4.2\n")
    done = amber("predict", finished_run, tmp_path / file, *options)
    assert done.exit_code == 2, done.output
    assert re.search(message, done.stderr), done.stderr


def test_what_is_read_is_not_written_over(amber: Amber, finished_run: Path, intervals: tuple[Path, Path]) -> None:
    peaks, genome = intervals
    before = peaks.read_bytes()
    done = amber("predict", finished_run, peaks, "--genome", genome, "-o", peaks)
    assert done.exit_code == 2 and "expected another file than the one that is read" in done.stderr
    assert peaks.read_bytes() == before
